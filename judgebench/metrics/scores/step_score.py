"""Scores of benchmarks in which a judge looks for wrong steps.

ProcessBench asks for the first wrong step: ``F1 = 2 e c / (e + c)`` of the share e found among items with an error
and the share c called right among those without, averaged over splits without weights (Zheng et al. 2024).
ProJudgeBench labels every step; what a judge leaves out counts as wrong, what it adds is cut off (Ai et al. 2025).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.rates.agreement import confusion, macro_scores
from judgebench.metrics.scores.pair_score import weighted_mean
from judgebench.metrics.scores.rater_figures import beyond_chance, error_rates
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.records.flow import Metric, Sample, Verdict

NO_ERROR = -1
"""Index of the first wrong step of an item whose steps are all right."""


class StepScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=StepScore, ...)``, beside those of every score.

    Attributes:
        group_by: Meta column of the split; the headline is the mean over splits.
        types: Meta column with the gold error type of every step (empty text for right ones); empty for none.
    """

    group_by: str = ""
    types: str = ""


class _JudgedSteps(NamedTuple):
    id: Cluster
    group: str
    gold: int
    said: int | None
    steps: list[tuple[bool, bool | None]]  # gold, judge (None: left out)
    types: list[tuple[str, str]]  # judge, gold; of steps that gold marks wrong


