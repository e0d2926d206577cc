"""A folder of images as a dataset: each file is a row, and the folder that it lies in is its label."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from judgebench.datasets.columns import Row, SourceConfig, samples_of_rows
from judgebench.datasets.samples import candidates, missing
from judgebench.errors import DataError
from judgebench.records.flow import Sample

_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"})


class ImageFolder:
    """The images below a folder, in the order of their paths; files of other kinds are no rows.

    Rows have the columns ``image``, ``file`` (the path below the folder) and ``label`` (the name of the folder in which
    the file lies; empty for those of the folder itself).
    """

    class Config(SourceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """The keys of every loader; ``path`` is the folder."""

        input_columns: list[str] = msgspec.field(default_factory=list)
        image_columns: list[str] = msgspec.field(default_factory=lambda: ["image"])
        id_column: str = "file"

    def __init__(self, config: Config) -> None:
        self.config = config

    def samples(self, data_dir: Path | None = None) -> Iterator[Sample]:
        """Yield a sample for each image.

        Raises:
            DataError: There is no image in the folder.
            MissingDataError: There is no such folder.
        """
        return samples_of_rows(self._rows(data_dir), self.config)

    def count(self, data_dir: Path | None = None) -> int:
        """Return how many images there are."""
        count = len(self._files(self._folder(data_dir)))
        return count if self.config.limit is None else min(count, self.config.limit)

    def sources(self, data_dir: Path | None) -> list[Path]:
        """Return the files that are read."""
        return self._files(self._folder(data_dir))

    def _rows(self, data_dir: Path | None) -> Iterator[Row]:
        folder = self._folder(data_dir)
        for number, file in enumerate(self._files(folder)):
            named = file.relative_to(folder).as_posix()
            label = file.parent.name if file.parent != folder else ""
            yield Row({"image": file.name, "file": named, "label": label}, file, number)

    def _folder(self, data_dir: Path | None) -> Path:
        for place in candidates(self.config.path, data_dir):
            if place.is_dir():
                return place
        raise missing(self.config, data_dir)

    @staticmethod
    def _files(folder: Path) -> list[Path]:
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS and path.is_file())
        if not found:
            raise DataError(f"{folder} holds no image (a file that ends in {', '.join(sorted(_ENDINGS))}).")
        return found
