"""JUDGE-BENCH: annotated texts of 20 studies, each with scales of its own (Bavaresco et al. 2024)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.datasets.columns import Row
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.errors import DataError

_FIELD = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


class JudgeBenchConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=JudgeBench``.

    Rows have the columns ``task`` (the study), ``metric``, ``kind``, ``low``, ``high``, ``labels``, ``question`` (the
    metric's own text, which names the parts of the instance), ``instance``, ``gold`` (people's mean or majority) and
    ``ratings``.
    """

    input_columns: list[str] = msgspec.field(default_factory=lambda: ["question"])
    answer_columns: list[str] = msgspec.field(default_factory=lambda: ["instance"])
    gold_column: str = "gold"
    key: str = "{task}/{metric}/{id}"
    meta_columns: list[str] = msgspec.field(
        default_factory=lambda: ["task", "metric", "kind", "low", "high", "labels", "ratings"]
    )


class JudgeBench(JudgeSamples):
    """A file holds ``dataset``, ``annotations`` (the metrics) and ``instances`` with people's labels of each metric."""

    Config: ClassVar[type[JudgeSamplesConfig]] = JudgeBenchConfig
    config: JudgeBenchConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield a row for each instance and metric that people have annotated.

        Raises:
            DataError: A metric has no scale, or an instance no text or no label.
        """
        for study in super().rows(data_dir):
            metrics = _listed(study, "annotations")
            number = 0
            for instance in _listed(study, "instances"):
                labels = instance.get("annotations")
                if not isinstance(labels, Mapping):
                    raise DataError(f"{study.source}:{number}: the instance has no 'annotations'.")
                for metric in metrics:
                    found = labels.get(metric.get("metric"))
                    if found is not None:
                        values = _row(study, metric, instance, found, f"{study.source}:{number}")
                        yield study._replace(values=values, line=number)
                        number += 1


def _listed(study: Row, key: str) -> list[Any]:
    found = study.values.get(key)
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise DataError(f"{study.place}: {key!r} must hold a list of objects, not {found!r:.60}.")
    return found


def _row(study: Row, metric: Mapping[str, Any], instance: Mapping[str, Any], found: Any, place: str) -> dict[str, Any]:
    kind, name = metric.get("category"), metric.get("metric")
    wanted = "majority_human" if kind == "categorical" else "mean_human"
    gold = found.get(wanted) if isinstance(found, Mapping) else None
    text = instance.get("instance")
    if kind not in ("graded", "continuous", "categorical"):
        raise DataError(f"{place}: the metric {name!r} says {kind!r} of its scale.")
    if gold is None or isinstance(gold, list | dict):
        raise DataError(f"{place}: the metric {name!r} has no {wanted!r}.")
    if not isinstance(text, str | dict) or not text or not isinstance(metric.get("prompt"), str):
        raise DataError(f"{place}: the instance has no text, or the metric {name!r} no prompt.")
    shown = text if isinstance(text, str) else "\n\n".join(f"{key}:\n{value}" for key, value in text.items())
    return {
        "task": str(study.values.get("dataset") or study.values.get("split")),
        "id": instance.get("id"),
        "metric": name,
        "kind": kind,
        "low": metric.get("worst"),
        "high": metric.get("best"),
        "labels": metric.get("labels_list"),
        "question": _FIELD.sub(_named, metric["prompt"]),
        "instance": shown,
        "gold": str(gold) if kind == "categorical" else gold,
        "ratings": found.get("individual_human_scores"),
    }


def _named(match: re.Match[str]) -> str:
    """Return how a prompt speaks of a part of the instance, which stands below between marks."""
    part = match[1].rpartition(".")[2]
    return "(the text between the marks)" if part == "instance" else f"(the part '{part}' between the marks)"
