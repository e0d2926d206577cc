"""What an invocation does about shards: tasks for each, their parts of the records, and the taking in at the end."""

from __future__ import annotations

import msgspec

from judgebench.plan.shards import with_shards
from judgebench.records.run import Plan, RunConfig, row_name
from judgebench.store.run_folder import RunFolder


def divided(plan: Plan) -> Plan:
    """Return a plan with tasks for every shard, where its datasets are divided."""
    return msgspec.structs.replace(plan, tasks=with_shards(plan.tasks, plan.options.shards))


def divide_records(run: RunFolder, config: RunConfig, plan: Plan) -> None:
    """Give each shard its part of what the run has recorded, where tasks on shards go on with it.

    Raises:
        DiskError: There is no room for the parts.
    """
    tasks = [task for task in plan.tasks if task.shard]
    if not tasks:
        return
    from judgebench.stages.shards import divide, rows_of_tasks

    written = rows_of_tasks(tasks)
    wanted = {abbr for task in tasks for abbr in task.datasets}
    read = [
        (model, row_name(abbr, judge))
        for model, abbr in config.combinations
        if abbr in wanted
        for judge in ["", *(judge.abbr for judge in config.datasets[abbr].judges)]
        if run.predictions(model, abbr, judge).exists()
    ]
    divide(run, plan.options.shards, written, read)


def take_in_shards(run: RunFolder) -> list[str]:
    """Bring what shards hold into the files of the run, unless jobs of a batch system still work on them.

    Returns:
        A line for each row.

    Raises:
        DiskError: There is no room for it.
    """
    if not run.shards.is_dir():
        return []
    if run.jobs.is_dir():
        from judgebench.executors.left_jobs import left_jobs

        if left_jobs(run.path):
            return []
    from judgebench.stages.shards import take_in

    return take_in(run)
