"""Questions about long documents that lie in files of their own; those of one item at a time are in memory."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import msgspec

from judgebench.datasets.columns import Row, SourceConfig
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.datasets.samples import candidates
from judgebench.errors import DataError, MissingDataError

DOCUMENTS = "documents"
"""Field of the documents, one after the other."""


class DocumentRowsConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=DocumentRows``, beside those of ``JudgeSamples``.

    Attributes:
        names_column: Column of the files' names, in the order in which they are shown.
        separator: What stands between them.
        folder: Folder of an item's files below the data folder, as a template over the columns.
        also_folders: Other such folders, tried in turn.
    """

    names_column: str
    separator: str = ";"
    folder: str
    also_folders: list[str] = msgspec.field(default_factory=list)


class DocumentRows(JudgeSamples):
    """Gives each item the field ``documents``: its files, each between two lines with its number."""

    Config: ClassVar[type[JudgeSamplesConfig]] = DocumentRowsConfig
    config: DocumentRowsConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows with the texts of their documents.

        Raises:
            DataError: A row names no document, or one that is no UTF-8 text.
            MissingDataError: A document, or the folder that it should be in, is not there.
        """
        for row in super().rows(data_dir):
            yield row._replace(values={**row.values, DOCUMENTS: self._documents(row, data_dir)})

    def count(self, data_dir: Path | None = None) -> int | None:
        """Return how many items there are, without reading a document; ``None`` where only the hub knows."""
        if not self.local(data_dir):
            return None
        count = sum(1 for _ in super().rows(data_dir))
        return count if self.config.limit is None else min(count, self.config.limit)

    def _columns(self) -> SourceConfig:
        own = super()._columns()
        return msgspec.structs.replace(own, input_columns=[*own.input_columns, DOCUMENTS])

    def _documents(self, row: Row, data_dir: Path | None) -> str:
        column = self.config.names_column
        names = row.values.get(column)
        listed = [name.strip() for name in names.split(self.config.separator)] if isinstance(names, str) else []
        if not any(listed):
            raise DataError(f"{row.place}: the column {column!r} must name the item's documents, not {names!r:.60}.")
        folder = self._folder(row, data_dir)
        there = {_plain(path.name): path for path in folder.iterdir() if path.is_file()}
        shown = []
        for number, name in enumerate(filter(None, listed), 1):
            path = there.get(_plain(name))
            if path is None:
                raise MissingDataError(
                    f"{row.place}: the document {name!r} is not in {folder}.",
                    hint="Unpack the archive of texts again; a question without its documents is not asked.",
                )
            try:
                text = path.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise DataError(f"{path} cannot be read as UTF-8 text ({error}).") from None
            shown.append(f"BEGIN DOCUMENT {number}:\n{text}\nEND DOCUMENT {number}")
        return "\n\n".join(shown)

    def _folder(self, row: Row, data_dir: Path | None) -> Path:
        templates = [self.config.folder, *self.config.also_folders]
        try:
            paths = [template.format_map(row.values) for template in templates]
        except KeyError as error:
            raise DataError(f"{row.place}: the column {error.args[0]!r}, which names the folder, is missing.") from None
        for path in paths:
            for place in candidates(path, data_dir):
                if ".." not in Path(path).parts and place.is_dir():
                    return place
        raise MissingDataError(
            f"{row.place}: the folder {paths[0]!r} of its documents was not found.",
            hint=f"Unpack the archive of texts so that they lie in <folder>/{paths[0]} and pass --data-dir <folder>.",
        )


def _plain(name: str) -> str:
    """Return a file's name as archives of any encoding agree on it: letters and digits alone, no accents."""
    with suppress(UnicodeEncodeError, UnicodeDecodeError):
        name = name.encode("cp437").decode("utf-8")  # an archive whose names were unpacked in the wrong encoding
    return "".join(char for char in unicodedata.normalize("NFKD", name).casefold() if char.isalnum())
