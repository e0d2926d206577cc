"""Two runs on the same items: did the tested model change, or the judge?

Items are aligned by what they ask (``Sample.uid``), not by their number. Items whose answer is the same in both runs
are *anchors*: the same answer should have the same verdict, so what differs there is the judge's doing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from judgebench.errors import UsageError
from judgebench.metrics.statistics.intervals import mcnemar_exact
from judgebench.metrics.statistics.multiple import benjamini_hochberg, holm
from judgebench.metrics.statistics.paired import (
    LEAST_QUESTIONS,
    PairedMean,
    Unmoved,
    mcnemar_mid_p,
    paired_mean,
    without_shift,
)
from judgebench.metrics.statistics.prediction_powered import Column, PoweredMean, column, drawn_mean
from judgebench.metrics.statistics.resampled import bca_interval
from judgebench.records.manifest import ManifestRow
from judgebench.store.manifest import read_manifest
from judgebench.store.run_folder import RunFolder
from judgebench.trust.askings import Askings, askings_about
from judgebench.trust.corrected import LEAST_LABELS, METRICS
from judgebench.trust.how_made import NOT_KNOWN, HowMade, changes, changes_of_making, how_made, identity_of
from judgebench.trust.judged import JudgedAnswer, JudgedRow, Kind, read_row
from judgebench.trust.labelled import LabelBook

Place = tuple[str, int]
"""What names an aligned answer: what is asked, and the repeat."""
Adjustment = Literal["holm", "bh"]
"""How p-values of several rows are adjusted: by Holm for the chance of any false alarm, or by their expected share."""


class ComparedSide(NamedTuple):
    """One model's verdicts in one row of one run.

    Attributes:
        run: Name of the run.
        row: The verdicts. ``answers``: the same by what names them in every run.
        labels: What people's labels count, and with which probability each answer was drawn; none if one is void.
        identity: What decides the result, as the result file says. ``made``: how else it came about.
        again: What asking the judge again has shown; ``None`` where nobody did.
    """

    run: str
    row: JudgedRow
    answers: dict[Place, JudgedAnswer]
    labels: dict[Place, tuple[float, float]]
    identity: dict[str, Any]
    made: HowMade = NOT_KNOWN
    again: Askings | None = None


class Flip(NamedTuple):
    """An item whose verdict differs.

    Attributes:
        id: In the first run. ``other_id``: in the second.
        first: What the first run says. ``second``: what the second says.
        same_answer: Whether the answers are equal.
    """

    id: int
    other_id: int
    repeat: int
    first: str
    second: str
    same_answer: bool


class RowComparison(NamedTuple):
    """Two sides compared, second minus first; shares are in 0..1.

    Attributes:
        metric: ``accuracy``, ``win_rate`` or ``mean_score``.
        aligned: Answers to the same question in both.
        only_first: Answers that the first alone has. ``only_second``: likewise.
        unread: Aligned answers whose verdict one of the sides lacks. ``unknown``: those of them that are not the same
            answer in both; the same answer is as good as itself, whatever nobody could read.
        means: Of both sides, over the pairs that both read.
        difference: ``None`` where too little is aligned.
        unmoved: What equal answers say of the judge.
        corrected: The difference by labels, where enough answers of both sides have them.
        gained: Pairs that the second alone has right. ``lost``: that the first alone has.
        exact: McNemar's exact p-value, for right and wrong. ``mid_p``: its mid-p. ``p_value``: of the difference.
        adjusted: ``p_value`` adjusted over all compared rows.
        flips: The items whose verdict differs.
        changed: What differs in how the two results came about.
        pairs: The differences of the pairs that both read, and the question of each.
    """

    first: ComparedSide
    second: ComparedSide
    kind: Kind
    metric: str
    aligned: int
    only_first: int
    only_second: int
    unread: int
    unknown: int
    means: tuple[float, float]
    difference: PairedMean | None
    unmoved: Unmoved | None
    corrected: PoweredMean | None
    gained: int
    lost: int
    exact: float | None
    mid_p: float | None
    p_value: float | None
    adjusted: float | None
    flips: list[Flip]
    changed: list[str]
    pairs: tuple[Column, Column]

    def resampled(self) -> tuple[float, float] | None:
        """Return the 95% interval of the difference by resampling questions (BCa), a check of the usual one."""
        return bca_interval(*self.pairs) if len(self.pairs[0]) else None

    @property
    def room(self) -> tuple[float, float]:
        """How much lower, and higher, the difference could be for what is unread; shares alone have limits."""
        if self.kind == "score" or not self.aligned:
            return 0.0, 0.0
        value = self.difference.value if self.difference is not None else 0.0
        share = self.unknown / self.aligned
        return -share * (1 + value), share * (1 - value)


def compare_several(
    runs: Sequence[RunFolder],
    *,
    rows: Sequence[str] = (),
    models: Sequence[str] = (),
    adjust: Adjustment = "holm",
) -> list[RowComparison]:
    """Compare each side with the first one: further runs, or further rows or models of one run.

    Args:
        runs: One run, or several.
        rows: One row for all, or the row of each side.
        models: One tested model for all, or that of each side.
        adjust: How p-values are adjusted, over all that is compared.

    Raises:
        UsageError: There is only one side, or nothing in two of them can be compared; or a name is not known.
        ReuseError: One is no run.
        DataError: A file is damaged.
    """
    sides = max(len(runs), len(rows), len(models))
    if sides < 2:
        raise UsageError(
            "jb compare needs two runs, or two rows or models of one.",
            hint="Write: jb compare FIRST SECOND, or jb compare RUN --row ROW --row OTHER",
        )
    for flag, named in (("runs", runs), ("--row", rows), ("--model", models)):
        if len(named) not in {0, 1, sides}:
            raise UsageError(
                f"There are {sides} sides to compare, and {len(named)} {flag}.", hint="Name one for all, or one each."
            )

    def of_both(named: Sequence[str], at: int) -> list[str]:
        return [named[0], named[at]] if len(named) > 1 else list(named)

    found: list[RowComparison] = []
    for at in range(1, sides):
        other = runs[at] if len(runs) > 1 else runs[0]
        found += compare_runs(runs[0], other, rows=of_both(rows, at), models=of_both(models, at), adjust=adjust)
    return _adjusted(found, adjust)


def compare_runs(
    first: RunFolder,
    second: RunFolder,
    *,
    rows: Sequence[str] = (),
    models: Sequence[str] = (),
    adjust: Adjustment = "holm",
) -> list[RowComparison]:
    """Compare the rows of two runs, or two rows of one.

    Args:
        first: The run that was before.
        second: The run that is to be judged by it.
        rows: One row to compare in both, or the row of each.
        models: One model to compare in both, or the model of each.
        adjust: How p-values are adjusted.

    Raises:
        ReuseError: One is no run.
        UsageError: Nothing in them can be compared.
        DataError: A file is damaged.
    """
    before, after = read_manifest(first).rows, read_manifest(second).rows
    for run, has, nth in ((first, before, 0), (second, after, -1)):
        _check_has("row", rows[nth:][:1], {one.row for one in has}, run)
        _check_has("model", models[nth:][:1], {one.model for one in has}, run)
    if first.path.resolve() == second.path.resolve() and len(rows) < 2 and len(models) < 2:
        raise UsageError(
            f"Both runs are {first.timestamp}, and a run does not differ from itself.",
            hint="Name two runs, or two rows or models of one: --row ROW --row OTHER",
        )
    pairs = paired_rows(before, after, rows, models)
    found = []
    for one, other in pairs:
        if first.verdicts(one.model, one.row).exists() and second.verdicts(other.model, other.row).exists():
            compared = compare_sides(side_of(first, one), side_of(second, other))
            if compared is not None:
                found.append(compared)
    if not found:
        raise UsageError(
            f"The runs {first.timestamp} and {second.timestamp} have no verdicts on the same items to compare.",
            hint="Compare runs of the same datasets; name what is called differently with --row and --model.",
        )
    return _adjusted(found, adjust)


def _adjusted(found: Sequence[RowComparison], adjust: Adjustment) -> list[RowComparison]:
    tested = [one.p_value for one in found if one.p_value is not None]
    adjusted = iter(holm(tested) if adjust == "holm" else benjamini_hochberg(tested))
    return [one._replace(adjusted=next(adjusted)) if one.p_value is not None else one for one in found]


def paired_rows(
    first: Sequence[ManifestRow], second: Sequence[ManifestRow], rows: Sequence[str], models: Sequence[str]
) -> Iterator[tuple[ManifestRow, ManifestRow]]:
    """Yield which rows are compared: those of one name, and the only ones left over on both sides of a dataset."""
    left = [one for one in first if _named(one, rows[:1], models[:1])]
    right = [one for one in second if _named(one, rows[-1:], models[-1:])]
    if len(rows) == 2 or len(models) == 2:
        for one in left:
            alike = [other for other in right if len(models) == 2 or other.model == one.model]
            yield from ((one, other) for other in alike if len(rows) == 2 or other.row == one.row)
        return
    known = {(one.model, one.row): one for one in right}
    open_: list[ManifestRow] = []
    for one in left:
        if (same := known.pop((one.model, one.row), None)) is not None:
            yield one, same
        else:
            open_.append(one)
    for one in open_:
        mine = [each for each in open_ if each.dataset == one.dataset and bool(each.judge) == bool(one.judge)]
        theirs = [
            each for each in known.values() if each.dataset == one.dataset and bool(each.judge) == bool(one.judge)
        ]
        if len(mine) == len(theirs) == 1:
            yield one, theirs[0]


def _check_has(kind: str, wanted: Sequence[str], known: Collection[str], run: RunFolder) -> None:
    for name in wanted:
        if name not in known:
            raise UsageError(
                f"The run {run.timestamp} has no {kind} {name!r}.",
                hint=f"It has: {', '.join(sorted(known)) or 'none'}.",
            )


def _named(one: ManifestRow, rows: Sequence[str], models: Sequence[str]) -> bool:
    return (not rows or one.row in rows) and (not models or one.model in models)


def compare_sides(first: ComparedSide, second: ComparedSide) -> RowComparison | None:
    """Compare two sides; ``None`` where their verdicts are of different kinds, or there are none."""
    kind = first.row.kind
    if kind is None or kind != second.row.kind:
        return None
    both = [place for place in first.answers if place in second.answers]
    worths = [(place, _worth(first, place), _worth(second, place)) for place in both]
    read = [(place, one, other) for place, one, other in worths if one is not None and other is not None]
    same = {place for place in both if _same_answer(first.answers[place], second.answers[place])}
    names = {name: number for number, name in enumerate(dict.fromkeys(place[0] for place, *_ in read))}
    differences = column([other - one for _, one, other in read])
    questions = column([names[place[0]] for place, *_ in read])
    anchors = column([float(place in same) for place, *_ in read])
    scale = _scale(kind, [worth for _, *pair in read for worth in pair])
    difference = paired_mean(differences, questions, scale=scale) if read else None
    gained, lost = int((differences > 0).sum()), int((differences < 0).sum())
    binary = kind == "right" and len(names) == len(read)
    flips = [
        Flip(
            first.answers[place].id,
            second.answers[place].id,
            place[1],
            _said(first.answers[place]),
            _said(second.answers[place]),
            place in same,
        )
        for place in both
        if _said(first.answers[place]) != _said(second.answers[place])
    ]
    return RowComparison(
        first=first,
        second=second,
        kind=kind,
        metric=METRICS[kind],
        aligned=len(both),
        only_first=len(first.answers) - len(both),
        only_second=len(second.answers) - len(both),
        unread=len(both) - len(read),
        unknown=len(set(both) - same - {place for place, *_ in read}),
        means=(_mean([one for _, one, _ in read]), _mean([other for *_, other in read])),
        difference=difference,
        unmoved=without_shift(differences, questions, anchors, scale=scale) if difference is not None else None,
        corrected=_corrected(first, second, [one for one in read if one[0] not in same], names, len(read)),
        gained=gained,
        lost=lost,
        exact=mcnemar_exact(lost, gained) if binary else None,
        mid_p=mcnemar_mid_p(lost, gained) if binary else None,
        p_value=_p_value(difference) if difference is not None else None,
        adjusted=None,
        flips=flips,
        changed=[*changes(first.identity, second.identity), *changes_of_making(first.made, second.made)],
        pairs=(differences, questions),
    )


def _scale(kind: Kind, worths: Sequence[float]) -> float:
    """Return the greatest difference that two verdicts can have; of scores, that any two of these have."""
    return 1.0 if kind != "score" else max(worths, default=0.0) - min(worths, default=0.0)


def side_of(run: RunFolder, one: ManifestRow) -> ComparedSide:
    """Return one model's verdicts in one row of a run.

    Raises:
        DataError: A file is damaged.
    """
    row = read_row(run, one)
    made, uids = how_made(run, one)
    seen: Counter[str] = Counter()
    named: dict[int, str] = {}
    for id in sorted({id for id, _ in row.answers}):
        uid = uids.get(id, f"#{id}")
        named[id] = f"{uid}/{seen[uid]}"  # the same question twice in a dataset is two questions
        seen[uid] += 1
    labels = LabelBook(run).of(row) if (run.path / "labels").is_dir() else None
    usable = labels is not None and not labels.void
    return ComparedSide(
        run=run.timestamp,
        row=row,
        answers={(named[id], repeat): answer for (id, repeat), answer in row.answers.items()},
        labels={
            (named[id], repeat): (one.worth, one.probability)
            for (id, repeat), one in (labels.answers.items() if labels is not None and usable else ())
            if one.drawn or one.probability < 1
        },
        identity=identity_of(run, one),
        made=made,
        again=askings_about(run, one),
    )


def _worth(side: ComparedSide, place: Place) -> float | None:
    one = side.answers[place]
    return side.row.worth(one.decision, one.score) if one.status == "ok" else None


def _same_answer(one: JudgedAnswer, other: JudgedAnswer) -> bool:
    return bool(one.answer_hash) and one.answer_hash == other.answer_hash


def _said(one: JudgedAnswer) -> str:
    if one.status != "ok":
        return one.status
    return one.decision if one.decision is not None else f"{one.score:g}" if one.score is not None else "ok"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def _p_value(difference: PairedMean) -> float:
    return min(1.0, 2 * min(difference.below(0.0), difference.above(0.0)))


def _corrected(
    first: ComparedSide,
    second: ComparedSide,
    changed: Sequence[tuple[Place, float, float]],
    names: Mapping[str, int],
    pairs: int,
) -> PoweredMean | None:
    """Return the difference by the labels of both sides; ``None`` for too few answers that both have labelled.

    The same answer is as good as itself, so only pairs of different answers are estimated, and counted by their share.

    Args:
        first: One side.
        second: The other.
        changed: The pairs of different answers with what the judge says of them.
        names: Number of each question.
        pairs: How many pairs there are in all.
    """
    labelled = [
        (second.labels[place][0] - first.labels[place][0], other - one, first.labels[place][1], names[place[0]])
        for place, one, other in changed
        if place in first.labels and place in second.labels
    ]
    if len({question for *_, question in labelled}) < LEAST_LABELS:
        return None
    true, said, chances, own = (column(part) for part in zip(*labelled, strict=True))
    every = column([other - one for _, one, other in changed])
    questions = np.asarray([names[place[0]] for place, *_ in changed], dtype=np.int64)
    scale = 2.0 if first.row.kind != "score" else float(np.ptp(np.concatenate([every, true])))
    found = drawn_mean(true, said, every, chances, own.astype(np.int64), questions, scale=scale)
    share = len(changed) / pairs
    return found and found._replace(
        value=share * found.value, stderr=share * found.stderr, low=share * found.low, high=share * found.high
    )


__all__ = [
    "LEAST_QUESTIONS",
    "Adjustment",
    "ComparedSide",
    "Flip",
    "RowComparison",
    "compare_runs",
    "compare_several",
    "compare_sides",
]
