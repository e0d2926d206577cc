"""The verdicts that a person should look at first, as lines for a terminal and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from judgebench.records.diagnostics import DoubtfulVerdict
from judgebench.report.results import printable
from judgebench.report.schema import Summary
from judgebench.report.tables import TextTable

LOOK_FIRST = 5
"""How many doubtful verdicts the text names."""
TITLE = "Verdicts to look at first"
WITHHELD = "(withheld: the dataset is marked shareable=False)"
_TAIL = 100
"""Characters of an answer or reply that the text shows."""
_EMPTY = "(empty)"


class Doubt(NamedTuple):
    """A verdict that a person should look at first, and whose it is."""

    dataset: str
    model: str
    verdict: DoubtfulVerdict

    @property
    def item(self) -> str:
        """Which item it is about."""
        return f"{self.verdict.id}" + (f", repeat {self.verdict.repeat}" if self.verdict.repeat else "")


def doubts_of(summary: Summary) -> list[Doubt]:
    """Return the doubtful verdicts as the results name them."""
    return [Doubt(one.dataset, one.model, doubt) for one in summary.results for doubt in one.diagnostics.doubtful]


def doubtful_table(summary: Summary) -> TextTable | None:
    """Return the doubtful verdicts as a table."""
    rows = [
        [
            one.dataset,
            one.model,
            one.item,
            one.verdict.why or _EMPTY,
            one.verdict.question,
            one.verdict.reference,
            _together(one.verdict.answers),
            _together(one.verdict.judge_replies),
        ]
        for one in doubts_of(summary)
    ]
    headers = [
        "dataset",
        "model",
        "item",
        "why",
        "question",
        "reference",
        "end of the answer",
        "end of the judge's reply",
    ]
    return TextTable(TITLE, headers, rows, set()) if rows else None


def _together(said: dict[str, str]) -> str:
    if len(said) == 1:
        (name,) = said
        return (said[name] or _EMPTY) if name in ("answer", "judge") else f"{name}: {said[name] or _EMPTY}"
    return " / ".join(f"{name}: {text or _EMPTY}" for name, text in said.items()) or _EMPTY


def look_first(doubts: Sequence[Doubt]) -> list[str]:
    """Return the doubtful verdicts as a few lines for a terminal; the other formats show all of them."""
    lines = []
    for one in doubts[:LOOK_FIRST]:
        lines.append(
            f"- {printable(one.dataset)}, {printable(one.model)}, item {printable(one.item)}: "
            f"{printable(one.verdict.why or _EMPTY)}"
        )
        given = {"question": one.verdict.question, "reference": one.verdict.reference}
        lines += [f"    {name}: {_tail(text)}" for name, text in given.items() if text]
        lines += [
            f"    {printable(name)}: {_tail(text or _EMPTY)}"
            for said in (one.verdict.answers, one.verdict.judge_replies)
            for name, text in said.items()
        ]
    if len(doubts) > LOOK_FIRST:
        lines.append(f"- and {len(doubts) - LOOK_FIRST} more in the .md and .html beside this file")
    return lines


def _tail(text: str) -> str:
    return printable(text if len(text) <= _TAIL else f"…{text[-_TAIL:].lstrip('…')}")
