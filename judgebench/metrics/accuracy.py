"""Accuracy, and other shares of outcomes, in percent.

The value is over what was scored; ``bounds`` say what it would be if every unscored planned item were wrong, or right.
The standard error of repeats is cluster-robust by question, and so is the interval (``intervals.effective_size``); with
one repeat that is the plain Wilson interval.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import NamedTuple

from judgebench.metrics.intervals import clustered_wilson, student
from judgebench.metrics.tally import GRADES, Question, Tally
from judgebench.records import Metric


def accuracy(tally: Tally) -> Metric:
    """Return the percentage of scored outcomes that are right: all correct over all scored, repeats pooled."""
    questions = tally.questions()
    if not any(question.scored for question in questions):
        return nothing_scored(tally)
    groups = [Group(question.scored, question.correct, count) for question, count in questions.items()]
    return clustered_share(groups, bounds=planned_bounds(questions.items()), note=_graded_note(tally))


def invalid_rate(tally: Tally) -> Metric:
    """Return the percentage of scored outcomes labelled ``invalid``: answers cut off, refused or broken."""
    return _label_rate(tally, "invalid")


def unscored_rate(tally: Tally) -> Metric:
    """Return the percentage of planned outcomes without a decision, whatever the reason."""
    counts = tally.counts()
    if not counts.planned:
        return nothing_scored(tally)
    share = (counts.planned - counts.ok) / counts.planned
    # a fact about the run, not an estimate: no interval
    return Metric(value=100 * share, n=counts.planned)


def weighted_accuracy(tally: Tally) -> Metric:
    """Return the percentage of the scored weight that is right.

    The standard error is that of a ratio, cluster-robust by question; the interval is of Wilson's form with the
    effective size. ``n`` counts outcomes, not weight.
    """
    by_id: dict[int, list[float]] = {}
    scored = 0
    planned_weight = right_weight = scored_weight = 0.0
    for sample_id, grade, weight in tally.weighted_grades():
        planned_weight += weight
        if grade is None:
            continue
        sums = by_id.setdefault(sample_id, [0.0, 0.0])
        sums[0] += weight
        sums[1] += weight * grade
        scored += 1
        scored_weight += weight
        right_weight += weight * grade
    if scored_weight <= 0:
        return nothing_scored(tally)
    share = min(1.0, right_weight / scored_weight)
    deviations = sum((right - share * asked) ** 2 for asked, right in by_id.values())
    stderr = cluster_stderr(deviations, len(by_id), scored_weight)
    low = right_weight / planned_weight
    high = (right_weight + planned_weight - scored_weight) / planned_weight
    least = scored_weight**2 / math.fsum(asked**2 for asked, _ in by_id.values())
    return share_metric(share, stderr, clusters=len(by_id), n=scored, bounds=(low, min(1.0, high)), least=least)


def mean_score(tally: Tally) -> Metric:
    """Return the mean score of the scored outcomes, on the method's own scale.

    Questions weigh by their scored repeats. The 95% interval is Student's t over questions. There are no bounds: the
    scale's ends are the method's business.
    """
    sums: dict[int, list[float]] = {}
    total = weight_sum = 0.0
    n = 0
    for sample_id, score, weight in tally.scores():
        group = sums.setdefault(sample_id, [0.0, 0.0])
        group[0] += weight
        group[1] += weight * score
        total += weight * score
        weight_sum += weight
        n += 1
    if weight_sum <= 0:
        return Metric(value=None, note="no verdict carries a score")
    mean = total / weight_sum
    deviations = sum((summed - mean * asked) ** 2 for asked, summed in sums.values())
    stderr = cluster_stderr(deviations, len(sums), weight_sum)
    interval = student(mean, stderr, len(sums) - 1) if stderr is not None else None
    return Metric(value=mean, n=n, stderr=stderr, ci95=interval)


def cluster_stderr(deviations: float, clusters: int, size: float) -> float | None:
    """Return the cluster-robust standard error of a ratio, ``None`` for fewer than two clusters.

    ``sqrt(C / (C - 1) * sum (y_i - p x_i)^2) / sum x_i``, the linearised error of a ratio estimate (W. G. Cochran 1977,
    Sampling Techniques, 3rd ed.); for one trial per cluster it is the sample standard deviation over the root of n.

    Args:
        deviations: Sum over clusters of the squared deviation of the cluster's numerator from its expectation.
        clusters: Number of clusters C.
        size: Sum of the denominators.
    """
    if clusters < 2:
        return None
    return math.sqrt(clusters / (clusters - 1) * max(deviations, 0.0)) / size


def share_metric(
    share: float,
    stderr: float | None,
    *,
    clusters: int,
    n: int,
    bounds: tuple[float, float] | None = None,
    items: int | None = None,
    least: float | None = None,
    note: str = "",
) -> Metric:
    """Return a share as a metric in percent, with its clustered Wilson interval.

    Args:
        share: Estimate, 0..1.
        stderr: Cluster-robust standard error of the share, 0..1.
        clusters: Questions it rests on.
        n: Trials it rests on.
        bounds: Worst and best case, 0..1.
        items: What ``Metric.n`` says; ``n`` if not given.
        least: See ``intervals.effective_size``.
        note: What a reader must know.
    """
    low, high = clustered_wilson(min(1.0, max(0.0, share)), stderr, clusters=clusters, n=n, least=least)
    return Metric(
        value=100 * share,
        n=n if items is None else items,
        stderr=None if stderr is None else 100 * stderr,
        ci95=(100 * low, 100 * high),
        bounds=None if bounds is None else (100 * bounds[0], 100 * bounds[1]),
        note=note,
    )


class Group(NamedTuple):
    """Equal clusters (questions) of a share.

    Attributes:
        asked: Trials of one cluster. ``hits``: how many of them count, fractions too.
        times: How many such clusters there are.
    """

    asked: int
    hits: float
    times: int = 1


def clustered_share(groups: Collection[Group], *, bounds: tuple[float, float] | None = None, note: str = "") -> Metric:
    """Return hits over trials in percent, with error and interval clustered; at least one trial.

    Args:
        groups: The clusters; those without a trial are passed over.
        bounds: Worst and best case, 0..1.
        note: What a reader must know.
    """
    n = sum(one.asked * one.times for one in groups)
    share = math.fsum(one.hits * one.times for one in groups) / n
    clusters = sum(one.times for one in groups if one.asked)
    deviations = math.fsum(one.times * (one.hits - share * one.asked) ** 2 for one in groups)
    return share_metric(
        share,
        cluster_stderr(deviations, clusters, n),
        clusters=clusters,
        n=n,
        bounds=bounds,
        least=n**2 / sum(one.asked**2 * one.times for one in groups),
        note=note,
    )


def share_of_worths(worths: Iterable[tuple[int, float | None]]) -> Metric:
    """Return the mean worth (0..1) of the outcomes that have one in percent, clustered by id; at least one has.

    The outcomes without a worth bound it, as 0 or 1.
    """
    planned = 0
    known: list[tuple[int, float]] = []
    for sample_id, worth in worths:
        planned += 1
        if worth is not None:
            known.append((sample_id, worth))
    hits, missing = math.fsum(worth for _, worth in known), planned - len(known)
    groups = groups_of([worth for _, worth in known], [sample_id for sample_id, _ in known])
    return clustered_share(groups, bounds=(hits / planned, (hits + missing) / planned))


def groups_of(worths: Iterable[float], items: Iterable[int]) -> list[Group]:
    """Return the clusters that points (0..1) form, given whose item each is."""
    sums: dict[int, list[float]] = {}
    for worth, item in zip(worths, items, strict=True):
        own = sums.setdefault(item, [0, 0.0])
        own[0] += 1
        own[1] += worth
    return [Group(int(asked), hits) for asked, hits in sums.values()]


def planned_bounds(questions: Iterable[tuple[Question, int]]) -> tuple[float, float]:
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
    others = sorted(set(of.labels()) - set(GRADES))
    if not counts.planned:
        note = "no item was planned"
    elif others:
        note = f"the verdicts {', '.join(others[:5])} do not say right or wrong"
    elif counts.ok:
        note = "the verdicts carry scores but no label"
    else:
        states = ("unparsed", "judge_failed", "prediction_failed", "not_judged")
        found = ", ".join(
            f"{getattr(counts, state)} {state.replace('_', ' ')}" for state in states if getattr(counts, state)
        )
        note = f"nothing was scored: {found}"
    bounds = (0.0, 100.0) if counts.planned else None
    return Metric(value=None, bounds=bounds, note=note)


def _label_rate(tally: Tally, label: str) -> Metric:
    if not tally.labels().keys() & GRADES.keys():
        return nothing_scored(tally)
    return share_of_worths(tally.worths({name: float(name == label) for name in GRADES}))


def _graded_note(tally: Tally) -> str:
    labels = tally.labels()
    parts = []
    if invalid := labels.get("invalid", 0):
        parts.append(f"{invalid} invalid answers count as wrong")
    if others := sorted(set(labels) - set(GRADES)):
        parts.append(f"the verdicts {', '.join(others[:5])} do not say right or wrong and are left out")
    return "; ".join(parts)
