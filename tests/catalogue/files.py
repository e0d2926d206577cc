"""What invented files of datasets are made of, and how they are written in the form that their names say.

The texts of benchmarks of judges say of themselves how good they are (``tests.mutations.items.text_of``), so that a
simulated judge that reads the prompt and nothing else can be right. Item ``i`` is good or bad by turns, so that gold is
balanced.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import parquet

from tests.mutations.items import Case, text_of

N = 8
"""Rows of a file; two truths times the four outcomes of two questions."""
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

PICTURES: dict[str, str] = {}
"""What pictures show, by their hash: a judge that sees one reads the text."""

Content = Any
"""Rows as a list of objects, an object of rows, a text, or bytes."""


class Layout(NamedTuple):
    """The files of a benchmark.

    Attributes:
        files: Content by path below the data folder.
        main: Path of the file that holds the items.
        answer: Column of an answer, in that file. ``gold``: of the gold decision; empty for none.
        bad: Columns of a row with a value that must be refused, where that is not ``answer`` left out or ``gold`` with
            an object in it; ``...`` leaves the column out.
    """

    files: Mapping[str, Content]
    main: str
    answer: str
    gold: str = ""
    bad: Sequence[tuple[str, Any]] = ()

    def must_be_refused(self) -> Sequence[tuple[str, Any]]:
        """Return columns of the last row, each with a value for which the row must be refused."""
        if self.bad:
            return self.bad
        labelled = self.gold and not self.main.endswith((".txt", ".csv"))
        return [(self.answer, 3), *([(self.gold, {"what": "no label"})] if labelled else [])]


def text(quality: str, number: int, place: int = 1) -> str:
    """Return a text that says of itself how good it is."""
    return text_of(quality, Case(number, "", "", "", "x"), place)


def picture_of(shown: str) -> bytes:
    """Return a picture of a text."""
    data = PIXEL + shown.encode()
    PICTURES[sha256(data).hexdigest()] = shown
    return data


def shown_in(data: bytes) -> str:
    """Return the text that a picture shows."""
    return data.removeprefix(PIXEL).decode()


def picture(shown: str) -> str:
    """Return a picture of a text, in base64."""
    return base64.b64encode(picture_of(shown)).decode()


def good_or_bad(number: int) -> str:
    """Return how good item ``number`` is."""
    return "bad" if number % 2 else "good"


def both(number: int) -> tuple[str, str]:
    """Return two answers, the better of which is the first in even items."""
    first, second = ("bad", "good") if number % 2 else ("good", "bad")
    return text(first, number, 1), text(second, number, 2)


def better_first(number: int) -> tuple[str, str]:
    """Return two answers, the better of which comes first."""
    return text("good", number, 1), text("bad", number, 2)


def turn(said: str) -> list[dict[str, str]]:
    """Return a conversation of one message, with a key that publications have beside the content."""
    return [{"role": "user", "content": said, "language": "English"}]


def write(folder: Path, files: Mapping[str, Content]) -> None:
    """Write files in the form that their names say."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else _form(path, content))


def _form(path: Path, content: Content) -> bytes:
    if isinstance(content, str):
        return content.encode()
    if path.suffix == ".jsonl":
        return "".join(json.dumps(row) + "\n" for row in content).encode()
    if path.suffix in (".csv", ".tsv"):
        out = io.StringIO()
        table = csv.DictWriter(out, list(content[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
        table.writeheader()
        table.writerows(content)
        return out.getvalue().encode()
    if path.suffix == ".parquet":
        sink = pa.BufferOutputStream()
        parquet.write_table(pa.Table.from_pylist(content), sink)
        return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]
    return json.dumps(content, indent=1).encode()
