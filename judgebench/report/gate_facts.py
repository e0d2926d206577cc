"""What a run offers to the conditions of a gate: its results, and what is planned and missing."""

from __future__ import annotations

from pathlib import Path

from judgebench.errors import ReuseError
from judgebench.records.diagnostics import Diagnostics
from judgebench.report.conditions import RowFacts
from judgebench.report.current import Plans, newest_summary
from judgebench.report.results import read_result
from judgebench.report.schema import Summary
from judgebench.store.run_folder import RunFolder


def facts_of(run_dir: Path) -> list[RowFacts]:
    """Return what the run's results offer; what is planned and missing, or stale, offers a reason and no number.

    Raises:
        ReuseError: There is neither a result nor a summary.
        DataError: A result is damaged.
    """
    run = RunFolder(run_dir)
    plans = Plans(run)
    found: list[RowFacts] = []
    for path in sorted((run.path / "results").rglob("*.json")):
        result = read_result(path, details=False)
        if why := plans.stale(result):
            found.append(RowFacts(result.model, result.dataset, {}, None, Diagnostics(), why=why))
        else:
            facts = RowFacts(result.model, result.dataset, result.metrics, result.counts, result.diagnostics)
            found.append(facts._replace(slices=result.slices))
    summary = newest_summary(run)
    if not found and summary is None:
        raise ReuseError(
            f"The run {run.path} holds no results to decide on.",
            hint="Finish it first: jb --reuse " + run.timestamp,
        )
    known = {(one.model, one.row) for one in found}
    gaps = dict.fromkeys(plans.planned, "there is no result")
    if summary is not None:
        gaps |= {(gap.model, gap.dataset): f"{gap.reason} (see {gap.log})" for gap in summary.missing}
    found += [
        RowFacts(model, row, {}, None, Diagnostics(), why=why)
        for (model, row), why in gaps.items()
        if (model, row) not in known
    ]
    return found + (_groups(summary, plans) if summary is not None else [])


def _groups(summary: Summary, plans: Plans) -> list[RowFacts]:
    results = [(one.model, one.dataset) for one in summary.results if one.kind == "result"]
    if why := plans.outdated(summary.plan, results):
        return [
            RowFacts(model, row.dataset, {}, None, Diagnostics(), why=why, group=True)
            for row in summary.rows
            if row.kind == "group"
            for model in row.cells
        ]
    counts = {(one.model, one.dataset): one.counts for one in summary.results}
    return [
        RowFacts(
            model,
            row.dataset,
            {row.metric: cell.metric} if cell.metric is not None else {},
            counts.get((model, row.dataset)) if cell.metric is not None else None,
            Diagnostics(),
            why="" if cell.metric is not None else " / ".join(summary.footnotes[note - 1] for note in cell.notes),
            group=True,
        )
        for row in summary.rows
        if row.kind == "group"
        for model, cell in row.cells.items()
    ]
