"""The last lines of a run: the table, what was scored, where it is, the one next command, the exit code."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any, TextIO

import msgspec

from judgebench.content.parts import in_words
from judgebench.dashboard.display import Display
from judgebench.errors import ExitCode, JudgebenchError, how_many
from judgebench.executors.outcome import RunOutcome
from judgebench.records.flow import Counts, JudgeCall, TaskResult
from judgebench.records.prices import money
from judgebench.records.request import RunRequest
from judgebench.records.run import Plan, RunConfig
from judgebench.report.costs import sides_of, total_of
from judgebench.report.gate_file import read_conditions
from judgebench.report.schema import Summary
from judgebench.session.outcome import Outcome, ReachedLimits, scores, summed
from judgebench.store.journal import read_file
from judgebench.store.recorded import records
from judgebench.store.run_folder import RunFolder, is_run

EXCHANGE = 20_000
"""Characters of a prompt up to which the judge exchange of a small run is shown whole."""


def close_run(ended: Outcome, display: Display) -> Outcome:
    """Print the closing lines, and return the outcome with what the gate decided and its last exit code.

    Args:
        ended: What came of the run.
        display: Where lines go.
    """
    run, request, results = RunFolder(ended.path), ended.request, ended.results
    outcome, summary = ended.tasks, None
    if request.options.small:
        for line in _one_exchange(run, ended.plan, results):
            display.message(line)
    if ended.summary is not None:
        summary = ended.summary.with_suffix(".txt")
        display.message(_tables(ended.summary, sys.stderr if request.json_events else sys.stdout))
    there = is_run(run.path)
    if request.gate and there and not outcome.interrupted:
        from judgebench.session.gating import gated

        ended = gated(ended, read_conditions(Path(request.gate)))
        display.message(ended.gate.text if ended.gate else "")
    exit_code = ended.exit_code
    rows: list[str] = []
    if request.out:
        exit_code, line = _rows(ended.config, results, request.out, exit_code)
        rows.append(line)
    next_command = _next_command(run, request, outcome, results, exit_code, summary, ended.reached) if there else ""
    gone = f"The run folder {run.path} was removed or moved meanwhile; without it the run cannot be continued."
    limit = _limit(ended.reached)
    for line in [
        "",
        *_ending(run, outcome, results, summary),
        *rows,
        *limit,
        *([ended.saved] if ended.saved else []),
        f"Next:    {next_command}" if there else gone,
    ]:
        display.message(line)
    display.done(exit_code=int(exit_code), scores=scores(results), next_command=next_command)
    return msgspec.structs.replace(ended, exit_code=exit_code)


def _limit(reached: ReachedLimits | None) -> list[str]:
    if reached is None:
        return []
    return [f"Limit:   {' and '.join(reached.flags)} is reached ({reached.spent}); all that had been sent is kept"]


def _tables(summary: Path, stream: TextIO) -> str:
    """Return the tables of a summary; on a terminal those that are wider than its window come in pieces."""
    if not stream.isatty():
        return read_file(summary.with_suffix(".txt")).decode("utf-8")
    from judgebench.report.writers import as_text

    width = shutil.get_terminal_size().columns
    return as_text(msgspec.json.decode(read_file(summary.with_suffix(".json")), type=Summary), width)


def _rows(config: RunConfig, results: list[TaskResult], out: str, exit_code: ExitCode) -> tuple[ExitCode, str]:
    """Write the rows of ``--out``; return the exit code and the line that says so."""
    from judgebench.stages.row_results import write_rows

    try:
        count = write_rows(config, results, Path(out))
    except JudgebenchError as error:
        return exit_code or error.exit_code, f"Rows:    not written to {out}: {error.message}"
    if count is None:
        return exit_code, f"Rows:    not written to {out}: no answer has a verdict yet"
    return exit_code, f"Rows:    {out} ({how_many(count, 'line')})"


def _ending(run: RunFolder, outcome: RunOutcome, results: list[TaskResult], summary: Path | None) -> list[str]:
    lines, counts = [], summed(results)
    if ended_badly := outcome.failed():  # the display has told why
        lines.append(f"Failed:  {', '.join(task.id for task in ended_badly)}    (see the reasons above)")
    lines += [f"Waiting: {task}: {sentence}" for task, sentence in _outstanding(outcome)]
    lines.append(f"Results: {run.path}")
    if summary is not None:
        lines.append(f"Summary: {summary.with_suffix('.md')}, .html, .csv, .json, .txt")
    if counts.planned:
        failed = counts.judge_failed + counts.prediction_failed
        lines.append(
            f"Scored:  {100 * counts.ok / counts.planned:.1f}% of {counts.planned} items "
            f"({counts.unparsed} unparsed, {failed} failed, {counts.not_judged} not judged, "
            f"{counts.truncated} truncated)"
        )
    return [*lines, *_cost(results), *_pace(outcome), *_faults(outcome)]


def _cost(results: list[TaskResult]) -> list[str]:
    """Say what all calls behind the results took, over all invocations of the run."""
    total = total_of(sides_of(results))
    if not total.calls and not total.saved:
        return []
    known = f"; {how_many(total.saved, 'reply was', 'replies were')} known before" if total.saved else ""
    unmeasured = how_many(total.unmeasured, "reply", "replies")
    silent = f" ({unmeasured} came without token counts)" if total.unmeasured else ""
    took = f"{how_many(total.calls, 'call')}, {how_many(total.tokens, 'token')}{silent}{known}"
    prices = [
        f"{money(sum(by_side.values()), currency)} "
        f"({', '.join(f'{side} {money(cost, currency)}' for side, cost in by_side.items())})"
        for currency, by_side in total.cost.items()
    ]
    if total.unpriced:
        prices.append("price unknown" + (f" of {total.unpriced} tokens" if prices else ""))
    return [f"Cost:    {'; '.join([*prices, took])}"]


def _pace(outcome: RunOutcome) -> list[str]:
    """Say at which rate requests were really started where the config asks for one, or for the data's own times."""
    lines = []
    for task in outcome.tasks:
        figures = task.progress.figures if task.progress is not None else {}
        if figures.get("achieved_rate"):
            question = f" of {figures['wanted_rate']:g}/s asked for" if "wanted_rate" in figures else ""
            late = f"the latest start {figures['latest_start']:.3f} s behind its time"
            lines.append(f"Pace:    {task.id}: {figures['achieved_rate']:.1f} requests/s{question}, {late}")
    return lines


