"""Rows that bring answers along: the file of ``--predictions`` as a dataset, and the answers in it.

A row is a question with what one model answered. Rows about one question (the same id; without ids the same question
and reference) are one sample, so several models in a file answer the same samples and can be compared. A sample's
``uid`` covers the answers too: where one of them is changed, that sample is judged again when the run is continued, and
no other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from hashlib import blake2b, sha256
from itertools import islice
from pathlib import Path
from typing import ClassVar, NamedTuple

import msgspec

from judgebench.content.media import MediaSource
from judgebench.datasets.columns import Row, SourceConfig, image_sources, media_columns, samples_of_rows
from judgebench.datasets.csv_file import CsvDataset
from judgebench.datasets.jsonl_file import rows_of
from judgebench.datasets.parquet_file import parquet_rows
from judgebench.datasets.samples import find, missing
from judgebench.errors import DataError
from judgebench.records.flow import Sample

_LOOKED_AT = 1000
"""Rows whose keys make the columns of a JSONL file."""
_MASK = (1 << 64) - 1


class AnsweredRowsConfig(SourceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=AnsweredRows``, beside those of every loader.

    Attributes:
        answer_column: What the model answered; may be empty where the answers are images.
        answer_images: Columns that hold an image each, or a list of them, that are the answer or belong to it.
        model_column: Whose answer it is; empty where all rows are of one model.
    """

    answer_column: str = ""
    answer_images: list[str] = msgspec.field(default_factory=list)
    model_column: str = ""


class AnsweredRow(NamedTuple):
    """One row of the file.

    Attributes:
        row: Its columns, and where it stands.
        model: Whose answer it holds; empty where the file names no models.
        number: ``Sample.id`` of what it is about.
        name: The sample's key, else its number, as text.
        answer: The answer; ``None`` where the row has none.
        images: Where the images of the answer are.
    """

    row: Row
    model: str
    number: int
    name: str
    answer: str | None
    images: list[MediaSource]


class Survey(NamedTuple):
    """What a whole file holds.

    Attributes:
        rows: How many rows. ``empty``: how many of them have no answer.
        models: Whose answers they are, in the order of the file.
        varying: Columns in which the rows about one question differ: they say nothing about the question.
    """

    rows: int
    empty: int
    models: list[str]
    varying: list[str]


class AnsweredRows:
    """A JSONL, CSV, TSV or Parquet file of answers."""

    Config: ClassVar[type[SourceConfig]] = AnsweredRowsConfig

    def __init__(self, config: AnsweredRowsConfig) -> None:
        self.config = config

    @staticmethod
    def columns(path: Path) -> list[str]:
        """Return the columns of a file; of JSONL those of the first rows.

        Raises:
            DataError: It cannot be read.
        """
        found: dict[str, None] = {}
        for row in islice(table_rows(path), _LOOKED_AT):
            found |= dict.fromkeys(row.values)
        return list(found)

    def samples(self, data_dir: Path | None = None) -> Iterator[Sample]:
        """Yield what was asked, in the order of the file; rows of several models about one question give one sample.

        Raises:
            DataError: A row is not what was declared, or a model has two rows of one id.
            MissingDataError: The file is not there.
        """
        marks = self._marks(data_dir) if self.config.model_column else {}
        pending: list[AnsweredRow] = []

        def rows() -> Iterator[Row]:
            for one in self._firsts(data_dir):
                pending.append(one)
                yield one.row

        for sample in samples_of_rows(rows(), self.config):
            one = pending.pop()
            mark = marks[one.number] if self.config.model_column else _mark(one)
            uid = blake2b(f"{sample.uid}:{mark:016x}".encode(), digest_size=8).hexdigest()
            yield msgspec.structs.replace(sample, uid=uid)

    def count(self, data_dir: Path | None = None) -> int:
        """Return how many samples there are."""
        return sum(1 for _ in self._firsts(data_dir))

    def answered(self, data_dir: Path | None = None) -> Iterator[AnsweredRow]:
        """Yield every row with the sample that it is about.

        Raises:
            DataError: A row is not what was declared, or a model has two rows of one id.
            MissingDataError: The file is not there.
        """
        config = self.config
        numbers = _SampleNumbers(config)
        for number, row in enumerate(table_rows(self._path(data_dir), self._images())):
            model = self._model(row)
            found = numbers.of(row, model) if config.id_column or config.model_column else number
            name = str(row.values[config.id_column]) if config.id_column else str(found)
            yield AnsweredRow(row, model, found, name, *self._answer(row))

    def survey(self, data_dir: Path | None = None) -> Survey:
        """Read the whole file once and say what it holds.

        Raises:
            DataError: A row is not what was declared, or a model has two rows of one id.
        """
        rows = empty = 0
        models: dict[str, None] = {}
        varying: dict[str, None] = {}
        first_values: dict[int, dict[str, int]] = {}
        for one in self.answered(data_dir):
            rows += 1
            empty += one.answer is None
            models[one.model] = None
            if self.config.model_column:
                values = {name: hash(repr(one.row.values.get(name))) for name in self.config.meta_columns}
                before = first_values.setdefault(one.number, values)
                varying |= {name: None for name, value in values.items() if before[name] != value}
        return Survey(rows, empty, list(models), list(varying))

    def _images(self) -> list[str]:
        return [*(name for name, _ in media_columns(self.config)), *self.config.answer_images]

    def _path(self, data_dir: Path | None) -> Path:
        path = find(self.config, data_dir)
        if path is None:
            raise missing(self.config, data_dir)
        return path

    def _firsts(self, data_dir: Path | None) -> Iterator[AnsweredRow]:
        """Yield the first row about each sample."""
        known = 0
        for one in self.answered(data_dir):
            if one.number == known:
                known += 1
                yield one

    def _marks(self, data_dir: Path | None) -> dict[int, int]:
        marks: dict[int, int] = {}
        for one in self.answered(data_dir):
            marks[one.number] = (marks.get(one.number, 0) + _mark(one)) & _MASK
        return marks

    def _model(self, row: Row) -> str:
        column = self.config.model_column
        if not column:
            return ""
        value = row.values.get(column)
        if value is None or isinstance(value, list | dict) or not str(value).strip():
            raise DataError(
                f"{row.place}: the column {column!r} is empty or holds no text; it says whose answer the row holds.",
                hint='Fill it in, or say that it names no models: {"model_column": ""} in the meta file.',
            )
        return str(value).strip()

    def _answer(self, row: Row) -> tuple[str | None, list[MediaSource]]:
        named = msgspec.structs.replace(
            self.config,
            image_columns=self.config.answer_images,
            audio_columns=[],
            video_columns=[],
            images_optional=True,
        )
        sources = [one for one in image_sources(row, named).values() if not one.is_empty()]
        images = [one for source in sources for one in source.each()]
        text = self._text(row) if self.config.answer_column else None
        return ("" if images and text is None else text), images

    def _text(self, row: Row) -> str | None:
        value = row.values.get(self.config.answer_column)
        if value is None:
            return None
        if isinstance(value, list | dict):
            kind = "a list" if isinstance(value, list) else "an object"
            raise DataError(f"{row.place}: the column {self.config.answer_column!r} holds {kind}; a text was expected.")
        if not isinstance(value, str):
            return msgspec.json.encode(value).decode()
        return value if value.strip() else None


