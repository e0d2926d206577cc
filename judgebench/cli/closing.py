"""The last lines of a run: the table, what was scored, where it is, the one next command, the exit code."""

from __future__ import annotations

import contextlib
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

from judgebench.dashboard.display import Display, ShownScore
from judgebench.errors import DataError, ExitCode
from judgebench.executors.outcome import RunOutcome
from judgebench.judges.rules.verdicts import OUT_OF_TIME
from judgebench.records.flow import Counts, JudgeCall, TaskResult
from judgebench.records.run import Plan, RunConfig, RunRequest
from judgebench.report.current import Plans
from judgebench.report.results import read_result
from judgebench.store.journal import read_file
from judgebench.store.recorded import records
from judgebench.store.run_folder import RunFolder, is_run

EXCHANGE = 20_000
"""Characters of a prompt up to which the judge exchange of a small run is shown whole."""


def close_run(plan: Plan, config: RunConfig, request: RunRequest, outcome: RunOutcome, display: Display) -> int:
    """Print the closing lines and return the exit code.

    Args:
        plan: What was to be done.
        config: The resolved configs.
        request: The command line's request.
        outcome: How the tasks ended.
        display: Where lines go.
    """
    run = RunFolder(Path(plan.run_dir))
    results = _results(run, plan, config) if request.mode in {"all", "eval", "viz"} else []
    counts = _sum(results)
    exit_code = _exit_code(request, outcome, counts)
    if request.options.small:
        for line in _one_exchange(run, plan, results):
            display.message(line)
    summary: Path | None = None
    if not outcome.interrupted and any(task.id == "summarize" and task.phase == "ok" for task in outcome.tasks):
        summary = run.summary / f"summary_{plan.timestamp}.txt"
        display.message(read_file(summary).decode("utf-8"))
    there = is_run(run.path)
    if request.gate and there and not outcome.interrupted:
        exit_code = _gate(run, request, exit_code, display)
    next_command = _next_command(run, request, outcome, results, exit_code, summary) if there else ""
    gone = f"The run folder {run.path} was removed or moved meanwhile; without it the run cannot be continued."
    for line in ["", *_ending(run, outcome, counts, summary), f"Next:    {next_command}" if there else gone]:
        display.message(line)
    display.done(exit_code=int(exit_code), scores=_scores(results), next_command=next_command)
    return exit_code


def _scores(results: list[TaskResult]) -> list[ShownScore]:
    scores = []
    for result in results:
        metric = result.metrics[result.headline]
        lo, hi = metric.ci95 or (None, None)
        name = f"{result.model}:{result.dataset}.{result.headline}"
        scores.append(ShownScore(name=name, value=metric.value, lo=lo, hi=hi, n=metric.n))
    return scores


def _results(run: RunFolder, plan: Plan, config: RunConfig) -> list[TaskResult]:
    found = []
    plans = Plans(run)
    for model, abbr in plan.combinations:
        for row, _ in config.datasets[abbr].rows(model):
            path = run.result(model, row)
            if not path.exists():
                continue
            with contextlib.suppress(DataError):  # the task that made it, or the summary of it, has said so
                result = read_result(path)
                if not plans.stale(result):
                    found.append(result)
    return found


def _sum(results: list[TaskResult]) -> Counts:
    fields = Counts.__struct_fields__
    return Counts(**{name: sum(getattr(result.counts, name) for result in results) for name in fields})


def _exit_code(request: RunRequest, outcome: RunOutcome, counts: Counts) -> ExitCode:
    if outcome.exit_code != ExitCode.DONE:
        return outcome.exit_code
    failed, planned = counts.judge_failed + counts.prediction_failed, counts.planned
    if not planned:
        progress = [task.progress for task in outcome.tasks if task.progress and task.stage in {"infer", "judge"}]
        failed, planned = sum(one.fail for one in progress), sum(one.total for one in progress)
    if planned and failed / planned > (request.options.max_fail_rate or 0.0):
        return ExitCode.ITEMS_FAILED
    least = request.options.min_scored
    if least is not None and counts.planned and 100 * counts.ok / counts.planned < least:
        return ExitCode.ITEMS_FAILED
    return ExitCode.DONE


