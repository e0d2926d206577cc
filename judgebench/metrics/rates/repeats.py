"""Metrics of n independent repeats per question: averages, pass@k, votes.

Everything is grouped by question. Unscored repeats are left out of the values and bound them. A value that needs k
repeats rests on the questions with at least k scored ones; what the others could be is in the bounds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction

from judgebench.metrics.rates.accuracy import nothing_scored, planned_bounds
from judgebench.metrics.rates.named import metric
from judgebench.metrics.rates.tally import Tally, TallyQuestion, TallyRow
from judgebench.metrics.statistics.intervals import cluster_stderr, share_metric
from judgebench.records.flow import Metric


@metric(better="high")
def accuracy_n_runs_average(tally: Tally) -> Metric:
    """Return the mean over the n runs of each run's accuracy; repeat r of every question is run r.

    The standard error is that of a mean of ratios, linearised and cluster-robust by question.
    """
    scored = {run: found.scored for run, found in tally.runs().items() if found.scored}
    if not scored:
        return nothing_scored(tally)
    runs = len(scored)
    rates = {run: found.correct / found.scored for run, found in sorted(tally.runs().items()) if found.scored}
    share = math.fsum(rates.values()) / runs
    deviations = 0.0
    clusters = 0
    for group in tally.by_question():
        terms = [(row.grade - rates[row.repeat]) / scored[row.repeat] for row in group if row.grade is not None]
        clusters += bool(terms)
        deviations += sum(terms) ** 2
    low, high = planned_bounds(tally.questions().items())
    stderr = cluster_stderr(deviations, clusters, runs)
    note = f"only {runs} of {tally.repeats} runs have scored items" if runs < tally.repeats else ""
    bounds = (min(low, share), max(high, share))
    return share_metric(share, stderr, clusters=clusters, n=sum(scored.values()), bounds=bounds, note=note)


@metric(better="high")
def avg_at_n(tally: Tally) -> Metric:
    """Return the mean over questions of the share of their scored repeats that is right."""

    def estimate(question: TallyQuestion) -> float | None:
        return question.correct / question.scored if question.scored else None

    def bounds(question: TallyQuestion) -> tuple[float, float]:
        if not question.scored:
            return 0.0, 1.0
        unscored = question.planned - question.scored
        return question.correct / question.planned, (question.correct + unscored) / question.planned

    return _mean_over_questions(tally, estimate, bounds)


@metric(better="high")
def pass_at_k(tally: Tally, k: int) -> Metric:
    """Return the chance that at least one of k repeats is right, ``1 - C(n-c, k) / C(n, k)``, averaged over questions.

    Source: M. Chen et al. (2021), Evaluating Large Language Models Trained on Code, arXiv:2107.03374, eq. 1.
    """
    return _subset_metric(tally, k, lambda n, c: 1 - chance_of_at_most(0, n, c, k))


@metric(better="high")
def pass_all_at_k(tally: Tally, k: int) -> Metric:
    """Return the chance that all of k repeats are right, ``C(c, k) / C(n, k)``, averaged over questions.

    Source: pass^k of S. Yao et al. (2024), tau-bench, arXiv:2406.12045; G-Pass@k with threshold 1 of
    J. Liu et al. (2024), arXiv:2412.13147.
    """
    return _subset_metric(tally, k, lambda n, c: 1 - chance_of_at_most(k - 1, n, c, k))


@metric(better="high")
def maj_correct_at_k(tally: Tally, k: int) -> Metric:
    """Return the chance that more than half of k repeats are right, averaged over questions.

    With k = n this is the ``c > n/2`` rule which other runners call cons@n. It is no vote: two wrong answers that
    differ count together against the right one. See ``cons_at_k`` for the vote.
    """
    return _subset_metric(tally, k, lambda n, c: 1 - chance_of_at_most(k // 2, n, c, k))


@metric(better="high")
def cons_at_k(tally: Tally, k: int) -> Metric:
    """Return the share of questions whose most frequent extracted answer among the first k repeats is right.

    Rules: a repeat without an extracted answer abstains. Tied answers share the vote equally, which is the expected
    result of drawing lots. An answer is as right as the mean verdict on the repeats that gave it (judges may differ
    on equal answers). A question counts as scored when the winning answers carry a verdict.

    Source: self-consistency, X. Wang et al. (2022), arXiv:2203.11171.
    """
    if k > tally.repeats:
        return _too_few_repeats(tally, k)
    if not tally.has_answers():
        return Metric(value=None, note="a vote needs extracted answers: give the dataset an extractor")
    values: list[float] = []
    low = high = 0.0
    questions = 0
    for group in tally.by_question():
        value, (worst, best) = vote([row for row in group if row.repeat < k], missing=max(0, k - len(group)))
        questions += 1
        low += worst
        high += best
        if value is not None:
            values.append(value)
    return _mean_metric(
        ((value, 1) for value in values),
        total=len(values) * k,
        bounds=(low / questions, high / questions),
        left_out=questions - len(values),
        why="have no winning answer with a verdict",
    )


def vote(rows: list[TallyRow], *, missing: int = 0) -> tuple[float | None, tuple[float, float]]:
    """Return how right the most frequent answer of one question's repeats is, and the bounds of that.

    Args:
        rows: The repeats that vote.
        missing: Repeats that should vote and are not there at all.

    Returns:
        The value (``None`` where no winning answer carries a verdict) and its worst and best case: what the verdicts
        that are missing, and the votes of failed predictions, could change.
    """
    votes = Counter(row.answer for row in rows if row.answer)
    failed = missing + sum(not row.answer and row.status in ("prediction_failed", "not_judged") for row in rows)
    if not votes:
        return None, (0.0, 1.0)
    most = max(votes.values())
    winners = [answer for answer, count in votes.items() if count == most]
    second = max((count for answer, count in votes.items() if count < most), default=0)
    values, worst, best = [], [], []
    for answer in winners:
        grades = [row.grade for row in rows if row.answer == answer]
        known = [grade for grade in grades if grade is not None]
        values.append(sum(known) / len(known) if known else None)
        worst.append(sum(known) / len(grades))
        best.append((sum(known) + len(grades) - len(known)) / len(grades))
    value = None if None in values else sum(value for value in values if value is not None) / len(values)
    settled = failed == 0 or (len(winners) == 1 and second + failed < most)
    if value is None or not settled:
        return value, (0.0, 1.0)
    return value, (sum(worst) / len(worst), sum(best) / len(best))


def chance_of_at_most(most: int, n: int, c: int, k: int) -> float:
    """Return the chance that k of n repeats, drawn without replacement, hold at most ``most`` of the c right ones."""
    ways = sum(math.comb(c, i) * math.comb(n - c, k - i) for i in range(min(most, c, k) + 1))
    return float(Fraction(ways, math.comb(n, k)))


def _subset_metric(tally: Tally, k: int, chance: Callable[[int, int], float]) -> Metric:
    """Return the mean over questions of a monotone chance over k-subsets of their repeats."""
    if k > tally.repeats:
        return _too_few_repeats(tally, k)

    def estimate(question: TallyQuestion) -> float | None:
        return chance(question.scored, question.correct) if question.scored >= k else None

    def bounds(question: TallyQuestion) -> tuple[float, float]:
        if question.scored < k:
            return 0.0, 1.0
        unscored = question.planned - question.scored
        return chance(question.planned, question.correct), chance(question.planned, question.correct + unscored)

    return _mean_over_questions(tally, estimate, bounds, needs=f"have fewer than {k} scored repeats")


def _mean_over_questions(
    tally: Tally,
    estimate: Callable[[TallyQuestion], float | None],
    bounds: Callable[[TallyQuestion], tuple[float, float]],
    needs: str = "have no scored repeat",
) -> Metric:
    questions = tally.questions()
    values: list[tuple[float, int]] = []
    low = high = 0.0
    trials = total = 0
    for question, count in questions.items():
        worst, best = bounds(question)
        low += worst * count
        high += best * count
        total += count
        value = estimate(question)
        if value is not None:
            values.append((value, count))
            trials += question.scored * count
    if not values:
        return (
            nothing_scored(tally)
            if not any(question.scored for question in questions)
            else Metric(
                value=None, bounds=(100 * low / total, 100 * high / total), note=f"all {total} questions {needs}"
            )
        )
    left_out = total - sum(count for _, count in values)
    return _mean_metric(values, total=trials, bounds=(low / total, high / total), left_out=left_out, why=needs)


def _mean_metric(
    values: Iterable[tuple[float, int]], *, total: int, bounds: tuple[float, float], left_out: int, why: str
) -> Metric:
    """Return the mean of per-question values (with how many questions have each) as a metric in percent.

    ``n`` is the number of questions it rests on.
    """
    weighted = list(values)
    questions = sum(count for _, count in weighted)
    if not questions:
        return Metric(value=None, bounds=(100 * bounds[0], 100 * bounds[1]), note=f"all questions {why}")
    mean = math.fsum(value * count for value, count in weighted) / questions
    deviations = math.fsum(count * (value - mean) ** 2 for value, count in weighted)
    return share_metric(
        mean,
        cluster_stderr(deviations, questions, questions),
        clusters=questions,
        n=total,
        items=questions,
        # the sums of the bounds are made in another order than the mean; rounding must not part them
        bounds=(
            min(bounds[0], mean) if left_out == 0 else bounds[0],
            max(bounds[1], mean) if left_out == 0 else bounds[1],
        ),
        note=f"{left_out} of {questions + left_out} questions {why}" if left_out else "",
    )


def _too_few_repeats(tally: Tally, k: int) -> Metric:
    return Metric(value=None, note=f"k={k} needs at least {k} repeats, there are {tally.repeats}")
