"""Scores of benchmarks in which a judge looks for wrong steps.

ProcessBench asks for the first wrong step: ``F1 = 2 e c / (e + c)`` of the share e found among items with an error
and the share c called right among those without, averaged over splits without weights (Zheng et al. 2024).
ProJudgeBench labels every step; what a judge leaves out counts as wrong, what it adds is cut off (Ai et al. 2025).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.agreement import macro_scores
from judgebench.metrics.pair_score import share_of, weighted_mean
from judgebench.records import Metric, Sample, Verdict

NO_ERROR = -1
"""Index of the first wrong step of an item whose steps are all right."""


class StepScoreConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=StepScore, ...)``.

    Attributes:
        group_by: Meta column of the split; the headline is the mean over splits.
        types: Meta column with the gold error type of every step (empty text for right ones); empty for none.
    """

    group_by: str = ""
    types: str = ""


class _Item(NamedTuple):
    group: str
    gold: int
    said: int | None
    steps: list[tuple[bool, bool | None]]  # gold, judge (None: left out)
    types: list[tuple[str, str]]  # judge, gold; of steps that gold marks wrong


class StepScore:
    """A verdict's score is the index of the first wrong step (-1: none); ``details["steps"]`` may label every step.

    An unread verdict is wrong everywhere, as in both sources; what was not judged is left out.
    """

    Config: ClassVar[type[msgspec.Struct]] = StepScoreConfig

    def __init__(self, config: StepScoreConfig) -> None:
        self.config = config
        self._items: list[_Item] = []
        self._missing = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return {"score": "step", "version": 1, **msgspec.to_builtins(self.config)}

    def add(self, sample: Sample, repeat: int, verdict: Verdict) -> None:  # noqa: ARG002 - repeats are items alike
        """Take in the verdict about the steps of one answer.

        Raises:
            DataError: Gold is neither an index nor a list of truth values.
        """
        if verdict.status not in ("ok", "unparsed"):
            self._missing += 1
            return
        gold = sample.gold
        labels = gold if isinstance(gold, list) else []
        if not all(isinstance(one, bool) for one in labels) or (
            not labels and (isinstance(gold, bool) or not isinstance(gold, int))
        ):
            raise DataError(
                f"Item {sample.key or sample.id}: gold must be a step's index or truth values, not {gold!r}."
            )
        said: list[dict[str, Any]] = verdict.details.get("steps", [])
        types = sample.meta.get(self.config.types, []) if self.config.types else []
        self._items.append(
            _Item(
                group=str(sample.meta.get(self.config.group_by, "")) if self.config.group_by else "",
                gold=first_wrong(labels) if labels else gold,
                said=None if verdict.score is None else int(verdict.score),
                steps=[
                    (one, said[place].get("correct") if place < len(said) else None) for place, one in enumerate(labels)
                ],
                types=[
                    (str(said[place].get("error_type", "")) if place < len(said) else "", types[place])
                    for place, one in enumerate(labels)
                    if not one and place < len(types)
                ],
            )
        )

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``f1`` first (``step_accuracy`` where every step is labelled)."""
        groups = dict.fromkeys(one.group for one in self._items)
        parts = {group: self._part([one for one in self._items if one.group == group]) for group in groups}
        found: dict[str, Metric] = {}
        for name in ("f1", "accuracy_error", "accuracy_correct"):
            found[name] = weighted_mean({group: part[name] for group, part in parts.items()}, dict.fromkeys(parts, 1.0))
            if self.config.group_by:
                found |= {f"{name}/{group}": part[name] for group, part in parts.items()}
        found["first_error_accuracy"] = share_of(
            [float(one.said == one.gold) for one in self._items], missing=self._missing
        )
        found["unread"] = Metric(value=float(sum(one.said is None for one in self._items)), n=len(self._items))
        return self._steps() | found

    def _steps(self) -> dict[str, Metric]:
        steps = [step for one in self._items for step in one.steps]
        if not steps:
            return {}
        found = {"step_accuracy": share_of([float(gold is said) for gold, said in steps])}
        pairs = [pair for one in self._items for pair in one.types]
        if pairs:
            found["error_type_accuracy"] = share_of([float(said == gold) for said, gold in pairs])
            counts = {pair: pairs.count(pair) for pair in dict.fromkeys(pairs)}
            f1 = macro_scores(counts, dict.fromkeys(gold for _, gold in pairs)).f1
            found["error_type_macro_f1"] = Metric(value=None if f1 is None else 100 * f1, n=len(pairs))
        return found

    @staticmethod
    def _part(items: Sequence[_Item]) -> dict[str, Metric]:
        error = share_of([float(one.said == one.gold) for one in items if one.gold != NO_ERROR])
        correct = share_of([float(one.said == one.gold) for one in items if one.gold == NO_ERROR])
        both = (error.value, correct.value)
        f1 = None
        if both[0] is not None and both[1] is not None:
            f1 = 2 * both[0] * both[1] / (both[0] + both[1]) if sum(value or 0.0 for value in both) else 0.0
        note = "" if f1 is not None else "needs items with and without an error"
        return {
            "f1": Metric(value=f1, n=len(items), note=note),
            "accuracy_error": error,
            "accuracy_correct": correct,
        }


def first_wrong(labels: Sequence[bool]) -> int:
    """Return the index of the first wrong step, -1 where all are right."""
    return next((place for place, right in enumerate(labels) if not right), NO_ERROR)
