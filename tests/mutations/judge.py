"""A simulated judge: it reads the prompt that a real judge would be sent, and answers in the text of each parser.

It knows nothing else than the prompt: which answer is good is written there, and which of two is shown first it sees
from where they stand. Its behaviour is a mixture of ways to decide, drawn for every question by itself:

- ``unread``: says nothing that can be read;
- ``tie``: finds both equal, or gives the middle of the scale;
- ``first``: prefers what is shown first, or calls a single answer right;
- ``longer``: prefers the longer answer;
- ``right``: says what is true; ``wrong``: says the contrary.

With position bias b and accuracy a that is ``first=b, right=(1-b)a, wrong=(1-b)(1-a)``. The draws come from a seeded
generator, or from a lattice on which every share is exact and the questions about an item are independent.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from string import ascii_uppercase
from typing import Any, NamedTuple

from judgebench.records.flow import Prompt, Reply
from tests.mutations.items import opposite
from tests.mutations.writing import Said, Writer

WAYS = ("unread", "tie", "first", "longer", "right", "wrong")
_ANSWER = re.compile(r"This is a ([\w-]+) answer no (\d+) to item (\d+) of <([^<>]*)>\.( It goes on)?")

Shares = Mapping[str, float]
"""Share of each way to decide; they sum to 1."""


class Seen(NamedTuple):
    """An answer as it stands in a prompt."""

    quality: str
    place: int
    number: int
    part: str
    long: bool


class SimulatedJudge:
    """See the module's docstring.

    Args:
        writer: Writes what it says in a parser's text.
        shares: Ways to decide, by part of the benchmark where they differ; the part "" stands for all others.
        kinds: Kinds of items; items of one kind have consecutive lattice cells.
        levels: Points of the lattice per question; 0 draws from a generator.
        seed: Of the generator, and of how it writes.
    """

    def __init__(
        self,
        writer: Writer,
        shares: Shares | Mapping[str, Shares],
        *,
        kinds: int = 1,
        levels: int = 0,
        seed: int = 0,
    ) -> None:
        by_part = {part: one for part, one in shares.items() if isinstance(one, Mapping)}
        alike = {way: share for way, share in shares.items() if not isinstance(share, Mapping)}
        self._shares: Mapping[str, Shares] = by_part or {"": alike}
        assert all(abs(sum(one.values()) - 1) < 1e-9 and set(one) <= set(WAYS) for one in self._shares.values())
        self._writer = writer
        self._kinds = kinds
        self._levels = levels
        self._rng = random.Random(seed)

    def reply(self, prompt: Prompt, question: int) -> Reply:
        """Answer the how-manieth question about an item."""
        seen = answers_in(prompt)
        way = self._way(seen[-1], question)
        said = None if way == "unread" else _said(self._writer, seen, way)
        return self._writer.write(said, self._rng)

    def _way(self, seen: Seen, question: int) -> str:
        if self._levels:
            cell = seen.number // self._kinds
            draw = (cell // self._levels**question % self._levels + 0.5) / self._levels
        else:
            draw = self._rng.random()
        shares = self._shares.get(seen.part, self._shares.get("", {}))
        for way in WAYS:
            draw -= shares.get(way, 0.0)
            if draw < 0:
                return way
        return max(shares, key=lambda way: shares[way])


def answers_in(prompt: Prompt) -> list[Seen]:
    """Return the answers that a prompt shows, in order, each once."""
    text = prompt if isinstance(prompt, str) else "\n\n".join(str(message["content"]) for message in prompt)
    found = [
        Seen(quality, int(place), int(number), part, bool(long))
        for quality, place, number, part, long in _ANSWER.findall(text)
    ]
    assert found, f"the prompt shows no answer:\n{text}"
    return found


def _said(writer: Writer, seen: list[Seen], way: str) -> Said:
    decide: Mapping[str, Callable[[Writer, list[Seen], str], Said]] = {
        "side": _side,
        "grade": _grade,
        "decision": _decision,
        "step": _steps,
        "steps": _steps,
        "order": _order,
    }
    return decide[writer.says](writer, seen, way)


def _side(_writer: Writer, seen: list[Seen], way: str) -> int:
    """Return which of two shown answers is preferred: 1 the first, -1 the second, 0 neither."""
    first, second = seen
    better = (first.quality == "good") - (second.quality == "good")
    longer = first.long - second.long
    contrary = -better or (1 if first.place < second.place else -1)
    return {"tie": 0, "first": 1, "longer": longer, "right": better, "wrong": contrary}[way]


def _grade(writer: Writer, seen: list[Seen], way: str) -> int:
    low, high = writer.scale
    one = seen[-1]  # a conversation shows the answers of earlier turns too
    stated = re.fullmatch(r"worth-(\d+)", one.quality)
    true = int(stated[1]) if stated else high if one.quality == "good" else low
    grades: dict[str, int] = {"right": true, "wrong": low + high - true, "tie": (low + high) // 2}
    return grades[way]


def _decision(writer: Writer, seen: list[Seen], way: str) -> str:
    (one,) = seen
    true = {"good": "correct", "bad": "incorrect", "broken": "invalid"}[one.quality]
    contrary = "incorrect" if true == "correct" else "correct"
    return {"right": true, "wrong": contrary, "first": "correct", "tie": writer.decisions[-1]}[way]


def _order(_writer: Writer, seen: list[Seen], way: str) -> str:
    """Return the letters of the shown answers from the best on; ``first`` is the order in which they are shown."""
    worth = {
        letter: int(one.quality.removeprefix("worth-")) for letter, one in zip(ascii_uppercase, seen, strict=False)
    }
    best = "".join(sorted(worth, key=lambda letter: -worth[letter]))
    return {"right": best, "wrong": best[::-1], "first": "".join(worth)}[way]


def _steps(writer: Writer, seen: list[Seen], way: str) -> list[bool]:
    true: list[Any] = [one.quality == "good" for one in seen]
    if way == "first":
        return [True] * len(true)
    if way == "tie":
        return [False] * len(true)
    turned: list[bool] = opposite(true, every_step=writer.says == "steps")
    return true if way == "right" else turned