def _faults(outcome: RunOutcome) -> list[str]:
    """Say what faults of the services cost this time, which the score must not show."""
    total: Counter[str] = Counter()
    for task in outcome.tasks:
        if task.progress is not None:
            total.update(task.progress.figures)
    extra = int(total["extra_requests"])
    if not extra:
        return []
    faults = [(name.removeprefix("fault_"), int(n)) for name, n in total.most_common() if name.startswith("fault_")]
    named = ", ".join(f"{n} x {kind.replace('_', ' ')}" for kind, n in faults)
    return [f"Faults:  {extra} extra requests after {named}; {total['seconds_waited']:.1f} s waited in all"]


def _next_command(
    run: RunFolder,
    request: RunRequest,
    outcome: RunOutcome,
    results: list[TaskResult],
    exit_code: ExitCode,
    summary: Path | None,
    reached: ReachedLimits | None,
) -> str:
    counts = summed(results)
    if run.path.parent != Path(request.work_dir).absolute():
        named = shlex.quote(str(run.path))  # the run was named by its folder
    else:
        named = run.timestamp
        if request.work_dir != "outputs/default":
            named += f" --work-dir {shlex.quote(request.work_dir)}"
    again = f"jb --reuse {named}"
    mode = f" --mode {request.mode}" if request.mode != "all" else ""
    if exit_code == ExitCode.WAITING or _outstanding(outcome):
        by_files = f"jb requests {shlex.quote(str(run.path))} --out FILE    (writes what still has no answer)"
        return by_files if request.options.requests else f"{again}{mode}    (fetches the answers when they are there)"
    if reached is not None and not outcome.interrupted and not outcome.failed():
        return f"{again}{mode} {reached.higher}    (goes on up to this limit; none lifts it)"
    if outcome.interrupted or outcome.failed() or (exit_code == ExitCode.ITEMS_FAILED and not counts.planned):
        return f"{again}{mode}    (continues this run; asks only what is missing)"
    again_failed = counts.judge_failed + counts.prediction_failed
    if again_failed and exit_code != ExitCode.DONE:
        mode = "" if counts.prediction_failed else mode  # answers are not asked for in every mode
        return f"{again}{mode}    (asks again the {again_failed} items that failed)"
    if rest := _next_stage(request, counts) or _stopped(results):
        return f"{again} {rest}"
    return _look(named, counts) if summary is not None else f"ls {run.path}"


