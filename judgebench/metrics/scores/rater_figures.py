"""The figures of agreement between a judge and gold that stand beside every benchmark's own.

An undefined one is ``None`` with the reason: kappa and pi where chance alone would always agree, a rate where nothing
of its kind was judged.
"""

from __future__ import annotations

from collections.abc import Sequence

from judgebench.metrics.rates.agreement import Confusion, Pairs, class_scores, cohen_kappa, macro_scores, scott_pi
from judgebench.records.flow import Metric

BY_CHANCE = "undefined: chance alone would always agree"


def beyond_chance(pairs: Pairs, *, kappa: str = "kappa") -> dict[str, Metric]:
    """Return Cohen's kappa, under the name given, and Scott's pi of (judge, gold) decisions."""
    n = sum(pairs.values())
    return {kappa: _or_why(cohen_kappa(pairs), n), "scott_pi": _or_why(scott_pi(pairs), n)}


def macro_figures(pairs: Pairs, classes: Sequence[str]) -> dict[str, Metric]:
    """Return precision, recall and F1 in percent, averaged over classes of equal weight."""
    n = sum(pairs.values())
    scores = macro_scores(pairs, classes)._asdict()
    return {f"macro_{name}": percent(value if n else None, n) for name, value in scores.items()}


def error_rates(table: Confusion) -> dict[str, Metric]:
    """Return precision, recall and F1 of what the judge marks, and both of its error rates, in percent."""
    scores = class_scores(table.pairs(), 1)
    true, false = table.tp + table.fn, table.fp + table.tn
    return {
        "precision": percent(scores.precision, table.tp + table.fp),
        "recall": percent(scores.recall, true),
        "f1": percent(scores.f1, table.n),
        "false_positive_rate": percent(table.fp / false if false else None, false),
        "false_negative_rate": percent(table.fn / true if true else None, true),
    }


def percent(share: float | None, n: int) -> Metric:
    """Return a share (0..1) in percent; undefined stays so."""
    return Metric(value=None if share is None else 100 * share, n=n, note="" if share is not None else "undefined")


def _or_why(value: float | None, n: int) -> Metric:
    return Metric(value=value, n=n, note="" if value is not None else BY_CHANCE if n else "nothing was compared")
