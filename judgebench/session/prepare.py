"""What a request is checked for and what its plan is made of, before anything is sent."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from judgebench import __version__
from judgebench.errors import ConfigError, DiskError, ExitCode, JudgebenchError, UsageError
from judgebench.identity.questions import read_identity, repeats_of
from judgebench.plan.graph import Graph
from judgebench.records.events import DoneEvent, EndError
from judgebench.records.request import RunRequest, Selection
from judgebench.records.run import DatasetConfig, Plan, RunConfig, SummarizerConfig, SummaryGroup, TaskSpec, row_name
from judgebench.store.event_log import EventLog
from judgebench.store.items import answered_items
from judgebench.store.journal import mend
from judgebench.store.manifest import write_ended, write_started
from judgebench.store.run_folder import RunFolder, check_format
from judgebench.store.runs import check_outside_of_runs, existing_run


def check_request(request: RunRequest) -> RunFolder | None:
    """Check what a request says by itself, before any config is read; returns the run that it continues.

    Raises:
        JudgebenchError: The request cannot be carried out.
    """
    if request.mode in {"judge", "eval", "viz"} and request.reuse is None:
        raise UsageError(
            f"--mode {request.mode} works on a run that exists, so it needs --reuse.",
            hint=f"Add --reuse (the latest run) or --reuse TIMESTAMP: jb ... --mode {request.mode} --reuse",
        )
    if request.options.rejudge and request.options.ids:
        raise UsageError(
            "--rejudge judges all items again, and --ids names some: the judgments of the others would be set aside.",
            hint="Leave --ids out, or ask about single items with jb try.",
        )
    if request.gate:
        from judgebench.report.gate_file import read_conditions

        gate = read_conditions(Path(request.gate))
        gate.rules()  # a gate that cannot be used is told before anything is paid for
        if gate.baseline:
            from judgebench.report.gate import check_baseline

            check_baseline(gate, Path(request.work_dir))
    if request.options.labels:
        from judgebench.trust.adding import check_label_file

        check_label_file(Path(request.options.labels))
    _check_paths(request)
    work_dir = Path(request.work_dir)
    reused = existing_run(work_dir, request.reuse) if request.reuse is not None else None
    if reused is None:
        check_outside_of_runs(work_dir, "--work-dir")
    if request.options.cache:
        check_outside_of_runs(Path(request.options.cache).expanduser(), "--cache")
    if reused is not None:
        check_format(reused)
    return reused


def check_data_dir(request: RunRequest) -> None:
    """Refuse a data folder that is not there: data from elsewhere would be taken without a word.

    Raises:
        UsageError: It does not exist.
    """
    folder = request.options.data_dir
    if folder and not Path(folder).expanduser().is_dir():
        raise UsageError(
            f"The data folder {folder!r} (of --data-dir, or else JB_DATA_DIR) does not exist.",
            hint="Name the folder that holds the folders of the datasets: --data-dir DIR",
        )


def _check_paths(request: RunRequest) -> None:
    """Refuse a path that no plan can hold: plans are JSON, which is Unicode.

    Raises:
        UsageError: One is not in the encoding of this environment.
    """
    chosen = request.selection
    custom = [chosen.custom.path, chosen.custom.meta_path] if chosen.custom else []
    named = [request.work_dir, request.options.data_dir, request.options.cache, chosen.config, *chosen.config_dirs]
    named += [chosen.predictions, request.out, request.options.labels]
    for path in [str(Path.cwd()), *named, *custom]:
        try:
            path.encode()
        except UnicodeEncodeError as error:
            raise UsageError(
                f"The path {path!a} cannot be used: it is not valid in the encoding of this environment.",
                hint="Rename it, work in another folder, or set a UTF-8 locale: export LC_ALL=C.UTF-8",
            ) from error


def free_stem(configs: Path, name: str) -> Path:
    """Return a path without ending that no plan of the run has."""
    # One process may start a run and go on with it within a second; what it wrote first stays.
    names = itertools.chain([name], (f"{name}_{count}" for count in itertools.count(2)))
    return next(configs / free for free in names if not (configs / f"{free}.json").exists())


@contextmanager
def removed_on_failure(*files: Path) -> Iterator[None]:
    """Remove files where what follows fails before anything is asked: no later --reuse may find the config that did."""
    try:
        yield
    except BaseException:
        for file in files:
            file.unlink(missing_ok=True)
        raise


def data_notes(config: RunConfig) -> list[str]:
    """Return what a reader must know about the datasets, a line each."""
    return [f"{dataset.abbr}: {note}" for dataset in config.datasets.values() for note in dataset.notes]


class Standing(NamedTuple):
    """How far a task is.

    Attributes:
        kept: Items that are answered, or judged, already.
        total: All items; ``None`` where the data are not here.
    """

    kept: int
    total: int | None

    def __str__(self) -> str:
        if self.total is None:
            return "unknown: no data file is here, the hub has it"
        return f"{self.kept} kept, {self.total - self.kept} to ask" if self.kept else str(self.total)


def standing(config: RunConfig, request: RunRequest, run: RunFolder, task: TaskSpec) -> Standing:
    """Return how far a task that asks somebody is, by its files; changes nothing."""
    from judgebench.datasets.samples import count_of

    counts = [count_of(config.datasets[abbr], request.options) for abbr in task.datasets]
    if None in counts:
        return Standing(0, None)
    total = sum(count or 0 for count in counts) * repeats_of(config.models[task.model])
    if request.options.rejudge and task.stage == "judge":
        return Standing(0, total)
    files = [run.predictions(task.model, abbr, task.judge) for abbr in task.datasets]
    return Standing(min(total, sum(answered_items(file) for file in files)), total)


def kept_notes(config: RunConfig, request: RunRequest, run: RunFolder, tasks: Sequence[TaskSpec]) -> list[str]:
    """Return a line for each task of a continued run that has something already: what is kept, and what is asked.

    Of large files the size alone is told: counting what they hold would keep the run waiting, and its tasks count too.
    """
    if request.reuse is None:
        return []
    notes = []
    for task in tasks:
        if task.stage not in {"infer", "judge"}:
            continue
        files = [run.predictions(task.model, abbr, task.judge) for abbr in task.datasets]
        size = sum(file.stat().st_size for file in files if file.exists())
        if size > _MOST_READ:
            known = [read_identity(run.identity(task.model, abbr, task.judge)) for abbr in task.datasets]
            marks = [one.watermark if one is not None else None for one in known]
            how = "; the task goes on at its watermark" if all(marks) else ", which the task looks through"
            notes.append(f"{task.id}: {size / 1e6:,.0f} MB are recorded{how}")
        elif (where := standing(config, request, run, task)).kept:
            notes.append(f"{task.id}: {where}")
    return notes


_MOST_READ = 64 << 20
"""Bytes of a task's files that are counted for a line of text; half a second."""


