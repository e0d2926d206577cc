"""The comparisons of one result, item by item, in columns: what rankings over all models are made of."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import NamedTuple

from judgebench.metrics.found import outcomes_of
from judgebench.metrics.games import games_of
from judgebench.metrics.style import FEATURES, style_of
from judgebench.pair_labels import PREFERENCES
from judgebench.records import Verdict


class Game(NamedTuple):
    """One scored comparison.

    Attributes:
        id: ``Sample.id``. ``repeat``: repetition of the tested model's answer.
        outcome: 1 the tested model won, 0.5 a tie, 0 it lost; of a fold that pools outcomes, their mean.
        weight: How many outcomes that is, or what they weigh.
        style: Features of the tested model's answer; see ``style.FEATURES``.
        opposing_style: Likewise of the answer it was compared with.
    """

    id: int
    repeat: int
    outcome: float
    weight: float
    style: tuple[int, ...]
    opposing_style: tuple[int, ...]


class Orders(NamedTuple):
    """What showing the answers in some order came to in one game.

    Attributes:
        id: ``Sample.id``.
        agree: Whether both orders say the same; ``None`` where it was not judged in both.
        first_shown_won: Decided views that the answer shown first won. ``decided``: all decided views.
    """

    id: int
    agree: bool | None
    first_shown_won: int
    decided: int


class Played:
    """Columns of games, about 65 bytes each, and what the orders in which answers were shown tell about the judge."""

    def __init__(self) -> None:
        self._ids = array("q")
        self._repeats = array("H")
        self._outcomes = array("d")
        self._weights = array("d")
        self._styles = array("q")
        self._agree = array("b")  # whether the orders agree; -1 where it was not judged in both
        self._shown_first = array("H")  # views that the first shown answer won; of those decided
        self._decided = array("H")

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Game]:
        width = len(FEATURES)
        for at, (id_, repeat) in enumerate(zip(self._ids, self._repeats, strict=True)):
            styles = self._styles[2 * width * at : 2 * width * (at + 1)]
            yield Game(id_, repeat, self._outcomes[at], self._weights[at], tuple(styles[:width]), tuple(styles[width:]))

    def add(self, id_: int, repeat: int, verdict: Verdict, answers: tuple[str, str]) -> None:
        """Take in the verdict on one comparison; one that names no winner is left out.

        Args:
            id_: ``Sample.id``.
            repeat: Repetition.
            verdict: The decision about the pair.
            answers: The tested model's answer, and the one that it was compared with.
        """
        worth = PREFERENCES.get(verdict.label or "") if verdict.status == "ok" else None
        if worth is None:
            return
        pooled = outcomes_of(verdict, worth)
        weight = sum(own for _, own in pooled)
        self._ids.append(id_)
        self._repeats.append(repeat)
        self._outcomes.append(sum(own * outcome for outcome, own in pooled) / weight)
        self._weights.append(weight)
        for answer in answers:
            self._styles.extend(style_of(answer))
        sides = [game for game in games_of(verdict) if game.side is not None]
        both = {game.swapped for game in sides} == {True, False}
        shown = [game.first_shown for game in sides if game.first_shown]
        self._show(len({game.side for game in sides}) == 1 if both else -1, sum(side > 0 for side in shown), len(shown))

    def add_decision(self, id_: int, repeat: int, *, right: bool) -> None:
        """Take in whether a judge under test was right about an item: a game against gold, so to say."""
        self._ids.append(id_)
        self._repeats.append(repeat)
        self._outcomes.append(float(right))
        self._weights.append(1.0)
        self._styles.extend([0] * 2 * len(FEATURES))
        self._show(-1, 0, 0)

    def orders(self) -> Iterator[Orders]:
        """Yield what the orders of showing came to, game by game."""
        for id_, agree, won, decided in zip(self._ids, self._agree, self._shown_first, self._decided, strict=True):
            yield Orders(id_, None if agree < 0 else bool(agree), won, decided)

    def merge(self, later: Played) -> None:
        """Take in the games of the samples that follow."""
        self._ids.extend(later._ids)
        self._repeats.extend(later._repeats)
        self._outcomes.extend(later._outcomes)
        self._weights.extend(later._weights)
        self._styles.extend(later._styles)
        self._agree.extend(later._agree)
        self._shown_first.extend(later._shown_first)
        self._decided.extend(later._decided)

    def _show(self, agree: int, won: int, decided: int) -> None:
        self._agree.append(agree)
        self._shown_first.append(won)
        self._decided.append(decided)
