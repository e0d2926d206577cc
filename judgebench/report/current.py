"""Which results of a run are current: no newer invocation has begun to make them again.

Every invocation of ``jb`` writes its plan before it starts a task, and every result names the plan that made it. A
result is *stale* when the newest plan with a task for it is another one: that task was interrupted, failed, or runs
now, and what lies in ``results/`` is of other answers, other judgments or another part of the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from judgebench.records.flow import TaskResult
from judgebench.records.run import DatasetConfig, Plan, TaskSpec, row_name
from judgebench.report.schema import Summary
from judgebench.store.journal import DamagedError, Decoder
from judgebench.store.run_folder import RunFolder

Row = tuple[str, str]
"""A model and the name of a result row."""
_Work = tuple[str, str, str]
"""Dataset, model and judge of a task; ``_ANSWERS`` instead of a judge for one that asks the tested model."""
_ANSWERS = "\0"
_PLAN = Decoder(Plan)
_SUMMARY = Decoder(Summary)


class Plans:
    """All plans of a run, and the work on each row that they began.

    Attributes:
        planned: The rows that the newest readable plan is about, in its order.
        in_random_order: Whether it asks in an order that makes of what is done a random part of all.
    """

    def __init__(self, run: RunFolder) -> None:
        self.planned: list[Row] = []
        self.in_random_order = False
        self._rows_of: dict[_Work, set[Row]] = {}
        self._begun: dict[Row, str] = {}
        """By row, the newest plan with a task for it."""
        paths = run.plans()
        self._order = {path.stem: at for at, path in enumerate(paths)}
        for path in paths:
            plan = _read(path)
            if plan is None:  # nobody knows what it began
                self._begun |= {row: path.stem for rows in self._rows_of.values() for row in rows}
                continue
            self.planned, self.in_random_order = [], plan.options.in_random_order
            for row, work in _rows(plan):
                self.planned.append(row)
                for one in work:
                    self._rows_of.setdefault(one, set()).add(row)
            for task in plan.tasks:
                for one in _work_of(task):
                    self._begun |= dict.fromkeys(self._rows_of.get(one, ()), path.stem)

    def stale(self, result: TaskResult) -> str:
        """Return why a result is stale, as a sentence without its stop; empty for one that is current."""
        return self.outdated(result.plan, [(result.model, result.dataset)])

    def outdated(self, plan: str, rows: Iterable[Row]) -> str:
        """Return why what a plan made of these rows is stale; empty where no newer plan has a task for one of them."""
        made = self._order.get(plan, -1)
        begun = next((one for row in rows if (one := self._begun.get(row)) and made < self._order[one]), "")
        return (
            f"its result is stale: newer work on it ({begun}) has not finished; go on with jb --reuse" if begun else ""
        )


def _rows(plan: Plan) -> Iterator[tuple[Row, set[_Work]]]:
    """Yield the rows of a plan, those of round robins too, with all work on which their results rest."""
    round_robins: dict[Row, set[_Work]] = {}
    for model, abbr in plan.combinations:
        dataset = plan.datasets[abbr]
        for name, judge in dataset.rows(model):
            yield (model, name), _under(dataset, model, judge)
        for part in dataset.judges:
            if part.round_robin:
                models = [*part.tested_models, part.compare_with]
                work = {(abbr, one, said) for one in models for said in (_ANSWERS, part.abbr)}
                for one in models:
                    round_robins.setdefault((one, row_name(abbr, part.round_robin)), set()).update(work)
    shared: dict[str, set[_Work]] = {}
    for (_, name), work in round_robins.items():
        shared.setdefault(name, set()).update(work)
    yield from ((row, shared[row[1]]) for row in round_robins)  # a rating rests on the comparisons of all models


def _under(dataset: DatasetConfig, model: str, judge: str) -> set[_Work]:
    work = {(dataset.abbr, model, _ANSWERS), (dataset.abbr, model, judge)}
    for one in dataset.judges:
        if one.abbr == judge:
            work |= {(dataset.abbr, model, member) for member in one.members}
            work |= {(dataset.abbr, one.compare_with, _ANSWERS)} if one.compare_with else set()
    return work


def _work_of(task: TaskSpec) -> list[_Work]:
    if task.stage == "summarize":
        return []
    return [(abbr, task.model, _ANSWERS if task.stage == "infer" else task.judge) for abbr in task.datasets]


def _read(path: Path) -> Plan | None:
    try:
        return _PLAN.read(path)
    except (OSError, DamagedError):
        return None


def newest_summary(run: RunFolder) -> Summary | None:
    """Return the newest summary of a run that can be read."""
    for path in sorted(run.summary.glob("summary_*.json"), reverse=True):
        try:
            return _SUMMARY.read(path)
        except (OSError, DamagedError):
            continue  # an older one still says what was planned
    return None
