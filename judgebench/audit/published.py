"""Tables of published figures: CSV, Markdown and JSON, each figure with the rounding in which it was printed."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from judgebench.errors import DAMAGED, DataError
from judgebench.store.journal import read_file, reason_of

_NUMBER = re.compile(r"[+-]?(?:\d+(?:,\d{3})+|\d+)?\.?\d+(?:[eE][+-]?\d+)?")
_DIGITS = 300
"""Of a number at most, before or after its point: what a float holds."""
_LONGEST_CELL = 131_072
"""Characters of a cell at most, as csv has it by default."""
_WORDS = {"model": "model", "row": "row", "dataset": "row", "judge": "judge", "metric": "metric", "value": "value"}
"""Names of columns and keys, by what they hold."""


class PrintedFigure(NamedTuple):
    """One figure that somebody has printed.

    Attributes:
        model: Whose; empty where the table does not say. ``row``, ``metric``: likewise.
        value: The number. ``step``: what one more in its last printed digit is.
        text: As it was printed.
        place: Where it stands.
    """

    model: str
    row: str
    metric: str
    value: float
    step: float
    text: str
    place: str

    @property
    def tolerance(self) -> float:
        """Largest distance of a number that is printed like this."""
        return self.step / 2 + 1e-9


def read_published(path: Path, *, rows: Collection[str], decimals: int | None = None) -> list[PrintedFigure]:
    """Return the figures of a table.

    Args:
        path: ``.csv``, ``.md`` or ``.json``.
        rows: Names of the result rows: a column of that name holds their headline metric.
        decimals: To which all figures were rounded; ``None`` goes by what is printed.

    Raises:
        DataError: The file cannot be read, or holds no figure.
    """
    try:
        text = read_file(path).decode("utf-8-sig")
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {reason_of(error)}.", hint="Name the table with --expected."
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text in UTF-8.", hint="Save it as UTF-8.") from error
    kind = path.suffix.lower()
    readers = {".csv": _from_csv, ".md": _from_markdown, ".json": _from_json}
    if kind not in readers:
        raise DataError(f"{path} is neither .csv, .md nor .json.", hint="Give the table one of these forms.")
    found = list(readers[kind](path, text, rows))
    if not found:
        raise DataError(
            f"{path} holds no figure.",
            hint="Columns: model, row, metric, value; or a column for each metric or row. JSON: records with these "
            "keys, or {model: {row: {metric: number}}}.",
        )
    return [one._replace(step=10.0**-decimals) for one in found] if decimals is not None else found


def _from_csv(path: Path, text: str, rows: Collection[str]) -> Iterator[PrintedFigure]:
    try:
        table = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise DataError(f"{path} is no CSV: {error}.", hint="Save it as CSV with UTF-8.") from error
    if any(len(cell) > _LONGEST_CELL for row in table for cell in row):  # csv's own limit may have been raised
        raise DataError(f"{path} is no CSV: field larger than {_LONGEST_CELL}.", hint="Save it as CSV with UTF-8.")
    yield from _from_table(path, table, rows)


def _from_markdown(path: Path, text: str, rows: Collection[str]) -> Iterator[PrintedFigure]:
    """Take every table of a Markdown file."""
    table: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.strip().startswith("|"):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                table.append([cell.strip("*`_ ") for cell in cells])
        elif table:
            yield from _from_table(path, table, rows)
            table = []


def _from_table(path: Path, table: list[list[str]], rows: Collection[str]) -> Iterator[PrintedFigure]:
    if not table:
        return
    heads = [head.strip() for head in table[0]]
    named = {_WORDS[head.lower()]: at for at, head in enumerate(heads) if head.lower() in _WORDS}
    for number, cells in enumerate(table[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        given = {name: cells[at].strip() for name, at in named.items() if at < len(cells)}
        place = f"{path.name}, line {number}"
        if "value" in named:
            yield from _figure(given, given.get("metric", ""), given.get("value", ""), place)
            continue
        for at, head in enumerate(heads):
            if at in named.values() or at >= len(cells):
                continue
            if head in rows:
                yield from _figure({**given, "row": head, "judge": ""}, "", cells[at], f"{place}, {head}")
            else:
                yield from _figure(given, head, cells[at], f"{place}, {head}")


def _from_json(path: Path, text: str, rows: Collection[str]) -> Iterator[PrintedFigure]:  # noqa: ARG001 - as the others
    try:
        data = msgspec.json.decode(text)
    except DAMAGED as error:
        raise DataError(f"{path} is no JSON: {error}.") from error
    numbers = _numbers_in(text)
    if isinstance(data, list):
        for at, one in enumerate(data):
            if isinstance(one, dict):
                given = {_WORDS[key]: str(value) for key, value in one.items() if key in _WORDS}
                yield from _figure(given, given.get("metric", ""), given.get("value", ""), f"{path.name}[{at}]")
    elif isinstance(data, dict):
        yield from _from_nested(data, (), path.name, numbers)


def _numbers_in(text: str) -> dict[float, str]:
    """Return how each number of a JSON text is printed, as decoding forgets ``81.50``."""
    found: dict[float, str] = {}
    for match in _NUMBER.finditer(text):
        printed = match[0].replace(",", "")
        known = found.get(float(printed), "")
        found[float(printed)] = max(known, printed, key=len)
    return found


def _from_nested(
    data: Mapping[str, Any], keys: tuple[str, ...], place: str, numbers: Mapping[float, str]
) -> Iterator[PrintedFigure]:
    for key, value in data.items():
        here = (*keys, str(key))
        if isinstance(value, Mapping):
            yield from _from_nested(value, here, place, numbers)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            model, row = (*here[:-1], "", "")[:2]
            given = {"model": model, "row": row}
            metric = "/".join(here[2:]) if len(here) > 2 else here[-1]
            yield from _figure(given, metric, numbers.get(float(value), str(value)), f"{place}: {' / '.join(here)}")


def _figure(given: Mapping[str, str], metric: str, text: str, place: str) -> Iterator[PrintedFigure]:
    """Yield a figure where a cell holds a number: ``81.5``, ``**81.5**``, ``81.5%``, ``81.5 ± 0.4``."""
    match = _NUMBER.search(text)
    if match is None:
        return
    printed = match[0].replace(",", "")
    try:
        exponent = Decimal(printed).as_tuple().exponent
    except InvalidOperation:
        return
    value = float(printed)
    if not isinstance(exponent, int) or not math.isfinite(value) or abs(exponent) > _DIGITS:
        return
    row, judge = given.get("row", ""), given.get("judge", "")
    row = f"{row}-{judge}" if judge and row else row
    yield PrintedFigure(given.get("model", ""), row, metric, value, 10.0**exponent, text.strip(), place)
