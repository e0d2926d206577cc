"""How far two parsers differ on the same recorded replies, such as ours and one that mirrors another tool."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from judgebench.judges.parsers.reading import Reading, VerdictParser
from judgebench.records.flow import Reply

_EXAMPLES = 5
_EXCERPT = 120


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that two parsers read differently.

    Attributes:
        text: Its end, where verdicts mostly stand.
        first: What the first parser read; the reason where it read nothing. ``second``: likewise.
    """

    text: str
    first: str
    second: str


class Differences(msgspec.Struct, frozen=True, kw_only=True):
    """Counts over replies.

    Attributes:
        n: Replies.
        same: Read alike by both, or by neither.
        contrary: Read by both, differently.
        only_first: Read by the first alone. ``only_second``: by the second alone.
        examples: A few that differ, contrary ones first.
    """

    n: int
    same: int
    contrary: int
    only_first: int
    only_second: int
    examples: list[Example]

    @property
    def differing(self) -> int:
        """How many verdicts would differ if the one parser took the other's place."""
        return self.n - self.same


def differences(replies: Iterable[Reply], first: VerdictParser, second: VerdictParser) -> Differences:
    """Return how two parsers differ on replies; decisions and scores count, places and reasons do not."""
    counts = {"same": 0, "contrary": 0, "only_first": 0, "only_second": 0}
    examples: dict[str, list[Example]] = {kind: [] for kind in counts}
    for reply in replies:
        ours, theirs = first.read(reply), second.read(reply)
        kind = _kind(ours, theirs)
        counts[kind] += 1
        if kind != "same" and len(examples[kind]) < _EXAMPLES:
            text = reply.text.rstrip()[-_EXCERPT:]
            examples[kind].append(Example(text=text, first=_said(ours), second=_said(theirs)))
    shown = [*examples["contrary"], *examples["only_first"], *examples["only_second"]][:_EXAMPLES]
    return Differences(n=sum(counts.values()), examples=shown, **counts)


def _kind(first: Reading, second: Reading) -> str:
    if first.status != second.status:
        return "only_first" if first.status == "ok" else "only_second"
    return "same" if (first.decision, first.score) == (second.decision, second.score) else "contrary"


def _said(reading: Reading) -> str:
    if reading.status != "ok":
        return f"unparsed ({reading.reason})"
    return reading.decision if reading.decision is not None else str(reading.score)
