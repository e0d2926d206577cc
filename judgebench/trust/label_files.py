"""Labels as people write them: CSV and JSONL files, and the blind sheet that is given to annotators."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from judgebench.errors import DAMAGED, DataError
from judgebench.records.draws import DrawnAnswer
from judgebench.records.facts import answer_hash
from judgebench.store.journal import read_file, reason_of

SHEET = (
    "dataset", "id", "model", "repeat", "question", "reference", "answer", "label", "comment", "annotator", "split",
    "probability", "answer_hash",
)  # fmt: skip
"""Columns of the sheet that annotators fill in; nothing in it says what a judge thinks."""
_FIELD_LIMIT = 1 << 28
_HASH = re.compile("[0-9a-f]{32}")
_KNOWN = {*SHEET, "decision", "score", "blind", "time", "key"}
_SAID = {
    "right": "correct", "true": "correct", "yes": "correct", "1": "correct",
    "wrong": "incorrect", "false": "incorrect", "no": "incorrect", "0": "incorrect",
    "correct": "correct", "incorrect": "incorrect", "invalid": "invalid",
    "a": "A", "b": "B", "tie": "tie", "=": "tie",
}  # fmt: skip


class WrittenLabel(NamedTuple):
    """One label of a file.

    Attributes:
        where: File and line, for messages.
        said: What the annotator wrote: a decision or a number, as text.
        answer_hash: Of the answer; empty where the file names the answer by its place alone.
        model: Empty where not given. ``repeat``, ``dataset``, ``annotator``, ``split``, ``comment``: likewise.
        probability: With which the answer was drawn, ``None`` where not given.
        blind: Whether the annotator did not see the verdict. ``time``: when the label was given; empty where not given.
    """

    where: str
    id: int
    said: str
    answer_hash: str = ""
    dataset: str = ""
    model: str = ""
    repeat: int = 0
    annotator: str = ""
    split: str = ""
    comment: str = ""
    probability: float | None = None
    blind: bool = False
    time: str = ""


def read_label_file(path: Path) -> list[WrittenLabel]:
    """Read a CSV or JSONL file of labels; lines whose label is empty are passed over.

    Raises:
        DataError: It cannot be read, or a line says no answer, or nothing that is a label.
    """
    try:
        data = read_file(path)
    except OSError as error:
        raise DataError(
            f"The labels file {path} cannot be read: {reason_of(error)}.", hint="Name a CSV or JSONL file."
        ) from error
    if data.startswith(b"PK\x03\x04"):
        raise DataError(f"{path} is a workbook, and no CSV file.", hint="Save the sheet as CSV with UTF-8.")
    records = _jsonl(path, data) if path.suffix.lower() in {".jsonl", ".ndjson", ".json"} else _csv(path, data)
    return [found for where, record in records if (found := _written(where, record)) is not None]


def decision_of(said: str) -> tuple[str | None, float | None]:
    """Return the decision that a text says (right, wrong, A, B, tie, ...), and the number that it is."""
    try:
        number = float(re.sub(r"^(-?\d+),(\d+)$", r"\1.\2", said.strip()))
    except ValueError:
        number = None
    return _SAID.get(said.strip().lower()), number


def sheet(rows: Iterable[tuple[DrawnAnswer, dict[str, str]]], dataset: str) -> bytes:
    """Return the blind sheet of drawn answers, as CSV with one empty column for the label.

    Args:
        rows: The drawn answers with their texts: ``question``, ``reference``, ``answer``, and ``label`` where there is
            one already.
        dataset: Whose answers these are.
    """
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, SHEET, restval="")
    writer.writeheader()
    for one, texts in rows:
        place = {"dataset": dataset, "id": one.id, "model": one.model, "repeat": one.repeat, "split": one.split}
        drawn = {"probability": repr(one.probability), "answer_hash": one.answer_hash}
        writer.writerow({**place, **drawn, **{name: _cell(text) for name, text in texts.items()}})
    return file.getvalue().encode("utf-8", "replace")


def _cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, and that reads as itself."""
    return f"'{text}" if text[:1] in {"=", "+", "@"} or (text[:1] == "-" and not text[1:2].isdigit()) else text


