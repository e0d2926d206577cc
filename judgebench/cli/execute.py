"""A run from its request to its exit code: configs, run folder, plan, preflight, supervision, last lines."""

from __future__ import annotations

import asyncio
import itertools
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from judgebench.cli.closing import close_run
from judgebench.cli.reuse import completed
from judgebench.config.dump import dump_config
from judgebench.config.resolve import load_run
from judgebench.dashboard.display import Display
from judgebench.errors import ConfigError, ExitCode, UsageError
from judgebench.executors.fork_server import ForkServer, warm_tasks
from judgebench.plan.graph import STAGES_OF_MODE, Graph, build_graph
from judgebench.records.run import (
    DatasetConfig,
    Plan,
    RunConfig,
    RunRequest,
    SummarizerConfig,
    SummaryGroup,
    TaskSpec,
    row_name,
)
from judgebench.store.journal import mend, write_atomically
from judgebench.store.run_folder import (
    TIMESTAMP_FORMAT,
    RunFolder,
    check_format,
    check_outside_of_runs,
    existing_run,
    hold,
    new_run,
    remove_leftovers,
    take_back,
)


def execute(request: RunRequest, command: list[str]) -> int:
    """Run what was asked for; returns the exit code.

    Args:
        request: The command line's request.
        command: The command line itself, for the logs.

    Raises:
        JudgebenchError: What keeps the run from starting.
    """
    if request.mode in {"judge", "eval", "viz"} and request.reuse is None:
        raise UsageError(
            f"--mode {request.mode} works on a run that exists, so it needs --reuse.",
            hint=f"Add --reuse (the latest run) or --reuse TIMESTAMP: jb ... --mode {request.mode} --reuse",
        )
    if request.gate:
        from judgebench.report.conditions import read_conditions

        read_conditions(
            Path(request.gate)
        ).conditions()  # a gate that cannot be used is reported before the first paid request
    _check_paths(request)
    work_dir = Path(request.work_dir)
    reused = existing_run(work_dir, request.reuse) if request.reuse is not None else None
    if reused is None:
        check_outside_of_runs(work_dir, "--work-dir")
    if request.options.cache:
        check_outside_of_runs(Path(request.options.cache).expanduser(), "--cache")
    if reused is not None:
        check_format(reused)
    request, notes = completed(request, reused)
    folder = request.options.data_dir
    if folder and not Path(folder).expanduser().is_dir():  # data from elsewhere would be taken without a word
        raise UsageError(
            f"The data folder {folder!r} (of --data-dir, or else JB_DATA_DIR) does not exist.",
            hint="Name the folder that holds the folders of the datasets: --data-dir DIR",
        )
    # What tasks import is imported beside the reading of configs, which takes as long.
    forked = () if request.dry_run or request.options.debug else STAGES_OF_MODE[request.mode]
    with warm_tasks(forked) as fork_server:
        return _resolve(request, command, reused, notes, fork_server)


def _check_paths(request: RunRequest) -> None:
    """Refuse a path that no plan can hold: plans are JSON, which is Unicode.

    Raises:
        UsageError: One is not in the encoding of this environment.
    """
    chosen = request.selection
    custom = [chosen.custom.path, chosen.custom.meta_path] if chosen.custom else []
    named = [request.work_dir, request.options.data_dir, request.options.cache, chosen.config, *chosen.config_dirs]
    for path in [str(Path.cwd()), *named, *custom]:
        try:
            path.encode()
        except UnicodeEncodeError as error:
            raise UsageError(
                f"The path {path!a} cannot be used: it is not valid in the encoding of this environment.",
                hint="Rename it, work in another folder, or set a UTF-8 locale: export LC_ALL=C.UTF-8",
            ) from error


def _resolve(
    request: RunRequest, command: list[str], reused: RunFolder | None, notes: list[str], fork_server: ForkServer | None
) -> int:
    work_dir = Path(request.work_dir)
    config = load_run(request.selection)
    _check_scored(config, request)
    if request.dry_run:
        would_be = RunFolder(work_dir / datetime.now().astimezone().strftime(TIMESTAMP_FORMAT))
        return _print_plan(config, request, reused or would_be)
    _check_ids(config, request)
    run = reused or new_run(work_dir, datetime.now().astimezone())
    try:
        with hold(run.lock, shlex.join(command)):
            remove_leftovers(run)
            return _execute_in(run, config, request, command, [*notes, *mend_run(run, config)], fork_server)
    except BaseException:
        if reused is None:
            take_back(run)  # only where nothing is in it: the next --reuse must not take it for the latest run
        raise


