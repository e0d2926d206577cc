"""The summarize stage: from result files to the rankings and tables of the run."""

from __future__ import annotations

from judgebench.report.summary import summarize
from judgebench.stages.ranked import planned_rows, rankings_of
from judgebench.stages.task import Task


async def run(task: Task) -> None:
    """Run the summarize task."""
    plan = task.plan
    task.reporter.update(state="running")
    rows = planned_rows(plan)
    summarize(
        task.run.path,
        timestamp=plan.timestamp,
        models=list(dict.fromkeys(model for model, _ in plan.combinations)),
        rows=[row.spec for row in rows],
        rankings=rankings_of(task.run, rows, plan.name),
        summarizer=plan.summarizer,
        plan=plan.name,
    )
