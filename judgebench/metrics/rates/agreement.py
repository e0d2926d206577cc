"""How far two raters agree: the judge against a rule, a person or gold.

Percent agreement alone hides leniency, so kappa, Scott's pi, both error rates and the shift of the score stand beside
it. Whatever is undefined is ``None``, never 0 or 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from judgebench.metrics.rates.named import metric
from judgebench.metrics.rates.tally import Tally
from judgebench.metrics.statistics.intervals import ClusterGroup, cluster_stderr, clustered_share, student
from judgebench.records.diagnostics import Diagnostics
from judgebench.records.flow import Metric

Pairs = Mapping[tuple[Any, Any], int]
"""How often each decision of the first rater meets each of the second."""


class Confusion(NamedTuple):
    """A judge's yes-or-no decisions against the truth."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def n(self) -> int:
        """Number of items both decided."""
        return self.tp + self.fp + self.fn + self.tn

    def pairs(self) -> dict[tuple[int, int], int]:
        """Return the counts by (judge, truth)."""
        return {(1, 1): self.tp, (1, 0): self.fp, (0, 1): self.fn, (0, 0): self.tn}


Tables = Counter[Confusion]
"""Confusion tables, one per question, with how many questions have each."""
_CELLS = ((1, 1), (1, 0), (0, 1), (0, 0))


class ClassScores(NamedTuple):
    """Precision, recall and their harmonic mean, 0..1."""

    precision: float | None
    recall: float | None
    f1: float | None


def confusion(graded: Pairs) -> Confusion:
    """Return the confusion table of (judge, truth) grades; pairs in which either is ``None`` are left out."""
    return Confusion(
        tp=graded.get((1, 1), 0), fp=graded.get((1, 0), 0), fn=graded.get((0, 1), 0), tn=graded.get((0, 0), 0)
    )


def percent_agreement(pairs: Pairs) -> float | None:
    """Return the share of items on which both decide alike, 0..1."""
    total = sum(pairs.values())
    return sum(count for (first, second), count in pairs.items() if first == second) / total if total else None


def cohen_kappa(pairs: Pairs) -> float | None:
    """Return the agreement beyond what the raters' own marginals give by chance, for any number of classes.

    Source: J. Cohen (1960), Educational and Psychological Measurement 20, 37-46.

    Returns:
        ``None`` where chance alone would agree always (both raters constant and equal), and for no items.
    """
    first, second, total = _marginals(pairs)
    if not total:
        return None
    chance = math.fsum(first.get(decision, 0) * second.get(decision, 0) for decision in {*first, *second}) / total**2
    return _beyond_chance(percent_agreement(pairs), chance)


def scott_pi(pairs: Pairs) -> float | None:
    """Return the agreement beyond what the pooled marginals give by chance; ``None`` as for ``cohen_kappa``.

    Source: W. A. Scott (1955), Public Opinion Quarterly 19, 321-325.
    """
    first, second, total = _marginals(pairs)
    if not total:
        return None
    pooled = ((first.get(decision, 0) + second.get(decision, 0)) / (2 * total) for decision in {*first, *second})
    return _beyond_chance(percent_agreement(pairs), math.fsum(share * share for share in pooled))


def kappa_stderr(tables: Tables) -> float | None:
    """Return the standard error of Cohen's kappa, clustered by question; ``None`` for fewer than two questions.

    The linearised error: one answer with the decisions a and b moves kappa by ``(I(a = b) - po) / (1 - pe) - (1 - po)
    (p2(a) + p1(b) - 2 pe) / (1 - pe)^2`` over n. With one answer per question this is the large-sample formula of
    J. L. Fleiss, J. Cohen and B. S. Everitt (1969), Psychological Bulletin 72, 323-327, with n - 1.

    Args:
        tables: Of each question's repeats, and how many questions have such a one.
    """
    pairs = dict(_whole(tables).pairs())
    first, second, total = _marginals(pairs)
    if cohen_kappa(pairs) is None:
        return None
    p1 = {decision: first.get(decision, 0) / total for decision in (0, 1)}
    p2 = {decision: second.get(decision, 0) / total for decision in (0, 1)}
    chance = math.fsum(p1[decision] * p2[decision] for decision in (0, 1))
    observed = (pairs[1, 1] + pairs[0, 0]) / total
    moved = {
        (a, b): ((a == b) - observed) / (1 - chance) - (1 - observed) * (p2[a] + p1[b] - 2 * chance) / (1 - chance) ** 2
        for a, b in pairs
    }
    return _clustered(tables, moved)


