"""From a row of any file to a sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from judgebench.content.media import MediaSource
from judgebench.content.parts import SizeRule, transcript_of
from judgebench.errors import DAMAGED, DataError
from judgebench.records.flow import Sample


def after_hashes(text: str) -> str:
    """Return what follows the last ``####`` (GSM8K), without thousands separators.

    Raises:
        ValueError: There is no ``####``, or nothing after it.
    """
    _, mark, answer = text.rpartition("####")
    answer = answer.strip().replace(",", "")
    if not mark or not answer:
        raise ValueError("no '#### <answer>' found")
    return answer


def without_commas(text: str) -> str:
    """Return the text without thousands separators."""
    return text.replace(",", "")


def letter(text: str) -> str:
    """Return the letter of an option given by its index from 0; a letter stays as it is.

    Raises:
        ValueError: The text is neither.
    """
    bare = text.strip()
    if bare.isascii() and bare.isdigit() and int(bare) < 26:
        return chr(ord("A") + int(bare))
    if len(bare) == 1 and bare.isascii() and bare.isalpha():
        return bare.upper()
    raise ValueError(f"{bare[:40]!r} is neither a letter nor an index below 26")


def last_box(text: str) -> str:
    r"""Return the content of the last ``\boxed{}`` (or ``\fbox{}``) of a solution (MATH).

    Raises:
        ValueError: There is none, or its braces do not balance.
    """
    start = max(text.rfind("\\boxed{"), text.rfind("\\fbox{"))
    inner = text.find("{", start) + 1
    depth = 1
    for place in range(inner, len(text)) if start >= 0 else ():
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth and text[inner:place].strip():
            return text[inner:place].strip()
    raise ValueError("no '\\boxed{<answer>}' found")


TRANSFORMS: dict[str, Callable[[str], str]] = {
    "after_hashes": after_hashes,
    "without_commas": without_commas,
    "letter": letter,
    "boxed": last_box,
}
"""By the name that a loader's ``transforms`` key uses."""


COPY = "repeats an earlier row"
"""Column (and key of ``Sample.meta``) that marks a row which repeats an earlier one and was kept by choice."""

_CANONICAL = msgspec.json.Encoder(order="sorted")
_MOST_NESTING = 64
"""Levels of lists and objects in a column; what is nested deeper can be read here and not be written elsewhere."""


class HubSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a dataset is on the Hugging Face hub (or a local folder that ``datasets`` can read).

    Attributes:
        path: Repository, such as ``openai/gsm8k``.
        name: Configuration of the repository; several are read one after the other.
        split: Which split; ``*`` takes all, in alphabetical order, and names each row's in the column ``split``.
        revision: Commit or tag; empty takes the newest.
        rename: Hub column → column name of the local file.
        spread: Column that holds a list → names of the columns that its items become.
    """

    path: str
    name: str | list[str] = ""
    split: str = "test"
    revision: str = ""
    rename: dict[str, str] = {}
    spread: dict[str, list[str]] = {}


class SourceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that every loader has.

    Attributes:
        path: Data file; relative paths are looked for in ``--data-dir``, ``JB_DATA_DIR``, the current folder and
            ``./data``; ``package:NAME`` is a file that is shipped with judgebench.
        input_columns: Columns that become fields of the prompt.
        image_columns: Columns that hold an image each, or a list of them, and become fields that image parts of the
            prompt may name: a path relative to the data file, base64 text, a data URI, or bytes in Parquet.
        resize: How large an image may be when it is sent, ``dict(longest_side=1024, max_bytes=500_000)``; larger ones
            are made smaller, which needs the extra ``images``.
        images_optional: Whether a row may lack an image: its column is then missing, empty or null, and its part of the
            prompt is left out.
        placeholders: Whether the texts of the input columns hold ``<image 1>``, ``<image 2>``, ... (or ``<image>`` for
            the next one), in whose places the row's images stand, counted through the image columns.
        audio_columns: Likewise, for sounds (WAV, MP3, FLAC, Ogg). ``video_columns``: for videos (MP4, QuickTime, WebM,
            Matroska).
        image_folder: Folder that paths in these columns are relative to, itself relative to the data file's (rows of
            the hub need an absolute one); empty takes the data file's own. No path leads out of it.
        transcript_columns: Columns that hold a conversation with tool calls and tool results (a list of messages, or
            its JSON text); each becomes a text, one block a message, call or result. One that is an answer column too
            is the answer.
        output_column: Column of the reference; a list in it holds several accepted forms. Empty: there is none.
        id_column: Column of the source's own name of a row (unique).
        meta_columns: Further columns to keep; a row may lack them.
        rename: Column → field name, where the prompt uses another one.
        transforms: Names of what is applied to the reference in turn (``judgebench.datasets.columns``).
        answer_columns: Columns of the answers that the items of a benchmark of judges bring along.
        gold_column: Column of the true decision about those answers.
        hub: Where to get the rows when there is no file.
        limit: Read only the first so many rows.
    """

    path: str = ""
    input_columns: list[str]
    image_columns: list[str] = []
    audio_columns: list[str] = []
    video_columns: list[str] = []
    image_folder: str = ""
    resize: SizeRule | None = None
    images_optional: bool = False
    placeholders: bool = False
    transcript_columns: list[str] = []
    output_column: str = ""
    id_column: str = ""
    meta_columns: list[str] = []
    rename: dict[str, str] = {}
    transforms: list[str] = []
    answer_columns: list[str] = []
    gold_column: str = ""
    hub: HubSource | None = None
    limit: int | None = None

    def further_columns(self) -> dict[str, Any]:
        """Return columns that the loader reads beside those that every loader has, each with an example."""
        return {}


