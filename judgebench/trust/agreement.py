"""How far the annotators of a row agree with each other and with the judge, and what the judge's sureness is worth."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from judgebench.metrics.rates.agreement import cohen_kappa
from judgebench.metrics.statistics.annotators import (
    EPSILON,
    AlternativeAnnotator,
    alternative_annotator,
    gwet_ac1,
    human_ceiling,
)
from judgebench.metrics.statistics.calibration import brier_score, calibration_error
from judgebench.metrics.statistics.correlation import kendall, spearman
from judgebench.metrics.statistics.fleiss import fleiss_kappa
from judgebench.metrics.statistics.intraclass import intraclass_correlation
from judgebench.metrics.statistics.ordinal import Level, krippendorff_alpha, weighted_kappa
from judgebench.metrics.statistics.risk_coverage import RiskCoverage, risk_coverage
from judgebench.store.run_folder import RunFolder
from judgebench.trust.error_groups import GroupedErrors, grouped_errors
from judgebench.trust.judged import JudgedRow, judged_rows
from judgebench.trust.labelled import LabelBook

Unit = TypeVar("Unit")
Answer = tuple[int, str]
"""What a label is about: item and answer."""
GOLD = "gold"
"""Stands for the annotator in a benchmark of judges."""
_ROUNDS = 200


class ResampledFigure(NamedTuple):
    """A share or coefficient with its 95% interval, by resampled questions; ``value`` is ``None`` where undefined."""

    value: float | None
    interval: tuple[float, float] | None = None


class RowAgreement(NamedTuple):
    """Agreement about the answers of one row, all models together; in a benchmark of judges, of one judge with gold.

    Attributes:
        row: Name of the row. ``judge``: in a benchmark of judges the tested model, else empty.
        labelled: Labelled answers with a verdict. ``shared``: labelled answers with labels of several annotators.
        annotators: How many labels each annotator has.
        percent: Share of labelled answers on which the judge agrees with most annotators.
        kappa: Cohen's kappa of judge and most annotators. ``ac1``: Gwet's.
        people_alpha: Krippendorff's alpha among annotators; ``ceiling``: how often one agrees with most of the others.
        alpha: Krippendorff's alpha with the judge as one more annotator.
        replacement: The alternative annotator test; ``None`` where too few labels are shared.
        fleiss: Fleiss' kappa among the annotators; of decisions alone.
        scores: For scores, of judge and mean annotator: quadratic kappa (whole grades alone), ICC(2,1), Spearman and
            Kendall's tau-b, by name.
        errors: Error rates by tested model, length, slice and place, wherever there are several, with p-values by Holm.
        risk: Risk and coverage by the judge's sureness; ``None`` where all verdicts are equally sure.
        brier: Brier score of the judge's sureness. ``calibration``: its expected calibration error, of ten bins.
    """

    row: str
    labelled: int
    shared: int
    annotators: dict[str, int]
    percent: ResampledFigure
    kappa: ResampledFigure
    ac1: ResampledFigure
    people_alpha: ResampledFigure
    ceiling: float | None
    alpha: ResampledFigure
    replacement: AlternativeAnnotator | None
    errors: list[GroupedErrors]
    risk: RiskCoverage | None
    brier: ResampledFigure
    calibration: ResampledFigure
    fleiss: ResampledFigure
    scores: dict[str, ResampledFigure]
    judge: str = ""


def agreements(run: RunFolder, row: str = "", *, epsilon: float = EPSILON) -> list[RowAgreement]:
    """Return the agreement of every labelled row of a run.

    Args:
        run: The run.
        row: One row alone.
        epsilon: Of the alternative annotator test.

    Raises:
        DataError: Labels or verdicts are damaged.
    """
    book = LabelBook(run)
    by_row: defaultdict[str, list[JudgedRow]] = defaultdict(list)
    for one in judged_rows(run, row):
        if one.judge and one.kind is not None:
            by_row[one.row].append(one)
    found = (_agreement(run, rows, _people(rows, book), epsilon) for rows in by_row.values())
    return [one for one in found if one is not None]


def gold_agreements(run: RunFolder, row: str = "") -> list[RowAgreement]:
    """Return the agreement with the true decisions of every judge that a benchmark of judges tests.

    A comparison whose presentations contradict each other counts as a tie, and so agrees with no decision.

    Args:
        run: The run.
        row: One row alone.

    Raises:
        DataError: Verdicts are damaged.
    """
    rows = (one for one in judged_rows(run, row) if not one.judge and one.kind is not None)
    found = (_agreement(run, [one], _gold(one), EPSILON) for one in rows)
    return [one for one in found if one is not None]


def _people(rows: Sequence[JudgedRow], book: LabelBook) -> dict[str, dict[Answer, float]]:
    """Return what each annotator says of the answers of a row."""
    people: defaultdict[str, dict[Answer, float]] = defaultdict(dict)
    for label in book.labels(rows[0].dataset):
        worth = rows[0].worth(label.decision, label.score)
        if worth is not None:
            people[label.annotator][label.id, label.answer_hash] = worth
    return people


def _gold(row: JudgedRow) -> dict[str, dict[Answer, float]]:
    """Return what is true of the answers of a row, as the word of one annotator."""
    true: dict[Answer, float] = {}
    for one in row.answers.values():
        named, number = (one.gold, None) if isinstance(one.gold, str) else (None, one.gold)
        if isinstance(number, int | float | None) and (worth := row.worth(named, number)) is not None:
            true[one.id, one.answer_hash] = worth
    return {GOLD: true}


def _agreement(
    run: RunFolder, rows: Sequence[JudgedRow], said_by: Mapping[str, Mapping[Answer, float]], epsilon: float
) -> RowAgreement | None:
    judge: dict[Answer, float] = {}
    doubts: dict[Answer, float] = {}
    for row in rows:
        for answer in row.answers.values():
            said = row.said(answer)
            if said is not None and answer.answer_hash:
                judge[answer.id, answer.answer_hash] = said
                doubts[answer.id, answer.answer_hash] = answer.doubt()
    known = {name: {one: worth for one, worth in said.items() if one in judge} for name, said in said_by.items()}
    people = {name: said for name, said in known.items() if said}
    if not people:
        return None
    answers = sorted({answer for said in people.values() for answer in said})
    units = {answer: [said[answer] for said in people.values() if answer in said] for answer in answers}
    numeric = rows[0].kind == "score"
    most = {answer: _most(said, numeric=numeric) for answer, said in units.items()}
    paired = {answer: (judge[answer], value) for answer, value in most.items() if value is not None}
    level: Level = "interval" if numeric else "nominal"
    ceiling = human_ceiling(people)
    surety = {answer: (1 - doubts[answer], float(said == label)) for answer, (said, label) in paired.items()}
    sure = [one for one, _ in surety.values()]
    graded = len(set(sure)) > 1
    return RowAgreement(
        row=rows[0].row,
        labelled=len(paired),
        shared=sum(len(said) > 1 for said in units.values()),
        annotators={name: len(said) for name, said in people.items()},
        percent=_figure(paired, lambda pairs: sum(a == b for a, b in pairs) / len(pairs) if pairs else None),
        kappa=_figure(paired, lambda pairs: cohen_kappa(Counter(pairs))),
        ac1=_figure(paired, lambda pairs: gwet_ac1([list(pair) for pair in pairs])),
        people_alpha=_figure(units, lambda found: krippendorff_alpha(found, level)),
        ceiling=ceiling[0] if ceiling is not None and not numeric else None,
        alpha=_figure(
            {answer: [*said, judge[answer]] for answer, said in units.items()},
            lambda found: krippendorff_alpha(found, level),
        ),
        replacement=alternative_annotator(judge, people, numeric=numeric, epsilon=epsilon),
        errors=[] if numeric else grouped_errors(run, rows, {answer: value for answer, (_, value) in paired.items()}),
        fleiss=ResampledFigure(None) if numeric else _figure(units, fleiss_kappa),
        scores=_score_figures(paired) if numeric else {},
        risk=risk_coverage(sure, [float(a != b) for a, b in paired.values()]) if graded else None,
        brier=_figure(surety, brier_score) if graded and not numeric else ResampledFigure(None),
        calibration=_figure(surety, calibration_error) if graded and not numeric else ResampledFigure(None),
        judge="" if rows[0].judge else rows[0].model,
    )


def _score_figures(paired: Mapping[Answer, tuple[float, float]]) -> dict[str, ResampledFigure]:
    """Return how far the judge's scores and the annotators' mean go together."""
    found = {}
    if all(value == round(value) for pair in paired.values() for value in pair):
        found["quadratic kappa"] = _figure(paired, lambda pairs: weighted_kappa(Counter(pairs)))
    found["ICC(2,1)"] = _figure(paired, intraclass_correlation)
    found["Spearman"] = _figure(paired, lambda pairs: spearman(*zip(*pairs, strict=True)))
    found["Kendall's tau-b"] = _figure(paired, lambda pairs: kendall(*zip(*pairs, strict=True)))
    return found


def _most(said: Sequence[float], *, numeric: bool) -> float | None:
    """Return what most annotators say, the mean of scores; ``None`` where they are even."""
    if numeric:
        return math.fsum(said) / len(said)
    ranked = Counter(said).most_common(2)
    return ranked[0][0] if len(ranked) == 1 or ranked[0][1] > ranked[1][1] else None


def _figure(units: Mapping[Answer, Unit], of: Callable[[Sequence[Unit]], float | None]) -> ResampledFigure:
    """Return a figure with its percentile interval over resampled questions; equal seeds give equal intervals."""
    value = of(list(units.values()))
    if value is None:
        return ResampledFigure(None)
    import random

    rng = random.Random(0)
    by_question: defaultdict[int, list[Unit]] = defaultdict(list)
    for (question, _), unit in units.items():
        by_question[question].append(unit)
    groups = list(by_question.values())
    drawn = []
    for _ in range(_ROUNDS):
        again = of([unit for group in rng.choices(groups, k=len(groups)) for unit in group])
        if again is not None:
            drawn.append(again)
    drawn.sort()
    if len(groups) < 2 or len(drawn) < _ROUNDS // 2:
        return ResampledFigure(value)
    return ResampledFigure(value, (drawn[int(0.025 * len(drawn))], drawn[min(len(drawn) - 1, int(0.975 * len(drawn)))]))