def _look(named: str, counts: Counts) -> str:
    """Return the command that shows the items behind the score."""
    if counts.unparsed:
        return f"jb items {named} --unread    (shows every reply that could not be read)"
    return f"jb items {named}    (shows which items are wrong or doubtful)"


def _outstanding(outcome: RunOutcome) -> list[tuple[str, str]]:
    """Return by task what answers are still to come, in batches or in a file."""
    said = [(task.id, task.progress.outstanding) for task in outcome.tasks if task.progress is not None]
    return [(task, sentence) for task, sentence in said if sentence]


def _next_stage(request: RunRequest, counts: Counts) -> str:
    """Return the end of the command that does what this mode left to do; empty where nothing is left."""
    if request.mode == "infer":
        return "--mode judge    (judges these answers)"
    if counts.not_judged and request.mode == "eval":
        return "   (answers and judges what is missing)"
    if counts.not_judged or request.mode in {"judge", "infer_judge"}:
        return "--mode eval    (judges what is not judged yet, and scores)"
    return ""


def _stopped(results: list[TaskResult]) -> str:
    """Return the end of the command that repeats what ran out of time; empty where nothing did."""
    stopped = sum(_out_of_time(result) for result in results)
    if stopped:
        comparisons = "1 comparison" if stopped == 1 else f"{stopped} comparisons"
        return f"--mode eval    (repeats {comparisons} that the time limit of a rule stopped)"
    return ""


def _out_of_time(result: TaskResult) -> int:
    from judgebench.judges.rules.verdicts import OUT_OF_TIME

    return result.diagnostics.unscored_reasons.get(OUT_OF_TIME, 0)


def _one_exchange(run: RunFolder, plan: Plan, results: list[TaskResult]) -> list[str]:
    """Show one whole judge exchange, so that the user of a small run sees the judge work."""
    for task in plan.tasks:
        if task.stage != "judge":
            continue
        path = run.predictions(task.model, task.datasets[0], task.judge)
        for call in records(path, JudgeCall):
            question = in_words(call.origin_prompt)
            cut = (
                [f"[{len(question) - EXCHANGE} characters before this are not shown]"]
                if len(question) > EXCHANGE
                else []
            )
            return [
                f"--- one judge exchange ({task.name}, item {call.id}) ---",
                *cut,
                question[-EXCHANGE:],
                "--- the judge's reply ---",
                call.prediction if call.success else f"(failed: {call.error.message if call.error else '?'})",
                *_read_as(task.name, call, results),
                "---",
            ]
    return []


def _read_as(name: str, call: JudgeCall, results: list[TaskResult]) -> list[str]:
    """Say what the verdict about a judged answer is, and what the rule says; the details of small runs know."""
    for result in results:
        if f"{result.model}/{result.dataset}" != name:
            continue
        for detail in result.details or []:
            if (detail["id"], detail["repeat"]) == (call.id, call.repeat):
                verdict_words = _in_words(detail["verdict"])
                by_rule = f"    (the rule says: {_in_words(detail['rule'])})" if detail.get("rule") else ""
                return ["--- read as ---", f"{verdict_words}{by_rule}"]
    return []


def _in_words(verdict: dict[str, Any]) -> str:
    if verdict["status"] != "ok":
        return f"{verdict['status']}: {verdict.get('reason', '')}"
    return str(verdict.get("decision") or verdict.get("score"))
