"""The verdicts of a run as numbers: what every estimate about a judge begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from judgebench.errors import DataError, UsageError
from judgebench.metrics.rates.tally import GRADES
from judgebench.records.findings import VerdictStatus
from judgebench.records.manifest import ManifestRow
from judgebench.records.pairs import PREFERENCES, UNDECIDED
from judgebench.store.journal import DamagedError, Decoder, open_file, reason_of
from judgebench.store.manifest import read_manifest
from judgebench.store.run_folder import RunFolder

Kind = Literal["right", "preference", "score"]
"""What a verdict or label of a row says: right or wrong, which of two answers is better, or a number."""

WORTH: dict[Kind, Mapping[str, float]] = {"right": GRADES, "preference": PREFERENCES, "score": {}}
"""What each decision counts in the mean: an accuracy, or the win rate of the first answer."""


class SaidByOne(msgspec.Struct, frozen=True):
    """What a presentation, or the rule, decided."""

    status: VerdictStatus = "ok"
    decision: str | None = None
    prefers: str | None = None
    score: float | None = None
    order: str = ""


class JudgedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """As much of a ``RecordedVerdict`` as estimates need."""

    id: int
    key: str | None = None
    repeat: int = 0
    status: VerdictStatus
    decision: str | None = None
    score: float | None = None
    answer_hash: str = ""
    presentations: list[SaidByOne] = []
    rule: SaidByOne | None = None
    gold: Any = None
    probabilities: dict[str, float] = {}
    votes: dict[str, int] = {}
    meta: dict[str, Any] = {}

    def doubt(self) -> float:
        """Return how unsure the judge is, 0..1: by its probabilities, its votes, or its presentations; 1 if unread."""
        if self.status != "ok":
            return 1.0
        if self.probabilities:
            return 1.0 - max(self.probabilities.values()) / (sum(self.probabilities.values()) or 1.0)
        said = list(self.votes.values())
        if not said:
            each = [one.prefers or one.decision for one in self.presentations]
            said = [each.count(one) for one in set(each)]
        return 1.0 - max(said) / sum(said) if said and sum(said) else 0.0


class JudgedRow(NamedTuple):
    """One model's verdicts in one row.

    Attributes:
        answers: By id and repeat.
        kind: What the verdicts say; ``None`` where not one is read.
    """

    model: str
    row: str
    dataset: str
    judge: str
    answers: dict[tuple[int, int], JudgedAnswer]
    kind: Kind | None

    def worth(self, decision: str | None, score: float | None) -> float | None:
        """Return what a decision or score counts in this row, ``None`` for one that is not of its kind."""
        if self.kind == "score":
            return score
        return WORTH[self.kind].get(decision) if self.kind is not None and decision is not None else None

    def said(self, answer: JudgedAnswer) -> float | None:
        """Return what a verdict counts, ``None`` where it says nothing.

        In a benchmark of judges a comparison whose presentations contradict each other counts as a tie: as in the
        benchmarks' own figures it is not left out.
        """
        if answer.status != "ok":
            return None
        if not self.judge and self.kind == "preference" and answer.decision in UNDECIDED:
            return PREFERENCES["tie"]
        return self.worth(answer.decision, answer.score)


def judged_rows(run: RunFolder, row: str = "") -> list[JudgedRow]:
    """Return the verdicts of a run, or of one row of it; rows without a file of verdicts are left out.

    Raises:
        ReuseError: It is no run.
        UsageError: It has no such row.
        DataError: A file of verdicts is damaged.
    """
    listed = read_manifest(run).rows
    if row and row not in {one.row for one in listed}:
        names = ", ".join(dict.fromkeys(one.row for one in listed))
        raise UsageError(f"The run {run.timestamp} has no row {row!r}.", hint=f"Its rows: {names}.")
    wanted = [one for one in listed if row in {"", one.row}]
    return [read_row(run, one) for one in wanted if run.verdicts(one.model, one.row).exists()]


def read_row(run: RunFolder, one: ManifestRow) -> JudgedRow:
    """Return one row's verdicts.

    Raises:
        DataError: The file is damaged.
    """
    answers = {(found.id, found.repeat): found for found in _lines(run.verdicts(one.model, one.row))}
    return JudgedRow(one.model, one.row, one.dataset, one.judge, answers, kind_of(answers.values()))


def kind_of(answers: Iterable[JudgedAnswer]) -> Kind | None:
    """Return what verdicts say, by the first that is read."""
    for one in answers:
        if one.status == "ok":
            if one.decision in GRADES:
                return "right"
            if one.decision in PREFERENCES:
                return "preference"
            if one.score is not None:
                return "score"
    return None


_DECODE = Decoder(JudgedAnswer)


def _lines(path: Path) -> Iterable[JudgedAnswer]:
    try:
        with open_file(path, "rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield _DECODE(line)
                except DamagedError as error:
                    raise DataError(
                        f"{path}, line {number}: this is no verdict: {error}.",
                        hint="Derive the verdicts again: jb --mode eval --reuse",
                    ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {reason_of(error)}.", hint="Make it readable.") from error
