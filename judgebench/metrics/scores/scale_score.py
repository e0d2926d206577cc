"""Agreement with people on the scale of each metric, and how far people agree with each other (JUDGE-BENCH 2024).

Of metrics with numbers Pearson's, Spearman's and Kendall's correlation with people's mean; of metrics with labels
Cohen's kappa with their majority. ``ceiling`` is Krippendorff's alpha over the people themselves: ordinal for grades,
interval for numbers, nominal for labels. A figure of a study is the mean over its metrics, and the whole the mean over
studies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any, ClassVar, NamedTuple, Self

import msgspec

from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.rates.agreement import cohen_kappa
from judgebench.metrics.scores.score import ScoreConfig, column_of, identity_of
from judgebench.metrics.statistics.correlation import kendall, pearson, spearman
from judgebench.metrics.statistics.ordinal import Level, krippendorff_alpha
from judgebench.records.flow import Metric, Sample, Verdict

_LEVELS: Mapping[str, Level] = {"graded": "ordinal", "continuous": "interval", "categorical": "nominal"}


class ScaleScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=ScaleScore, ...)``, beside those of every score.

    Attributes:
        study: Meta column of the study. ``metric``: of the metric. ``kind``: of the kind of its scale.
        ratings: Meta column with the list of what each person said.
    """

    study: str = "task"
    metric: str = "metric"
    kind: str = "kind"
    ratings: str = "ratings"


class _RatedItem(NamedTuple):
    said: float | str | None
    gold: Any
    ratings: list[Any]


class ScaleScore(Measure):
    """See the module's docstring. What was not read is left out of its metric, and counted."""

    Config: ClassVar[type[msgspec.Struct]] = ScaleScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("spearman", "pearson", "kendall", "kappa", unit="coefficient", better="high"),
        **kinds("ceiling", unit="coefficient", better=None),
        **kinds("judged", "metrics", "studies", unit="count", better=None),
        **kinds("unread", unit="count", better="low"),
    }

    def __init__(self, config: ScaleScoreConfig) -> None:
        self.config = config
        self._items: dict[tuple[str, str, str], list[_RatedItem]] = {}
        self._unread = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("scale", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the verdict about one item.

        Raises:
            DataError: The item does not say to which study and metric it belongs, or what kind of scale it has.
        """
        config = self.config
        study, metric, kind = (str(column_of(sample, name)) for name in (config.study, config.metric, config.kind))
        ok = verdict.status == "ok"
        said = (verdict.decision if kind == "categorical" else verdict.score) if ok else None
        self._unread += verdict.status == "unparsed"
        ratings = sample.meta.get(config.ratings)
        item = _RatedItem(said, sample.gold, ratings if isinstance(ratings, list) else [])
        self._items.setdefault((study, metric, kind), []).append(item)

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        for key, items in later._items.items():
            self._items.setdefault(key, []).extend(items)
        self._unread += later._unread

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``spearman`` first."""
        found: dict[str, Metric] = {}
        functions: dict[str, Callable[[Sequence[float], Sequence[float]], float | None]]
        functions = {"spearman": spearman, "pearson": pearson, "kendall": kendall}
        for name, function in functions.items():
            found |= self._over(name, {"graded", "continuous"}, _correlated(function))
        found |= self._over("kappa", {"categorical"}, _kappa)
        found |= self._over("ceiling", set(_LEVELS), None)
        items = [item for own in self._items.values() for item in own]
        counts = {
            "judged": sum(item.said is not None for item in items),
            "unread": self._unread,
            "metrics": len(self._items),
            "studies": len({study for study, _, _ in self._items}),
        }
        return found | {name: Metric(value=float(count), n=len(items)) for name, count in counts.items()}

    def _over(
        self, name: str, wanted: set[str], figure: Callable[[Sequence[_RatedItem]], float | None] | None
    ) -> dict[str, Metric]:
        """Return a figure over all studies, then of each study and of each of its metrics."""
        parts: dict[str, Metric] = {}
        by_study: dict[str, list[float]] = {}
        for (study, metric, kind), items in self._items.items():
            if kind not in wanted:
                continue
            value = figure(items) if figure else _ceiling(items, _LEVELS[kind])
            note = "" if value is not None else "undefined: too little was read, or one side is constant"
            read = sum(item.said is not None for item in items)
            parts[f"{name}/{study}/{metric}"] = Metric(value=value, n=read, note=note)
            if value is not None:
                by_study.setdefault(study, []).append(value)
        if not parts and name != "spearman":
            return {}  # there is no metric of this kind; the headline stays all the same
        studies = {study: fmean(values) for study, values in by_study.items()}
        whole = fmean(studies.values()) if studies else None
        n = sum(one.n for one in parts.values())
        found = {name: Metric(value=whole, n=n, note="" if studies else "no metric of this kind has a value")}
        found |= {f"{name}/{study}": Metric(value=value, n=len(by_study[study])) for study, value in studies.items()}
        return found | parts


def _correlated(
    function: Callable[[Sequence[float], Sequence[float]], float | None],
) -> Callable[[Sequence[_RatedItem]], float | None]:
    def value(items: Sequence[_RatedItem]) -> float | None:
        both = [(float(item.said), float(item.gold)) for item in items if item.said is not None]
        return function([said for said, _ in both], [gold for _, gold in both])

    return value


def _kappa(items: Sequence[_RatedItem]) -> float | None:
    return cohen_kappa(Counter((item.said, item.gold) for item in items if item.said is not None))


def _ceiling(items: Sequence[_RatedItem], level: Level) -> float | None:
    ratings = [item.ratings for item in items if len(item.ratings) > 1]
    if level == "nominal":
        names = {name: float(at) for at, name in enumerate(dict.fromkeys(str(x) for unit in ratings for x in unit))}
        return krippendorff_alpha([[names[str(one)] for one in unit] for unit in ratings], "nominal")
    numbers = [[float(one) for one in unit if isinstance(one, int | float)] for unit in ratings]
    return krippendorff_alpha(numbers, level)
