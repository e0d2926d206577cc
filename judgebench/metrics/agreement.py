"""How far two raters agree: the judge against a rule, a person or a gold label.

Percent agreement alone hides leniency, so kappa, Scott's pi, both error rates and the shift of the score stand beside
it. Whatever is undefined is ``None``, never 0 or 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from judgebench.metrics.intervals import Z95, wilson
from judgebench.metrics.tally import Tally
from judgebench.records import Metric

Pairs = Mapping[tuple[Any, Any], int]
"""How often the first rater's and the second rater's labels meet."""


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
    """Return the share of items with equal labels, 0..1."""
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
    chance = math.fsum(first.get(label, 0) * second.get(label, 0) for label in {*first, *second}) / total**2
    return _beyond_chance(percent_agreement(pairs), chance)


def scott_pi(pairs: Pairs) -> float | None:
    """Return the agreement beyond what the pooled marginals give by chance; ``None`` as for ``cohen_kappa``.

    Source: W. A. Scott (1955), Public Opinion Quarterly 19, 321-325.
    """
    first, second, total = _marginals(pairs)
    if not total:
        return None
    pooled = ((first.get(label, 0) + second.get(label, 0)) / (2 * total) for label in {*first, *second})
    return _beyond_chance(percent_agreement(pairs), math.fsum(share * share for share in pooled))


def kappa_stderr(pairs: Pairs) -> float | None:
    """Return the large-sample standard error of Cohen's kappa.

    Source: J. L. Fleiss, J. Cohen and B. S. Everitt (1969), Psychological Bulletin 72, 323-327.
    """
    value = cohen_kappa(pairs)
    first, second, total = _marginals(pairs)
    if value is None:
        return None
    p1 = {label: count / total for label, count in first.items()}
    p2 = {label: count / total for label, count in second.items()}
    chance = math.fsum(p1.get(label, 0.0) * p2.get(label, 0.0) for label in {*p1, *p2})
    variance = -((value - chance * (1 - value)) ** 2)
    for (a, b), count in pairs.items():
        share = count / total
        if a == b:
            variance += share * (1 - (p1.get(a, 0.0) + p2.get(a, 0.0)) * (1 - value)) ** 2
        else:
            variance += share * (1 - value) ** 2 * (p2.get(a, 0.0) + p1.get(b, 0.0)) ** 2
    return math.sqrt(max(0.0, variance) / total) / (1 - chance)


def class_scores(pairs: Pairs, label: Any) -> ClassScores:
    """Return precision, recall and F1 of one class; pairs are (judge, truth)."""
    hit = pairs.get((label, label), 0)
    said = sum(count for (judge, _), count in pairs.items() if judge == label)
    true = sum(count for (_, truth), count in pairs.items() if truth == label)
    f1 = 2 * hit / (said + true) if said + true else None
    return ClassScores(hit / said if said else None, hit / true if true else None, f1)


def macro_scores(pairs: Pairs, labels: Iterable[Any]) -> ClassScores:
    """Return precision, recall and F1 averaged over classes; an undefined one counts 0, as in scikit-learn."""
    scores = [class_scores(pairs, label) for label in labels]
    if not scores:
        return ClassScores(None, None, None)
    return ClassScores(*(math.fsum(score[at] or 0.0 for score in scores) / len(scores) for at in range(3)))


def agreement(tally: Tally) -> Metric:
    """Return the percentage of outcomes on which the judge and the rule say the same, with its Wilson interval."""
    table = confusion(tally.graded_pairs())
    return _rate(table.tp + table.tn, table.n)


def kappa(tally: Tally) -> Metric:
    """Return Cohen's kappa of the judge and the rule (right or wrong), -1..1."""
    table = confusion(tally.graded_pairs())
    value = cohen_kappa(table.pairs())
    if value is None:
        return Metric(value=None, n=table.n, note=_undefined(table))
    stderr = kappa_stderr(table.pairs())
    interval = None
    if stderr is not None:
        interval = (max(-1.0, value - Z95 * stderr), min(1.0, value + Z95 * stderr))
    return Metric(value=value, n=table.n, stderr=stderr, ci95=interval)


def false_positive_rate(tally: Tally) -> Metric:
    """Return the percentage of wrong answers (by the rule) that the judge calls right: its leniency."""
    table = confusion(tally.graded_pairs())
    return _rate(table.fp, table.fp + table.tn, lacking="undefined: the rule calls no judged answer wrong")


def false_negative_rate(tally: Tally) -> Metric:
    """Return the percentage of right answers (by the rule) that the judge calls wrong: its strictness."""
    table = confusion(tally.graded_pairs())
    return _rate(table.fn, table.fn + table.tp, lacking="undefined: the rule calls no judged answer right")


def score_shift(tally: Tally) -> Metric:
    """Return the judge's accuracy minus the rule's on the same items, in points.

    The standard error is that of paired differences, ``(fp - fn) / n``.
    """
    table = confusion(tally.graded_pairs())
    n = table.n
    if not n:
        return Metric(value=None, note=_undefined(table))
    shift = (table.fp - table.fn) / n
    if n < 2:
        return Metric(value=100 * shift, n=n)
    stderr = math.sqrt(max(0.0, ((table.fp + table.fn) / n - shift * shift) / (n - 1)))
    interval = (100 * (shift - Z95 * stderr), 100 * (shift + Z95 * stderr))
    return Metric(value=100 * shift, n=n, stderr=100 * stderr, ci95=interval)


def health(tally: Tally) -> dict[str, Any]:
    """Return what ``TaskResult.health`` says of a judge, as JSON values.

    Keys: ``unparsed_share`` and ``truncated_share`` in percent of the planned items; where a rule decided the same
    items ``against`` (``"rule"``), the metrics ``agreement``, ``kappa``, ``false_positive_rate``,
    ``false_negative_rate``, ``score_shift`` (each with n, standard error and interval), and the plain numbers
    ``scott_pi``, ``precision``, ``recall``, ``f1``, ``rule_accuracy``, ``tp``, ``fp``, ``fn``, ``tn``.
    """
    counts = tally.counts()
    planned = counts.planned or 1
    found: dict[str, Any] = {
        "unparsed_share": 100 * counts.unparsed / planned,
        "truncated_share": 100 * counts.truncated / planned,
    }
    table = confusion(tally.graded_pairs())
    if not table.n:
        return found
    measured = (agreement, kappa, false_positive_rate, false_negative_rate, score_shift)
    scores = class_scores(table.pairs(), 1)
    return {
        **found,
        "against": "rule",
        **{metric.__name__: msgspec.to_builtins(metric(tally)) for metric in measured},
        "scott_pi": scott_pi(table.pairs()),
        **scores._asdict(),
        "rule_accuracy": 100 * (table.tp + table.fn) / table.n,
        **table._asdict(),
    }


_NOTHING_TO_COMPARE = "no item has both a verdict and a label of the rule"


def _rate(hits: int, n: int, *, lacking: str = _NOTHING_TO_COMPARE) -> Metric:
    if not n:
        return Metric(value=None, note=lacking)
    share = hits / n
    low, high = wilson(share, n)
    stderr = math.sqrt(share * (1 - share) / (n - 1)) if n > 1 else None
    return Metric(value=100 * share, n=n, stderr=None if stderr is None else 100 * stderr, ci95=(100 * low, 100 * high))


def _undefined(table: Confusion) -> str:
    if not table.n:
        return _NOTHING_TO_COMPARE
    return "undefined: judge and rule give one and the same label to every item"


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
