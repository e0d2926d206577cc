"""ProJudgeBench: solutions whose every step people called right or wrong, with the kind of each error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec

from judgebench.datasets.columns import Row
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.errors import DataError

_RIGHT = {"1": True, "0": False, 1: True, 0: False}  # truth values are 1 and 0, too


class ProJudgeBenchConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=ProJudgeBench``; rows have ``id``, ``question``, ``subject`` and ``process_evaluation``.

    Attributes:
        images: What an item is whose row names images (``image_paths``): left out, shown without them (``ignore``), or
            with them (``show``, with ``image_columns=["image_paths"]``).
    """

    input_columns: list[str] = msgspec.field(default_factory=lambda: ["problem"])
    numbered: dict[str, str] = msgspec.field(default_factory=lambda: {"steps": "step_texts"})
    gold_column: str = "right"
    key: str = "{id}"
    meta_columns: list[str] = msgspec.field(default_factory=lambda: ["subject", "data_type", "error_types"])
    images: Literal["leave_out", "ignore", "show"] = "leave_out"


class ProJudgeBench(JudgeSamples):
    """``process_evaluation`` holds a list per step: text, ``"1"`` (right) or ``"0"``, kind of error, explanation."""

    Config: ClassVar[type[JudgeSamplesConfig]] = ProJudgeBenchConfig
    config: ProJudgeBenchConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows with the columns ``problem``, ``step_texts``, ``right`` and ``error_types``."""
        for row in super().rows(data_dir):
            if self.config.images == "leave_out" and _has_images(row.values.get("image_paths")):
                continue
            steps = [_step(one, number, row) for number, one in enumerate(_listed(row))]
            about: dict[str, Any] = {
                "problem": row.values.get("question"),
                "step_texts": [text for text, _, _ in steps],
                "right": [right for _, right, _ in steps],
                "error_types": ["" if right else kind for _, right, kind in steps],
            }
            if self.config.images == "show":
                about["image_paths"] = _image_paths(row)
            yield row._replace(values={**row.values, **about})


def _listed(row: Row) -> list[Any]:
    found = row.values.get("process_evaluation")
    if not isinstance(found, list) or not found:
        raise DataError(f"{row.place}: process_evaluation must hold a list with an entry per step, not {found!r:.60}.")
    return found


def _step(entry: Any, number: int, row: Row) -> tuple[str, bool, str]:
    """Return a step's text, whether it is right, and the kind of its error."""
    parts = list(entry) if isinstance(entry, list | tuple) else []
    if len(parts) < 3 or not isinstance(parts[0], str) or isinstance(parts[1], float | list | dict):
        raise DataError(
            f"{row.place}: step {number} of process_evaluation must hold its text, '1' or '0', the kind of error and an"
            f" explanation, not {entry!r:.80}."
        )
    right = _RIGHT.get(parts[1])
    if right is None:
        raise DataError(f"{row.place}: step {number} of process_evaluation says {parts[1]!r}; '1' or '0' was expected.")
    kind = parts[2] if isinstance(parts[2], str) else ""
    if not right and not kind.strip():
        raise DataError(f"{row.place}: step {number} of process_evaluation is wrong and has no kind of error.")
    return parts[0], right, kind.strip()


def _image_paths(row: Row) -> list[str]:
    """Return the paths of a row's images in order, be they a list, an object by name, or one text."""
    found = row.values.get("image_paths")
    listed = list(found.values()) if isinstance(found, Mapping) else [found] if isinstance(found, str) else found or []
    paths = [path for path in listed if path]
    if not all(isinstance(path, str) for path in paths):
        raise DataError(f"{row.place}: image_paths must hold the paths of images, not {found!r:.60}.")
    return paths


def _has_images(paths: Any) -> bool:
    if isinstance(paths, Mapping):
        return any(paths.values())
    return bool(paths)