class StepScore(Measure):
    """A verdict's score is the index of the first wrong step (-1: none); ``steps`` may label every step.

    An unread verdict is wrong everywhere, as in both sources; what was not judged is left out and bounds the figures.
    """

    Config: ClassVar[type[msgspec.Struct]] = StepScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("f1", "accuracy_error", "accuracy_correct", "first_error_accuracy", better="high"),
        **kinds("step_accuracy", "error_type_accuracy", "error_type_macro_f1", better="high"),
        **kinds("detection_agreement", better="high"),
        **kinds("kappa", "scott_pi", unit="coefficient", better="high"),
        **kinds("detection_precision", "detection_recall", "detection_f1", better="high"),
        **kinds("detection_false_positive_rate", "detection_false_negative_rate", better="low"),
        **kinds("unread", unit="count", better="low"),
    }

    def __init__(self, config: StepScoreConfig) -> None:
        self.config = config
        self._items: list[_JudgedSteps] = []
        self._unjudged: list[_JudgedSteps] = []

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("step", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the verdict about the steps of one answer.

        Raises:
            DataError: Gold is neither an index nor a list of truth values.
        """
        gold = sample.gold
        decisions = gold if isinstance(gold, list) else []
        if not all(isinstance(one, bool) for one in decisions) or (
            not decisions and (isinstance(gold, bool) or not isinstance(gold, int))
        ):
            raise DataError(
                f"Item {sample.key or sample.id}: gold must be a step's index or truth values, not {gold!r}."
            )
        said = verdict.steps
        types = sample.meta.get(self.config.types, []) if self.config.types else []
        judged = verdict.status in ("ok", "unparsed")
        (self._items if judged else self._unjudged).append(
            _JudgedSteps(
                id=cluster_of(sample, self.config),
                group=str(sample.meta.get(self.config.group_by, "")) if self.config.group_by else "",
                gold=first_wrong(decisions) if decisions else gold,
                said=None if verdict.score is None else int(verdict.score),
                steps=[
                    (one, said[place].correct if place < len(said) else None) for place, one in enumerate(decisions)
                ],
                types=[
                    (said[place].error_type if place < len(said) else "", types[place])
                    for place, one in enumerate(decisions)
                    if not one and place < len(types)
                ],
            )
        )

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._items.extend(later._items)
        self._unjudged.extend(later._unjudged)

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``f1`` first (``step_accuracy`` where every step is labelled)."""
        groups = dict.fromkeys(one.group for one in (*self._items, *self._unjudged))
        parts = {
            group: self._part(
                *([one for one in items if one.group == group] for items in (self._items, self._unjudged))
            )
            for group in groups
        }
        found: dict[str, Metric] = {}
        for name in ("f1", "accuracy_error", "accuracy_correct"):
            found[name] = _mean_of_parts([part[name] for part in parts.values()], list(parts))
            if self.config.group_by:
                found |= {f"{name}/{group}": part[name] for group, part in parts.items()}
        found["first_error_accuracy"] = share_of(
            [float(one.said == one.gold) for one in self._items],
            [one.id for one in self._items],
            missing=len(self._unjudged),
        )
        found["unread"] = Metric(value=float(sum(one.said is None for one in self._items)), n=len(self._items))
        return self._steps() | found | self._detection()

    def _detection(self) -> dict[str, Metric]:
        """Return how well the judge tells items with an error from those without, wherever it is; unread ones aside."""
        read = [
            (one.id, int(one.said != NO_ERROR), int(one.gold != NO_ERROR))
            for one in self._items
            if one.said is not None
        ]
        table = confusion(Counter((said, gold) for _, said, gold in read))
        right = share_of([float(said == gold) for _, said, gold in read], [item for item, _, _ in read])
        found = {"detection_agreement": right} | beyond_chance(table.pairs())
        return found | {f"detection_{name}": metric for name, metric in error_rates(table).items()}

    def _steps(self) -> dict[str, Metric]:
        missing = sum(len(one.steps) for one in self._unjudged)
        if not missing and not any(one.steps for one in self._items):
            return {}
        found = {"step_accuracy": _step_accuracy(self._items, self._unjudged)}
        for group in (
            dict.fromkeys(one.group for one in (*self._items, *self._unjudged)) if self.config.group_by else ()
        ):
            own = ([one for one in items if one.group == group] for items in (self._items, self._unjudged))
            found[f"step_accuracy/{group}"] = _step_accuracy(*own)
        pairs = [pair for one in self._items for pair in one.types]
        if pairs:
            found["error_type_accuracy"] = share_of(
                [float(said == gold) for said, gold in pairs],
                [one.id for one in self._items for _ in one.types],
            )
            counts = {pair: pairs.count(pair) for pair in dict.fromkeys(pairs)}
            f1 = macro_scores(counts, dict.fromkeys(gold for _, gold in pairs)).f1
            found["error_type_macro_f1"] = Metric(value=None if f1 is None else 100 * f1, n=len(pairs))
        return found

    @staticmethod
    def _part(items: Sequence[_JudgedSteps], unjudged: Sequence[_JudgedSteps]) -> dict[str, Metric]:
        error, correct = (
            share_of(
                [float(one.said == one.gold) for one in items if (one.gold == NO_ERROR) is right],
                [one.id for one in items if (one.gold == NO_ERROR) is right],
                missing=sum((one.gold == NO_ERROR) is right for one in unjudged),
            )
            for right in (False, True)
        )
        f1, bounds = None, None
        if error.value is not None and correct.value is not None:
            f1 = _harmonic(error.value, correct.value)
            low, high = zip(*(one.bounds or (one.value, one.value) for one in (error, correct)), strict=True)
            bounds = (_harmonic(*low), _harmonic(*high)) if unjudged else None
        return {
            "f1": Metric(
                value=f1,
                n=len(items),
                bounds=bounds if f1 is not None or not unjudged else (0.0, 100.0),
                note="" if f1 is not None else "needs items with and without an error",
            ),
            "accuracy_error": error,
            "accuracy_correct": correct,
        }


def _harmonic(error: float, correct: float) -> float:
    return 2 * error * correct / (error + correct) if error + correct else 0.0


def _mean_of_parts(parts: Sequence[Metric], names: Sequence[str]) -> Metric:
    """Return the unweighted mean over splits, bounded where one of them is."""
    if not parts:
        return Metric(value=None, n=0, note="nothing was judged")
    mean = weighted_mean(dict(zip(names, parts, strict=True)), dict.fromkeys(names, 1.0))
    if not any(part.bounds for part in parts):
        return mean
    ends = [part.bounds or (part.value or 0.0, part.value or 0.0) for part in parts]
    low, high = (sum(end[side] for end in ends) / len(ends) for side in (0, 1))
    return msgspec.structs.replace(mean, bounds=(low, high))


def _step_accuracy(judged: Sequence[_JudgedSteps], unjudged: Sequence[_JudgedSteps]) -> Metric:
    right = [float(gold is said) for one in judged for gold, said in one.steps]
    items = [one.id for one in judged for _ in one.steps]
    return share_of(right, items, missing=sum(len(one.steps) for one in unjudged))


def first_wrong(decisions: Sequence[bool]) -> int:
    """Return the index of the first wrong step, -1 where all are right."""
    return next((place for place, right in enumerate(decisions) if not right), NO_ERROR)
