"""``--out``: every row of a file of answers once more, with what each judge made of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from judgebench.datasets.samples import loader_of
from judgebench.errors import DataError, UsageError
from judgebench.records.flow import TaskResult
from judgebench.records.run import DatasetConfig, RunConfig
from judgebench.store.runs import check_outside_of_runs, write_report

VERDICT_COLUMNS = ("judge", "status", "decision", "score", "reason", "span")
"""What is added to a row. A column of the file that has such a name keeps it, and ours is called ``verdict_<name>``."""


class _JudgeDetails(NamedTuple):
    judge: str
    details: dict[int, dict[str, Any]]


def check_out(config: RunConfig, out: Path) -> None:
    """Refuse a file for the rows that could not be written, before anything is asked.

    Raises:
        UsageError: Its folder does not exist, it would replace the answers themselves, or the run has no such rows.
    """
    paths = [path for dataset in config.datasets.values() if (path := _path_of(dataset)) is not None]
    if not paths:
        raise UsageError(
            "--out writes the rows of a file of answers, and this run has none.",
            hint="Name one with --predictions; of other runs --dump-eval-details keeps every item in results/.",
        )
    place = out.expanduser()
    if not place.absolute().parent.is_dir() or place.is_dir():
        problem = "is a folder" if place.is_dir() else "is in a folder that does not exist"
        raise UsageError(f"The file {str(out)!r} of --out {problem}.")
    if place.resolve() in paths:
        raise UsageError(f"--out {str(out)!r} would replace the answers themselves.", hint="Choose another name.")
    check_outside_of_runs(place, "--out")


def write_rows(config: RunConfig, results: Sequence[TaskResult], out: Path) -> int | None:
    """Write the rows with their verdicts, one line for each row and judge; returns how many lines.

    Args:
        config: The run's configs.
        results: Its results, with details.
        out: ``.csv`` or ``.jsonl``.

    Raises:
        DataError: The file of answers is not what was judged any more.
        DiskError: The file cannot be written.
    """
    names, rows = [], []
    for dataset in config.datasets.values():
        if _path_of(dataset) is None:
            continue
        for row, verdict in _judged(config, dataset, results):
            names += [name for name in row if name not in names]
            rows.append((row, verdict))
    if not rows:
        return None
    ours = _columns_of_verdicts(names)
    lines = [{**row, **{ours[name]: value for name, value in verdict.items()}} for row, verdict in rows]
    columns = [*names, *ours.values()]
    encoded = _as_jsonl(lines) if out.suffix == ".jsonl" else _as_csv(lines, columns)
    write_report(out, encoded)
    return len(lines)


def _columns_of_verdicts(taken: Sequence[str]) -> dict[str, str]:
    """Return the name in the file of each column that is added: one that no column of the user's has."""
    names = {}
    for name in VERDICT_COLUMNS:
        column = name
        while column in taken:
            column = f"verdict_{column}"
        names[name] = column
    return names


def _path_of(dataset: DatasetConfig) -> Path | None:
    """Return the file of a dataset that brings answers along; ``None`` of all others."""
    return Path(dataset.loader.options["path"]).resolve() if hasattr(loader_of(dataset), "answered") else None


def _judged(
    config: RunConfig, dataset: DatasetConfig, results: Sequence[TaskResult]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    abbrs = {str(model["model"]): abbr for abbr, model in config.models.items()}
    found: dict[str, list[_JudgeDetails]] = {}
    for result in results:
        if result.data_abbr == dataset.abbr and result.details is not None:
            details = {detail["id"]: detail for detail in result.details}
            found.setdefault(result.model, []).append(_JudgeDetails(result.judge or "", details))
    for one in loader_of(dataset).answered():
        for judge, details in found.get(abbrs.get(one.model, ""), []):
            detail = details.get(one.number)  # with --num-prompts and --ids not every row is judged
            if detail is None:
                continue
            if detail["origin_prediction"] is not None and detail["origin_prediction"] != (one.answer or ""):
                raise DataError(
                    f"{one.row.place}: the row has changed since its answer was judged.",
                    hint="Judge what has changed: jb --reuse",
                )
            yield dict(one.row.values), {"judge": judge, **_verdict(detail)}


def _verdict(detail: dict[str, Any]) -> dict[str, Any]:
    """Return status, decision, score, reason and span; the reason of a verdict is what the judge said."""
    verdict, said = detail["verdict"], detail["judge_reply"] or ""
    start, end = verdict.get("span") or (0, 0)
    return {
        "status": verdict["status"],
        "decision": verdict.get("decision"),
        "score": verdict.get("score"),
        "reason": said if verdict["status"] == "ok" else verdict.get("reason", ""),
        "span": said[start:end],
    }


def _as_jsonl(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def _as_csv(lines: list[dict[str, Any]], columns: list[str]) -> bytes:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows([_cell(line.get(name)) for name in columns] for line in lines)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
