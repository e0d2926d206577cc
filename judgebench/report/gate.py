"""Decides whether a run is good enough, on intervals, and says so as text, as JUnit XML and as Markdown.

A condition passes when the whole 95% interval satisfies it, and still would if every unscored item were worst. It
fails when nothing of that range satisfies it. Else the run cannot tell: neither passing nor failing would be honest.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from judgebench.errors import ExitCode, ReuseError, UsageError
from judgebench.records.diagnostics import Diagnostics
from judgebench.records.flow import Metric
from judgebench.report.conditions import (
    Addressed,
    Condition,
    GateConditions,
    RowFacts,
    address,
    check_percent,
    read_conditions,
)
from judgebench.report.current import Plans, newest_summary
from judgebench.report.results import markdown_cell, printable, read_result
from judgebench.report.schema import Summary
from judgebench.store.run_folder import RunFolder

Decision = Literal["pass", "fail", "cannot tell"]


class Check(NamedTuple):
    """One condition on one result.

    Attributes:
        low: Least value that sampling and the unscored items allow; ``None`` where unknown.
        margin: Distance to the threshold, in the metric's unit: how far a pass is safe, how far a fail falls short.
        message: The decision as a sentence.
    """

    condition: Condition
    model: str
    row: str
    name: str
    decision: Decision
    value: float | None
    low: float | None
    high: float | None
    margin: float | None
    message: str


class GateOutcome(NamedTuple):
    """What a gate decided.

    Attributes:
        decision: ``fail`` if any condition fails, else ``cannot tell`` if any cannot be decided.
        exit_code: 0, 5 or 6.
        text: The decisions for a terminal; free of control codes.
    """

    run: str
    checks: list[Check]
    decision: Decision
    exit_code: ExitCode
    text: str


def gate_run(run_dir: Path, conditions: Path | GateConditions) -> GateOutcome:
    """Apply a gate to a run on disk.

    Args:
        run_dir: The run folder.
        conditions: The conditions, or a TOML file of them.

    Raises:
        ConfigError: The file cannot be used.
        UsageError: A condition cannot be read, there is none, or the baseline is the run itself.
        UnknownNameError: A condition matches nothing in the run.
        ReuseError: The folder holds no result.
    """
    gate = conditions if isinstance(conditions, GateConditions) else read_conditions(conditions)
    parsed = gate.conditions()
    facts = facts_of(run_dir)
    checks = [check(condition, found, on=gate.on) for condition in parsed for found in address(condition, facts)]
    if gate.max_drop:
        from judgebench.report.drops import drop_checks

        baseline = baseline_folder(gate, run_dir.parent)
        if baseline.samefile(run_dir):
            raise UsageError(
                f"The baseline {gate.baseline!r} is the run itself, which never drops.",
                hint="Name the run that was before by its timestamp or its folder.",
            )
        checks += drop_checks(run_dir, baseline, gate.drops(), facts)
    decision = overall(checks)
    codes = {"pass": ExitCode.DONE, "fail": ExitCode.GATE_FAILED, "cannot tell": ExitCode.GATE_UNDECIDED}
    return GateOutcome(RunFolder(run_dir).timestamp, checks, decision, codes[decision], _as_text(checks, decision))


def baseline_folder(gate: GateConditions, beside: Path) -> Path:
    """Return the run folder that a gate measures drops from.

    Args:
        gate: The gate.
        beside: The folder in which it is looked for by its name.

    Raises:
        ReuseError: There is none.
    """
    from judgebench.store.runs import existing_run

    return existing_run(beside, gate.baseline).path


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


def check(condition: Condition, found: Addressed, *, on: Literal["interval", "value"] = "interval") -> Check:
    """Decide one condition on one result."""
    place = f"{found.model}:{found.row}.{found.name}"
    metric = found.metric
    if metric is not None and metric.unit == "percent":
        check_percent(condition, str(condition))
    if metric is None or metric.value is None or math.isnan(metric.value):
        why = found.why or (metric.note if metric is not None else "") or "it is undefined"
        return _checked(condition, found, "cannot tell", None, None, f"{place}: there is no number: {why}")
    if found.exact or on == "value":
        ends: tuple[float, float] | None = (metric.value, metric.value)
    else:
        ends = metric.ci95
    if ends is None:
        message = f"{place} = {metric.value:.2f} has no interval to decide on; --on value decides on the number itself"
        return _checked(condition, found, "cannot tell", None, None, message)
    reach = _with_unscored(ends, metric, found)
    decision = decide(condition, reach)
    return _checked(condition, found, decision, ends, reach, "")


def decide(condition: Condition, reach: tuple[float, float]) -> Decision:
    """Return whether all, nothing or a part of a range satisfies a condition."""
    held = [condition.holds(end) for end in reach]
    if all(held):
        return "pass"
    return "cannot tell" if any(held) else "fail"


def overall(checks: Sequence[Check]) -> Decision:
    """Return the decision of a whole gate: a failure outranks an undecided condition."""
    decisions = {one.decision for one in checks}
    if "fail" in decisions:
        return "fail"
    return "pass" if decisions == {"pass"} else "cannot tell"


def _with_unscored(ends: tuple[float, float], metric: Metric, found: Addressed) -> tuple[float, float]:
    if metric.bounds is None or found.exact or not found.open_items:
        return ends
    return min(ends[0], metric.bounds[0]), max(ends[1], metric.bounds[1])


def _checked(
    condition: Condition,
    found: Addressed,
    decision: Decision,
    ends: tuple[float, float] | None,
    reach: tuple[float, float] | None,
    message: str,
) -> Check:
    value = found.metric.value if found.metric is not None else None
    margin = None
    if reach is not None:
        nearest = min(abs(end - condition.threshold) for end in reach)
        margin = nearest if decision != "cannot tell" else None
    if ends is not None and reach is not None and value is not None:
        message = _explain(condition, found, decision, value, ends, reach)
    low, high = reach if reach is not None else (None, None)
    return Check(
        condition, found.model, found.row, found.name, decision, value, low, high, margin, printable(message, 600)
    )


def _explain(
    condition: Condition,
    found: Addressed,
    decision: Decision,
    value: float,
    ends: tuple[float, float],
    reach: tuple[float, float],
) -> str:
    """Return the decision as a sentence, with by how much."""
    exact = ends[0] == ends[1]
    number = f"{found.model}:{found.row}.{found.name} = {value:.2f}"
    if not exact:
        number += f", 95% interval {ends[0]:.2f} .. {ends[1]:.2f}"
    wanted = f"wanted {condition.op} {condition.threshold:g}"
    distance = abs(value - condition.threshold)
    opened = f"{found.open_items} unscored items allow {reach[0]:.2f} .. {reach[1]:.2f}"
    if decision == "fail":
        nearest = min(abs(end - condition.threshold) for end in reach)
        end = "" if exact and reach == ends else f"; even the nearest end of the interval misses it by {nearest:.2f}"
        return f"{number}: {wanted}, missed by {distance:.2f}{end}"
    if decision == "pass":
        unbounded = found.open_items and not found.exact and (found.metric is None or found.metric.bounds is None)
        note = f"; what its {found.open_items} unscored items could change is not known" if unbounded else ""
        return f"{number}: {wanted}{note}{_against(condition, found.metric)}"
    if decide(condition, ends) == "cannot tell":
        why = "the interval lies on both sides of the bound" + (f", and {opened}" if reach != ends else "")
    else:
        why = f"the scored items alone would {decide(condition, ends)}, but {opened}"
    return f"{number}: {wanted}, {why}"


def _against(condition: Condition, metric: Metric | None) -> str:
    """Say that a condition which holds asks for the worse end, as a slip of --min for --max does."""
    wanted = "high" if condition.op in (">=", ">") else "low"
    if metric is None or metric.better in (None, wanted):
        return ""
    return f" (note: {'less' if metric.better == 'low' else 'more'} of it is better)"


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


def _as_text(checks: Sequence[Check], decision: Decision) -> str:
    lines = [f"{one.decision.upper():<11}  {one.message}" for one in checks]
    numbers = ", ".join(
        f"{sum(one.decision == kind for one in checks)} {kind}" for kind in ("pass", "fail", "cannot tell")
    )
    return "\n".join([*lines, f"Gate: {decision.upper()} ({numbers})"])


def as_junit(outcome: GateOutcome) -> bytes:
    """Return the outcome as JUnit XML: one test case per condition and result; an undecided one is an error."""
    failed = sum(check.decision == "fail" for check in outcome.checks)
    undecided = sum(check.decision == "cannot tell" for check in outcome.checks)
    suite = ET.Element(
        "testsuite",
        name=printable(f"jb gate {outcome.run}"),
        tests=str(len(outcome.checks)),
        failures=str(failed),
        errors=str(undecided),
        skipped="0",
    )
    for check in outcome.checks:
        name = f"{check.model}:{check.row}.{check.name} {check.condition.op} {check.condition.threshold:g}"
        case = ET.SubElement(suite, "testcase", classname=printable(f"{check.model}.{check.row}"), name=printable(name))
        if check.decision == "fail":
            ET.SubElement(case, "failure", message=check.message, type="gate-failed").text = check.message
        elif check.decision == "cannot tell":
            ET.SubElement(case, "error", message=check.message, type="gate-undecided").text = check.message
    text: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def as_markdown(outcome: GateOutcome) -> str:
    """Return the outcome as a Markdown section."""
    lines = [
        f"## Gate of {markdown_cell(outcome.run)}: {outcome.decision}",
        "",
        "| decision | result | condition | value | range | why |",
        "| --- | --- | --- | ---: | --- | --- |",
    ]
    for check in outcome.checks:
        value = "-" if check.value is None else f"{check.value:.2f}"
        reach = "-" if check.low is None or check.high is None else f"{check.low:.2f} .. {check.high:.2f}"
        target = f"{check.model}:{check.row}.{check.name}"
        condition = f"{check.condition.op} {check.condition.threshold:g}"
        cells = [check.decision, target, condition, value, reach, check.message]
        lines.append("| " + " | ".join(markdown_cell(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"
