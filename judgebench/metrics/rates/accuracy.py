"""Accuracy, and other shares of outcomes, in percent.

The value is over what was scored; ``bounds`` say what it would be if every unscored planned item were wrong, or right.
The standard error of repeats is cluster-robust by question, and so is the interval (``intervals.effective_size``); with
one repeat that is the plain Wilson interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from judgebench.metrics.rates.named import metric
from judgebench.metrics.rates.tally import GRADES, Tally, TallyQuestion
from judgebench.metrics.statistics.intervals import ClusterGroup, clustered_share, mean_of, share_of, share_of_worths
from judgebench.records.flow import Metric


@metric(better="high")
def accuracy(tally: Tally) -> Metric:
    """Return the percentage of scored outcomes that are right: all correct over all scored, repeats pooled."""
    questions = tally.questions()
    if not any(question.scored for question in questions):
        return nothing_scored(tally)
    groups = [ClusterGroup(question.scored, question.correct, count) for question, count in questions.items()]
    return clustered_share(groups, bounds=planned_bounds(questions.items()), note=_graded_note(tally))


@metric(better="low")
def invalid_rate(tally: Tally) -> Metric:
    """Return the percentage of scored outcomes that are ``invalid``: answers cut off, refused or broken."""
    return _decision_rate(tally, "invalid")


@metric(better="low")
def unscored_rate(tally: Tally) -> Metric:
    """Return the percentage of planned outcomes without a decision, whatever the reason."""
    counts = tally.counts()
    if not counts.planned:
        return nothing_scored(tally)
    share = (counts.planned - counts.ok) / counts.planned
    # a fact about the run, not an estimate: no interval
    return Metric(value=100 * share, n=counts.planned)


@metric(better="high")
def weighted_accuracy(tally: Tally) -> Metric:
    """Return the percentage of the scored weight that is right.

    The standard error is that of a ratio, cluster-robust by question; the interval is of Wilson's form with the
    effective size. ``n`` counts outcomes, not weight.
    """
    graded = [(grade, sample_id, weight) for sample_id, grade, weight in tally.weighted_grades() if grade is not None]
    scored = math.fsum(weight for *_, weight in graded)
    if scored <= 0:
        return nothing_scored(tally)
    planned = math.fsum(weight for *_, weight in tally.weighted_grades())
    right = math.fsum(weight * grade for grade, _, weight in graded)
    return share_of(
        [float(grade) for grade, *_ in graded],
        [sample_id for _, sample_id, _ in graded],
        weights=[weight for *_, weight in graded],
        bounds=(right / planned, min(1.0, (right + planned - scored) / planned)),
    )


@metric(better="high", unit="scale")
def mean_score(tally: Tally) -> Metric:
    """Return the mean score of the scored outcomes, on the method's own scale.

    Questions weigh by their scored repeats. The 95% interval is Student's t over questions. Where the judge's scale is
    declared (``Tally.scale``), its ends are what the unscored outcomes may be; else there are no bounds.
    """
    scores = list(tally.scores())
    planned = math.fsum(weight for *_, weight in tally.weighted_grades())
    return mean_of(
        [score for _, score, _ in scores],
        [sample_id for sample_id, *_ in scores],
        weights=[weight for *_, weight in scores],
        missing=max(0.0, planned - math.fsum(weight for *_, weight in scores)),
        scale=tally.scale,
        lacking="no verdict carries a score",
    )


def planned_bounds(questions: Iterable[tuple[TallyQuestion, int]]) -> tuple[float, float]:
    """Return the share right over all planned trials if the unscored ones were all wrong, or all right."""
    planned = scored = correct = 0
    for question, count in questions:
        planned += question.planned * count
        scored += question.scored * count
        correct += question.correct * count
    return correct / planned, (correct + planned - scored) / planned


def nothing_scored(of: Tally) -> Metric:
    """Return the metric of a tally without a right-or-wrong verdict: no value, and why."""
    counts = of.counts()
    others = sorted(set(of.decisions()) - set(GRADES))
    if not counts.planned:
        note = "no item was planned"
    elif others:
        note = f"the verdicts {', '.join(others[:5])} do not say right or wrong"
    elif counts.ok:
        note = "the verdicts carry scores but no decision"
    else:
        states = ("unparsed", "judge_failed", "prediction_failed", "not_judged")
        found = ", ".join(
            f"{getattr(counts, state)} {state.replace('_', ' ')}" for state in states if getattr(counts, state)
        )
        note = f"nothing was scored: {found}"
    bounds = (0.0, 100.0) if counts.planned else None
    return Metric(value=None, bounds=bounds, note=note)


def _decision_rate(tally: Tally, decision: str) -> Metric:
    if not tally.decisions().keys() & GRADES.keys():
        return nothing_scored(tally)
    return share_of_worths(tally.worths({name: float(name == decision) for name in GRADES}))


def _graded_note(tally: Tally) -> str:
    decisions = tally.decisions()
    parts = []
    if invalid := decisions.get("invalid", 0):
        parts.append(f"{invalid} invalid answers count as wrong")
    if others := sorted(set(decisions) - set(GRADES)):
        parts.append(f"the verdicts {', '.join(others[:5])} do not say right or wrong and are left out")
    return "; ".join(parts)