def class_scores(pairs: Pairs, decision: Any) -> ClassScores:
    """Return precision, recall and F1 of one class; pairs are (judge, truth)."""
    hit = pairs.get((decision, decision), 0)
    said = sum(count for (judge, _), count in pairs.items() if judge == decision)
    true = sum(count for (_, truth), count in pairs.items() if truth == decision)
    f1 = 2 * hit / (said + true) if said + true else None
    return ClassScores(hit / said if said else None, hit / true if true else None, f1)


def macro_scores(pairs: Pairs, decisions: Iterable[Any]) -> ClassScores:
    """Return precision, recall and F1 averaged over classes; an undefined one counts 0, as in scikit-learn."""
    scores = [class_scores(pairs, decision) for decision in decisions]
    if not scores:
        return ClassScores(None, None, None)
    return ClassScores(*(math.fsum(score[at] or 0.0 for score in scores) / len(scores) for at in range(3)))


def tables_of(tally: Tally) -> Tables:
    """Return the confusion table of every question's repeats, the judge against the rule, with how often it occurs."""
    if tally.repeats == 1:
        alone = {cell: Confusion(*(int(cell == one) for one in _CELLS)) for cell in _CELLS}
        return Counter({alone[cell]: n for cell, n in tally.graded_pairs().items() if cell in alone})
    found: dict[int, list[int]] = {}
    for sample_id, *cell in tally.both_grades():
        if None not in cell:
            found.setdefault(sample_id, [0, 0, 0, 0])[_CELLS.index(tuple(cell))] += 1
    return Counter(Confusion(*counts) for counts in found.values())


@metric(better="high")
def agreement(tally: Tally) -> Metric:
    """Return the percentage of outcomes on which the judge and the rule say the same, clustered by question."""
    return _agreement(tables_of(tally))


@metric(better="high", unit="coefficient")
def kappa(tally: Tally) -> Metric:
    """Return Cohen's kappa of the judge and the rule (right or wrong), -1..1, with a t interval over questions."""
    return _kappa(tables_of(tally))


@metric(better="low")
def false_positive_rate(tally: Tally) -> Metric:
    """Return the percentage of wrong answers (by the rule) that the judge calls right: its leniency."""
    return _false_positive_rate(tables_of(tally))


@metric(better="low")
def false_negative_rate(tally: Tally) -> Metric:
    """Return the percentage of right answers (by the rule) that the judge calls wrong: its strictness."""
    return _false_negative_rate(tables_of(tally))


@metric(better=None, unit="points")
def score_shift(tally: Tally) -> Metric:
    """Return the judge's accuracy minus the rule's on the same items, in points, with a t interval over questions."""
    return _score_shift(tables_of(tally))


def _agreement(tables: Tables) -> Metric:
    return _rate([ClusterGroup(one.n, one.tp + one.tn, count) for one, count in tables.items()])


def _kappa(tables: Tables) -> Metric:
    table = _whole(tables)
    value = cohen_kappa(table.pairs())
    if value is None:
        return Metric(value=None, n=table.n, note=_undefined(table))
    stderr = kappa_stderr(tables)
    if stderr is None:
        return Metric(value=value, n=table.n)
    low, high = student(value, stderr, tables.total() - 1)
    return Metric(value=value, n=table.n, stderr=stderr, ci95=(max(-1.0, low), min(1.0, high)))