def _execute_in(
    run: RunFolder,
    config: RunConfig,
    request: RunRequest,
    command: list[str],
    notes: list[str],
    fork_server: ForkServer | None,
) -> int:
    graph = build_graph(config, request, run)
    now = datetime.now().astimezone()
    stamp = run.timestamp if request.reuse is None else now.strftime(TIMESTAMP_FORMAT)
    stem = _free_stem(run.configs, f"{stamp}_{os.getpid()}")
    dump, plan_file = stem.with_suffix(".py"), stem.with_suffix(".json")
    plan = make_plan(config, request, graph, run, name=stem.name, stamp=stamp, command=command)
    environment = dict(config.secrets)
    os.environ.update(environment)

    from judgebench.dashboard.display import display_for

    display = display_for(request.json_events, request.options.debug, sys.stderr if request.json_events else sys.stdout)
    with _removed_on_failure(dump, plan_file):
        write_atomically(dump, dump_config(config).encode())
        write_atomically(plan_file, msgspec.json.format(msgspec.json.encode(plan), indent=1))
        findings = _preflight(plan, display) if request.options.preflight else []
    for finding in findings:
        display.finding("preflight", finding)
    for line in (*notes, *config.notes, *data_notes(config), *graph.changed):
        display.message(line)
    for task_id in graph.kept:
        display.message(f"{task_id}: complete, kept as it is")

    from judgebench.executors.local import supervise

    outcome = asyncio.run(
        supervise(
            plan,
            plan_file,
            display=display,
            max_workers=1 if request.options.debug else request.max_num_workers,
            overlap=request.overlap and not request.options.debug,
            environment=environment,
            fork_server=fork_server,
        )
    )
    return close_run(plan, config, request, outcome, display)


def _free_stem(configs: Path, name: str) -> Path:
    # One process may start a run and go on with it within a second; what it wrote first stays.
    names = itertools.chain([name], (f"{name}_{count}" for count in itertools.count(2)))
    return next(configs / free for free in names if not (configs / f"{free}.json").exists())


def _preflight(plan: Plan, display: Display) -> list[str]:
    from judgebench.preflight.checks import preflight

    return preflight(plan, display.message)


@contextmanager
def _removed_on_failure(*files: Path) -> Iterator[None]:
    """Remove files if the next step fails before anything is asked: no later --reuse may find the failed config."""
    try:
        yield
    except BaseException:
        for file in files:
            file.unlink(missing_ok=True)
        raise


def data_notes(config: RunConfig) -> list[str]:
    """Return what a reader must know about the datasets, a line each."""
    return [f"{dataset.abbr}: {note}" for dataset in config.datasets.values() for note in dataset.notes]


def mend_run(run: RunFolder, config: RunConfig) -> list[str]:
    """Cut torn last lines off the run's files, before their sizes are compared; returns a line about each."""
    lines = []
    for model, abbr in config.combinations:
        for judge in ["", *(judge.abbr for judge in config.datasets[abbr].judges)]:
            path = run.predictions(model, abbr, judge)
            if cut := mend(path):
                lines.append(
                    f"{path.relative_to(run.path)}: the last line was torn ({cut} bytes); its item is asked again"
                )
    return lines


def _check_scored(config: RunConfig, request: RunRequest) -> None:
    """Refuse to answer whole datasets that nothing could score, unless answers are all that is wanted.

    Raises:
        ConfigError: A dataset has no evaluator, no judge and no method.
    """
    if request.mode in {"infer", "viz"}:
        return
    for abbr in dict.fromkeys(abbr for _, abbr in config.combinations):
        if not config.datasets[abbr].rows():
            raise _unscored(config.datasets[abbr], own_file=request.selection.custom is not None)