def mend_run(run: RunFolder, config: RunConfig) -> list[str]:
    """Cut torn last lines off the run's files, before their sizes are compared; returns a line about each."""
    lines = []
    for model, abbr in config.combinations:
        for judge in ["", *(judge.abbr for judge in config.datasets[abbr].judges)]:
            path = run.predictions(model, abbr, judge)
            if cut := mend(path):
                lines.append(f"{path.relative_to(run.path)}: the last line was torn ({cut} bytes) and is asked again")
    return lines


def check_scored(config: RunConfig, request: RunRequest) -> None:
    """Refuse to answer whole datasets that nothing could score, unless answers are all that is wanted.

    Raises:
        ConfigError: A dataset has no evaluator, no judge and no method.
    """
    if request.mode in {"infer", "viz"}:
        return
    for abbr in dict.fromkeys(abbr for _, abbr in config.combinations):
        if not config.datasets[abbr].rows():
            raise _unscored(config.datasets[abbr], request.selection)


def _unscored(dataset: DatasetConfig, selection: Selection) -> ConfigError:
    if selection.predictions:
        return ConfigError(
            f"Nothing can score the answers in {selection.predictions!r}: no judge is named and no rule fits.",
            hint="Name a judge: --judges NAME, with --rubric FILE --scale 1-5 to score by a rubric of yours.",
        )
    why, mend = "it has no evaluator, no judge and no method", "Add evaluator=... or judge_infer_cfg=..."
    if selection.custom and dataset.notes:
        why, mend = dataset.notes[-1], "Give the file a column 'answer'"
        if dataset.loader.options.get("output_column"):
            mend = 'Choose a rule in the .meta.json file ("evaluator": "AcceptedForms")'
    return ConfigError(
        f"Nothing can score the dataset {dataset.abbr!r}: {why}.",
        hint=f"{mend}, name a judge with --judges, or answer only: --mode infer",
    )


def check_ids(config: RunConfig, request: RunRequest) -> None:
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
    config: RunConfig,
    request: RunRequest,
    graph: Graph,
    run: RunFolder,
    *,
    name: str,
    stamp: str,
    command: list[str],
    overrides: list[str] | None = None,
) -> Plan:
    """Return the plan that the task processes read."""
    return Plan(
        name=name,
        run_dir=str(run.path),
        timestamp=stamp,
        mode=request.mode,
        command=command,
        overrides=overrides or [],
        models=dict(config.models),
        datasets=config.datasets,
        summarizer=_with_merged(config) if request.merge_datasets else config.summarizer,
        combinations=config.combinations,
        options=request.options,
        executor=config.executor,
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


class InvocationEnd:
    """With which exit code an invocation ends; a bug's until something else is known."""

    exit_code: int = ExitCode.BUG


@contextmanager
def in_manifest(run: RunFolder, plan: Plan, log: EventLog) -> Iterator[InvocationEnd]:
    """Say in ``run.json`` that this invocation works on the run, and at the end how it ended, whichever way it does."""
    write_started(run, plan, __version__)
    ending = InvocationEnd()
    try:
        yield ending
    except JudgebenchError as error:
        ending.exit_code = error.exit_code
        if log.begun:  # readers wait for the last event
            wrong = EndError(code=error.code, message=error.message)
            event = DoneEvent(status="error", exit_code=int(error.exit_code), error=wrong)
            log.write(msgspec.json.encode(event).decode("utf-8") + "\n")
        raise
    except KeyboardInterrupt:
        ending.exit_code = ExitCode.INTERRUPTED
        raise
    finally:
        log.close()
        with suppress(DiskError):  # the last word is said; a run that a full disk ends looks like a killed one
            write_ended(run, plan, int(ending.exit_code), __version__)