def _false_positive_rate(tables: Tables) -> Metric:
    lacking = "undefined: the rule calls no judged answer wrong"
    return _rate([ClusterGroup(one.fp + one.tn, one.fp, count) for one, count in tables.items()], lacking=lacking)


def _false_negative_rate(tables: Tables) -> Metric:
    lacking = "undefined: the rule calls no judged answer right"
    return _rate([ClusterGroup(one.fn + one.tp, one.fn, count) for one, count in tables.items()], lacking=lacking)


def _score_shift(tables: Tables) -> Metric:
    table = _whole(tables)
    if not table.n:
        return Metric(value=None, note=_undefined(table))
    shift = (table.fp - table.fn) / table.n
    stderr = _clustered(tables, {(a, b): a - b - shift for a, b in table.pairs()})
    if stderr is None:
        return Metric(value=100 * shift, n=table.n)
    low, high = student(shift, stderr, tables.total() - 1)
    interval = (100 * max(-1.0, low), 100 * min(1.0, high))
    return Metric(value=100 * shift, n=table.n, stderr=100 * stderr, ci95=interval)


def diagnostics(tally: Tally) -> Diagnostics:
    """Return what a tally tells of a judge: what was not read and, where a rule decided too, how the two agree."""
    counts = tally.counts()
    planned = counts.planned or 1
    found = Diagnostics(
        unparsed_share=100 * counts.unparsed / planned, truncated_share=100 * counts.truncated / planned
    )
    tables = tables_of(tally)
    table = _whole(tables)
    if not table.n:
        return found
    return msgspec.structs.replace(
        found,
        against="rule",
        agreement=_agreement(tables),
        kappa=_kappa(tables),
        false_positive_rate=_false_positive_rate(tables),
        false_negative_rate=_false_negative_rate(tables),
        score_shift=_score_shift(tables),
        scott_pi=scott_pi(table.pairs()),
        **class_scores(table.pairs(), 1)._asdict(),
        rule_accuracy=100 * (table.tp + table.fn) / table.n,
        **table._asdict(),
    )


_NOTHING_TO_COMPARE = "no item has both a verdict and a decision of the rule"


def _rate(groups: Collection[ClusterGroup], *, lacking: str = _NOTHING_TO_COMPARE) -> Metric:
    return clustered_share(groups) if any(one.trials for one in groups) else Metric(value=None, note=lacking)


def _whole(tables: Tables) -> Confusion:
    """Return the table of all questions together."""
    return Confusion(*(sum(one[at] * count for one, count in tables.items()) for at in range(4)))


def _clustered(tables: Tables, moved: Mapping[tuple[int, int], float]) -> float | None:
    """Return the clustered standard error of a mean over answers that each cell moves by so much."""
    sums = [(math.fsum(n * moved[cell] for cell, n in one.pairs().items()), count) for one, count in tables.items()]
    deviations = math.fsum(count * one * one for one, count in sums)
    return cluster_stderr(deviations, tables.total(), _whole(tables).n)


def _undefined(table: Confusion) -> str:
    if not table.n:
        return _NOTHING_TO_COMPARE
    return "undefined: judge and rule give every item one and the same decision"


def _beyond_chance(observed: float | None, chance: float) -> float | None:
    if observed is None or math.isclose(chance, 1.0, abs_tol=1e-15):
        return None
    return (observed - chance) / (1 - chance)


def _marginals(pairs: Pairs) -> tuple[dict[Any, int], dict[Any, int], int]:
    first: dict[Any, int] = {}
    second: dict[Any, int] = {}
    for (a, b), count in pairs.items():
        if count:
            first[a] = first.get(a, 0) + count
            second[b] = second.get(b, 0) + count
    return first, second, sum(first.values())
