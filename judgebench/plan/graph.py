"""From the resolved configs to the graph of tasks: pure but for reads of the run folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from judgebench.datasets.samples import stamp_of
from judgebench.errors import DataError
from judgebench.identity.questions import (
    changed_keys,
    infer_settings,
    judge_settings,
    read_identity,
    repeats_of,
    selection_of,
)
from judgebench.judges.core.contract import method_of
from judgebench.records.request import RunRequest
from judgebench.records.run import DatasetConfig, ExecutorConfig, RunConfig, TaskSpec, row_name
from judgebench.report.results import read_result
from judgebench.stages.compared_models import asks, co_judges_of, upstream_sizes
from judgebench.store.run_folder import RunFolder, log_file

STAGES_OF_MODE: dict[str, tuple[str, ...]] = {
    "all": ("infer", "judge", "extract", "summarize"),
    "infer": ("infer",),
    "judge": ("judge",),
    "infer_judge": ("infer", "judge"),
    "eval": ("judge", "extract", "summarize"),
    "viz": ("summarize",),
}
"""As on the reference page: re-evaluation starts at the judge, which skips what is there."""


class Graph(NamedTuple):
    """The tasks of a run, and what need not be done because it is complete.

    Attributes:
        tasks: In the order in which they are best started.
        kept: Ids of tasks that were left out because their files are complete.
        changed: A line for each judge task whose recorded judgments were asked with other settings.
    """

    tasks: list[TaskSpec]
    kept: list[str]
    changed: list[str]


def build_graph(config: RunConfig, request: RunRequest, run: RunFolder) -> Graph:
    """Return the tasks that a run needs.

    Args:
        config: The resolved configs.
        request: Mode, merging and selection.
        run: The run folder, whose complete files are not made again.
    """
    stages = STAGES_OF_MODE[request.mode]
    tasks: list[TaskSpec] = []
    kept: list[str] = []
    changed: list[str] = []
    if "infer" in stages:
        for spec in _infer_tasks(config, merge=request.merge_datasets):
            complete = run.path.exists() and all(
                _infer_complete(config, request, run, spec.model, config.datasets[abbr]) for abbr in spec.datasets
            )
            (kept.append(spec.id) if complete else tasks.append(spec))
    infer_of = {(spec.model, abbr): spec.id for spec in tasks for abbr in spec.datasets}
    if "judge" in stages:
        for spec in _judge_tasks(config, infer_of):
            complete = not spec.follows and not spec.needs and _judge_complete(config, request, run, spec)
            (kept.append(spec.id) if complete else tasks.append(spec))
            if not complete and not request.options.rejudge and (changes := _judge_changes(config, run, spec)):
                changed.append(
                    f"{spec.id}: judged with other settings before ({'; '.join(changes)}); "
                    "calls whose prompt or settings changed are sent again; the old judgments are "
                    "kept in <file>.replaced"
                )
    judge_of = {(spec.model, spec.datasets[0], spec.judge): spec.id for spec in tasks if spec.stage == "judge"}
    if "extract" in stages:
        tasks += _extract_tasks(config, infer_of, judge_of)
    if "summarize" in stages:
        extracts = [spec.id for spec in tasks if spec.stage == "extract"]
        tasks.append(
            TaskSpec(id="summarize", stage="summarize", name="summary", needs=extracts, log="logs/summary.out")
        )
    return Graph([_with_resources(task, config.executor) for task in tasks], kept, changed)


def _with_resources(task: TaskSpec, executor: ExecutorConfig) -> TaskSpec:
    needed = executor.resources.get(task.stage)
    return msgspec.structs.replace(task, **msgspec.structs.asdict(needed)) if needed is not None else task


def _infer_tasks(config: RunConfig, *, merge: bool) -> Iterator[TaskSpec]:
    merged: dict[tuple[str, str], list[str]] = {}
    for model, abbr in config.combinations:
        if config.datasets[abbr].method is not None:
            continue
        group = config.datasets[abbr].group if merge else ""
        merged.setdefault((model, group or f"\0{abbr}"), []).append(abbr)
    for (model, group), datasets in merged.items():
        name = group if len(datasets) > 1 else datasets[0]
        yield TaskSpec(
            id=f"infer:{model}/{name}",
            stage="infer",
            name=f"{model}/{name}",
            model=model,
            datasets=datasets,
            log=log_file("infer", model, name),
        )


def _judge_tasks(config: RunConfig, infer_of: dict[tuple[str, str], str]) -> Iterator[TaskSpec]:
    for model, abbr in config.combinations:
        if config.datasets[abbr].method is not None:
            yield TaskSpec(
                id=f"judge:{model}/{abbr}",
                stage="judge",
                name=f"{model}/{abbr}",
                model=model,
                datasets=[abbr],
                log=log_file("infer", model, abbr),
            )
        for judge in config.datasets[abbr].judges:
            if not method_of(judge.method).asks:
                continue
            if not judge.looks_at(model):
                continue
            row = row_name(abbr, judge.abbr)
            upstream = infer_of.get((model, abbr))
            other_answer = infer_of.get((judge.compare_with, abbr))
            yield TaskSpec(
                id=f"judge:{model}/{row}",
                stage="judge",
                name=f"{model}/{row}",
                model=model,
                datasets=[abbr],
                judge=judge.abbr,
                needs=[other_answer] if other_answer and other_answer != upstream else [],
                follows=[upstream] if upstream else [],
                log=log_file("infer", model, row),
            )


def _extract_tasks(
    config: RunConfig, infer_of: dict[tuple[str, str], str], judge_of: dict[tuple[str, str, str], str]
) -> Iterator[TaskSpec]:
    for model, abbr in config.combinations:
        dataset = config.datasets[abbr]
        for row, judge in dataset.rows(model):
            own = judge_of.get((model, abbr, judge))
            upstream = own or (infer_of.get((model, abbr)) if not asks(dataset, judge) else None)
            others = [judge_of.get((model, abbr, one.abbr)) for one in co_judges_of(dataset, judge, model)]
            yield TaskSpec(
                id=f"extract:{model}/{row}",
                stage="extract",
                name=f"{model}/{row}",
                model=model,
                datasets=[abbr],
                judge=judge,
                needs=[upstream] if upstream else [],
                after=[one for one in others if one],
                log=log_file("eval", model, row),
            )


def _infer_complete(config: RunConfig, request: RunRequest, run: RunFolder, model: str, dataset: DatasetConfig) -> bool:
    files = run.files(model, dataset.abbr)
    identity = read_identity(files.identity)
    if identity is None:
        return False
    raw = config.models[model]
    same = not changed_keys(identity.settings, infer_settings(raw, dataset))
    same = same and identity.selection == _selection(config, request, model, dataset)
    return same and identity.complete(files.predictions, retry_failed=request.options.retry_failed)


def _judge_complete(config: RunConfig, request: RunRequest, run: RunFolder, spec: TaskSpec) -> bool:
    if request.options.rejudge:
        return False
    dataset = config.datasets[spec.datasets[0]]
    judge = dataset.judge_of(spec.judge, config.models[spec.model])
    files = run.files(spec.model, row_name(dataset.abbr, judge.abbr))
    identity = read_identity(files.identity)
    predictions = run.predictions(spec.model, dataset.abbr)
    if identity is None or not predictions.exists():
        return False
    selection = _selection(config, request, spec.model, dataset)
    same = not changed_keys(identity.settings, judge_settings(judge, method_of(judge.method).identity()))
    same = same and identity.selection == {
        **selection,
        **upstream_sizes(run, predictions, dataset, judge, request.options),
    }
    complete = same and identity.complete(files.predictions, retry_failed=request.options.retry_failed)
    return complete and not _left_unjudged(files.result)


def _selection(config: RunConfig, request: RunRequest, model: str, dataset: DatasetConfig) -> dict[str, Any]:
    repeats = repeats_of(config.models[model])
    return selection_of(dataset, request.options, repeats, stamp_of(dataset, request.options))


def _left_unjudged(result: Path) -> bool:
    """Say whether the last extraction missed judgments: an edit may leave a file's size and time as they were."""
    try:
        return read_result(result, details=False).counts.not_judged > 0
    except DataError:
        return False  # not extracted yet


def _judge_changes(config: RunConfig, run: RunFolder, spec: TaskSpec) -> list[str]:
    """Return a phrase for each setting by which recorded judgments differ from those that are wanted now."""
    dataset = config.datasets[spec.datasets[0]]
    judge = dataset.judge_of(spec.judge, config.models[spec.model])
    files = run.files(spec.model, row_name(dataset.abbr, judge.abbr))
    identity = read_identity(files.identity)
    if identity is None or not files.predictions.exists() or not files.predictions.stat().st_size:
        return []
    return changed_keys(identity.settings, judge_settings(judge, method_of(judge.method).identity()))