def _unscored(dataset: DatasetConfig, *, own_file: bool) -> ConfigError:
    why, mend = "it has no evaluator, no judge and no method", "Add evaluator=... or judge_infer_cfg=..."
    if own_file and dataset.notes:
        why, mend = dataset.notes[-1], "Give the file a column 'answer'"
        if dataset.loader.options.get("output_column"):
            mend = 'Choose a rule in the .meta.json file ("evaluator": "AcceptedForms")'
    return ConfigError(
        f"Nothing can score the dataset {dataset.abbr!r}: {why}.",
        hint=f"{mend}, name a judge with --judges, or answer only: --mode infer",
    )


def _check_ids(config: RunConfig, request: RunRequest) -> None:
    """Refuse ids that a dataset lacks, as far as its data are here, before there is a run.

    Raises:
        DataError: An id is not in a dataset.
        MissingDataError: There is neither a file nor a place on the hub.
    """
    if not request.options.ids or request.mode == "viz":
        return
    from judgebench.datasets.samples import count_of

    for abbr in dict.fromkeys(abbr for _, abbr in config.combinations):
        count_of(config.datasets[abbr], request.options)


def make_plan(
    config: RunConfig, request: RunRequest, graph: Graph, run: RunFolder, *, name: str, stamp: str, command: list[str]
) -> Plan:
    """Return the plan that the task processes read."""
    return Plan(
        name=name,
        run_dir=str(run.path),
        timestamp=stamp,
        mode=request.mode,
        command=command,
        models=dict(config.models),
        datasets=config.datasets,
        summarizer=_with_merged(config) if request.merge_datasets else config.summarizer,
        combinations=config.combinations,
        options=request.options,
        tasks=graph.tasks,
    )


def _with_merged(config: RunConfig) -> SummarizerConfig:
    """Return the summarizer with a row for each group of merged sub-datasets, weighted by items as one dataset is."""
    rows: dict[tuple[str, str], list[str]] = {}
    for abbr in dict.fromkeys(abbr for _, abbr in config.combinations):
        dataset = config.datasets[abbr]
        judges = {judge.abbr: judge.round_robin or judge.abbr for judge in dataset.judges}
        for judge in dict.fromkeys(judges.get(judge, "") for _, judge in dataset.rows()):
            if dataset.group:
                rows.setdefault((dataset.group, judge), []).append(row_name(abbr, judge))
    known = {group.name for group in config.summarizer.summary_groups} | {
        row for names in rows.values() for row in names
    }
    merged = [
        SummaryGroup(name=row_name(group, judge), subsets=list(names), weights="n")
        for (group, judge), names in rows.items()
        if len(names) > 1 and row_name(group, judge) not in known
    ]
    groups = [*config.summarizer.summary_groups, *merged]
    return msgspec.structs.replace(config.summarizer, summary_groups=groups)


def _place(config: RunConfig, task: TaskSpec) -> str:
    """Return where a task sends its questions, without credentials."""
    from judgebench.engine.endpoint import shown
    from judgebench.models.access import base_url, model_config
    from judgebench.models.contract import ServiceConfig

    model = config.models[task.model]
    judging = task.stage == "judge"
    target = model_config(config.datasets[task.datasets[0]].judge_of(task.judge, model).model if judging else model)
    if not isinstance(target, ServiceConfig):
        return "none (in the task's own process)"
    if target.launch is not None:
        return "launched by the run"
    return shown(base_url(target, {**os.environ, **config.secrets}))


def _print_plan(config: RunConfig, request: RunRequest, run: RunFolder) -> int:
    """Print the graph and every command; sends nothing and writes nothing."""
    from judgebench.datasets.samples import count_of
    from judgebench.identity.questions import repeats_of

    graph = build_graph(config, request, run)
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
            print(f"  items:   {'unknown: no data file is here, the hub has it' if None in known else total}")
            print(f"  service: {_place(config, task)}")
        print(f"  after:   {', '.join(waits) or '-'}")
        print(f"  log:     {task.log}")
        print(f"  command: {shlex.join([sys.executable, '-m', 'judgebench.stages', 'PLAN', task.id])}")
    for task_id in graph.kept:
        print(f"\n{task_id}\n  complete, kept as it is")
    print("\nDry run: nothing was sent and nothing was written.")
    return ExitCode.DONE
