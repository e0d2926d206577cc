"""Accuracy with the judge's own error in the interval.

A judge that errs shifts the accuracy it reports, and no number of judged items mends that. Where a part of the items
also carries a trusted label (a person's, or a rule's that can be relied on), the shift can be estimated:

- Prediction-powered inference: the judge's rate on the unlabelled items plus the mean of (label - judge) on the
  labelled ones. Unbiased whatever the judge, if the labelled items are a random part. The default.
- Rogan-Gladen: the judge's rate solved for the true one with the error rates seen on the labelled items. Unstable when
  the judge hardly tells right from wrong, and refused then.

Labels on all items need no correction: their own mean is the accuracy. Labels on the items that a rule happened to be
able to read are no random part, so no correction is made by default; a config asks for it by name.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from judgebench.metrics.rates.agreement import Confusion, confusion
from judgebench.metrics.rates.named import metric
from judgebench.metrics.rates.tally import Tally
from judgebench.metrics.statistics.intervals import Z95, Cluster, influence_stderr
from judgebench.records.flow import Metric

LEAST_YOUDEN = 0.2
"""Rogan-Gladen is refused below this 1 - FPR - FNR: the division blows every error up fivefold."""


class Estimate(NamedTuple):
    """A corrected share (0..1, or slightly beyond where not clipped) and its standard error."""

    share: float
    stderr: float


def prediction_powered(judged_right: int, judged: int, labelled: Confusion, *, weight: float = 1.0) -> Estimate | None:
    """Return the accuracy of the unlabelled items by prediction-powered inference.

    ``p = w * mean(judge on N unlabelled) + mean(label - w * judge on n labelled)``, with the variance
    ``w^2 q (1 - q) / N + var(label - w * judge) / n``, the second with n - 1, where q is the judge's rate.

    Args:
        judged_right: Unlabelled items the judge calls right.
        judged: Unlabelled items with a verdict (N).
        labelled: The judge against the labels (n items).
        weight: w; 1 is the plain estimate, ``power_weight`` gives the one with the least variance.

    Returns:
        ``None`` for fewer than two items on either side.

    Source: A. N. Angelopoulos et al. (2023), Science 382, 669-674; the weight: A. N. Angelopoulos, J. C. Duchi and
    T. Zrnic (2023), PPI++, arXiv:2311.01453.
    """
    n = labelled.n
    if judged < 2 or n < 2:
        return None
    rate = judged_right / judged
    # the four values that label - w * judge can take, and how often it does
    residuals = ((1 - weight, labelled.tp), (-weight, labelled.fp), (1.0, labelled.fn), (0.0, labelled.tn))
    rectifier = math.fsum(value * count for value, count in residuals) / n
    spread = math.fsum(count * (value - rectifier) ** 2 for value, count in residuals) / (n - 1)
    return Estimate(weight * rate + rectifier, math.sqrt(weight**2 * rate * (1 - rate) / judged + spread / n))


def power_weight(judged_right: int, judged: int, labelled: Confusion, *, questions: int | None = None) -> float:
    """Return the weight of the judge that gives the least variance: ``cov(label, judge) / ((1 + n / N) var(judge))``.

    Clipped to 0..1; a judge that says the same of every item gets 0. The variance is divided by one less than the
    number of questions, as in the package ``ppi_py``.

    Args:
        judged_right: Unlabelled items the judge calls right.
        judged: Unlabelled items with a verdict (N).
        labelled: The judge against the labels (n items).
        questions: How many questions these items ask; all of them different ones if not given.

    Source: PPI++, arXiv:2311.01453, for means.
    """
    n = labelled.n
    total = n + judged
    said = (labelled.tp + labelled.fp) / n
    true = (labelled.tp + labelled.fn) / n
    covariance = labelled.tp / n - said * true
    rate = (judged_right + labelled.tp + labelled.fp) / total
    clusters = questions or total
    variance = rate * (1 - rate) * clusters / (clusters - 1) if clusters > 1 else 0.0
    return min(1.0, max(0.0, covariance / ((1 + n / judged) * variance))) if variance > 0 and judged else 0.0


def rogan_gladen(judged_right: int, judged: int, labelled: Confusion) -> Estimate | None:
    """Return the accuracy of the unlabelled items from the judge's rate and its error rates on the labelled ones.

    ``p = (q - FPR) / (1 - FPR - FNR)``, not clipped; by the delta method its variance is
    ``[q (1-q) / N + (1-p)^2 FPR (1-FPR) / n0 + p^2 FNR (1-FNR) / n1] / (1 - FPR - FNR)^2``.

    Args:
        judged_right: Unlabelled items the judge calls right.
        judged: Unlabelled items with a verdict (N).
        labelled: The judge against the labels: n1 right and n0 wrong items.

    Returns:
        ``None`` where a class has no labelled item, or the judge hardly tells them apart (``LEAST_YOUDEN``).

    Source: W. J. Rogan and B. Gladen (1978), American Journal of Epidemiology 107, 71-76.
    """
    right, wrong = labelled.tp + labelled.fn, labelled.fp + labelled.tn
    if not right or not wrong or not judged:
        return None
    fpr, fnr = labelled.fp / wrong, labelled.fn / right
    youden = 1 - fpr - fnr
    if youden < LEAST_YOUDEN:
        return None
    rate = judged_right / judged
    share = (rate - fpr) / youden
    clipped = min(1.0, max(0.0, share))
    variance = rate * (1 - rate) / judged
    variance += (1 - clipped) ** 2 * fpr * (1 - fpr) / wrong + clipped**2 * fnr * (1 - fnr) / right
    return Estimate(share, math.sqrt(variance) / youden)


class Decided(NamedTuple):
    """One verdict of the judge.

    Attributes:
        cluster: What it is clustered by: the item, or its question.
        said: 1 right, 0 wrong.
        true: What the label says, ``None`` where there is none.
    """

    cluster: Cluster
    said: int
    true: int | None


def clustered_ppi(rows: Sequence[Decided], *, power: bool = False) -> Estimate | None:
    """Return ``prediction_powered`` with its error clustered; with one verdict per cluster it is the same.

    Args:
        rows: All verdicts.
        power: Whether to weigh the judge for the least variance (``power_weight``).
    """
    labelled, judged_right, judged = _parts(rows)
    if judged < 2 or labelled.n < 2:
        return None
    questions = len({one.cluster for one in rows})
    weight = power_weight(judged_right, judged, labelled, questions=questions) if power else 1.0
    estimate = prediction_powered(judged_right, judged, labelled, weight=weight)
    clusters = len({one.cluster for one in rows if one.true is not None})
    if estimate is None or clusters < 2:
        return None
    rate = judged_right / judged
    rectifier = estimate.share - weight * rate
    correction = math.sqrt(clusters / (clusters - 1))  # of the labelled part, whose variance has n - 1

    def influence(said: int, true: int | None) -> float:
        if true is None:
            return weight * (said - rate) / judged
        return correction * (true - weight * said - rectifier) / labelled.n

    return _with_error(estimate, rows, influence)


def clustered_rogan_gladen(rows: Sequence[Decided]) -> Estimate | None:
    """Return ``rogan_gladen`` with its error clustered; with one verdict per cluster it is the same."""
    labelled, judged_right, judged = _parts(rows)
    estimate = rogan_gladen(judged_right, judged, labelled)
    if estimate is None:
        return None
    return _with_error(estimate, rows, _solved_influence(estimate, labelled, judged_right, judged))


@metric(better="high")
def accuracy_ppi(tally: Tally) -> Metric:
    """Return the accuracy of all items by prediction-powered inference, in percent.

    The unlabelled and labelled items are one population here, so the estimate for the unlabelled ones (weighted for
    least variance) stands for all; the 95% interval is normal and holds the judge's error as well as chance. Repeats
    of one question are one cluster: the standard error is that of the sums over questions.
    """
    rows = _decided(tally)
    labelled, _, judged = _parts(rows)
    if labelled.n < 2:
        note = "needs trusted decisions (a rule's or a person's) on some judged items"
        return Metric(value=None, n=labelled.n, note=note)
    if judged < 2:
        return Metric(value=None, n=labelled.n, note=_ALL_LABELLED)
    return _corrected(clustered_ppi(rows, power=True), labelled, judged)


@metric(better="high")
def accuracy_rogan_gladen(tally: Tally) -> Metric:
    """Return the accuracy of all items by Rogan-Gladen, in percent, clipped to 0..100; refused for a useless judge."""
    rows = _decided(tally)
    labelled, judged_right, judged = _parts(rows)
    if not judged:
        return Metric(value=None, n=labelled.n, note=_ALL_LABELLED if labelled.n else "no item was judged")
    if rogan_gladen(judged_right, judged, labelled) is None:
        note = f"refused: labelled items of one kind only, or a judge with 1 - FPR - FNR below {LEAST_YOUDEN}"
        return Metric(value=None, n=labelled.n, note=note)
    return _corrected(clustered_rogan_gladen(rows), labelled, judged)


_ALL_LABELLED = "every judged item is labelled: the labels' own rate is the accuracy"


def _solved_influence(
    estimate: Estimate, labelled: Confusion, judged_right: int, judged: int
) -> Callable[[int, int | None], float]:
    """Return what one outcome adds to the error of the Rogan-Gladen estimate, by the delta method."""
    right, wrong = labelled.tp + labelled.fn, labelled.fp + labelled.tn
    fpr, fnr = labelled.fp / wrong, labelled.fn / right
    rate, share = judged_right / judged, min(1.0, max(0.0, estimate.share))
    youden = 1 - fpr - fnr

    def influence(said: int, true: int | None) -> float:
        if true is None:
            return (said - rate) / judged / youden
        if true:
            return share * (1 - said - fnr) / right / youden
        return -(1 - share) * (said - fpr) / wrong / youden

    return influence


def _with_error(
    estimate: Estimate, rows: Sequence[Decided], influence: Callable[[int, int | None], float]
) -> Estimate | None:
    stderr = influence_stderr([influence(one.said, one.true) for one in rows], [one.cluster for one in rows])
    return None if stderr is None else Estimate(estimate.share, stderr)


def _decided(tally: Tally) -> list[Decided]:
    return [Decided(id_, said, true) for id_, said, true in tally.both_grades() if said is not None]


def _parts(rows: Sequence[Decided]) -> tuple[Confusion, int, int]:
    """Return the labelled table, and of the unlabelled judged items those judged right, and all."""
    graded = Counter((one.said, one.true) for one in rows)
    return confusion(graded), graded[1, None], graded[1, None] + graded[0, None]


def _corrected(estimate: Estimate | None, labelled: Confusion, judged: int) -> Metric:
    if estimate is None:
        return Metric(value=None, n=labelled.n, note="too few items")
    share = min(1.0, max(0.0, estimate.share))
    low = min(share, max(0.0, estimate.share - Z95 * estimate.stderr))
    high = max(share, min(1.0, estimate.share + Z95 * estimate.stderr))
    note = f"{labelled.n} labelled items, taken as a random part, and {judged} unlabelled ones"
    if share != estimate.share:
        note += f"; the estimate {100 * estimate.share:.2f} was clipped"
    return Metric(
        value=100 * share,
        n=labelled.n + judged,
        stderr=100 * estimate.stderr,
        ci95=(100 * low, 100 * high),
        note=note,
    )
