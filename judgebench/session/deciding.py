"""``--stop-when-decided``: the verdicts of a run are followed while it works, until every rule of its gate is decided.

Items are asked in random order, and verdicts come as they come; ``report.early`` decides on those up to the first that
is not there yet. A judge whose rules are decided, and a tested model whose judges all are, are told that it is enough:
as with limits, they send nothing more and keep what is in flight.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from judgebench.datasets.samples import PlannedSamples
from judgebench.errors import UsageError, how_many
from judgebench.identity.questions import repeats_of
from judgebench.plan.graph import Graph
from judgebench.records.facts import LiveVerdict
from judgebench.records.flow import TaskResult
from judgebench.records.prices import money
from judgebench.records.request import RunRequest
from judgebench.records.run import DatasetConfig, JudgeConfig, Plan, RunConfig, TaskSpec, row_name
from judgebench.report.costs import ANSWERS, JUDGE, sides_of, total_of
from judgebench.report.early import DECIDABLE, RowItems, about, decidable, decisions_on, rules_on
from judgebench.report.gate import baseline_folder
from judgebench.report.gate_file import GateConditions, GateRule, is_baseline_file
from judgebench.report.wording import listed
from judgebench.stages.recorded_verdicts import meta_of
from judgebench.store.items import answered_items
from judgebench.store.run_folder import RunFolder
from judgebench.trust.baselines import BaselineSides, Name, read_baseline, sides_of_run
from judgebench.trust.comparing import ComparedSide
from judgebench.trust.judged import JudgedAnswer, JudgedRow, kind_of, read_row

_GROWTH = 0.01
"""Part by which the items done must have grown before they are looked at again."""


def check_decidable(gate: GateConditions, config: RunConfig, request: RunRequest) -> None:
    """Refuse a gate that cannot be decided while the run goes on.

    Raises:
        UsageError: A rule that counts is about something else than judged items one by one.
    """
    if request.merge_datasets:
        raise UsageError(
            "--stop-when-decided cannot be used with --merge-ds, whose tasks ask several datasets in turn.",
            hint="Leave out --merge-ds.",
        )
    names = [name for name, _, _ in _judged_rows(config)]
    for rule in gate.rules():
        if rule.tier == "advisory":
            continue
        metrics = [metric for name in names if (metric := about(rule.that, name)) is not None]
        if not metrics or not all(decidable(rule.that, metric) for metric in metrics):
            raise UsageError(
                f"The rule {str(rule.that)!r} cannot be decided while the run goes on.",
                hint=f"That can be said of {', '.join(DECIDABLE)} and of drops of accuracy and win_rate, in rows that "
                f"a judge decides: {listed(list(dict.fromkeys(row for _, row in names))) or 'none here'}. "
                "Move the rule to [advisory], or leave out --stop-when-decided.",
            )


def _judged_rows(config: RunConfig | Plan) -> Iterator[tuple[Name, DatasetConfig, JudgeConfig]]:
    """Yield the rows whose judge is asked about each answer by itself."""
    for model, abbr in config.combinations:
        dataset = config.datasets[abbr]
        for judge in dataset.judges:
            if judge.model and not judge.members and not judge.round_robin and judge.looks_at(model):
                yield (model, row_name(abbr, judge.abbr)), dataset, judge


class PlannedOrder:
    """The planned items of a dataset in the order in which they are asked.

    Attributes:
        names: What names each item in every run.
        at: Where each id stands. ``meta``: the columns by which one slices, by id.
    """

    def __init__(self, dataset: DatasetConfig, plan: Plan) -> None:
        found = [
            (one.id, one.uid, meta_of(one, dataset.by) if dataset.by else {})
            for one in PlannedSamples(dataset, plan.options).read()
        ]
        self.at = {id: at for at, (id, _, _) in enumerate(found)}
        self.meta = {id: meta for id, _, meta in found if meta}
        seen: Counter[str] = Counter()
        named: dict[int, str] = {}
        for id, uid, _ in sorted(found):
            named[id] = f"{uid}/{seen[uid]}"
            seen[uid] += 1
        self.names = [named[id] for id, _, _ in found]


class WatchedRow:
    """What is known of a row while it is made.

    Args:
        name: The tested model and the row.
        dataset: Abbr of the dataset. ``judge``: of the judge.
        judge: Likewise.
        order: Of the items.
        repeats: Of each.
    """

    def __init__(self, name: Name, dataset: str, judge: str, order: PlannedOrder, repeats: int) -> None:
        self.name, self.dataset, self.judge = name, dataset, judge
        self._order, self._repeats = order, repeats
        self._verdicts: dict[int, dict[int, JudgedAnswer]] = {}
        self._items: list[tuple[str, list[JudgedAnswer]]] = []
        self._looked_at = 0

    def add(self, one: JudgedAnswer) -> None:
        """Take in a verdict; the first about an answer counts."""
        at = self._order.at.get(one.id)
        if at is None or one.repeat >= self._repeats or one.status == "not_judged":
            return
        meta = self._order.meta.get(one.id, {})
        self._verdicts.setdefault(at, {}).setdefault(
            one.repeat, msgspec.structs.replace(one, meta=meta) if meta else one
        )
        while len(found := self._verdicts.get(len(self._items), {})) == self._repeats:
            self._items.append((self._order.names[len(self._items)], [found[n] for n in range(self._repeats)]))

    def grown(self) -> bool:
        """Return whether there is enough news to look again, and if so take it as looked at."""
        count = len(self._items)
        news = count - self._looked_at
        if not news or (news < _GROWTH * count and count < len(self._order.names)):
            return False
        self._looked_at = count
        return True

    def found(self) -> RowItems:
        """Return what the row has so far."""
        answers = {(one.id, one.repeat): one for _, verdicts in self._items for one in verdicts}
        row = JudgedRow(*self.name, self.dataset, self.judge, answers, kind_of(answers.values()))
        return RowItems(row, self._items, len(self._order.names))


class GateWatch:
    """Follows a run until every rule of its gate is decided.

    Args:
        gate: The gate.
        plan: What is to be done.
        recorded: Whether the verdicts that the run holds already are those that its tasks would tell again.
    """

    def __init__(self, gate: GateConditions, plan: Plan, *, recorded: bool) -> None:
        self._gate, self._plan = gate, plan
        self._rules: list[GateRule] = gate.rules()
        self._run = RunFolder(Path(plan.run_dir))
        self._tasks = {task.id: task for task in plan.tasks}
        self._enough: set[str] = set()
        """Tasks that need do no more."""
        self._baseline = _baseline(gate, self._run.path.parent)
        orders: dict[str, PlannedOrder] = {}
        self._rows: dict[Name, WatchedRow] = {}
        for name, dataset, judge in _judged_rows(plan):
            if any(about(rule.that, name) is not None for rule in self._rules if rule.tier != "advisory"):
                order = orders.setdefault(dataset.abbr, PlannedOrder(dataset, plan))
                repeats = repeats_of(plan.models[name[0]])
                self._rows[name] = WatchedRow(name, dataset.abbr, judge.abbr, order, repeats)
        if recorded:
            self._take_recorded()

    def hear(self, task: str, verdicts: Sequence[LiveVerdict]) -> list[str]:
        """Take in what a task says of its answers; returns the tasks that need do no more, each once."""
        spec = self._tasks[task]
        for row in self._rows_of(spec):
            for one in verdicts:
                row.add(
                    JudgedAnswer(
                        id=one.id,
                        repeat=one.repeat,
                        status=one.status,
                        decision=one.decision,
                        score=one.score,
                        answer_hash=one.answer_hash,
                    )
                )
        return self.newly_decided()

    def newly_decided(self) -> list[str]:
        """Return the tasks that need do no more since this was asked last."""
        grown = [row.grown() for row in self._rows.values()]  # each of them: it takes the news as looked at
        if not any(grown):
            return []
        open_rows = self._open_rows()
        before = set(self._enough)
        for task in self._plan.tasks:
            if task.stage == "judge" and self._judge_needs_no_more(task, open_rows):
                self._enough.add(task.id)
        for task in self._plan.tasks:
            if task.stage == "infer" and self._model_needs_no_more(task, open_rows):
                self._enough.add(task.id)
        return sorted(self._enough - before)

    def _open_rows(self) -> set[Name]:
        """Return the rows with a rule that counts and is not decided."""
        rows = {name: row.found() for name, row in self._rows.items()}
        known = rules_on(self._rules, rows, self._before(rows), on=self._gate.on)
        decisions = zip(known, decisions_on(known), strict=True)
        decided = {(str(one.rule.that), one.name) for one, decision in decisions if decision != "cannot tell"}
        return {
            name
            for name in rows
            for rule in self._rules
            if rule.tier != "advisory" and about(rule.that, name) is not None and (str(rule.that), name) not in decided
        }

    def without_decided(self, graph: Graph) -> Graph:
        """Return the graph without the tasks that need do no more, so that they send nothing at all."""
        gone = set(self.newly_decided())
        if not gone:
            return graph
        rest = [
            msgspec.structs.replace(
                task,
                needs=[one for one in task.needs if one not in gone],
                follows=[one for one in task.follows if one not in gone],
                after=[one for one in task.after if one not in gone],
            )
            for task in graph.tasks
            if task.id not in gone
        ]
        return graph._replace(tasks=rest, kept=[*graph.kept, *gone])

    def saved(self, results: Sequence[TaskResult]) -> str:
        """Return a line about what was not needed; empty where everything was asked."""
        answers = calls = 0.0
        cost: defaultdict[str, float] = defaultdict(float)
        for model, abbr in dict.fromkeys((row.name[0], row.dataset) for row in self._rows.values()):
            own = [one for one in results if (one.model, one.data_abbr) == (model, abbr) and one.judge]
            planned = max((one.counts.planned for one in own), default=0)
            answered = min(planned, answered_items(self._run.predictions(model, abbr)))
            answers += planned - answered
            for one in own:
                judged = planned - one.counts.not_judged
                by_judge = total_of([side for side in sides_of([one]) if side.side == JUDGE])
                calls += one.counts.not_judged * (by_judge.calls + by_judge.saved) / judged if judged else 0
                for currency, parts in by_judge.cost.items():
                    cost[currency] += sum(parts.values()) * one.counts.not_judged / judged if judged else 0
            if own and answered:
                by_model = total_of([side for side in sides_of(own[:1]) if side.side == ANSWERS])
                for currency, parts in by_model.cost.items():
                    cost[currency] += sum(parts.values()) * (planned - answered) / answered
        if answers + calls < 1:
            return ""
        price = ", ".join(money(value, currency) for currency, value in cost.items() if value)
        said = f"{how_many(round(answers), 'answer')} and {how_many(round(calls), 'judge call')}"
        return f"Saved:   about {said}{f' ({price})' if price else ''} were not needed to decide the gate"

    def _rows_of(self, spec: TaskSpec) -> list[WatchedRow]:
        """Return the rows that a task's verdicts are about; an answer that failed is about each judge's."""
        judge = spec.judge if spec.stage == "judge" else None
        return [
            row
            for row in self._rows.values()
            if row.name[0] == spec.model and row.dataset in spec.datasets and judge in {None, row.judge}
        ]

    def _judge_needs_no_more(self, task: TaskSpec, open_rows: set[Name]) -> bool:
        watched = [row for row in self._rows.values() if row.name[0] == task.model and row.dataset in task.datasets]
        return bool(watched) and all(row.name not in open_rows for row in watched)

    def _model_needs_no_more(self, task: TaskSpec, open_rows: set[Name]) -> bool:
        judges = [one for one in self._plan.tasks if one.stage == "judge" and task.id in (*one.follows, *one.needs)]
        mine = [row for row in self._rows.values() if row.name[0] == task.model and row.dataset in task.datasets]
        if any(row.name in open_rows for row in mine):
            return False
        return bool(judges or mine) and all(one.id in self._enough for one in judges)

    def _take_recorded(self) -> None:
        from judgebench.store.manifest import read_manifest

        if not self._run.marker.exists() or not self._run.marker.stat().st_size:
            return
        for one in read_manifest(self._run).rows:
            watched = self._rows.get((one.model, one.row))
            if watched is not None and self._run.verdicts(one.model, one.row).exists():
                for answer in read_row(self._run, one).answers.values():
                    watched.add(answer)

    def _before(self, rows: Mapping[Name, RowItems]) -> dict[Name, ComparedSide]:
        if self._baseline is None:
            return {}
        return {name: side for name, side in self._baseline.sides.items() if name in rows}


def _baseline(gate: GateConditions, beside: Path) -> BaselineSides | None:
    """Return what the drops of a gate are measured from.

    Raises:
        ReuseError: It is not there, and without it no drop is ever decided.
    """
    if not gate.baseline:
        return None
    if is_baseline_file(gate.baseline):
        return read_baseline(Path(gate.baseline).expanduser())
    return sides_of_run(RunFolder(baseline_folder(gate, beside)))
