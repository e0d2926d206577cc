"""VIEScore on ImagenHub: pictures of several image models, and what three people say of each (Ku et al. 2024)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.datasets.columns import Row
from judgebench.datasets.jsonl_file import opened
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.datasets.samples import candidates, missing
from judgebench.errors import DAMAGED, DataError

_RATERS = "*_rater*.tsv"


class ViescoreConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=Viescore``; ``path`` is the folder of a task's tables, ``{split}`` stands for the task.

    Rows have the columns ``uid``, ``image_model``, ``people`` (a list of ``[SC, PQ]``, one of each person), ``picture``
    and ``input`` and ``token`` (paths below ``image_folder``: ``TASK/MODEL/UID``, ``TASK/input/UID``,
    ``TASK/token/UID``), and ``instruction``.

    Attributes:
        instructions: JSON file of a task, ``{uid: what the image model was told}``; empty for rows without the column.
        models: Which image models; empty takes all.
    """

    key: str = "{split}/{image_model}/{uid}"
    gold_column: str = "people"
    instructions: str = ""
    models: list[str] = msgspec.field(default_factory=list)


class Viescore(JudgeSamples):
    """A table (TSV) of each person: ``uid``, then a column for each image model that holds ``[SC, PQ]``."""

    Config: ClassVar[type[JudgeSamplesConfig]] = ViescoreConfig
    config: ViescoreConfig

    def local(self, data_dir: Path | None) -> bool:
        """Whether the tables are here."""
        return all(_tables(config.path, data_dir) for _, config in self._parts(data_dir))

    def sources(self, data_dir: Path | None) -> list[Path]:
        """Return the files that are read, as far as they are here."""
        parts = self._parts(data_dir)
        tables = [path for _, config in parts for path in _tables(config.path, data_dir)]
        names = [self._instructions(split) for split, _ in parts]
        return [*tables, *self.other_files(names, data_dir)]

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield a row for each picture, the models of a uid one after the other.

        Raises:
            DataError: A table is not of the published form, or differs from the first in its pictures.
            MissingDataError: There are no tables.
        """
        for split, config in self._parts(data_dir):
            tables = _tables(config.path, data_dir)
            if not tables:
                raise missing(msgspec.structs.replace(config, path=f"{config.path}/{_RATERS}"), data_dir)
            instruction_of = self._instructions_of(split, data_dir)
            others = [dict(_ratings(path)) for path in tables[1:]]
            for number, ((uid, model), first) in enumerate(_ratings(tables[0])):
                if self.config.models and model not in self.config.models:
                    continue
                rest = [other.get((uid, model)) for other in others]
                if None in rest:
                    raise DataError(f"{tables[rest.index(None) + 1]}: there is no rating of {uid!r} by {model!r}.")
                values = {**_about(split, uid, model), "people": [first, *rest], **instruction_of(uid)}
                yield Row(values, tables[0], number)

    def _instructions(self, split: str) -> str:
        return self.config.instructions.replace("{split}", split)

    def _instructions_of(self, split: str, data_dir: Path | None) -> Any:
        if not self.config.instructions:
            return lambda _uid: {}
        path = self.other_file(self._instructions(split), data_dir)
        try:
            with opened(path) as file:
                texts = msgspec.json.decode(file.read(), type=dict[str, str])
        except DAMAGED as error:
            raise DataError(f"{path}: a JSON object from uid to instruction was expected ({error}).") from None

        def instruction_of(uid: str) -> Mapping[str, str]:
            if uid not in texts:
                raise DataError(f"{path}: there is no instruction of {uid!r}.")
            return {"instruction": texts[uid]}

        return instruction_of


def _about(split: str, uid: str, model: str) -> dict[str, Any]:
    folders = {"picture": model, "input": "input", "token": "token"}
    named = {"split": split, "uid": uid, "image_model": model}
    return named | {column: f"{split}/{folder}/{uid}" for column, folder in folders.items()}


def _tables(folder: str, data_dir: Path | None) -> Sequence[Path]:
    for place in candidates(folder, data_dir):
        if found := sorted(place.glob(_RATERS)):
            return found
    return []


def _ratings(path: Path) -> Iterator[tuple[tuple[str, str], list[float]]]:
    with opened(path) as raw:
        text = raw.read().decode("utf-8", "replace").splitlines()
    for number, row in enumerate(csv.DictReader(text, delimiter="\t"), 2):
        uid = row.pop("uid", None)
        if not uid:
            raise DataError(f"{path}:{number}: a column 'uid' was expected.")
        for model, cell in row.items():
            try:
                yield (uid, str(model)), msgspec.json.decode(cell or "", type=list[float])
            except DAMAGED:
                raise DataError(f"{path}:{number}: [SC, PQ] was expected of {model!r}, not {cell!r:.40}.") from None
