"""Shards of a run: its records are divided among them, taken in again, and merged into the files of the run.

While tasks work on shards, the records of a row are in ``shards/<i>-of-<n>/predictions/`` and nowhere else. Where the
run's own file of a row is there as well, it holds all that the shards do: it appears as a whole, and only then are
theirs removed. So whatever is killed in the middle, to take everything in once more is right.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from judgebench.datasets.samples import PlannedSamples
from judgebench.errors import DAMAGED, ReuseError
from judgebench.identity.questions import (
    FileIdentity,
    changed_keys,
    read_identity,
    repeats_of,
    selection_of,
    write_identity,
)
from judgebench.records.run import DatasetConfig, Plan, TaskSpec, row_name
from judgebench.records.shards import Shard
from judgebench.stages.compared_models import upstream_sizes
from judgebench.stages.reused_calls import replaced_file
from judgebench.stages.task import Task
from judgebench.store.journal import mend, open_file, replacing
from judgebench.store.recorded import RecordLine, compact
from judgebench.store.run_folder import RowFiles, RunFolder
from judgebench.store.shard_folder import ShardFolder

logger = logging.getLogger(__name__)

Row = tuple[str, str]
"""A tested model and the name of a row, by which the files of a run are named."""


class _ShardRow(NamedTuple):
    """What one shard has of a row."""

    files: RowFiles
    identity: FileIdentity | None

    def complete(self) -> bool:
        """Say whether nothing of it is left to ask but what failed."""
        found = self.identity
        return found is not None and found.complete(self.files.predictions, retry_failed=False)


def rows_of_tasks(tasks: Iterable[TaskSpec]) -> list[Row]:
    """Return the rows whose files are written by tasks that ask."""
    asking = [task for task in tasks if task.stage in {"infer", "judge"}]
    return list(dict.fromkeys((task.model, row_name(abbr, task.judge)) for task in asking for abbr in task.datasets))


def divide(run: RunFolder, count: int, written: Sequence[Row], read: Sequence[Row]) -> None:
    """Give every shard its part of what a run has recorded.

    Args:
        run: The run; no task works on it, and nothing is in its shards.
        count: How many shards.
        written: Rows that tasks on shards go on with: their records are moved.
        read: Rows that such tasks only read: their records are copied.

    Raises:
        DiskError: There is no room for the parts; the run's own files are whole then.
    """
    shards = [ShardFolder(run, Shard(index, count)) for index in range(count)]
    for model, row in dict.fromkeys([*written, *read]):
        own = run.files(model, row)
        parts = [shard.files(model, row) for shard in shards]
        for place in (lambda path: path, replaced_file):
            if (source := place(own.predictions)).exists():
                mend(source)
                _divide_file(source, [place(part.predictions) for part in parts])
        if (identity := read_identity(own.identity)) is not None:
            as_left = identity.size < 0 or identity.untouched(own.predictions)
            for part in parts:
                write_identity(part.identity, _unfinished(identity, as_left=as_left))
        if (model, row) in written:
            own.predictions.unlink(missing_ok=True)  # last: until here it holds everything


def _divide_file(source: Path, targets: Sequence[Path]) -> None:
    decode, count = msgspec.json.Decoder(RecordLine).decode, len(targets)
    with ExitStack() as stack:
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
        files = [stack.enter_context(replacing(target)) for target in targets]
        for line in stack.enter_context(open_file(source, "rb")):
            try:
                index = int(decode(line).uid[:16], 16) % count
            except DAMAGED:
                index = 0  # whoever reads it there puts it aside
            files[index].write(line)


def take_in(run: RunFolder) -> list[str]:
    """Bring what shards hold into the files of their run, as it is; returns a line for each row.

    Call it only while the run's lock is held and no task works on it. Nothing happens where there are no shards.

    Raises:
        DiskError: There is no room; what the shards hold stays there.
    """
    if not run.shards.is_dir():
        return []
    shards = _shards_in(run)
    lines = []
    for model, row in _rows_in(shards):
        if (parts := _collect(run, model, row, shards)) is not None:
            found = [one.identity for one in parts if one.identity is not None]
            if found:
                write_identity(run.files(model, row).identity, _in_common(parts))
            lines.append(f"{model}/{row}: what {len(parts)} shards had recorded is in the run's own file again")
        _remove(model, row, shards)
    shutil.rmtree(run.shards, ignore_errors=True)
    return lines


def _shards_in(run: RunFolder) -> list[ShardFolder]:
    found = []
    for folder in run.shards.iterdir():
        index, _, count = folder.name.partition("-of-")
        if index.isdecimal() and count.isdecimal():
            found.append((int(count), int(index)))
    return [ShardFolder(run, Shard(index, count)) for count, index in sorted(found)]


def _rows_in(shards: Iterable[ShardFolder]) -> Iterator[Row]:
    """Yield the rows of which shards have a file or say what it was asked with."""
    seen: dict[Row, None] = {}
    for shard in shards:
        for pattern, ending in (("predictions/*/*", ".jsonl"), ("configs/identity/*/*", ".json")):
            for path in sorted(shard.path.glob(pattern)):  # what lies beside a file of records goes with it
                row, found, _ = path.name.rpartition(ending)
                if found and not path.name.startswith("."):
                    seen[path.parent.name, row] = None
    yield from seen


def _collect(run: RunFolder, model: str, row: str, shards: Iterable[ShardFolder]) -> list[_ShardRow] | None:
    """Write the run's own file of a row out of the shards' files; ``None`` where it holds all of it already."""
    own = run.files(model, row).predictions
    parts = [part for part in (_part_of(one, model, row) for one in shards) if part is not None]
    for aside in sorted({path.name for one in parts for path in _asides(one.files)}):
        target = own.with_name(aside)
        _concatenate([target, *(one.files.predictions.with_name(aside) for one in parts)], target)
        if target == replaced_file(own):
            compact(target)
    if own.exists():
        return None
    for one in parts:
        mend(one.files.predictions)
    _concatenate([one.files.predictions for one in parts], own)
    return parts


def _part_of(shard: ShardFolder, model: str, row: str) -> _ShardRow | None:
    files = shard.files(model, row)
    identity = read_identity(files.identity)
    return _ShardRow(files, identity) if identity is not None or files.predictions.exists() or _asides(files) else None


def _asides(files: RowFiles) -> list[Path]:
    """Return what lies beside a file of records: calls that were replaced, damaged lines, what was set aside."""
    path = files.predictions
    if not path.parent.is_dir():
        return []
    return sorted(one for one in path.parent.iterdir() if one.name.startswith(f"{path.name}."))


def _concatenate(sources: Sequence[Path], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as file:
        for source in sources:
            with suppress(FileNotFoundError), open_file(source, "rb") as part:
                shutil.copyfileobj(part, file, 1 << 20)


def _remove(model: str, row: str, shards: Iterable[ShardFolder]) -> None:
    for shard in shards:
        files = shard.files(model, row)
        for path in (files.predictions, *_asides(files), files.identity):
            path.unlink(missing_ok=True)


def _unfinished(identity: FileIdentity, *, as_left: bool) -> FileIdentity:
    """Return an identity for a file that is not complete.

    Args:
        identity: What it was asked with.
        as_left: Whether nobody has changed it since; else only the hash of each question tells whose an answer is.
    """
    return msgspec.structs.replace(
        identity, planned=0, ok=0, failed=0, size=-1 if as_left else 0, modified=0, watermark=None
    )


def _in_common(parts: Sequence[_ShardRow]) -> FileIdentity:
    """Return what all shards of a row were asked with, or else the newest, and that not all of them were."""
    known = [(one.files, one.identity) for one in parts if one.identity is not None]
    found = [identity for _, identity in known]
    newest = max(known, key=lambda one: one[0].identity.stat().st_mtime_ns)[1]
    same = not any(changed_keys(identity.settings, newest.settings) for identity in found)
    as_left = same and all(identity.size < 0 or identity.untouched(files.predictions) for files, identity in known)
    served = next((one.served_model for one in found if one.served_model), "")
    constrained = next((one.constrained for one in found if one.constrained is not None), None)
    common = msgspec.structs.replace(newest, selection={}, served_model=served, constrained=constrained)
    return _unfinished(common, as_left=as_left)


class MergeRun:
    """One merge task: the records of all shards of a row become the run's own file, as one task would have left it."""

    def __init__(self, task: Task, dataset: DatasetConfig) -> None:
        self.task = task
        self.dataset = dataset
        self.row = row_name(dataset.abbr, task.spec.judge)
        self.files = task.run.files(task.spec.model, self.row)
        self.shards = _shards_in(task.run) if task.run.shards.is_dir() else []

    def run(self) -> None:
        """Merge the row.

        Raises:
            ReuseError: Two shards were answered by two models.
        """
        task, model = self.task, self.task.spec.model
        task.reporter.update(state="writing")
        own = read_identity(self.files.identity)
        if own is None or not own.complete(self.files.predictions, retry_failed=False):  # else only to be removed
            self._merge()
        _remove(model, self.row, self.shards)

    def _merge(self) -> None:
        task, model = self.task, self.task.spec.model
        parts = [(one.path.name, _part_of(one, model, self.row)) for one in self.shards]
        found = [(name, one.identity) for name, one in parts if one is not None and one.identity is not None]
        self._check_served(found)
        # a folder that is not there, or not seen yet on a network file system, holds items too
        seen_all = bool(self.shards) and len(self.shards) == self.shards[0].shard.count
        complete = seen_all and all(one is not None and one.complete() for _, one in parts)
        if (collected := _collect(task.run, model, self.row, self.shards)) is not None and found:
            write_identity(self.files.identity, _in_common(collected))
        answers = not task.spec.judge and self.dataset.method is None
        count = compact(self.files.predictions, by="item" if answers else "question")
        if complete:
            identities = [one for _, one in found]
            whole = whole_identity(task.run, task.plan, model, self.dataset, task.spec.judge, identities)
            write_identity(self.files.identity, whole, completed=self.files.predictions)
        logger.info("%s: %d records of %d shards merged", task.spec.name, count, len(found))
        task.reporter.update(done=count, total=count)

    def _check_served(self, found: Sequence[tuple[str, FileIdentity]]) -> None:
        """Refuse to mix two models where the config leaves the name to the service, as one task does."""
        named = [(name, one.served_model) for name, one in found if one.served_model]
        for name, served in named[1:]:
            if served != named[0][1] and not self.task.plan.options.redo_changed:
                raise ReuseError(
                    f"The shards {named[0][0]} and {name} of {self.task.spec.name} were asked of two models: "
                    f"{named[0][1]!r} and {served!r}.",
                    hint="Serve one model, start a new run, or accept the mixture with --redo-changed.",
                )


