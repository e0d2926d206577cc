"""Scores of a judge that rates one answer in several aspects, each in a presentation of its own, and what people say.

VIEScore and GEdit rate a picture so: semantic consistency and perceptual quality, and an overall score that the
method's aggregation makes of both. An item counts in a mean where every aspect was read. What the means would be if an
unread aspect were worth 0, which is how AISBench counts, stands beside them under a name of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, ClassVar, Literal, NamedTuple, Self

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.correlation import spearman
from judgebench.metrics.statistics.intervals import Cluster, mean_of
from judgebench.records.flow import Metric, Sample, Verdict

OVERALL = "overall"
_DIGITS = 9
"""Values that are equal on paper differ in the last bit after roots and means, and would change ties of ranks."""


class AspectScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=AspectScore, ...)``, beside those of every score.

    Attributes:
        aspects: Names of the presentations, in the order in which gold lists people's ratings; empty takes all that the
            method has.
        group_by: Meta column by which figures are also given in parts (the model that made the picture). Correlations
            are then taken in each part, and averaged over the parts.
        headline: ``overall``, or its rank correlation with people (``spearman``).
    """

    aspects: list[str] = msgspec.field(default_factory=list)
    group_by: str = ""
    headline: Literal["overall", "spearman"] = "overall"


class _RatedAnswer(NamedTuple):
    cluster: Cluster
    group: str
    scores: dict[str, float]
    people: dict[str, float]


