"""Tables: CSV, JSON lines and Parquet, a row for each item; and the table that ``truescore`` reads."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from judgebench.errors import UsageError, how_many
from judgebench.export.contract import Job
from judgebench.query.frame import columns_of, rows_of
from judgebench.store.journal import disk_error, temporary_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH = 5_000
"""Rows that are held at once."""


def write_csv(job: Job, stream: TextIO) -> int:
    """Write CSV: a line of names, then one for each item."""
    return _csv(stream, list(columns_of(job.query)), rows_of(job.query, job.chosen, job.withheld))


def _csv(stream: TextIO, names: list[str], rows: Iterable[Mapping[str, Any]]) -> int:
    lines = csv.writer(stream, lineterminator="\n")
    lines.writerow(names)
    number = 0
    for row in rows:
        lines.writerow([_cell(row[name]) for name in names])
        number += 1
    return number


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def write_jsonl(job: Job, stream: TextIO) -> int:
    """Write JSON lines: an object for each item, with its verdict and judge calls as they are recorded."""
    types = columns_of(job.query)
    encode = msgspec.json.Encoder().encode
    number = 0
    for model, row, _ in job.rows():
        for item in job.items_of(model, row):
            flat = _row(item, types)
            more = {"verdict": item.verdict, "judge_calls": [_call(call) for call in item.calls], "labels": item.labels}
            stream.write(encode({**flat, **{name: value for name, value in more.items() if value}}).decode() + "\n")
            number += 1
    return number


def _row(item: Any, types: Any) -> dict[str, Any]:
    from judgebench.query.frame import row_of

    row = row_of(item, types)
    return {name: value for name, value in row.items() if value is not None and not name.startswith("judge_")}


def _call(call: Any) -> dict[str, Any]:
    said = {"prompt": call.prompt, "reply": call.reply, "reasoning": call.reasoning, "read": call.read}
    return {**said, "span": call.span, "usage": call.record.usage}


def write_parquet(job: Job, path: Path) -> int:
    """Write Parquet: the columns of the CSV, each with its type."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = columns_of(job.query)
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in columns.items()])
    rows = rows_of(job.query, job.chosen, job.withheld)
    number = 0
    temporary = temporary_of(path)
    try:
        with pq.ParquetWriter(temporary, schema) as writer:
            while batch := list(islice(rows, _BATCH)):
                writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=schema))
                number += len(batch)
        temporary.replace(path)
    except OSError as error:
        raise disk_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)
    return number


def write_truescore(job: Job, stream: TextIO) -> int:
    """Write the table of one judge for ``truescore``: a verdict on every line, a person's label where there is one.

    Raises:
        UsageError: More than one judge, or more than one tested model, is chosen; or there is no verdict.
    """
    wanted = [(model, row, judge) for model, row, judge in job.rows() if judge] or list(job.rows())
    if len(wanted) > 1:
        there = ", ".join(f"{row} of {model}" for model, row, _ in wanted)
        raise UsageError(
            "The format truescore holds one judge's verdicts on one model's answers.",
            hint=f"Add --judge, --model or a row; there are: {there}.",
        )
    left_out = 0
    fields = [name for name in columns_of(job.query) if name in job.query.fields]
    names = ["id", "question", "judge", "human", "response_chars", "model", "row", *fields]

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal left_out
        for model, row, _ in wanted:
            for item in job.items_of(model, row):
                line = item.line
                decided = _binary(line.decision, line.score) if line.status == "ok" else None
                if decided is None:
                    left_out += 1
                    continue
                human = [_binary(label.decision, label.score) for label in item.labels]
                yield {
                    "id": f"{line.dataset}/{line.id}/{line.repeat}",
                    "question": f"{line.dataset}/{line.id}",
                    "judge": decided,
                    "human": human[-1] if human else None,
                    "response_chars": line.length,
                    "model": model,
                    "row": row,
                    **{name: line.fields.get(name) for name in fields},
                }

    number = _csv(stream, names, rows())
    if left_out:
        job.notes.append(f"{how_many(left_out, 'item')} without a verdict left out: truescore takes none of these.")
    return number


def _binary(decision: str | None, score: float | None) -> float | None:
    """Return a verdict as truescore takes it: right or wrong, or the score."""
    if decision in {"correct", "incorrect", "invalid"}:
        return float(decision == "correct")
    return score