class _SampleNumbers:
    """Gives rows about one question the same number."""

    def __init__(self, config: AnsweredRowsConfig) -> None:
        self._config = config
        self._numbers: dict[bytes, int] = {}
        self._contents: dict[int, bytes] = {}
        self._seen: dict[tuple[str, bytes], int] = {}
        self._times: dict[tuple[str, bytes], int] = {}

    def of(self, row: Row, model: str) -> int:
        """Return the number of the sample that a row is about."""
        config = self._config
        content = _content(row, config)
        if not config.id_column:
            # The same question twice from one model: two samples, the second of which is every model's second.
            times = self._times[model, content] = self._times.get((model, content), 0) + 1
            return self._numbers.setdefault(content + times.to_bytes(4), len(self._numbers))
        value = row.values.get(config.id_column)
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise DataError(
                f"{row.place}: the column {config.id_column!r} holds {value!r:.60}; a text or an integer was expected.",
                hint='Fill it in, or say that rows have no ids: {"id_column": ""} in the meta file.',
            )
        key = _hashed(str(value))
        previous = self._seen.setdefault((model, key), row.line)
        if previous != row.line:
            of = f" of the model {model!r}" if model else ""
            raise DataError(
                f"{row.place}: the id {value!r} stands in row {previous}{of} too; an id names one row of a model.",
                hint='Remove one, or say that the column holds no ids: {"id_column": ""} in the meta file.',
            )
        number = self._numbers.setdefault(key, len(self._numbers))
        if self._contents.setdefault(number, content) != content:
            raise DataError(
                f"{row.place}: another row has the id {value!r} too, with another question or reference.",
                hint="Give them different ids, or make their questions the same.",
            )
        return number


def _content(row: Row, config: AnsweredRowsConfig) -> bytes:
    names = [*config.input_columns, *(name for name, _ in media_columns(config)), config.output_column]
    return _hashed(repr([row.values.get(name) for name in names]))


def _hashed(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _hash_of(image: MediaSource) -> str:
    data = image.read()
    image.media_type(data)  # raises for what is no image, before anybody is asked about it
    return sha256(data).hexdigest()


def _mark(one: AnsweredRow) -> int:
    images = "".join(f"\0{_hash_of(image)}" for image in one.images)
    return int.from_bytes(_hashed(f"{one.model}\0{one.answer}{images}")[:8])


def _jsonl(path: Path, _images: Collection[str]) -> Iterator[Row]:
    return rows_of(path)


def _csv(path: Path, _images: Collection[str]) -> Iterator[Row]:
    return CsvDataset(CsvDataset.Config(input_columns=[])).rows(path)


def _tsv(path: Path, _images: Collection[str]) -> Iterator[Row]:
    return CsvDataset(CsvDataset.Config(input_columns=[], delimiter="\t")).rows(path)


FORMATS: Mapping[str, Callable[[Path, Collection[str]], Iterator[Row]]] = {
    ".jsonl": _jsonl,
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": parquet_rows,
}
"""What reads a file, by the ending of its name."""


def table_rows(path: Path, images: Collection[str] = ()) -> Iterator[Row]:
    """Yield the rows of a JSONL, CSV, TSV or Parquet file.

    Args:
        path: The file.
        images: Columns that may hold the bytes of images.

    Raises:
        DataError: It is of no such kind, or cannot be read.
    """
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: a file that ends in {', '.join(FORMATS)} was expected.")
    return reader(path, images)
