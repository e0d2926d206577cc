"""The summarize stage: from result files to the tables of the run."""

from __future__ import annotations

from judgebench.plan.rows import planned_rows
from judgebench.report.summary import summarize
from judgebench.stages.task import Task


async def run(task: Task) -> None:
    """Run the summarize task."""
    plan = task.plan
    task.reporter.update(state="running")
    summarize(
        task.run.path,
        timestamp=plan.timestamp,
        models=list(dict.fromkeys(model for model, _ in plan.combinations)),
        rows=planned_rows(plan),
        summarizer=plan.summarizer,
    )