class Row(NamedTuple):
    """One row of a source.

    Attributes:
        values: By column.
        source: File, or place on the hub.
        line: Where it stands in the source.
        keyless: Whether it may lack the id column (hubs leave out what only some local copies have).
    """

    values: Mapping[str, Any]
    source: object
    line: int
    keyless: bool = False

    @property
    def place(self) -> str:
        """Return where the row stands, for errors."""
        return f"{self.source}:{self.line}"


def samples_of_rows(rows: Iterable[Row | int], config: SourceConfig) -> Iterator[Sample]:
    """Yield the samples of rows, in order, in constant memory but for the ids of ``id_column``.

    Args:
        rows: The rows; a number stands for so many that are passed over.
        config: The loader's keys.

    Raises:
        DataError: A row lacks a column or holds what it may not; names the place, the column and what was found.
    """
    transforms = [(name, _transform(name)) for name in config.transforms]
    seen: set[int] = set()
    shown = [name for name in config.transcript_columns if name not in config.answer_columns]
    shown_media = dict(media_columns(config))
    inputs = [(name, config.rename.get(name, name)) for name in [*config.input_columns, *shown]]
    if config.transcript_columns:
        rows = (row if isinstance(row, int) else _with_transcripts(row, config) for row in rows)
    number = -1
    for row in rows:
        if isinstance(row, int):
            number += row
            continue
        number += 1
        if config.limit is not None and number >= config.limit:
            return
        reference = _reference(row, config.output_column) if config.output_column else None
        for name, transform in transforms:
            reference = _transformed(reference, name, transform, row, config.output_column)
        key = _key(row, config.id_column, seen) if config.id_column else None
        fields = {field: _value(row, name, field) for name, field in inputs if name not in shown_media}
        answers = [_answer(row, name) for name in config.answer_columns] if config.answer_columns else []
        yield Sample(
            id=number,
            uid=uid_of(fields, reference, answers),
            fields={**fields, **image_sources(row, config)} if shown_media else fields,
            reference=reference,
            key=key,
            answers=answers,
            gold=_value(row, config.gold_column) if config.gold_column else None,
            meta={name: row.values[name] for name in config.meta_columns if row.values.get(name) is not None}
            if config.meta_columns
            else {},
        )


def _with_transcripts(row: Row, config: SourceConfig) -> Row:
    """Return a row with its transcripts as texts."""
    return row._replace(values={**row.values, **{name: _transcript(row, name) for name in config.transcript_columns}})


def _transcript(row: Row, column: str) -> str:
    value = _value(row, column)
    try:
        messages = msgspec.json.decode(value) if isinstance(value, str) else value
        return transcript_of(msgspec.convert(messages, list[dict[str, Any]]))
    except DAMAGED as error:
        raise DataError(
            f"{row.place}: the column {column!r} must hold a list of messages ({error}).",
            hint='Each is {"role": ..., "content": ...}; tool calls stand in "tool_calls" as OpenAI writes them, and '
            'results in messages of the role "tool".',
        ) from None


def image_sources(row: Row, config: SourceConfig) -> dict[str, MediaSource]:
    """Return where a row says that its images are, by field."""
    beside = row.source.parent if isinstance(row.source, Path) else None
    named = Path(config.image_folder).expanduser()  # empty is the data file's own
    folder = str(beside / named) if beside else str(named) if named.is_absolute() else ""
    return {
        config.rename.get(name, name): MediaSource(
            value=row.values.get(name) if config.images_optional else _value(row, name),
            folder=folder,
            place=row.place,
            column=name,
            kind=kind,
        )
        for name, kind in media_columns(config)
    }