class AspectScore(Measure):
    """See the module's docstring; means are in the unit of the scale.

    Gold is what people say: a list of ratings, one of each person, each a list with a number for each aspect. A
    person's overall rating is the geometric mean of theirs, and the gold value the mean over people.
    """

    Config: ClassVar[type[msgspec.Struct]] = AspectScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("overall", "aspect", "overall_unread_as_0", "aspect_unread_as_0", unit="scale", better="high"),
        **kinds("judged", "only", unit="count", better=None),
        **kinds("unread", unit="count", better="low"),
        **kinds(
            *(f"{of}spearman{way}" for of in ("", "aspect_") for way in ("", "_fisher", "_tanh")),
            unit="coefficient",
            better="high",
        ),
    }

    def __init__(self, config: AspectScoreConfig) -> None:
        self.config = config
        self._rows: list[_RatedAnswer] = []
        self._aspects = dict.fromkeys(config.aspects)
        self._planned = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("aspect", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in what the judge says of one answer.

        Raises:
            DataError: The item's gold is no list of people's ratings.
        """
        self._planned += 1
        if verdict.status not in ("ok", "unparsed"):
            return
        if not self.config.aspects:
            self._aspects |= dict.fromkeys(one.presentation for one in verdict.presentations)
        scores = {}
        for aspect in self._aspects:
            own = [one.score for one in verdict.presentations if one.presentation == aspect]
            known = [score for score in own if score is not None]
            if known and len(known) == len(own):
                scores[aspect] = fmean(known)
        if verdict.status == "ok" and verdict.score is not None:
            scores[OVERALL] = verdict.score
        group = str(sample.meta.get(self.config.group_by, "")) if self.config.group_by else ""
        self._rows.append(_RatedAnswer(cluster_of(sample, self.config), group, scores, self._people(sample)))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._rows.extend(later._rows)
        self._planned += later._planned
        self._aspects |= later._aspects

    def result(self) -> dict[str, Metric]:
        """Return the figures, the headline first."""
        groups = list(dict.fromkeys(row.group for row in self._rows)) if self.config.group_by else []
        found: dict[str, Metric] = {}
        for name in (OVERALL, *self._aspects):
            found[_named(OVERALL, name)] = self._mean(name, self._rows)
            found |= {_named(OVERALL, name, group): self._mean(name, self._of(group)) for group in groups}
        for name in (OVERALL, *self._aspects):
            found[_named("overall_unread_as_0", name)] = self._mean_with_zeros(name)
        for part in ("", *groups):
            found |= self._counts(part)
        if any(row.people for row in self._rows) or self.config.headline != OVERALL:
            for name in (OVERALL, *self._aspects):
                found |= self._correlations(name, groups)
        headline = self.config.headline
        return {headline: found[headline], **found}

    def _of(self, group: str) -> list[_RatedAnswer]:
        return [row for row in self._rows if row.group == group]

    def _whole(self, rows: Sequence[_RatedAnswer]) -> list[_RatedAnswer]:
        """Return the rows in which every aspect was read."""
        return [row for row in rows if len(row.scores) == len(self._aspects) + 1]

    def _mean(self, name: str, rows: Sequence[_RatedAnswer]) -> Metric:
        whole = self._whole(rows)
        mean = mean_of([row.scores[name] for row in whole], [row.cluster for row in whole])
        left_out = len(rows) - len(whole)
        note = f"{left_out} items of which an aspect was not read are left out" if left_out else ""
        return mean if mean.value is None else msgspec.structs.replace(mean, note=note)

    def _mean_with_zeros(self, name: str) -> Metric:
        mean = mean_of([row.scores.get(name, 0.0) for row in self._rows], [row.cluster for row in self._rows])
        return msgspec.structs.replace(mean, note="what was not read counts as 0")

    def _counts(self, group: str) -> dict[str, Metric]:
        rows = self._of(group) if group else self._rows
        end = f"/{group}" if group else ""
        counts = {"judged": len(self._whole(rows)), "unread": len(rows) - len(self._whole(rows))}
        for aspect in self._aspects:
            counts[f"only/{aspect}"] = sum(list(row.scores) == [aspect] for row in rows)
        return {
            f"{name}{end}": Metric(value=float(count), n=len(rows) if group else self._planned)
            for name, count in counts.items()
        }

    def _correlations(self, name: str, groups: Sequence[str]) -> dict[str, Metric]:
        if not groups:
            return {_named("spearman", name): self._correlation(name, self._rows)}
        found = {_named("spearman", name, group): self._correlation(name, self._of(group)) for group in groups}
        values = [one.value for one in found.values() if one.value is not None]
        lacking = len(found) - len(values)
        note = f"{lacking} of {len(found)} parts have no correlation" if lacking else ""
        means = {
            "spearman": (fmean(values) if values else None, ""),
            "spearman_fisher": (math.tanh(fmean(map(_atanh, values))) if values else None, ""),
            "spearman_tanh": (
                math.tanh(fmean(values)) if values else None,
                "tanh of the plain mean, as VIEScore's tables print it",
            ),
        }
        n = sum(one.n for one in found.values())
        return {
            _named(figure, name): Metric(value=value, n=n, note=note or why) for figure, (value, why) in means.items()
        } | found

    def _correlation(self, name: str, rows: Sequence[_RatedAnswer]) -> Metric:
        both = [
            (round(row.scores[name], _DIGITS), round(row.people[name], _DIGITS))
            for row in self._whole(rows)
            if row.people
        ]
        value = spearman([judge for judge, _ in both], [people for _, people in both])
        note = "" if value is not None else "undefined: fewer than two items, or one side is the same for all"
        return Metric(value=value, n=len(both), note=note)

    def _people(self, sample: Sample) -> dict[str, float]:
        """Return people's mean rating of each aspect and their mean overall one; nothing where there is no gold."""
        if sample.gold is None:
            return {}
        raters = sample.gold if isinstance(sample.gold, list) else []
        if not raters or not all(self._is_rating(one) for one in raters):
            raise DataError(
                f"Item {sample.key or sample.id}: a list of people's ratings was expected as gold, each a list of "
                f"{len(self._aspects)} numbers from 0, not {sample.gold!r:.60}."
            )
        found = {aspect: fmean(one[at] for one in raters) for at, aspect in enumerate(self._aspects)}
        found[OVERALL] = fmean(math.prod(one) ** (1 / len(one)) for one in raters)
        return found

    def _is_rating(self, one: Any) -> bool:
        return (
            isinstance(one, list)
            and len(one) == len(self._aspects)
            and all(isinstance(part, int | float) and not isinstance(part, bool) and part >= 0 for part in one)
        )


def _atanh(value: float) -> float:
    return math.atanh(max(-1 + 1e-12, min(1 - 1e-12, value)))


def _named(figure: str, name: str, group: str = "") -> str:
    """Return the name of a figure of the overall score, or of an aspect's."""
    end = f"/{group}" if group else ""
    if name == OVERALL:
        return f"{figure}{end}"
    return f"{figure.replace(OVERALL, 'aspect') if OVERALL in figure else f'aspect_{figure}'}/{name}{end}"