def _csv(path: Path, data: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))  # "Unicode text" of spreadsheets
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no UTF-8: {error}.", hint="Save it as CSV with UTF-8.") from error
    csv.field_size_limit(_FIELD_LIMIT)  # answers that think aloud are longer than csv takes by default
    head, _, rest = text.partition("\n")
    before = 0
    if head.strip().lower().startswith("sep="):  # tells spreadsheets the delimiter
        before, text = 1, rest
        head = text.partition("\n")[0]
    delimiter = max((",", ";", "\t"), key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [name.strip().lower() for name in reader.fieldnames or []]
    _check_columns(path, names)
    try:
        reader.fieldnames = names
        for record in reader:
            yield f"{path}, line {before + reader.line_num}", record
    except csv.Error as error:
        raise DataError(
            f"{path}, line {before + reader.line_num}: {error}.", hint="Save it as CSV with UTF-8."
        ) from error


def _check_columns(path: Path, names: list[str]) -> None:
    if "id" not in names or not {"label", "decision", "score"} & set(names):
        raise DataError(
            f"{path} is no file of labels: it needs the columns id and label, and has {', '.join(names) or 'none'}.",
            hint=f"Known columns: {', '.join(sorted(_KNOWN))}. Make a sheet with: jb label draw RUN --n 100",
        )
    if twice := [name for name in _KNOWN if names.count(name) > 1]:
        raise DataError(f"{path} has two columns called {twice[0]!r}.", hint="Leave the one that counts.")


def _jsonl(path: Path, data: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.lstrip().startswith(b"["):
        yield from _list(path, data)
        return
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            record = msgspec.json.decode(line)
        except DAMAGED as error:
            raise DataError(f"{where}: this is no JSON: {error}.", hint="Write one JSON object a line.") from error
        yield where, _label_in(where, record)


def _list(path: Path, data: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        records = msgspec.json.decode(data, type=list[Any])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DataError(
            f"{path} is no JSON: {error}.", hint="Write a list of objects, or one object a line."
        ) from error
    for number, record in enumerate(records, 1):
        where = f"{path}, label {number}"
        yield where, _label_in(where, record)


def _label_in(where: str, record: Any) -> dict[str, Any]:
    if not isinstance(record, dict) or "id" not in record:
        raise DataError(f"{where}: this is no label: it needs id and label.", hint="See docs/trust.md.")
    return record


def _written(where: str, record: dict[str, Any]) -> WrittenLabel | None:
    texts = {name: _text(record.get(name)) for name in _KNOWN}
    said = texts["label"] or texts["decision"] or texts["score"]
    if not said:
        return None
    named = texts["answer_hash"].lower()
    if named and not _HASH.fullmatch(named):
        raise DataError(
            f"{where}: answer_hash is {texts['answer_hash']!r}, and should be 32 hex digits as the sheet has them.",
            hint="A spreadsheet may have changed it. Copy it from a new sheet: jb label draw RUN",
        )
    if not named and texts["answer"]:
        named = answer_hash(str(record["answer"]))
    return WrittenLabel(
        where=where,
        id=_whole(where, "id", texts["id"]),
        said=said,
        answer_hash=named,
        dataset=texts["dataset"],
        model=texts["model"],
        repeat=_whole(where, "repeat", texts["repeat"] or "0"),
        annotator=texts["annotator"],
        split=texts["split"],
        comment=texts["comment"],
        probability=_chance(where, texts["probability"]) if texts["probability"] else None,
        blind=texts["blind"].lower() in {"true", "1", "yes"},
        time=texts["time"],
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else msgspec.json.encode(value).decode()


def _whole(where: str, name: str, text: str) -> int:
    text = re.sub(r"(?<=\d)\.0+$", "", text)  # a column with a gap is one of floats to many programs
    if not text.isdecimal() or len(text) > 18:
        raise DataError(
            f"{where}: {name} is {text!r}, and should be a whole number from 0.",
            hint="An answer is named by the number of its row in the data file, from 0.",
        )
    return int(text)


def _chance(where: str, text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise DataError(
            f"{where}: probability is {text!r}, and should be above 0 and up to 1.",
            hint="Give the probability with which the answer was drawn.",
        )
    return value
