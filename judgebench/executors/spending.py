"""The limits of a run (``--max-calls``, ``--max-tokens``, ``--max-cost``): who may spend how much of what is left.

A pure account, but for the ledger that it writes. What is free is the limit less what was spent before this invocation,
less the allowances of the tasks that run (or what they have spent, where that is more), less what the others have
spent. So the allowances never add up to more than the limit; what follows from that ``engine.allowance`` says.

An answer that nobody can afford to judge is of little use. So tasks that answer are given only what leaves room for
judging: what is answered already, and what they are going to answer, at the mean cost of a judgment so far.

A task that waits, with nothing in flight, is told that the limit is reached when nothing is free for it and nobody else
is at work whose next report may change that. So limits are used to their end, whoever needs them.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from judgebench.records.run import Plan
from judgebench.records.spending import Limits, Spending, TaskSpending
from judgebench.store.ledger import Ledger, LedgerEntry

Line = tuple[str, str]
"""A task and what it is told."""

_SMALLEST = {"calls": 1.0, "tokens": 1.0, "cost": 1e-9}
"""Less than that is nothing."""
_ASLEEP = 12
"""Reports (about three seconds) without a request after which nobody waits for a task to spend anything."""
_TO_BEGIN_WITH = 0.1
"""Part of what is free that a task is given before its first call has shown what calls cost."""
_WORTH_WRITING = 50
"""What is given back is written down where it is more than this part of the limit."""


class TaskAccount(msgspec.Struct, kw_only=True):
    """How one task that runs stands.

    Attributes:
        granted: All that it may spend. ``number``: of its last allowance.
        said: The last that it said.
        done: Items that it has dealt with. ``usable``: those of them that a judge can go on with.
        written: As the ledger has it.
        idle: Reports in a row in which it neither asked nor wanted to.
        refused: Whether it knows that nothing more may be sent.
    """

    granted: Spending = Spending()
    number: int = 0
    said: TaskSpending = TaskSpending()
    done: int = 0
    usable: int = 0
    written: Spending = Spending()
    idle: int = 0
    refused: bool = False

    @property
    def committed(self) -> Spending:
        """What has to be reckoned with."""
        return self.granted.most(self.said.spent)

    @property
    def each(self) -> Spending:
        """What an item has cost so far, in the mean."""
        return self.said.spent * (1 / self.done) if self.done else Spending()

    @property
    def stuck(self) -> bool:
        """Whether it waits for more, and nothing of its own is going to change that."""
        return self.said.waiting and not self.said.in_flight and self.said.seen == self.number

    @property
    def at_work(self) -> bool:
        """Whether it may spend, or give back, without being given anything."""
        return not (self.refused or self.stuck or self.idle >= _ASLEEP)


class SpendingAccount:
    """The account of one invocation.

    Args:
        limits: What is limited.
        before: What the run had spent before.
        ledger: Takes down who may spend what.
        plan: What is to be done.
    """

    def __init__(self, limits: Limits, before: Spending, ledger: Ledger, plan: Plan) -> None:
        self.limits = limits
        self.reached: list[str] = []
        """What has been used up, as ``Limits`` names it; in the order in which tasks met it."""
        self._before = before
        self._ledger = ledger
        self._ended = Spending()
        self._running: dict[str, TaskAccount] = {}
        self._to_come = {task.id for task in plan.tasks}
        self._judges = {
            task.id: [one.id for one in plan.tasks if one.stage == "judge" and task.id in (*one.follows, *one.needs)]
            for task in plan.tasks
        }
        """Of each task that answers: those that judge its answers."""
        ledger.write(LedgerEntry(plan=plan.name, before=before, currency=limits.currency))

    @property
    def spent(self) -> Spending:
        """What the run has spent, as far as is known; of a killed task as much as it may have spent."""
        total = self._before + self._ended
        for account in self._running.values():
            total += account.said.spent
        return total

    def begin(self, task: str) -> None:
        """Take in that a task has been started."""
        self._to_come.discard(task)
        self._running[task] = TaskAccount()

    def hear(self, task: str, said: TaskSpending, *, done: int = 0, usable: int = 0) -> list[Line]:
        """Take in what a task says; returns whom to tell what.

        Args:
            task: Its id.
            said: What it says of its allowance.
            done: Items that it has dealt with.
            usable: Those of them that a judge can go on with.
        """
        account = self._running[task]
        account.said, account.done, account.usable = said, done, usable
        account.idle = 0 if said.waiting or said.in_flight else account.idle + 1
        if said.seen == account.number:  # else it did not know of the last allowance when it gave back
            account.granted = said.held
            if any(self._gave_back(account, name) for name in self.limits.names):
                self._write_down()
        return self._settle()

    def end(self, task: str, *, whole: bool) -> list[Line]:
        """Take in that a task has ended.

        Args:
            task: Its id.
            whole: Whether it has said all that it had to say; else it counts with all that it may have spent.
        """
        self._to_come.discard(task)
        account = self._running.pop(task, None)
        if account is None:
            return []
        final = account.said.spent if whole else account.committed
        if final != Spending():
            self._ledger.write(LedgerEntry(task=task, granted=final, spent=account.said.spent))
        self._ended += final
        return self._settle()

    def close(self) -> None:
        """Nothing more is spent."""
        self._ledger.close()

    def _gave_back(self, account: TaskAccount, name: str) -> bool:
        """Say whether so much is free again that the ledger should not hold it against a killed run."""
        returned = getattr(account.written, name) - getattr(account.granted, name)
        return float(returned) > self.limits.of(name) / _WORTH_WRITING

    def _settle(self) -> list[Line]:
        judges_first = sorted(self._running, key=lambda task: len(self._judges[task]))
        return [line for task in judges_first for line in self._settled(task)]

    def _settled(self, task: str) -> Iterator[Line]:
        account = self._running[task]
        wanted, granted = account.said.wanted, account.granted
        short = [name for name in self.limits.names if getattr(wanted, name) > getattr(granted, name)]
        if account.refused or not short:
            return
        more = {name: self._share(task, name) for name in short}
        if any(more.values()):
            account.granted = granted + Spending(**more)
            account.number += 1
            self._write_down()
            now = account.granted
            yield task, f"allowance {account.number} {now.calls!r} {now.tokens!r} {now.cost!r}"
        elif account.stuck and (used_up := [name for name in short if self._used_up(task, name)]):
            account.refused = True
            self.reached += [name for name in used_up if name not in self.reached]
            yield task, "limit-reached"

    def _share(self, task: str, name: str) -> float:
        """Return how much more a task gets: what it wants, or a fair part of what is free, if that is of use."""
        account, smallest, free = self._running[task], _SMALLEST[name], self._free_for(task, name)
        if free < smallest:
            return 0.0
        wanted = float(getattr(account.said.wanted, name) - getattr(account.granted, name))
        claimants = sum(one.at_work or one.said.waiting for one in self._running.values() if not one.refused)
        part = free / max(1, claimants)
        if name != "calls" and not account.said.spent.calls and not account.said.batched:
            part = free * _TO_BEGIN_WITH  # what it wants rests on the longest reply that may come
        elif part < wanted / 8:  # nobody could do much with it
            part = free
        share = min(wanted, part)
        return max(1.0, float(int(share))) if name == "calls" else share

    def _used_up(self, task: str, name: str) -> bool:
        """Say whether a task that waits can hope for nothing more."""
        if self._free_for(task, name) >= _SMALLEST[name] or any(map(self._at_work, self._judges[task])):
            return False
        others = (one for other, one in self._running.items() if other != task and one.at_work)
        return sum(float(getattr(one.committed - one.said.spent, name)) for one in others) < _SMALLEST[name]

    def _at_work(self, task: str) -> bool:
        return task in self._running and self._running[task].at_work

    def _free_for(self, task: str, name: str) -> float:
        """Return what is free for a task: for one that answers, what leaves room to judge all that it may answer."""
        total = self._before + self._ended
        for account in self._running.values():
            total += account.committed
        free = self.limits.of(name) - float(getattr(total, name))
        answering, judges = self._running[task], self._open_judges(task)
        if judges:
            part = self._part_of_answering(task, name)
            free -= float(getattr(answering.committed - answering.said.spent, name)) * (1 - part) / part
        for judge in judges:
            judging = self._running.get(judge, TaskAccount())
            held = float(getattr(judging.committed - judging.said.spent, name))
            due = answering.usable - judging.done
            free -= max(0.0, due * self._per_judgment(answering, judging, name) - held)
        return free * self._part_of_answering(task, name) if judges else free

    def _open_judges(self, task: str) -> list[str]:
        """Return the tasks that are going to judge the answers of a task."""
        return [one for one in self._judges[task] if one in self._to_come or self._at_work(one)]

    def _per_judgment(self, answering: TaskAccount, judging: TaskAccount, name: str) -> float:
        known = judging if judging.said.spent.calls else answering  # at first as much as an answer costs
        return float(getattr(known.each, name))

    def _part_of_answering(self, task: str, name: str) -> float:
        """Return which part of what an item costs, answered and judged, is that of its answer."""
        answering, judges = self._running[task], self._open_judges(task)
        own = float(getattr(answering.each, name))
        if own <= 0:
            return 1 / (1 + len(judges))
        judging = (self._per_judgment(answering, self._running.get(one, TaskAccount()), name) for one in judges)
        return own / (own + sum(judging))

    def _write_down(self) -> None:
        for task, account in self._running.items():
            if account.granted != account.written:
                account.written = account.granted
                self._ledger.write(LedgerEntry(task=task, granted=account.granted, spent=account.said.spent))
