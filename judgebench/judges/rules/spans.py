"""Answers of one or more spans against several accepted ones: exact match, and F1 over bags of words (DROP)."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.rules.answers import Extracted, whole_text
from judgebench.judges.rules.verdicts import NO_REFERENCE, references, unread
from judgebench.records.flow import Verdict

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = frozenset(string.punctuation)


class SpansEqual(JudgeMethod):
    """Correct when the spans are those of an accepted answer; the score is the best F1 over accepted answers.

    The F1 of two answers is the mean over spans, aligned one to one as well as possible, of the F1 of their sets of
    words, 0 where their numbers differ, rounded to two digits.
    Source: D. Dua et al. (2019), DROP: A Reading Comprehension Benchmark Requiring Discrete Reasoning Over Paragraphs,
    arXiv:1903.00161.
    """

    asks: ClassVar[bool] = False

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys.

        Attributes:
            golds: Meta column of accepted answers, each a list of spans; empty takes each reference as one span.
            marker: Text after whose last occurrence the answer stands, to the end of its line; case does not matter.
                Empty takes the whole reply.
            marker_needed: Whether a reply without the marker is unparsed; else all of it is the answer.
            separator: What stands between the spans of the answer; empty takes it as one span.
        """

        golds: str = ""
        marker: str = ""
        marker_needed: bool = False
        separator: str = ""

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()

    async def judge(self, case: Case, ask: Ask) -> Verdict:  # noqa: ARG002 -- rules ask nobody
        """Compare the answer with every accepted one."""
        golds = case.meta.get(self.config.golds) if self.config.golds else [[one] for one in references(case)]
        answer = self._answer(case.answer)
        if not golds or answer is None:
            return unread(case, f"no {self.config.marker!r} with an answer" if golds else NO_REFERENCE)
        separator = self.config.separator
        spans = [one for one in answer.text.split(separator) if one.strip()] if separator else [answer.text]
        scores = [compared(spans, gold) for gold in golds if gold[0].strip()]
        exact, f1 = any(one for one, _ in scores), max((one for _, one in scores), default=0.0)
        return Verdict(
            status="ok", decision="correct" if exact else "incorrect", score=f1, span=answer.span, answer=answer.text
        )

    def identity(self) -> dict[str, Any]:
        """Return the rule and its options."""
        return {"rule": "spans-equal", "revision": 1, **msgspec.to_builtins(self.config)}

    def _answer(self, text: str) -> Extracted | None:
        marker = self.config.marker
        start = text.lower().rfind(marker.lower()) if marker else -1
        if start < 0:
            return None if self.config.marker_needed else whole_text(text)
        line = text[start + len(marker) :].split("\n", 1)[0]
        said = line.strip().strip("*").strip()
        begin = start + len(marker) + line.find(said)
        return Extracted(said, (begin, begin + len(said))) if said else None


def compared(spans: Sequence[str], gold: Sequence[str]) -> tuple[bool, float]:
    """Return whether an answer is an accepted one exactly, and its F1 (0..1, two digits)."""
    said, wanted = [_normal(one) for one in spans], [_normal(one) for one in gold]
    exact = len(said) == len(wanted) and set(said) == set(wanted)
    bags, gold_bags = [set(one.split()) for one in said], [set(one.split()) for one in wanted]
    rows = [[_f1(bag, other) if _same_numbers(other, bag) else 0.0 for bag in bags] for other in gold_bags]
    return exact, round(_best_sum(rows) / max(len(said), len(wanted), 1), 2)


def _normal(text: str) -> str:
    tokens = (_ARTICLES.sub(" ", _as_number(_bare(token.lower()))).split() for token in re.split(" |-", text))
    return " ".join(word for token in tokens for word in token)


def _bare(token: str) -> str:
    return token if _is_number(token) else "".join(char for char in token if char not in _PUNCTUATION)


def _as_number(token: str) -> str:
    return str(float(token)) if _is_number(token) else token


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _same_numbers(gold: set[str], said: set[str]) -> bool:
    numbers = {word for word in gold if _is_number(word)}
    return not numbers or bool(numbers & said)


def _f1(said: set[str], gold: set[str]) -> float:
    common = len(said & gold)
    precision = common / len(said) if said else 1.0
    recall = common / len(gold) if gold else 1.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _best_sum(rows: list[list[float]]) -> float:
    """Return the greatest sum of values of which no two are in one row or column.

    By the Hungarian method with potentials, in O(n^2 m) (H. W. Kuhn 1955, Naval Research Logistics Quarterly 2, 83-97).
    """
    if not rows or not rows[0]:
        return 0.0
    if len(rows) > len(rows[0]):
        rows = [list(column) for column in zip(*rows, strict=True)]
    height, width = len(rows), len(rows[0])
    of_row, of_column = [0.0] * (height + 1), [0.0] * (width + 1)
    taken = [0] * (width + 1)  # the row of each column, from 1; 0 for none
    for row in range(1, height + 1):
        taken[0], at = row, 0
        least, came, seen = [float("inf")] * (width + 1), [0] * (width + 1), [False] * (width + 1)
        while taken[at]:
            seen[at] = True
            place, gap, ahead = taken[at], float("inf"), 0
            for column in range(1, width + 1):
                if seen[column]:
                    continue
                slack = -rows[place - 1][column - 1] - of_row[place] - of_column[column]
                if slack < least[column]:
                    least[column], came[column] = slack, at
                if least[column] < gap:
                    gap, ahead = least[column], column
            for column in range(width + 1):
                if seen[column]:
                    of_row[taken[column]] += gap
                    of_column[column] -= gap
                else:
                    least[column] -= gap
            at = ahead
        while at:
            taken[at], at = taken[came[at]], came[at]
    return sum(rows[row - 1][column - 1] for column, row in enumerate(taken) if column and row)
