r"""The last ``\boxed{...}`` of the reply."""

from __future__ import annotations

import re

import msgspec

from judgebench.judges.grammars.numbers import as_written, number_of, outside
from judgebench.judges.grammars.reading import ConfiguredGrammar, Reading, unparsed
from judgebench.records import Reply

_DRESS = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s?\{([^{}]{0,200})\}")
_LONGEST = 400


class BoxedLast(ConfiguredGrammar):
    r"""Reads what the last ``\boxed{...}`` holds, as ProcessBench and CompassVerifier do.

    Text commands, spaces and dollar signs inside the box are taken off. An unclosed box is none, but hides no earlier
    one: the last box that closes counts only if no other is opened after it.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``grammar=dict(type="boxed_last", ...)``.

        Attributes:
            labels: Label by the text in the box; empty reads a number.
            ignore_case: Whether labels disregard case.
            whole: Whether only whole numbers are read.
            low: Least number. ``high``: greatest.
        """

        labels: dict[str, str] = {}
        ignore_case: bool = False
        whole: bool = False
        low: float | None = None
        high: float | None = None

    config: Config

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._label = {self._key(text): label for text, label in config.labels.items()}

    def labels(self) -> list[str]:
        """Return the labels in the order of the config."""
        return list(dict.fromkeys(self.config.labels.values()))

    def read(self, reply: Reply) -> Reading:
        """Read the last box."""
        opened = reply.text.rfind("\\boxed")
        inner = _inside(reply.text, opened) if opened >= 0 else None
        if inner is None:
            return unparsed("no box in the reply" if opened < 0 else "the last box is not closed")
        start, end = inner
        written = _DRESS.sub(r"\1", reply.text[start:end]).strip(" $\n\t.")
        if self.config.labels:
            label = self._label.get(self._key(written))
            if label is None:
                return unparsed(f"the box holds {written[:40]!r}, which is no verdict")
            return Reading(status="ok", label=label, span=inner)
        return self._number(written, inner)

    def _number(self, written: str, span: tuple[int, int]) -> Reading:
        score = number_of(written)
        if score is None or (self.config.whole and score != int(score)):
            return unparsed(
                f"the box holds {written[:40]!r}, which is no {'whole ' if self.config.whole else ''}number"
            )
        if outside(score, self.config.low, self.config.high):
            return unparsed(f"the number {as_written(score)} is outside the scale")
        return Reading(status="ok", score=score, span=span)

    def _key(self, text: str) -> str:
        return text.strip().lower() if self.config.ignore_case else text.strip()


def _inside(text: str, start: int) -> tuple[int, int] | None:
    """Return start and end of what stands between the braces of a box that begins at ``start``."""
    opening = re.compile(r"\\boxed\s?\{").match(text, start)
    if opening is None:
        return None
    depth = 1
    for place in range(opening.end(), min(len(text), opening.end() + _LONGEST)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return opening.end(), place
    return None