def _gate(run: RunFolder, request: RunRequest, exit_code: ExitCode, display: Display) -> ExitCode:
    from judgebench.report.gate import gate_run

    gate = gate_run(run.path, Path(request.gate))
    display.message(gate.text)
    return exit_code if exit_code not in {ExitCode.DONE, ExitCode.ITEMS_FAILED} else gate.exit_code or exit_code


def _ending(run: RunFolder, outcome: RunOutcome, counts: Counts, summary: Path | None) -> list[str]:
    lines = []
    if ended_badly := outcome.failed():  # the display has told why
        lines.append(f"Failed:  {', '.join(task.id for task in ended_badly)}    (see the reasons above)")
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
    return [*lines, *_pace(outcome), *_faults(outcome)]


def _pace(outcome: RunOutcome) -> list[str]:
    """Say at which rate requests were really started where the config asks for one, or for the data's own times."""
    lines = []
    for task in outcome.tasks:
        figures = task.progress.figures if task.progress is not None else {}
        if figures.get("achieved_rate"):
            question = f" of {figures['wanted_rate']:g}/s asked for" if "wanted_rate" in figures else ""
            late = f"the latest start {figures['latest_start']:.3f} s late"
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
) -> str:
    counts = _sum(results)
    if run.path.parent != Path(request.work_dir).absolute():
        again = f"jb --reuse {shlex.quote(str(run.path))}"  # the run was named by its folder
    else:
        again = f"jb --reuse {run.timestamp}"
        if request.work_dir != "outputs/default":
            again += f" --work-dir {shlex.quote(request.work_dir)}"
    mode = f" --mode {request.mode}" if request.mode != "all" else ""
    if outcome.interrupted or outcome.failed() or (exit_code == ExitCode.ITEMS_FAILED and not counts.planned):
        return f"{again}{mode}    (goes on where this stopped; nothing finished is asked again)"
    again_failed = counts.judge_failed + counts.prediction_failed
    if again_failed and exit_code != ExitCode.DONE:
        mode = "" if counts.prediction_failed else mode  # answers are not asked for in every mode
        return f"{again}{mode}    (asks again what failed: {again_failed} items; nothing finished is asked again)"
    if rest := _next_stage(request, counts) or _about_unread(counts, results, details=request.options.dump_details):
        return f"{again} {rest}"
    return f"less {shlex.quote(str(summary.with_suffix('.md')))}" if summary is not None else f"ls {run.path}"


def _next_stage(request: RunRequest, counts: Counts) -> str:
    """Return the end of the command that does what this mode left to do; empty where nothing is left."""
    if request.mode == "infer":
        return "--mode judge    (judges these answers)"
    if counts.not_judged and request.mode == "eval":
        return "   (answers and judges what is missing)"
    if counts.not_judged or request.mode in {"judge", "infer_judge"}:
        return "--mode eval    (judges what is not judged yet, and scores)"
    return ""


def _about_unread(counts: Counts, results: list[TaskResult], *, details: bool) -> str:
    """Return the end of the command that does something about unread verdicts; empty where nothing is left to do."""
    stopped = sum(_out_of_time(result) for result in results)
    if stopped:
        return f"--mode eval    (repeats {stopped} comparisons that the time limit of a rule stopped)"
    if counts.unparsed and not details:
        return "--mode eval --dump-eval-details    (shows every reply that could not be read, in results/)"
    return ""


def _out_of_time(result: TaskResult) -> int:
    reasons = result.diagnostics.get("unscored_reasons")
    return int(reasons.get(OUT_OF_TIME, 0)) if isinstance(reasons, dict) else 0


def _one_exchange(run: RunFolder, plan: Plan, results: list[TaskResult]) -> list[str]:
    """Show one whole judge exchange, so that the user of a small run sees the judge work."""
    for task in plan.tasks:
        if task.stage != "judge":
            continue
        path = run.predictions(task.model, task.datasets[0], task.judge)
        for call in records(path, JudgeCall):
            prompt = call.origin_prompt
            question = prompt if isinstance(prompt, str) else "\n".join(str(one.get("content", "")) for one in prompt)
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
                condition = f"    (the rule says: {_in_words(detail['rule'])})" if detail.get("rule") else ""
                return ["--- read as ---", f"{verdict_words}{condition}"]
    return []


def _in_words(verdict: dict[str, Any]) -> str:
    if verdict["status"] != "ok":
        return f"{verdict['status']}: {verdict.get('reason', '')}"
    return str(verdict.get("decision") or verdict.get("score"))
