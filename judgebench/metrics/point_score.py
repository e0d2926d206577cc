"""Scores of benchmarks in which a judge grades one answer on a scale.

The mean grade, in parts too (MT-Bench's turns, the sources of the Prometheus sets), and where the items carry gold
grades how well the judge follows them. A grade that could not be read is left out of every mean and counted; that is
MT-Bench's own rule (its -1) and the only choice that invents no grade.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any, ClassVar

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.correlation import kendall, pearson, spearman
from judgebench.metrics.intervals import student
from judgebench.metrics.ordinal import weighted_kappa
from judgebench.metrics.pair_score import share_of
from judgebench.metrics.rater_figures import BY_CHANCE, beyond_chance
from judgebench.records import Metric, Sample, Verdict


class PointScoreConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=PointScore, ...)``.

    Attributes:
        group_by: Meta column by which the mean is also given in parts, or several.
        groups: Name of the part by that column's value as text; empty names parts by the value itself.
        headline: ``mean_score`` or, for sets with gold grades, a correlation: ``pearson``, ``spearman``, ``kendall``.
    """

    group_by: str | list[str] = ""
    groups: dict[str, str] = {}
    headline: str = "mean_score"


class PointScore:
    """See the module's docstring; means are in the unit of the scale."""

    Config: ClassVar[type[msgspec.Struct]] = PointScoreConfig

    def __init__(self, config: PointScoreConfig) -> None:
        self.config = config
        self._columns = [config.group_by] if isinstance(config.group_by, str) else config.group_by
        self._rows: list[tuple[list[str], float | None, float | None]] = []  # parts, grade, gold
        self._planned = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return {"score": "point", "version": 1, **msgspec.to_builtins(self.config)}

    def add(self, sample: Sample, repeat: int, verdict: Verdict) -> None:  # noqa: ARG002 - repeats are items alike
        """Take in the grade of one answer.

        Raises:
            DataError: The item's gold is no number, nor a list of numbers.
        """
        self._planned += 1
        if verdict.status not in ("ok", "unparsed"):
            return
        parts = [str(sample.meta[column]) for column in self._columns if column in sample.meta]
        self._rows.append(([self.config.groups.get(part, part) for part in parts], verdict.score, gold_grade(sample)))

    def result(self) -> dict[str, Metric]:
        """Return the figures, the headline first."""
        found = self._means("mean_score", 1)
        counts = {"judged": len(self._rows), "unread": sum(grade is None for _, grade, _ in self._rows)}
        found |= {name: Metric(value=float(count), n=self._planned) for name, count in counts.items()}
        if any(gold is not None for _, _, gold in self._rows):
            found |= self._means("gold_mean", 2)
            found |= self._correlations()
        if self.config.headline in found:
            found = {self.config.headline: found[self.config.headline], **found}
        return found

    def _means(self, name: str, place: int) -> dict[str, Metric]:
        parts = dict.fromkeys(part for parts, _, _ in self._rows for part in parts)
        found = {name: mean_of([row[place] for row in self._rows], missing=self._planned)}  # type: ignore[misc]
        for part in parts:
            values = [row[place] for row in self._rows if part in row[0]]
            found[f"{name}/{part}"] = mean_of(values)  # type: ignore[arg-type]
        return found

    def _correlations(self) -> dict[str, Metric]:
        both = [(grade, gold) for _, grade, gold in self._rows if grade is not None and gold is not None]
        first, second = [one for one, _ in both], [one for _, one in both]
        found = {}
        for function in (pearson, spearman, kendall):
            value = function(first, second) if len(both) > 1 else None
            note = "" if value is not None else "undefined: judge or gold give one and the same grade to every item"
            found[function.__name__] = Metric(value=value, n=len(both), note=note)
        return found | _agreeing(Counter(both))


def _agreeing(pairs: Counter[tuple[float, float]]) -> dict[str, Metric]:
    """Return how often the judge gives exactly gold's grade, beyond chance too, and kappa by squared distance."""
    n, equal = pairs.total(), sum(count for (grade, gold), count in pairs.items() if grade == gold)
    weighted = weighted_kappa(pairs)
    return {
        "agreement": share_of([1.0] * equal + [0.0] * (n - equal)),
        **beyond_chance(pairs),
        "weighted_kappa": Metric(value=weighted, n=n, note="" if weighted is not None else BY_CHANCE),
    }


def gold_grade(sample: Sample) -> float | None:
    """Return an item's gold grade; of several graders the mean; ``None`` where it has none.

    Raises:
        DataError: It is no number, nor a list of numbers.
    """
    gold = sample.gold
    values = gold if isinstance(gold, list) else [gold]
    if gold is None:
        return None
    if not values or not all(isinstance(one, int | float) and not isinstance(one, bool) for one in values):
        raise DataError(f"Item {sample.key or sample.id}: a number was expected as gold grade, not {gold!r:.60}.")
    return fmean(values)


def mean_of(values: Sequence[float | None], *, missing: int = 0) -> Metric:
    """Return the mean of what is known, with its standard error and t interval; the note says how many are not.

    Args:
        values: ``None`` is left out.
        missing: Planned items, of which those not among the known are named in the note.
    """
    known = [value for value in values if value is not None]
    if not known:
        return Metric(value=None, note="no grade was read")
    mean = math.fsum(known) / len(known)
    stderr = stdev(known) / math.sqrt(len(known)) if len(known) > 1 else None
    interval = student(mean, stderr, len(known) - 1) if stderr is not None else None
    left_out = max(missing, len(values)) - len(known)
    note = f"{left_out} items without a readable grade are left out" if left_out else ""
    return Metric(value=mean, n=len(known), stderr=stderr, ci95=interval, note=note)
