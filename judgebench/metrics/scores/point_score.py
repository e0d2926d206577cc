"""Scores of benchmarks in which a judge grades one answer on a scale.

The mean grade, in parts too (MT-Bench's turns, the sources of the Prometheus sets), and where the items carry gold
grades how well the judge follows them. A grade that could not be read is left out of every mean and counted; that is
MT-Bench's own rule (its -1) and the only choice that invents no grade.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from statistics import fmean
from typing import Any, ClassVar, Literal, NamedTuple, Self

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.pair_score import weighted_mean
from judgebench.metrics.scores.rater_figures import BY_CHANCE, beyond_chance
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.correlation import kendall, pearson, spearman
from judgebench.metrics.statistics.intervals import Cluster, mean_of, share_of
from judgebench.metrics.statistics.ordinal import weighted_kappa
from judgebench.records.flow import Metric, Sample, Verdict


class PointScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=PointScore, ...)``, beside those of every score.

    Attributes:
        group_by: Meta column by which the mean is also given in parts, or several; an item whose column holds a list is
            in the part of each entry, once.
        groups: Name of the part by that column's value as text; empty names parts by the value itself.
        adjust: ``[minus, times]``: ``adjusted_score`` is ``(mean - minus) * times``, in parts too, as WildBench prints
            it.
        averages: Further figures over parts of the headline's kind (of ``adjusted_score`` where there is one): names of
            parts with their weights, or a list of equal ones.
        cut_mark: What an answer ends with that was cut off. Means of parts and ``answer_length`` then leave out answers
            that are cut off or empty, and these are counted, as WildBench does.
        headline: ``mean_score`` or, for sets with gold grades, a correlation: ``pearson``, ``spearman``, ``kendall``,
            ``pearson_by_part``.
        levels: Meta columns from the outermost to the innermost (``["category", "task"]``): ``mean_of_levels`` is the
            mean over the values of the first column of the mean over those of the next, so that every part counts the
            same however many items it has; by value of the first column too (LiveBench).
        by_part: Whether ``pearson`` is also given in parts, and as the mean over the parts, ``pearson_by_part``
            (MLLM-as-a-Judge averages over source sets so).
    """

    group_by: str | list[str] = ""
    groups: dict[str, str] = msgspec.field(default_factory=dict)
    adjust: tuple[float, float] | None = None
    averages: dict[str, dict[str, float] | list[str]] = msgspec.field(default_factory=dict)
    cut_mark: str = ""
    headline: Literal["mean_score", "mean_of_levels", "pearson", "spearman", "kendall", "pearson_by_part"] = (
        "mean_score"
    )
    by_part: bool = False
    levels: list[str] = msgspec.field(default_factory=list)


class _GradedRow(NamedTuple):
    cluster: Cluster
    parts: list[str]
    grade: float | None
    gold: float | None
    answer: str = ""
    place: tuple[str, ...] = ()


