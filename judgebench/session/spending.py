"""The limits of a run: what it has spent before, what it may still spend, and what is told when it may no more."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from judgebench.errors import DAMAGED, ReuseError
from judgebench.executors.spending import SpendingAccount
from judgebench.records.flow import Usage
from judgebench.records.prices import Price, money, price_of
from judgebench.records.run import Plan, row_name
from judgebench.records.spending import FLAGS, Limits, Spending, spent_by
from judgebench.session.outcome import ReachedLimits
from judgebench.store.journal import DamagedError, Decoder, open_file
from judgebench.store.ledger import Ledger, read_ledger
from judgebench.store.run_folder import RunFolder


class RunLimits:
    """The limits of one invocation, from before its first trial call to its end.

    Args:
        limits: What is limited.
        run: The run folder.
        reused: Whether it is an earlier run that goes on.
    """

    def __init__(self, limits: Limits, run: RunFolder, *, reused: bool) -> None:
        self._limits = limits
        self._ledger = run.ledger
        self.before = spent_before(run, limits.currency) if reused else Spending()

    @property
    def note(self) -> list[str]:
        """A line about what has been spent before, where that is anything."""
        return [f"spent so far: {shown(self.before, self._limits)}"] if self.before.calls else []

    def check_anything_left(self) -> None:
        """Refuse to set judgments aside that nothing could take the place of.

        Raises:
            ReuseError: The run has spent what it may.
        """
        if any(getattr(self.left, name) <= 0 for name in self._limits.names):
            lift = " ".join(f"{FLAGS[name]} none" for name in self._limits.names)
            raise ReuseError(
                f"The run has spent what it may ({shown(self.before, self._limits)}), "
                "so --rejudge could not ask anything.",
                hint=f"Set a higher limit, or lift it: {lift}",
            )

    @property
    def left(self) -> Spending:
        """What may still be spent; without end where nothing is limited."""
        limits = {name: self._limits.of(name) for name in self._limits.names}
        return Spending(**{name: limits.get(name, math.inf) - getattr(self.before, name) for name in FLAGS})

    def open(self, spent: Spending, plan: Plan) -> SpendingAccount:
        """Return the account of the tasks; ``spent``: by the trial calls."""
        return SpendingAccount(self._limits, self.before + spent, Ledger(self._ledger), plan)


def spent_before(run: RunFolder, currency: str) -> Spending:
    """Return what a run has spent so far: what its ledger says, or what its records say, where that is more.

    Invocations without limits keep no ledger. Records know nothing of calls whose replies were never written down.

    Raises:
        DiskError: The ledger cannot be read.
    """
    by_ledger, its_currency = read_ledger(run.ledger)
    if its_currency not in {"", currency}:
        by_ledger = msgspec.structs.replace(by_ledger, cost=0.0)
    return by_ledger.most(_recorded(run))


class _SpentCall(msgspec.Struct, frozen=True):
    uuid: str = ""
    tries: int = 1
    usage: Usage | None = None
    latency: float = 0.0


def _recorded(run: RunFolder) -> Spending:
    prices = dict(_prices_of_files(run))
    decode = msgspec.json.Decoder(_SpentCall).decode
    total = Spending()
    known: set[int] = set()
    folder = run.path / "predictions"
    for path in sorted(folder.rglob("*.jsonl*")):
        name = path.name.partition(".jsonl")
        if name[2].startswith(".damaged"):
            continue
        price = prices.get(path.parent.relative_to(folder).as_posix() + "/" + name[0])
        try:
            with open_file(path, "rb") as file:
                for line in file:
                    try:
                        call = decode(line)
                    except DAMAGED:
                        continue
                    mark = hash((call.uuid, call.latency))  # a record that was taken over into another file
                    if call.tries and mark not in known:
                        known.add(mark)
                        total += spent_by(call.usage, call.tries, price)
        except OSError:
            continue
    return total


def _prices_of_files(run: RunFolder) -> Iterator[tuple[str, Price | None]]:
    """Yield the price of the model behind each file of predictions, as the plans of the run say it; the newest last."""
    decode: Callable[[Path], Plan] = Decoder(Plan).read
    for path in run.plans():
        try:
            plan = decode(path)
        except (OSError, DamagedError):
            continue
        for abbr, model in plan.models.items():
            for dataset in plan.datasets.values():
                yield f"{abbr}/{dataset.abbr}", price_of(model)
                for judge in dataset.judges:
                    yield f"{abbr}/{row_name(dataset.abbr, judge.abbr)}", price_of(judge.model)


def shown(spent: Spending, limits: Limits) -> str:
    """Return what was spent of what is limited, for people: ``40 of 60 calls, 1.20 USD of 5.00 USD``."""
    said = []
    for name in limits.names:
        amount = getattr(spent, name)
        if name == "cost":
            said.append(f"{money(amount, limits.currency)} of {money(limits.of(name), limits.currency)}")
        else:
            said.append(f"{round(amount):,} of {round(limits.of(name)):,} {name}")
    return ", ".join(said)


def reached(spending: SpendingAccount) -> ReachedLimits:
    """Return what is to be told of limits that were reached."""
    limits = spending.limits
    # A task that may not spend what is left of one, since another is used up, has met both; raising that one goes on.
    used_up = [name for name in spending.reached if getattr(spending.spent, name) >= limits.of(name)]
    names = used_up or spending.reached
    higher = []
    for name in names:
        currency = limits.currency if name == "cost" and limits.currency != "USD" else ""
        higher.append(_beyond(name, limits.of(name), getattr(spending.spent, name), currency))
    return ReachedLimits(
        flags=[FLAGS[name] for name in names], spent=shown(spending.spent, limits), higher=" ".join(higher)
    )


def _beyond(name: str, limit: float, spent: float, currency: str) -> str:
    """Return the flag with a limit that leaves something: the limit, doubled until it is above what was spent."""
    higher = 2 * limit
    while higher <= spent < math.inf:
        higher *= 2
    return f"{FLAGS[name]} {higher:.12g}{currency}" if higher < 1e12 else f"{FLAGS[name]} none"
