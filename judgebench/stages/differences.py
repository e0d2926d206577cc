"""By how much each row's best model is better than the others, on the items that both were scored on.

Comparisons say it themselves. For other rows the verdicts of two models are read beside each other, if they are what
the row's figure is the mean of; else the difference rests on the intervals of the two figures.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.comparisons.columns import Comparison
from judgebench.metrics.comparisons.differences import (
    MeanDifference,
    ModelDifference,
    Worths,
    items_needed,
    mean_difference,
    separate_difference,
)
from judgebench.metrics.comparisons.ranked import Ranking
from judgebench.metrics.rates.tally import GRADES
from judgebench.records.figures import Better, Metric, Unit
from judgebench.records.flow import TaskResult
from judgebench.report.results import read_comparisons
from judgebench.store.journal import DamagedError, Decoder, open_file, reason_of
from judgebench.store.run_folder import RunFolder

logger = logging.getLogger(__name__)

MOST = 20
"""Models to which the best one of a row is compared."""


class _Worth(msgspec.Struct, frozen=True, gc=False):
    """What a recorded verdict is worth; nothing else of its line is decoded."""

    id: int
    status: str
    repeat: int = 0
    decision: str | None = None
    score: float | None = None


def differences_by_comparisons(ranking: Ranking, observed: Sequence[Comparison]) -> list[ModelDifference]:
    """Return how the best model of a ranking by comparisons stands to the others.

    Two models that were compared are told by their comparisons; two that were both compared with a third one, by how
    they did against that on the same items.
    """
    placed = [entry.model for entry in ranking.models if entry.rank is not None]
    if len(placed) < 2 or any(one.weight != 1 for one in observed):
        return []
    first, others = placed[0], placed[1 : 1 + MOST]
    found = []
    for other in others:
        compared = [one for one in observed if {one.first, one.second} == {first, other}]
        if compared:
            worths = _numbered((one.sample, _worth_for(first, one)) for one in compared)
            mean = mean_difference(worths.items(), scale=1.0, comparisons=len(others))
            place = _Place(ranking.dataset, "win_rate", first, other, len(others), _HEAD_TO_HEAD)
        else:
            mean = _against_a_third(observed, first, other, len(others))
            place = _Place(ranking.dataset, "win_rate", first, other, len(others), _PERCENT)
        if mean is not None:
            found.append(_difference(place, mean))
    return found


def _worth_for(model: str, one: Comparison) -> float:
    """Return what a comparison says for one of its models, from -1 to 1."""
    return 2 * (one.outcome if one.first == model else 1 - one.outcome) - 1


def _numbered(trials: Iterable[tuple[int, float]]) -> Worths:
    """Return worths of items whose repeats have no number."""
    times: Counter[int] = Counter()

    def numbered() -> Iterator[tuple[int, int, float]]:
        for item, worth in trials:
            yield item, times[item], worth
            times[item] += 1

    return Worths.of(numbered())


def _against_a_third(observed: Sequence[Comparison], first: str, other: str, comparisons: int) -> MeanDifference | None:
    thirds = {one.second for one in observed if one.first == first} & {
        one.second for one in observed if one.first == other
    }
    if len(thirds) != 1:
        return None

    first_won, other_won = (
        _numbered((one.sample, one.outcome) for one in observed if one.first == model and one.second in thirds)
        for model in (first, other)
    )
    return mean_difference(first_won.minus(other_won), scale=1.0, comparisons=comparisons)


def differences_by_scores(
    run: RunFolder, row: str, results: Mapping[str, TaskResult], better: Better
) -> list[ModelDifference]:
    """Return how the best model of a row stands to the others by the row's headline.

    Nothing is returned where nobody has declared which end of it is good, or the results have different versions.

    Args:
        run: The run folder.
        row: Name of the row.
        results: By model.
        better: Which end of the headline is good.
    """
    by = next((one.headline for one in results.values()), "")
    known = {
        model: metric
        for model, one in results.items()
        if (metric := one.metrics.get(by)) is not None and metric.value is not None
    }
    if better is None or len(known) < 2 or len({results[model].version for model in known}) > 1:
        return []
    ordered = sorted(known, key=lambda model: known[model].value or 0.0, reverse=better == "high")
    first, others = ordered[0], ordered[1 : 1 + MOST]
    own = _worths(run, row, first, results[first], known[first])
    percent = known[first].unit == "percent"
    found = []
    for other in others:
        place = _Place(row, by, first, other, len(others), _PERCENT if percent else _Scale("paired", known[first].unit))
        theirs = _worths(run, row, other, results[other], known[other]) if own is not None else None
        mean = None
        if own is not None and theirs is not None:
            mean = mean_difference(own.minus(theirs), scale=1.0 if percent else None, comparisons=len(others))
        if mean is not None and (mean.ends is not None or mean.ahead == mean.behind == 0):
            found.append(_difference(place, mean))
        else:
            metrics = (msgspec.structs.replace(known[model], better=better) for model in (first, other))
            found.append(_separate(place, separate_difference(*metrics, comparisons=len(others))))
    return found


class _Scale(NamedTuple):
    """How a difference from -1 to 1, or of scores, is told."""

    kind: Literal["paired", "head_to_head"]
    unit: Unit
    zero: float = 0.0
    factor: float = 1.0

    def __call__(self, value: float) -> float:
        return self.zero + self.factor * value


_PERCENT = _Scale("paired", "points", factor=100.0)
_HEAD_TO_HEAD = _Scale("head_to_head", "percent", zero=50.0, factor=50.0)


class _Place(NamedTuple):
    """Which two models of which row are compared, and how that is told."""

    row: str
    by: str
    first: str
    second: str
    comparisons: int
    shown: _Scale


def _difference(place: _Place, mean: MeanDifference) -> ModelDifference:
    shown, ends = place.shown, mean.ends
    return ModelDifference(
        dataset=place.row,
        by=place.by,
        first=place.first,
        second=place.second,
        kind=shown.kind,
        found=Metric(
            value=shown(mean.value),
            n=mean.n,
            ci95=(shown(ends[0]), shown(ends[1])) if ends is not None else None,
            unit=shown.unit,
        ),
        comparisons=place.comparisons,
        first_ahead=mean.ahead,
        second_ahead=mean.behind,
        items_needed=items_needed(mean.value, ends, mean.n) if ends is not None and ends[0] <= 0 else None,
    )


def _separate(place: _Place, apart: Metric) -> ModelDifference:
    ends = apart.ci95
    return ModelDifference(
        dataset=place.row,
        by=place.by,
        first=place.first,
        second=place.second,
        kind="separate",
        found=apart,
        comparisons=place.comparisons,
        items_needed=items_needed(apart.value or 0.0, ends, apart.n) if ends is not None and ends[0] <= 0 else None,
    )


def _worths(run: RunFolder, row: str, model: str, result: TaskResult, headline: Metric) -> Worths | None:
    """Return what each trial of a result is worth; ``None`` where the headline is not the mean of what is recorded."""
    percent = headline.unit == "percent"
    if not percent and headline.unit != "scale":
        return None
    try:
        if run.comparisons(model, row).exists():
            _, comparisons = read_comparisons(run.comparisons(model, row), version=result.version)
            worths = Worths.of((one.id, one.repeat, one.outcome) for one in comparisons if one.weight == 1)
        elif run.verdicts(model, row).exists():
            worths = Worths.of(_recorded(run, row, model, percent=percent))
        else:
            return None
    except DataError as error:
        logger.warning("%s", error)
        return None
    except (OSError, DamagedError) as error:
        why = reason_of(error) if isinstance(error, OSError) else str(error)
        logger.warning("%s cannot be read: %s", run.verdicts(model, row), why)
        return None
    trials = len(worths.trials)
    mean = math.fsum(worths.worths) / trials if trials else math.nan
    value = (headline.value or 0.0) / (100.0 if percent else 1.0)
    return worths if math.isclose(mean, value, rel_tol=1e-9, abs_tol=1e-9) else None


def _recorded(run: RunFolder, row: str, model: str, *, percent: bool) -> Iterator[tuple[int, int, float]]:
    decode = Decoder(_Worth)
    with open_file(run.verdicts(model, row), "rb") as file:
        for line in file:
            verdict = decode(line)
            if verdict.status != "ok":
                continue
            worth = GRADES.get(verdict.decision or "") if percent else verdict.score
            if worth is not None:
                yield verdict.id, verdict.repeat, float(worth)