class PointScore(Measure):
    """See the module's docstring; means are in the unit of the scale."""

    Config: ClassVar[type[msgspec.Struct]] = PointScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds(
            "pearson",
            "pearson_by_part",
            "spearman",
            "kendall",
            "kappa",
            "scott_pi",
            "weighted_kappa",
            unit="coefficient",
            better="high",
        ),
        **kinds("agreement", better="high"),
        **kinds("unread", unit="count", better="low"),
        **kinds("adjusted_score", unit="points", better=None),
        **kinds("answer_length", unit="characters", better=None),
        **kinds("empty_answers", "cut_answers", unit="count", better=None),
        **kinds(
            "mean_score", "mean_of_levels", "gold_mean", unit="scale", better=None
        ),  # a judge that grades higher is no better judge
        **kinds("judged", unit="count", better=None),  # a judge that grades higher is no better judge
    }

    def __init__(self, config: PointScoreConfig) -> None:
        self.config = config
        self._columns = [config.group_by] if isinstance(config.group_by, str) else config.group_by
        self._rows: list[_GradedRow] = []
        self._planned = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        keys = identity_of("point", 1, self.config)
        for key in ("by_part", "adjust", "averages", "cut_mark", "levels"):
            if not keys[key]:
                del keys[key]  # results from before there was the key stay the same
        return keys

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the grade of one answer.

        Raises:
            DataError: The item's gold is no number, nor a list of numbers.
        """
        self._planned += 1
        if verdict.status not in ("ok", "unparsed"):
            return
        held = [sample.meta[column] for column in self._columns if column in sample.meta]
        parts = [str(part) for one in held for part in (one if isinstance(one, list) else [one])]
        named = list(dict.fromkeys(self.config.groups.get(part, part) for part in parts))
        # the end of an answer tells whether it was cut off, so that is kept only where it is asked for
        answer = sample.answers[0] if self.config.cut_mark and sample.answers else ""
        place = tuple(str(sample.meta.get(column, "")) for column in self.config.levels)
        row = _GradedRow(cluster_of(sample, self.config), named, verdict.score, gold_grade(sample), answer, place)
        self._rows.append(row)

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._rows.extend(later._rows)
        self._planned += later._planned

    def result(self) -> dict[str, Metric]:
        """Return the figures, the headline first."""
        found = self._means("mean_score", [row.grade for row in self._rows])
        counts = {"judged": len(self._rows), "unread": sum(row.grade is None for row in self._rows)}
        if self.config.adjust:
            found |= self._adjusted(found, *self.config.adjust)
        found |= self._averages(found)
        if self.config.levels:
            found |= self._by_levels()
        if self.config.cut_mark:
            found |= self._lengths()
        found |= {name: Metric(value=float(count), n=self._planned) for name, count in counts.items()}
        with_gold = any(row.gold is not None for row in self._rows)
        if with_gold:
            found |= self._means("gold_mean", [row.gold for row in self._rows])
        if with_gold or self.config.headline not in (
            "mean_score",
            "mean_of_levels",
        ):  # which stays the headline where nothing was judged
            found |= self._correlations()
            if self.config.by_part:
                found |= self._in_parts()
        if self.config.headline in found:
            found = {self.config.headline: found[self.config.headline], **found}
        return found

    def _means(self, name: str, values: list[float | None]) -> dict[str, Metric]:
        """Return the mean over all items, then over each part; a note says how many are left out."""
        found = {name: self._mean(values, self._rows, self._planned)}
        for part in dict.fromkeys(part for row in self._rows for part in row.parts):
            own = [
                (value, row)
                for value, row in zip(values, self._rows, strict=True)
                if part in row.parts and not (self.config.cut_mark and self._unfinished(row))
            ]
            found[f"{name}/{part}"] = self._mean([value for value, _ in own], [row for _, row in own], len(own))
        return found

    def _adjusted(self, means: Mapping[str, Metric], minus: float, times: float) -> dict[str, Metric]:
        return {
            name.replace("mean_score", "adjusted_score", 1): Metric(
                value=None if one.value is None else (one.value - minus) * times,
                n=one.n,
                stderr=None if one.stderr is None else one.stderr * abs(times),
                note=one.note,
            )
            for name, one in means.items()
        }

    def _averages(self, found: Mapping[str, Metric]) -> dict[str, Metric]:
        figure = "adjusted_score" if self.config.adjust else "mean_score"
        made: dict[str, Metric] = {}
        for name, members in self.config.averages.items():
            weights = members if isinstance(members, dict) else dict.fromkeys(members, 1.0)
            made[f"{figure}/{name}"] = weighted_mean({one: found.get(f"{figure}/{one}") for one in weights}, weights)
        return made

    def _by_levels(self) -> dict[str, Metric]:
        read = [(row.place, row.grade) for row in self._rows if row.grade is not None]
        outer = list(dict.fromkeys(place[0] for place, _ in read))
        means = {one: _nested([(place[1:], grade) for place, grade in read if place[0] == one]) for one in outer}
        note = "" if means else "nothing was graded"
        whole = Metric(value=fmean(means.values()) if means else None, n=len(read), note=note)
        counts = Counter(place[0] for place, _ in read)
        return {
            "mean_of_levels": whole,
            **{f"mean_of_levels/{one}": Metric(value=mean, n=counts[one]) for one, mean in means.items()},
        }

    def _unfinished(self, row: _GradedRow) -> bool:
        return not row.answer or row.answer.endswith(self.config.cut_mark)

    def _lengths(self) -> dict[str, Metric]:
        whole = [row for row in self._rows if not self._unfinished(row)]
        empty = sum(not row.answer for row in self._rows)
        length = mean_of([float(len(row.answer)) for row in whole], [row.cluster for row in whole])
        counts = {"empty_answers": empty, "cut_answers": len(self._rows) - len(whole) - empty}
        found = {name: Metric(value=float(count), n=len(self._rows)) for name, count in counts.items()}
        return {"answer_length": length, **found}

    @staticmethod
    def _mean(values: list[float | None], rows: list[_GradedRow], planned: int) -> Metric:
        mean = mean_of(values, [row.cluster for row in rows])
        left_out = planned - mean.n
        if mean.value is None or not left_out:
            return mean
        return msgspec.structs.replace(mean, note=f"{left_out} items without a readable grade are left out")

    def _in_parts(self) -> dict[str, Metric]:
        found = {}
        for part in dict.fromkeys(part for row in self._rows for part in row.parts):
            both = [
                (row.grade, row.gold)
                for row in self._rows
                if part in row.parts and row.grade is not None and row.gold is not None
            ]
            value = pearson([grade for grade, _ in both], [gold for _, gold in both])
            note = "" if value is not None else "undefined: judge or gold give one and the same grade to every item"
            found[f"pearson/{part}"] = Metric(value=value, n=len(both), note=note)
        known = [one.value for one in found.values() if one.value is not None]
        lacking = len(found) - len(known)
        note = f"{lacking} of {len(found)} parts have no correlation" if lacking else ""
        mean = Metric(value=fmean(known) if known else None, n=sum(one.n for one in found.values()), note=note)
        return {"pearson_by_part": mean, **found}

    def _correlations(self) -> dict[str, Metric]:
        both = [
            (row.cluster, row.grade, row.gold) for row in self._rows if row.grade is not None and row.gold is not None
        ]
        first, second = [one for _, one, _ in both], [one for *_, one in both]
        undefined = "undefined: judge or gold give one and the same grade to every item"
        if len(both) < 2:
            undefined = "needs two items with a grade and a gold grade"
        found = {}
        for function in (pearson, spearman, kendall):
            value = function(first, second) if len(both) > 1 else None
            found[function.__name__] = Metric(value=value, n=len(both), note="" if value is not None else undefined)
        pairs = Counter(zip(first, second, strict=True))
        weighted = weighted_kappa(pairs)
        return {
            **found,
            "agreement": share_of([float(grade == gold) for _, grade, gold in both], [one for one, *_ in both]),
            **beyond_chance(pairs),
            "weighted_kappa": Metric(value=weighted, n=len(both), note="" if weighted is not None else BY_CHANCE),
        }


def _nested(graded: list[tuple[tuple[str, ...], float]]) -> float:
    """Return the mean over the values of the first column of the mean over those of the next, of grades by place."""
    if not graded[0][0]:
        return fmean(grade for _, grade in graded)
    outer = dict.fromkeys(place[0] for place, _ in graded)
    return fmean(_nested([(place[1:], grade) for place, grade in graded if place[0] == one]) for one in outer)


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
