"""From the tasks of a run to those of its shards: each task that asks becomes one per shard, and one merges them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from judgebench.errors import UsageError
from judgebench.records.request import RunRequest
from judgebench.records.run import RunConfig, TaskSpec, row_name
from judgebench.records.shards import Shard

ASKING = frozenset({"infer", "judge"})


def check_shards(config: RunConfig, request: RunRequest) -> None:
    """Refuse what cannot be asked in shards, before anything is.

    Raises:
        UsageError: The run is to stop when its gate is decided, writes its requests into a file, is a shard itself, or
            asks in batches.
    """
    options = request.options
    if options.shards < 2:
        return
    reason = ""
    if options.shard:
        reason = f"--shard {options.shard} makes a run of one shard, so it cannot be divided by --shards as well."
    elif request.stop_when_decided:
        reason = "--stop-when-decided asks in one random order, so --shards cannot be used with it."
    elif options.requests:
        reason = "A file of requests is one file, so --shards cannot be used for it."
    else:
        models = [*config.models.values(), *(one.model for two in config.datasets.values() for one in two.judges)]
        batched = next((str(one.get("abbr", "")) for one in models if one.get("batch") is not None), "")
        if batched:
            reason = f"The model {batched!r} is asked in batches at its provider, so --shards cannot be used with it."
    if reason:
        raise UsageError(reason, hint="Leave --shards out.")


def with_shards(tasks: Sequence[TaskSpec], count: int) -> list[TaskSpec]:
    """Return the tasks of a run whose datasets are divided into shards.

    Args:
        tasks: Those of the run as a whole.
        count: How many shards; below 2 nothing is divided.
    """
    if count < 2:
        return list(tasks)
    asking = {task.id: task for task in tasks if task.stage in ASKING}
    shards = [Shard(index, count) for index in range(count)]
    parts = [_part(task, shard, asking) for task in asking.values() for shard in shards]
    merges = [merge for task in asking.values() for merge in _merges(task, shards, asking)]
    rest = [_after_merges(task, asking) for task in tasks if task.id not in asking]
    return [*parts, *merges, *rest]


def _part_id(task: str, shard: Shard) -> str:
    return f"{task}.{shard.folder}"


def _merge_id(task: TaskSpec, abbr: str) -> str:
    return f"merge:{task.model}/{row_name(abbr, task.judge)}"


def _part(task: TaskSpec, shard: Shard, asking: dict[str, TaskSpec]) -> TaskSpec:
    def of(others: Sequence[str]) -> list[str]:
        return [_part_id(other, shard) if other in asking else other for other in others]

    return msgspec.structs.replace(
        task,
        id=_part_id(task.id, shard),
        name=f"{task.name}.{shard.folder}",
        needs=of(task.needs),
        follows=of(task.follows),
        after=of(task.after),
        shard=str(shard),
        log=f"{task.log.removesuffix('.out')}.{shard.folder}.out",
    )


def _merges(task: TaskSpec, shards: Sequence[Shard], asking: dict[str, TaskSpec]) -> Iterator[TaskSpec]:
    """Yield what merges a task's files; not while others read the parts of them, and judgments after the answers."""
    readers = [one.id for one in asking.values() if task.id in (*one.needs, *one.follows)]
    upstream = [asking[other] for other in (*task.follows, *task.needs) if other in asking]
    for abbr in task.datasets:
        answers = [_merge_id(one, abbr) for one in upstream if abbr in one.datasets]
        row = row_name(abbr, task.judge)
        yield TaskSpec(
            id=_merge_id(task, abbr),
            stage="merge",
            name=f"{task.model}/{row}",
            model=task.model,
            datasets=[abbr],
            judge=task.judge,
            needs=[_part_id(task.id, shard) for shard in shards],
            after=[*(_part_id(reader, shard) for reader in readers for shard in shards), *answers],
            log=f"logs/merge/{task.model}/{row}.out",
        )


def _after_merges(task: TaskSpec, asking: dict[str, TaskSpec]) -> TaskSpec:
    """Return a task that reads what others asked, so that it waits for the merged files."""

    def merged(others: Sequence[str]) -> list[str]:
        found: list[str] = []
        for other in others:
            if other not in asking:
                found.append(other)
                continue
            one = asking[other]
            upstream = [asking[name] for name in (*one.follows, *one.needs) if name in asking]
            found += [
                _merge_id(read, abbr) for read in (*upstream, one) for abbr in task.datasets if abbr in read.datasets
            ]
        return list(dict.fromkeys(found))

    return msgspec.structs.replace(task, needs=merged(task.needs), after=merged(task.after))