def media_columns(config: SourceConfig) -> Iterator[tuple[str, Literal["image", "audio", "video"]]]:
    """Yield the columns that hold media, with what they hold."""
    yield from ((name, "image") for name in config.image_columns)
    yield from ((name, "audio") for name in config.audio_columns)
    yield from ((name, "video") for name in config.video_columns)


def uid_of(fields: Mapping[str, Any], reference: str | list[str] | None, answers: Sequence[str] = ()) -> str:
    """Return the hash of an item's content: 16 hex digits of BLAKE2b over its canonical JSON."""
    content: dict[str, Any] = {"fields": fields, "reference": reference}
    if answers:
        content["answers"] = answers
    return blake2b(_CANONICAL.encode(content), digest_size=8).hexdigest()


def schema_of(config: SourceConfig) -> str:
    """Return one line of JSON that shows which columns a file must have."""
    example: dict[str, Any] = {}
    if config.id_column:
        example[config.id_column] = "a unique name"
    example |= dict.fromkeys([*config.input_columns, *config.answer_columns], "...")
    if config.output_column:
        example[config.output_column] = "the reference answer"
    example |= config.further_columns()
    return msgspec.json.encode(example).decode()


def _value(row: Row, column: str, field: str = "", key: str = "") -> Any:
    """Return the value of a column.

    Args:
        row: The row.
        column: The column.
        field: Field of the prompt that it becomes.
        key: Key of the dataset's config that names the column.

    Raises:
        DataError: There is none.
    """
    try:
        value = row.values[column]
    except KeyError:
        raise _missing(row, column, field, key) from None
    if value is None:
        raise DataError(f"{row.place}: the column {column!r} is empty (null); a value was expected.")
    if isinstance(value, float) and not math.isfinite(value):
        raise DataError(f"{row.place}: the column {column!r} holds {value}; a finite number was expected.")
    if isinstance(value, list | dict) and _deeper_than(_MOST_NESTING, value):
        raise DataError(f"{row.place}: the column {column!r} is nested more than {_MOST_NESTING} deep.")
    return value


def _deeper_than(levels: int, value: Any) -> bool:
    if not isinstance(value, list | dict):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(levels - 1, one) for one in inner)


def _answer(row: Row, column: str) -> str:
    value = _value(row, column)
    if not isinstance(value, str):
        raise DataError(f"{row.place}: the column {column!r} holds {type(value).__name__}; a text was expected.")
    return value


def _reference(row: Row, column: str) -> str | list[str]:
    value = _value(row, column, key="output_column")
    if isinstance(value, list):
        if not value:
            raise DataError(f"{row.place}: the column {column!r} is an empty list; accepted answers were expected.")
        return [_answer_text(row, column, one) for one in value]
    return _answer_text(row, column, value)


def _answer_text(row: Row, column: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        found = "null" if value is None else type(value).__name__
        raise DataError(f"{row.place}: the column {column!r} holds {found}; a text, a number or a list was expected.")
    if not value.strip():
        raise DataError(f"{row.place}: the column {column!r} is empty; the reference answer was expected.")
    return value


def _key(row: Row, column: str, seen: set[int]) -> str | None:
    if row.keyless and column not in row.values:
        return None
    value = _value(row, column, key="id_column")
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise DataError(f"{row.place}: the column {column!r} holds {value!r}; a text or an integer was expected.")
    key = str(value)
    mark = hash(key)  # 64 bits: the keys themselves would not fit for large sources
    if mark in seen:
        raise DataError(
            f"{row.place}: {key!r} in the column {column!r} is also in a previous row; it must be unique.",
            hint="Remove the copy, or leave out id_column: the row number then identifies each row.",
        )
    seen.add(mark)
    return key


def _missing(row: Row, column: str, field: str, key: str) -> DataError:
    have = ", ".join(map(repr, row.values)) or "none"
    hint = ""
    if key:
        hint = f"If it has another name in the file: --override datasets.NAME.{key}=COLUMN"
    elif field:
        hint = (
            "If it has another name in the file: --override \"datasets.NAME.input_columns=['COLUMN']\" "
            f"datasets.NAME.rename.COLUMN={field}"
        )
    return DataError(f"{row.place}: the column {column!r} is missing (columns found: {have}).", hint=hint)


def _transform(name: str) -> Any:
    if name not in TRANSFORMS:
        raise DataError(f"There is no transform {name!r}.", hint=f"Known: {', '.join(TRANSFORMS)}.")
    return TRANSFORMS[name]


def _transformed(
    reference: str | list[str] | None, name: str, transform: Any, row: Row, column: str
) -> str | list[str] | None:
    if reference is None:
        return None
    try:
        if isinstance(reference, list):
            return [transform(one) for one in reference]
        return str(transform(reference))
    except ValueError as error:
        raise DataError(f"{row.place}: the column {column!r} does not suit the transform {name!r}: {error}.") from None
