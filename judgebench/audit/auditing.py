"""Published figures against those of runs, and the convention that would explain each difference."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from judgebench.audit.conventions import Convention, figures_by_convention
from judgebench.audit.published import PrintedFigure
from judgebench.errors import ConfigError, DataError, JudgebenchError
from judgebench.judges.parsers.reading import VerdictParser, parser_of
from judgebench.judges.table import VERDICT_PARSERS
from judgebench.records.facts import RecordedVerdict
from judgebench.records.flow import JudgeCall, Reply, TaskResult
from judgebench.records.manifest import ManifestRow
from judgebench.report.results import read_result
from judgebench.store.journal import DamagedError, Decoder, open_file, reason_of
from judgebench.store.manifest import read_manifest
from judgebench.store.recorded import records
from judgebench.store.run_folder import RunFolder, is_run

Equality = Literal["equal", "differs", "explained", "not found"]


class AuditedFigure(NamedTuple):
    """One published figure and ours.

    Attributes:
        published: What was printed.
        model: Of ours. ``row``, ``metric``: likewise; all empty where we have none.
        ours: Our number; ``None`` where there is none.
        verdict: ``equal`` within the rounding of what was printed; ``explained``: a convention gives that number;
            ``differs``: none of those that were tried does; ``not found``: the runs have no such figure.
        why: The conventions that would give it, fewest differences first; or what is lacking.
    """

    published: PrintedFigure
    model: str
    row: str
    metric: str
    ours: float | None
    verdict: Equality
    why: list[str]


class OwnRow(NamedTuple):
    """A result of ours."""

    run: RunFolder
    place: ManifestRow
    result: TaskResult


MOST_EXPLANATIONS = 3
"""Conventions that are named for one figure."""


def own_rows(path: Path) -> list[OwnRow]:
    """Return the results of a run, or of all runs in a folder.

    Raises:
        DataError: There is neither, or a result is damaged.
    """
    folders = [path] if is_run(path) else sorted(one for one in path.glob("*") if is_run(one)) if path.is_dir() else []
    found = []
    for folder in folders:
        run = RunFolder(folder)
        results = ((place, run.result(place.model, place.row)) for place in read_manifest(run).rows)
        found += [OwnRow(run, place, read_result(file, details=False)) for place, file in results if file.exists()]
    if not found:
        raise DataError(f"{path} holds no results.", hint="Name a run folder, or a folder that holds run folders.")
    return found


def other_parsers(names: Sequence[str] = ()) -> dict[str, VerdictParser]:
    """Return the parsers that need no settings, and those of these names.

    Raises:
        ConfigError: There is no parser of a name.
    """
    found = {name: parser_of(name, where="--parser") for name in names}
    for name in VERDICT_PARSERS:
        try:
            found.setdefault(name, parser_of(name))
        except (ConfigError, TypeError):  # it needs to know what to look for
            continue
    return found


def audit(
    published: Sequence[PrintedFigure], rows: Sequence[OwnRow], parsers: Mapping[str, VerdictParser]
) -> list[AuditedFigure]:
    """Compare every published figure with ours.

    Args:
        published: The figures.
        rows: Our results.
        parsers: Verdict parsers that are tried on recorded replies where a figure differs.

    Raises:
        DataError: Verdicts or replies are damaged.
    """
    kept: dict[tuple[Path, str, str], tuple[list[RecordedVerdict], dict[str, Reply]]] = {}
    return [_audited(one, rows, parsers, kept) for one in published]


def _audited(
    one: PrintedFigure,
    rows: Sequence[OwnRow],
    parsers: Mapping[str, VerdictParser],
    kept: dict[tuple[Path, str, str], tuple[list[RecordedVerdict], dict[str, Reply]]],
) -> AuditedFigure:
    own = [row for row in rows if one.model in {"", row.place.model} and one.row in {"", row.place.row}]
    if not own:
        return AuditedFigure(one, "", "", one.metric, None, "not found", [_lacking(one, rows)])
    if len({(row.place.model, row.place.row) for row in own}) > 1:
        names = ", ".join(f"{row.place.model}:{row.place.row}" for row in own[:4])
        whose = f"it does not say whose figure it is: {names}{', ...' if len(own) > 4 else ''}"
        return AuditedFigure(one, "", "", one.metric, None, "not found", [whose])
    row = own[-1]  # of several runs the newest
    metric = one.metric or row.result.headline
    found = row.result.metrics.get(metric)
    if found is None or found.value is None:
        near = difflib.get_close_matches(metric, row.result.metrics, n=2)
        lacking = f"{row.place.row} has no {metric!r}" + (f"; it has {' and '.join(near)}" if near else "")
        return AuditedFigure(one, row.place.model, row.place.row, metric, None, "not found", [lacking])
    ours = found.value
    audited = AuditedFigure(one, row.place.model, row.place.row, metric, ours, "equal", [])
    if abs(ours - one.value) <= one.tolerance:
        return audited
    if found.unit == "percent" and 0 <= one.value <= 1 and abs(ours / 100 - one.value) <= one.tolerance:
        return audited._replace(why=["printed as a share of 1"])
    because = [*_rounding(one, ours), *_other_metrics(one, row, metric)]
    because += [", ".join(each.names) for each in _explaining(one, row, metric, parsers, kept)]
    return audited._replace(verdict="explained" if because else "differs", why=because[:MOST_EXPLANATIONS])


def _rounding(one: PrintedFigure, ours: float) -> list[str]:
    if 0 <= ours - one.value < one.step:
        return ["digits were cut off instead of rounded"]
    if 0 <= one.value - ours < one.step:
        return ["rounded up"]
    return []


def _other_metrics(one: PrintedFigure, row: OwnRow, metric: str) -> list[str]:
    """Return the metrics of ours that have the published value: it may go by another name."""
    ours = row.result.metrics
    unit = ours[metric].unit
    alike = [
        name
        for name, found in ours.items()
        if name != metric and found.unit == unit and found.value is not None
        if abs(found.value - one.value) <= one.tolerance
    ]
    whole = [name for name in alike if "/" not in name]
    return [f"it is our {name!r}" for name in (whole or alike)[:2]]


def _explaining(
    one: PrintedFigure,
    row: OwnRow,
    metric: str,
    parsers: Mapping[str, VerdictParser],
    kept: dict[tuple[Path, str, str], tuple[list[RecordedVerdict], dict[str, Reply]]],
) -> list[Convention]:
    key = (row.run.path, row.place.model, row.place.row)
    if key not in kept:
        kept[key] = _verdicts(row), _replies(row)
    verdicts, replies = kept[key]
    found: list[Convention] = []
    for each in figures_by_convention(verdicts, metric, replies=replies, parsers=parsers):
        shares = (each.value, each.value / 100) if metric != "mean_score" else (each.value,)
        if each.names and any(abs(value - one.value) <= one.tolerance for value in shares):
            fewer = any(set(known.names) < set(each.names) for known in found)
            found += [] if fewer else [each]
    return found


def _verdicts(row: OwnRow) -> list[RecordedVerdict]:
    path = row.run.verdicts(row.place.model, row.place.row)
    decode = Decoder(RecordedVerdict)
    try:
        with open_file(path, "rb") as file:
            return [decode(line) for line in file]
    except FileNotFoundError:
        return []
    except (OSError, DamagedError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        raise DataError(f"{path} cannot be read: {reason}.", hint="Derive it again: jb --mode eval --reuse") from error


def _replies(row: OwnRow) -> dict[str, Reply]:
    if not row.place.judge_calls:
        return {}
    path = row.run.path / row.place.judge_calls
    try:
        return {call.uuid: call.reply() for call in records(path, JudgeCall) if call.status == "ok"}
    except (OSError, JudgebenchError):
        return {}


def _lacking(one: PrintedFigure, rows: Sequence[OwnRow]) -> str:
    models = list(dict.fromkeys(row.place.model for row in rows))
    names = list(dict.fromkeys(row.place.row for row in rows))
    for what, wanted, known in (("model", one.model, models), ("row", one.row, names)):
        if wanted and wanted not in known:
            near = difflib.get_close_matches(wanted, known, n=1) or known[:4]
            return f"the runs have no {what} {wanted!r}; they have {', '.join(near)}"
    return f"the runs have no result of {one.model!r} in {one.row!r}"
