"""Which of a model's n answers to a question a judge would choose, and how often the chosen one is right.

The judge verifies every repeat (best several times: ``Repeated`` with ``majority``), and a rule-based check says which
repeats are right. Source: pessimistic verification of W. Shi and X. Jin (2025), Heimdall, arXiv:2504.10337.
"""

from __future__ import annotations

from judgebench.metrics.rates.named import metric
from judgebench.metrics.rates.tally import Solution, Tally
from judgebench.metrics.statistics.choosing import ALPHA, Strategy, choose, grouped
from judgebench.metrics.statistics.intervals import cluster_stderr, share_metric
from judgebench.records.flow import Metric


@metric(better="high")
def pessimistic_at_k(tally: Tally, k: int) -> Metric:
    """Return the share of questions right by the answer whose verifications have the best lower bound, of k repeats."""
    return chosen("pessimistic", tally, k)


@metric(better="high")
def best_mean_at_k(tally: Tally, k: int) -> Metric:
    """Return the share of questions right by the answer with the best mean verification, of k repeats."""
    return chosen("best_mean", tally, k)


@metric(better="high")
def weighted_majority_at_k(tally: Tally, k: int) -> Metric:
    """Return the share of questions right by the answer with the most verified repeats, of k repeats."""
    return chosen("weighted_majority", tally, k)


def chosen(rule: Strategy, tally: Tally, k: int, *, alpha: float = ALPHA) -> Metric:
    """Return the share of questions whose chosen answer is right by the rule-based check.

    Repeats without an extracted answer are no candidates. A question is left out, and bounds the value, where no
    candidate has a readable verification or the check does not say whether the chosen answer is right.

    Args:
        rule: How the answer is chosen; see ``judgebench.metrics.statistics.choosing``.
        tally: Of n repeats with extracted answers, the judge's votes and the check's grades.
        k: How many repeats are chosen among, the first ones.
        alpha: Weight of the penalty of ``pessimistic``.
    """
    if k > tally.repeats:
        return Metric(value=None, note=f"k={k} needs at least {k} repeats, there are {tally.repeats}")
    values: list[int] = []
    questions = 0
    for group in tally.solutions():
        questions += 1
        right = _right(group[:k], rule, alpha)
        if right is not None:
            values.append(right)
    if not values:
        note = "choosing needs repeats, a judge's verdict on each, and a rule that takes answers out and checks them"
        return Metric(value=None, note=note)
    mean = sum(values) / len(values)
    deviations = sum((value - mean) ** 2 for value in values)
    left_out = questions - len(values)
    return share_metric(
        mean,
        cluster_stderr(deviations, len(values), len(values)),
        clusters=len(values),
        n=len(values) * k,
        items=len(values),
        bounds=(sum(values) / questions, (sum(values) + left_out) / questions),
        note=f"nothing could be chosen for {left_out} of {questions} questions" if left_out else "",
    )


def _right(solutions: list[Solution], rule: Strategy, alpha: float) -> int | None:
    candidates = [one for one in solutions if one.answer]
    if not any(one.votes for one in candidates):
        return None
    answer = choose(grouped([(one.answer, one.passed, one.votes) for one in candidates]), rule, alpha=alpha)
    return next((one.right for one in candidates if one.answer == answer and one.right is not None), None)
