"""The summarize stage: from result files to the tables of the run."""

from __future__ import annotations

from judgebench.plan.spec import Plan
from judgebench.report.schema import RowSpec
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
        rows=_planned_rows(plan),
        summarizer=plan.summarizer,
    )


def _planned_rows(plan: Plan) -> list[RowSpec]:
    models: dict[str, list[str]] = {}
    for model, abbr in plan.combinations:
        models.setdefault(abbr, []).append(model)
    rows: list[RowSpec] = []
    for abbr, asked in models.items():
        dataset = plan.datasets[abbr]
        for name, judge in dataset.rows():
            having = [model for model in asked if (name, judge) in dataset.rows(model)]
            rows.append(RowSpec(name=name, dataset=abbr, judge=judge, models=having))
    return rows
