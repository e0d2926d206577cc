"""The bound of the limits: whatever the tasks do, a run spends no more than its limit and what was in flight then."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from judgebench.engine.allowance import Allowance
from judgebench.executors.spending import SpendingAccount
from judgebench.records.flow import Reply, Request, Usage
from judgebench.records.prices import Price
from judgebench.records.run import Options, Plan, SummarizerConfig, TaskSpec
from judgebench.records.spending import Limits, Spending, spent_by
from judgebench.session.spending import reached
from judgebench.store.ledger import Ledger, read_ledger

PRICE = Price(input=1.0, output=4.0, unit="1 token")


def plan_of(tasks: list[TaskSpec]) -> Plan:
    return Plan(
        run_dir=".", timestamp="", mode="all", command=[], models={}, datasets={}, summarizer=SummarizerConfig(),
        combinations=[], options=Options(), tasks=tasks,
    )  # fmt: skip


class Watched(Allowance):
    """An allowance that tells when it lets a request go, a turn of the loop before that is sent."""

    allowed: Callable[[], None]

    def _set_aside(self, expected: Spending) -> None:
        super()._set_aside(expected)
        self.allowed()


@dataclass
class Run:
    """Several tasks and their supervision in one event loop, with lines and reports that take their time.

    Attributes:
        limits: Of the run.
        dice: All that is drawn.
        spent: By requests that have come back. ``in_flight``: by those under way, as only the simulation knows it.
        in_flight_at_last: By those that each task had under way when its last request was let go, that one included.
    """

    limits: Limits
    dice: random.Random
    account: SpendingAccount
    spent: Spending = field(default_factory=Spending)
    in_flight: dict[str, Spending] = field(default_factory=dict)
    in_flight_at_last: dict[str, Spending] = field(default_factory=dict)
    allowances: dict[str, Allowance] = field(default_factory=dict)
    answered: int = 0
    judged: int = 0
    last_line: dict[str, float] = field(default_factory=dict)
    over: bool = False

    def tell(self, lines: list[tuple[str, str]]) -> None:
        for task, line in lines:
            word, _, subject = line.partition(" ")
            loop = asyncio.get_running_loop()
            at = max(loop.time() + self.dice.choice([0.0, 0.001, 0.004]), self.last_line.get(task, 0.0) + 1e-6)
            self.last_line[task] = at  # lines do not overtake each other
            loop.call_at(at, self.allowances[task].receive, word, subject)

    def report(self, task: str, *, ended: bool = False) -> None:
        said = self.allowances[task].state(ended=ended)
        done = self.answered if task == "infer" else self.judged
        self.tell(self.account.hear(task, said, done=done, usable=done))

    async def task(self, name: str, items: int, concurrency: int) -> bool:
        """Run a task; returns whether it was refused."""
        self.account.begin(name)
        asking: deque[Spending] = deque()
        allowance = self.allowances[name] = Watched(
            self.limits, PRICE, concurrency=concurrency, report=lambda: self.report(name), reached=lambda: None
        )

        def allowed() -> None:
            self.in_flight[name] = self.in_flight.get(name, Spending()) + asking.popleft()
            self.in_flight_at_last[name] = self.in_flight[name]

        allowance.allowed = allowed
        left = iter(range(items))
        reports = asyncio.create_task(self.regularly(name))

        async def work() -> None:
            for number in left:
                while name != "infer" and not self.answer_is_there(number):  # noqa: ASYNC110 - as a judge looks
                    await asyncio.sleep(0.001)
                usage = Usage(prompt_tokens=self.dice.randint(5, 15), completion_tokens=self.drawn())
                tries = self.dice.choice([1, 1, 1, 2])
                cost = spent_by(usage, tries, PRICE)
                asking.append(cost)
                expected = await allowance.enter(Request(prompt="x" * 40, params={"max_tokens": 50}))
                if expected is None:
                    return
                await asyncio.sleep(self.dice.choice([0, 0.0005, 0.002]))
                self.in_flight[name] -= cost
                self.spent += cost
                allowance.leave(expected, Reply(status="ok", usage=usage, tries=tries))
                if name == "infer":
                    self.answered += 1
                else:
                    self.judged += 1

        await asyncio.gather(*(work() for _ in range(concurrency)))
        reports.cancel()
        if name == "infer":
            self.over = True
        self.report(name, ended=True)
        self.tell(self.account.end(name, whole=True))
        return allowance.refused

    def answer_is_there(self, number: int) -> bool:
        return number < self.answered or self.over or "infer" not in self.allowances

    def drawn(self) -> int:
        return min(50, 1 + int(self.dice.lognormvariate(2.0, 1.0)))

    async def regularly(self, name: str) -> None:
        while True:
            await asyncio.sleep(0.002)
            self.report(name)


@pytest.mark.parametrize("seed", range(25))
def test_the_limit_is_exceeded_by_no_more_than_what_was_in_flight_and_every_task_comes_to_an_end(
    seed: int, tmp_path: Path
) -> None:
    dice = random.Random(seed)
    kind = dice.choice(["calls", "tokens", "cost"])
    limits = {
        "calls": Limits(calls=dice.randint(1, 150)),
        "tokens": Limits(tokens=dice.randint(20, 3000)),
        "cost": Limits(cost=dice.uniform(50, 8000), tokens=dice.choice([None, 2000])),
    }[kind]
    names = ["infer", "judge", "alone", "fourth"][: dice.randint(1, 4)]
    tasks = [TaskSpec(id=name, stage="judge" if name == "judge" else "infer", name=name) for name in names]
    if len(tasks) > 1:
        tasks[1] = TaskSpec(id="judge", stage="judge", name="judge", follows=["infer"])
    ledger = tmp_path / "spending.jsonl"

    async def run() -> tuple[Run, list[bool], Spending]:
        account = SpendingAccount(limits, Spending(), Ledger(ledger), plan_of(tasks))
        made = Run(limits, dice, account)
        jobs = [made.task(name, dice.randint(5, 60), dice.randint(1, 12)) for name in names]
        refused = await asyncio.wait_for(asyncio.gather(*jobs), 200)
        return made, refused, account.spent

    made, refused, said = asyncio.run(run())
    assert said.calls == made.spent.calls
    assert said.cost == pytest.approx(made.spent.cost)
    in_flight = sum(made.in_flight_at_last.values(), Spending())
    for name in limits.names:
        assert getattr(made.spent, name) <= limits.of(name) + getattr(in_flight, name)
    if any(refused):
        used = max(getattr(made.spent, name) / limits.of(name) for name in limits.names)
        assert used > 0.5 or min(limits.of(name) for name in limits.names) < 2000
    assert read_ledger(ledger)[0].cost == pytest.approx(made.spent.cost)


def test_what_is_killed_counts_with_all_that_it_may_have_spent(tmp_path: Path) -> None:
    ledger = tmp_path / "spending.jsonl"

    async def run() -> Spending:
        task = TaskSpec(id="infer", stage="infer", name="infer")
        account = SpendingAccount(Limits(calls=40), Spending(calls=3), Ledger(ledger), plan_of([task]))
        made = Run(Limits(calls=40), random.Random(1), account)
        running = asyncio.create_task(made.task("infer", 1000, 4))
        while made.answered < 10:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.001)
        running.cancel()
        account.end("infer", whole=False)
        return made.spent + made.in_flight["infer"]

    sent = asyncio.run(run())
    before, _ = read_ledger(ledger)
    assert sent.calls + 3 <= before.calls <= 40


def test_a_limit_that_is_not_used_up_is_not_said_to_be_reached_beside_one_that_is(tmp_path: Path) -> None:
    """Calls are left for judging, which the money does not allow."""
    limits, spent = Limits(calls=8, cost=0.5), Spending(calls=4, cost=0.6)
    account = SpendingAccount(limits, spent, Ledger(tmp_path / "spending.jsonl"), plan_of([]))
    account.reached = ["calls", "cost"]
    told = reached(account)
    assert told.flags == ["--max-cost"]
    assert told.higher == "--max-cost 1"


def test_lines_of_a_ledger_that_nobody_can_have_spent_count_as_none(tmp_path: Path) -> None:
    """Each is a number, and their sum is none: it would end a run as a bug, or hold every limit."""
    ledger = tmp_path / "spending.jsonl"
    amounts = ("1e308", "1e308", "-5", "1e15", "3")
    lines = [f'{{"task":"{n}","granted":{{"calls":{amount}}}}}\n' for n, amount in enumerate(amounts)]
    ledger.write_text("".join(['{"plan":"p"}\n', *lines, '{"plan":"q","before":{"cost":1e300}}\n']))
    assert read_ledger(ledger) == (Spending(calls=1e15 + 3), "")


def test_a_damaged_ledger_says_no_less_than_was_spent(tmp_path: Path) -> None:
    """Whatever line is damaged: that of an invocation, too, whose tasks have the names of those before it."""
    ledger = tmp_path / "spending.jsonl"
    lines = [
        '{"plan":"p"}',
        '{"task":"infer","granted":{"calls":20}}',
        '{"task":"judge","granted":{"calls":10}}',
        '{"plan":"q","before":{"calls":30}}',
        '{"task":"infer","granted":{"calls":5}}',
        '{"task":"infer","granted":{"calls":6}}',
    ]
    ledger.write_text("\n".join(lines) + "\n")
    assert read_ledger(ledger)[0].calls == 36
    for damage in ("\0\0\0", "", '{"plan":', lines[4] + lines[5]):
        ledger.write_text("\n".join([*lines[:3], damage, *lines[4:]]) + "\n")
        assert 36 <= read_ledger(ledger)[0].calls <= 41
    for twice in range(len(lines)):
        ledger.write_text("\n".join([*lines[: twice + 1], *lines[twice:]]) + "\n")
        assert read_ledger(ledger)[0].calls == 36


def test_prices_are_told_apart_by_what_the_service_did() -> None:
    price = Price(input=2.0, output=8.0, cached=0.5, cache_write=2.5, reasoning=10.0)
    usage = Usage(
        prompt_tokens=1000, completion_tokens=100, cached_tokens=400, cache_write_tokens=100, reasoning_tokens=40
    )
    ordinary = (500 * 2.0 + 400 * 0.5 + 100 * 2.5 + 60 * 8.0 + 40 * 10.0) / 1e6
    assert price.cost(usage) == pytest.approx(ordinary)
    in_batch = Usage(prompt_tokens=1000, completion_tokens=100, batch=True)
    assert price.cost(in_batch) == pytest.approx((1000 * 2.0 + 100 * 8.0) / 2e6)
