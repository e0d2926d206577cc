"""The door between a command line and a run: what is shown of it, and the exit code."""

from __future__ import annotations

import os
import shlex
import sys

from judgebench.cli.closing import close_run
from judgebench.dashboard.display import Display, display_for
from judgebench.errors import ExitCode
from judgebench.records.request import RunRequest
from judgebench.records.run import RunConfig, TaskSpec
from judgebench.session.prepare import data_notes
from judgebench.session.session import Preview, Session


def execute(request: RunRequest, command: list[str]) -> int:
    """Run what was asked for; returns the exit code.

    Args:
        request: The command line's request.
        command: The command line itself, for the logs.

    Raises:
        JudgebenchError: What keeps the run from starting.
    """

    def display() -> Display:
        stream = sys.stderr if request.json_events else sys.stdout
        return display_for(request.json_events, request.options.debug, stream)

    session = Session(request, command=command, display=display, close=close_run)
    if request.dry_run:
        return _print_plan(session.preview())
    return session.run().exit_code


def _place(config: RunConfig, task: TaskSpec) -> str:
    """Return where a task sends its questions, without credentials."""
    from judgebench.engine.reach import shown
    from judgebench.models.access import model_config
    from judgebench.models.addresses import base_url
    from judgebench.models.contract import ServiceConfig

    model = config.models[task.model]
    judging = task.stage == "judge"
    target = model_config(config.datasets[task.datasets[0]].judge_of(task.judge, model).model if judging else model)
    if not isinstance(target, ServiceConfig):
        return "none (in the task's own process)"
    if target.launch is not None:
        return "launched by the run"
    place = shown(base_url(target, {**os.environ, **config.secrets}))
    return f"{place}, in batches" if target.batch is not None else place


def _needed(task: TaskSpec) -> str:
    """Return what a task asks of the machine that it runs on; empty where it says nothing."""
    needs = {"cores": task.cores, "memory (GiB)": task.memory, "GPUs": task.gpus}
    return ", ".join(f"{what} {amount:g}" for what, amount in needs.items() if amount)


def _print_plan(preview: Preview) -> int:
    """Print the graph and every command; sends nothing and writes nothing."""
    from judgebench.datasets.samples import count_of
    from judgebench.identity.questions import repeats_of
    from judgebench.store.recorded import answered_items

    request, config, run, graph = preview
    print(f"run folder: {run.path}")
    for line in data_notes(config):
        print(line)
    for task in graph.tasks:
        waits = [*task.needs, *(f"{name} (follows)" for name in task.follows), *task.after]
        print(f"\n{task.id}")
        if task.stage in {"infer", "judge"}:
            known = [count_of(config.datasets[abbr], request.options) for abbr in task.datasets]
            repeats = repeats_of(config.models[task.model])
            total = sum(count or 0 for count in known) * repeats
            kept = min(
                total, sum(answered_items(run.predictions(task.model, abbr, task.judge)) for abbr in task.datasets)
            )
            again = request.options.rejudge and task.stage == "judge"
            shown = f"{kept} kept, {total - kept} to ask" if kept and not again else str(total)
            print(f"  items:   {'unknown: no data file is here, the hub has it' if None in known else shown}")
            print(f"  service: {_place(config, task)}")
        print(f"  after:   {', '.join(waits) or '-'}")
        if needed := _needed(task):
            print(f"  needs:   {needed}")
        print(f"  log:     {task.log}")
        print(f"  command: {shlex.join([sys.executable, '-m', 'judgebench.stages', 'PLAN', task.id])}")
    for task_id in graph.kept:
        print(f"\n{task_id}\n  complete, kept as it is")
    print("\nDry run: nothing was sent and nothing was written.")
    return ExitCode.DONE