def whole_identity(
    run: RunFolder, plan: Plan, model: str, dataset: DatasetConfig, judge: str, found: Sequence[FileIdentity]
) -> FileIdentity:
    """Return what a whole file was asked with, as one task would have written it, of what its shards say.

    Args:
        run: Where the file is, and those that it rests on.
        plan: What chooses the items.
        model: The tested model.
        dataset: The dataset.
        judge: Abbr of the judge; empty for answers, and for the judgments of a benchmark of judges.
        found: What the shards say; at least one.
    """
    stamp = PlannedSamples(dataset, plan.options).stamp()
    selection = selection_of(dataset, plan.options, repeats_of(plan.models[model]), stamp)
    if judge or dataset.method is not None:
        answers = run.predictions(model, dataset.abbr)
        asking = dataset.judge_of(judge, plan.models[model])
        selection |= upstream_sizes(run, answers, dataset, asking, plan.options)
    return msgspec.structs.replace(
        found[0],
        selection=selection,
        served_model=next((one.served_model for one in found if one.served_model), ""),
        constrained=next((one.constrained for one in found if one.constrained is not None), None),
        planned=sum(one.planned for one in found),
        ok=sum(one.ok for one in found),
        failed=sum(one.failed for one in found),
    )


async def run(task: Task) -> None:
    """Run a merge task."""
    for dataset in task.datasets:
        MergeRun(task, dataset).run()
