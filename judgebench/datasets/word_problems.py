"""Word problems made from templates and a seed: any number, seen by nobody before, with computed answers.

A problem depends on the name of the generator, the seed and its number alone, so the first hundred are the same however
many are asked. Whoever changes a template changes ``GENERATOR``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from judgebench.datasets.columns import uid_of
from judgebench.errors import ConfigError
from judgebench.records.flow import Sample

GENERATOR = "word-problems-1"
_MOST_TRIES = 100
_NAMES = [
    "Ada",
    "Bo",
    "Chen",
    "Dora",
    "Emil",
    "Farah",
    "Goran",
    "Hana",
    "Ivo",
    "Jun",
    "Kofi",
    "Lena",
    "Mila",
    "Noor",
    "Otto",
    "Priya",
    "Quinn",
    "Rosa",
    "Sami",
    "Tara",
    "Umar",
    "Vera",
    "Wen",
    "Yara",
    "Zeno",
]
_THINGS = [
    "apples",
    "bolts",
    "books",
    "buttons",
    "candles",
    "cards",
    "cups",
    "lamps",
    "marbles",
    "pencils",
    "shells",
    "stamps",
    "tickets",
    "tiles",
]
_NEEDLESS = (
    "It is {} degrees outside.",
    "The book on the table has {} pages.",
    "The house next door bears the number {}.",
    "The radio has been playing for {} minutes.",
)


class Draws:
    """Random choices whose results are the same in every version of Python.

    Args:
        seed: What decides them.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def number(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def some(self, options: list[str], count: int) -> list[str]:
        """Return different entries of a list, in random order."""
        left = list(options)
        return [left.pop(self.number(0, len(left) - 1)) for _ in range(count)]


class Problem(NamedTuple):
    """A problem.

    Attributes:
        facts: What is given.
        question: What is asked.
        answer: A whole number.
    """

    facts: str
    question: str
    answer: int


def _change(draw: Draws) -> Problem:
    (name,), (first, second) = draw.some(_NAMES, 1), draw.some(_THINGS, 2)
    many, price, more, other = draw.number(2, 30), draw.number(2, 40), draw.number(2, 30), draw.number(2, 40)
    cost = many * price + more * other
    paid = cost + draw.number(1, 400)
    facts = f"{name} buys {many} {first} for {price} coins each and {more} {second} for {other} coins each."
    return Problem(f"{facts} {name} pays with {paid} coins.", "How many coins of change are due?", paid - cost)


def _shares(draw: Draws) -> Problem:
    (name,), (thing,) = draw.some(_NAMES, 1), draw.some(_THINGS, 1)
    boxes, each, friends = draw.number(3, 40), draw.number(20, 90), draw.number(3, 9)
    kept = draw.number(1, 2 * friends)
    kept += (boxes * each - kept) % friends
    facts = f"{name} has {boxes} boxes of {each} {thing}, keeps {kept} of them, and shares the rest equally among "
    facts += f"{friends} friends."
    return Problem(facts, f"How many {thing} does each friend get?", (boxes * each - kept) // friends)


def _output(draw: Draws) -> Problem:
    (thing,) = draw.some(_THINGS, 1)
    rate, hours, days = draw.number(12, 99), draw.number(3, 14), draw.number(3, 25)
    broken = draw.number(2, 30)
    facts = (
        f"A machine makes {rate} {thing} an hour and runs {hours} hours a day for {days} days. Each day {broken} of "
    )
    return Problem(
        f"{facts}its {thing} are broken and thrown away.", "How many are left?", (rate * hours - broken) * days
    )


def _distance(draw: Draws) -> Problem:
    (name,) = draw.some(_NAMES, 1)
    slow, first, fast, second = draw.number(3, 19), draw.number(2, 9), draw.number(20, 95), draw.number(2, 9)
    back = draw.number(1, slow * first)
    facts = f"{name} goes {slow} km an hour for {first} hours, then {fast} km an hour for {second} hours in the same "
    facts += f"direction, then turns round and goes back {back} km."
    return Problem(facts, f"How many km from the start is {name} now?", slow * first + fast * second - back)


def _ages(draw: Draws) -> Problem:
    old, young = draw.some(_NAMES, 2)
    age, more, years = draw.number(4, 60), draw.number(2, 39), draw.number(2, 30)
    facts = f"{old} is {more} years older than {young}. In {years} years their ages will add up to "
    return Problem(f"{facts}{2 * age + more + 2 * years}.", f"How old is {old} now?", age + more)


def _discount(draw: Draws) -> Problem:
    (name,), (thing,) = draw.some(_NAMES, 1), draw.some(_THINGS, 1)
    price, percent, many = 20 * draw.number(2, 60), 5 * draw.number(1, 15), draw.number(2, 25)
    fee = draw.number(3, 90)
    facts = f"A set of {thing} costs {price} coins. A shop takes {percent} percent off. {name} buys {many} sets at the "
    facts += f"lower price and pays {fee} coins for delivery of all of them together."
    total = many * (price - price * percent // 100) + fee
    return Problem(facts, f"How many coins does {name} pay in all?", total)


def _weeks_needed(draw: Draws) -> Problem:
    (name,) = draw.some(_NAMES, 1)
    start, spent, more, weeks = draw.number(5, 300), draw.number(4, 90), draw.number(3, 80), draw.number(3, 60)
    facts = f"{name} has {start} coins, earns {spent + more} coins a week and spends {spent} coins a week."
    return Problem(facts, f"After how many weeks does {name} have {start + more * weeks} coins?", weeks)


def _tank(draw: Draws) -> Problem:
    out, more, minutes = draw.number(2, 60), draw.number(3, 70), draw.number(4, 90)
    inside = draw.number(10, 400)
    facts = f"A tank that can hold {inside + more * minutes} litres has {inside} litres in it. Each minute "
    facts += f"{out + more} litres flow in and {out} litres flow out."
    return Problem(facts, "After how many minutes is it full?", minutes)


def _workers(draw: Draws) -> Problem:
    (thing,) = draw.some(_THINGS, 1)
    few, days, times = draw.number(2, 15), draw.number(2, 30), draw.number(2, 6)
    packed = draw.number(20, 900)
    facts = f"{few} people, who all work equally fast, need {days * times} days to pack {packed} crates of {thing}."
    question = f"How many days do {few * times} such people need for {packed} crates?"
    return Problem(facts, question, days)


def _ratio(draw: Draws) -> Problem:
    (first, second), (thing,) = draw.some(_NAMES, 2), draw.some(_THINGS, 1)
    less, more, part = draw.number(2, 9), draw.number(1, 9), draw.number(5, 120)
    facts = (
        f"{first} and {second} share {(2 * less + more) * part} {thing}. For every {less} that {first} gets, {second} "
    )
    return Problem(f"{facts}gets {less + more}.", f"How many more does {second} get than {first}?", more * part)


def _shift(draw: Draws) -> Problem:
    (name,) = draw.some(_NAMES, 1)
    start, length = draw.number(6 * 60, 11 * 60), draw.number(4 * 60, 11 * 60)
    breaks, rest = draw.number(2, 5), draw.number(5, 35)
    clock = [f"{at // 60}:{at % 60:02d}" for at in (start, start + length)]
    facts = (
        f"{name} begins at {clock[0]} and ends at {clock[1]} on the same day (clock of 24 hours), with {breaks} breaks "
    )
    return Problem(f"{facts}of {rest} minutes each.", f"How many minutes does {name} work?", length - breaks * rest)


def _left_over(draw: Draws) -> Problem:
    (name,), (thing,) = draw.some(_NAMES, 1), draw.some(_THINGS, 1)
    morning, noon, size = draw.number(40, 900), draw.number(40, 900), draw.number(11, 48)
    facts = f"{name} collects {morning} {thing} in the morning and {noon} in the afternoon, and fills as many bags of "
    return Problem(f"{facts}{size} as there can be.", f"How many {thing} are left over?", (morning + noon) % size)


FAMILIES: dict[str, Callable[[Draws], Problem]] = {
    "change": _change,
    "shares": _shares,
    "output": _output,
    "distance": _distance,
    "ages": _ages,
    "discount": _discount,
    "weeks": _weeks_needed,
    "tank": _tank,
    "workers": _workers,
    "ratio": _ratio,
    "shift": _shift,
    "left over": _left_over,
}
"""What makes a problem of each family."""


class WordProblems:
    """Makes the samples of a seed; no file is read.

    Each has the field ``problem``, its answer as reference, and in ``meta`` its ``family`` and whether a sentence with
    a number that nobody needs stands in it (``needless_number``: ``yes`` or ``no``).

    Args:
        config: The keys.

    Raises:
        ConfigError: The generator is another one than this.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``type=WordProblems``.

        Attributes:
            seed: Decides the problems; take one that nobody has used for problems that no model can know.
            items: How many problems.
            generator: Name of the templates; another version of judgebench may have others and then says so.
        """

        seed: int = 0
        items: Annotated[int, msgspec.Meta(ge=1)] = 240
        generator: str = GENERATOR

    def __init__(self, config: Config) -> None:
        if config.generator != GENERATOR:
            raise ConfigError(
                f"WordProblems: the generator {config.generator!r} is not here; this version makes {GENERATOR!r}.",
                hint="Leave the key out, or use the version of judgebench that has that generator.",
            )
        self.config = config

    def version(self) -> str:
        """Return which problems these are: generator and seed."""
        return f"{GENERATOR}, seed {self.config.seed}"

    def count(self, data_dir: Path | None = None) -> int:  # noqa: ARG002 - no file is read
        """Return how many problems there are."""
        return self.config.items

    def samples(self, data_dir: Path | None = None) -> Iterator[Sample]:  # noqa: ARG002 - no file is read
        """Yield the problems, no two of which are the same."""
        known: set[str] = set()
        for number in range(self.config.items):
            yield self._new(number, known)

    def _new(self, number: int, known: set[str]) -> Sample:
        family, make = list(FAMILIES.items())[number % len(FAMILIES)]
        for again in range(_MOST_TRIES):
            draw = Draws(f"{GENERATOR}/{self.config.seed}/{number}/{again}")
            made = make(draw)
            needless = draw.number(0, 1) == 1
            said = _NEEDLESS[draw.number(0, len(_NEEDLESS) - 1)].format(draw.number(10, 90)) if needless else ""
            fields = {"problem": " ".join(filter(None, (made.facts, said, made.question)))}
            uid = uid_of(fields, str(made.answer))
            if uid not in known:
                known.add(uid)
                about = {"family": family, "needless_number": "yes" if needless else "no"}
                key = f"{GENERATOR}/{self.config.seed}/{number}"
                return Sample(id=number, uid=uid, fields=fields, reference=str(made.answer), key=key, meta=about)
        raise ConfigError(
            f"WordProblems: there are no {self.config.items} different problems of seed {self.config.seed}.",
            hint="Make `items` smaller.",
        )
