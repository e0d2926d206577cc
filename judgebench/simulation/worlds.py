"""What is known in a simulation: how good the tested models are, and how the judge errs.

A world is drawn from a seed. Every random number has a place of its own (``uniforms``): the same answer gets the same
verdict in two runs, a larger world begins with the items of a smaller one, and changing one parameter changes only what
depends on it.

Sources: the virtual models and judges of LaaJMeter (arXiv:2508.10161); difficulty by a logistic curve (G. Rasch 1960).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from judgebench.errors import UsageError

Numbers = npt.NDArray[np.float64]
"""One number for each item."""
Flags = npt.NDArray[np.bool_]
"""Yes or no for each item."""


def uniforms(n: int, seed: int, *place: object) -> Numbers:
    """Return ``n`` random numbers in 0..1 that depend on the seed and on their place alone, and not on ``n``."""
    return np.random.default_rng([seed, _number_of(place)]).random(n)


def normals(n: int, seed: int, *place: object) -> Numbers:
    """Return ``n`` numbers of the standard normal distribution; see ``uniforms``."""
    return np.random.default_rng([seed, _number_of(place)]).standard_normal(n)


def _number_of(place: tuple[object, ...]) -> int:
    return int.from_bytes(hashlib.blake2b(repr(place).encode(), digest_size=8).digest(), "big")


LONG = 100.0
"""Words above which a judge that goes by length accepts an answer."""


@dataclass(frozen=True)
class SimulatedModel:
    """A tested model.

    Attributes:
        quality: Share of right answers, over items of all difficulties.
        slices: Quality on the items of a slice, where it is another one.
        words: Median length of its answers.
        name: What tells two models apart that are equally good.
    """

    quality: float = 0.7
    slices: Mapping[str, float] = field(default_factory=dict)
    words: float = LONG
    name: str = "model"

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        for name, value in {"quality": self.quality, **self.slices}.items():
            _check_share(f"The {name} of the model {self.name!r}", value)


@dataclass(frozen=True)
class SimulatedJudge:
    """A judge whose errors are known.

    A verdict on one answer: with chance ``longer`` the judge goes by length and accepts more than ``LONG`` words, else
    it accepts a right answer with chance ``sensitivity`` and rejects a wrong one with chance ``specificity``.
    A verdict on two answers, in one order: with chance ``first`` the one shown first, else with chance ``longer`` the
    longer one, else with chance ``tie`` a tie, else the better one with chance ``accuracy``; orders are independent.

    Attributes:
        sensitivity: Share of right answers that it accepts. ``specificity``: of wrong ones that it rejects.
        accuracy: How often it finds the better of two answers.
        first: Pull to the answer shown first. ``longer``: to the longer one. ``tie``: chance of a tie.
        unread: Share of replies that cannot be read.
        noise: Chance that one asking decides the other way; asked twice, the judge flips in ``2 noise (1 - noise)``.
        correlation: Of its errors with those of other judges that have the same (their square roots multiply).
        drift: Share of accepting verdicts that become rejections from ``drifts_on`` on; below 0, of rejecting ones that
            become acceptances.
        drifts_on: A date, as ``2026-03-01``; every run is after an empty one.
        name: What tells two judges apart that are equally good.
    """

    sensitivity: float = 0.9
    specificity: float = 0.9
    accuracy: float = 0.8
    first: float = 0.0
    longer: float = 0.0
    tie: float = 0.0
    unread: float = 0.0
    noise: float = 0.0
    correlation: float = 0.0
    drift: float = 0.0
    drifts_on: str = ""
    name: str = "judge"

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        shares = (
            "sensitivity", "specificity", "accuracy", "first", "longer", "tie", "unread", "noise", "correlation",
        )  # fmt: skip
        for name in shares:
            _check_share(f"The {name} of the judge {self.name!r}", getattr(self, name))
        _check_share(f"The drift of the judge {self.name!r}", abs(self.drift))

    @property
    def accepts_right(self) -> float:
        """Share of right answers that it accepts with noise, before any drift, where half of the answers are long."""
        return self._accepts(self.sensitivity)

    @property
    def accepts_wrong(self) -> float:
        """Share of wrong answers that it accepts, likewise."""
        return self._accepts(1 - self.specificity)

    def _accepts(self, share: float) -> float:
        settled = self.longer / 2 + (1 - self.longer) * share
        return settled * (1 - self.noise) + (1 - settled) * self.noise

    def drift_on(self, date: str) -> float:
        """Return the drift of a run on a date."""
        return self.drift if not self.drifts_on or date >= self.drifts_on else 0.0


def _check_share(what: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise UsageError(f"{what} is {value:g}, and not a share.", hint="Write a number from 0 to 1.")


@dataclass(frozen=True)
class SimulatedItems:
    """Questions.

    Attributes:
        difficulty: On the logistic scale; 0 is the middle.
        slice: Which slice each belongs to, as a number in ``slices``.
        slices: Names of the slices.
    """

    difficulty: Numbers
    slice: npt.NDArray[np.int64]
    slices: tuple[str, ...]
    spread: float

    def __len__(self) -> int:
        return len(self.difficulty)


def draw_items(
    n: int, *, seed: int = 0, spread: float = 1.0, slices: Mapping[str, float] | None = None
) -> SimulatedItems:
    """Return questions.

    Args:
        n: How many.
        seed: Of the world.
        spread: Standard deviation of their difficulty; 0 makes all alike.
        slices: Share of the questions in each slice.
    """
    shares = dict(slices or {"": 1.0})
    ends = np.cumsum(np.fromiter(shares.values(), dtype=np.float64)) / sum(shares.values())
    place = np.minimum(np.searchsorted(ends, uniforms(n, seed, "slice"), side="right"), len(shares) - 1)
    return SimulatedItems(spread * normals(n, seed, "difficulty"), place.astype(np.int64), tuple(shares), spread)


@dataclass(frozen=True)
class SimulatedAnswers:
    """One model's answers to questions.

    Attributes:
        right: Whether each is right.
        words: How long it is.
        wording: 0 for the answer of the first run, and the number of the run that gave another one. The same number
            of the same model is the same text.
        model: Name of the model.
    """

    items: SimulatedItems
    right: Flags
    words: Numbers
    wording: npt.NDArray[np.int64]
    model: str

    def __len__(self) -> int:
        return len(self.right)

    @property
    def quality(self) -> float:
        """Share of right answers."""
        return float(self.right.mean())


def draw_answers(items: SimulatedItems, model: SimulatedModel, *, seed: int = 0) -> SimulatedAnswers:
    """Return a model's answers: right with the chance that its quality gives for the difficulty of the question."""
    return _answers(items, model, seed, run=0)


def answer_again(
    before: SimulatedAnswers, model: SimulatedModel, *, run: int = 1, reworded: float = 0.3, seed: int = 0
) -> SimulatedAnswers:
    """Return the answers of a later run: a part of them is given anew, by a model that may be another one now.

    Args:
        before: The answers of the earlier run.
        model: The model as it is now. Its quality is that of the answers that are given anew.
        run: Number of the later run.
        reworded: Share of the answers that are given anew.
        seed: Of the world.
    """
    anew = uniforms(len(before), seed, "reworded", before.model, run) < reworded
    later = _answers(before.items, model, seed, run=run)
    return SimulatedAnswers(
        before.items,
        np.where(anew, later.right, before.right),
        np.where(anew, later.words, before.words),
        np.where(anew, run, before.wording),
        before.model,
    )


def drop_to(
    before: SimulatedAnswers,
    points: float,
    *,
    run: int = 1,
    reworded: float = 0.3,
    churn: float = 0.0,
    seed: int = 0,
) -> SimulatedAnswers:
    """Return the answers of a later run of which ``points`` percent of all answers became wrong, in expectation.

    A part of the answers is given anew; of those, right ones become wrong as often as that takes. Where more would have
    to than are right, all of them do.

    Args:
        before: The answers of the earlier run.
        points: The drop; 0 for a model that has not changed.
        run: Number of the later run.
        reworded: Share of the answers that are given anew.
        churn: Share of the right answers among them that become wrong by chance, while as many wrong ones become right.
        seed: Of the world.
    """
    n, right = len(before), before.quality
    anew = uniforms(n, seed, "reworded", before.model, run) < reworded
    usual = right * reworded
    fails = min(1.0, points / 100 / usual + churn) if usual else 0.0
    found = churn * right / (1 - right) if right < 1 else 0.0
    draw = uniforms(n, seed, "lost", before.model, run)
    after = np.where(anew & (draw < np.where(before.right, fails, found)), ~before.right, before.right)
    wording = np.where(anew, run, before.wording)
    return SimulatedAnswers(before.items, after, before.words, wording, before.model)


def _answers(items: SimulatedItems, model: SimulatedModel, seed: int, *, run: int) -> SimulatedAnswers:
    n = len(items)
    chances = np.empty(n)
    for number, name in enumerate(items.slices):
        own = items.slice == number
        quality = model.slices.get(name, model.quality)
        chances[own] = chance_at(quality, items.spread, items.difficulty[own])
    right = uniforms(n, seed, "right", model.name, run) < chances
    words = model.words * np.exp(0.5 * normals(n, seed, "words", model.name, run))
    return SimulatedAnswers(items, right, words, np.full(n, run, dtype=np.int64), model.name)


def chance_at(quality: float, spread: float, difficulty: Numbers) -> Numbers:
    """Return the chance of a right answer at each difficulty; its mean over all difficulties is the quality."""
    if quality in (0.0, 1.0):
        return np.full(len(difficulty), quality)
    return _logistic(_ability(quality, spread) - difficulty)


@lru_cache(maxsize=256)
def _ability(quality: float, spread: float) -> float:
    """Return the ability whose mean chance over difficulties of this spread is the quality, by bisection."""
    points, weights = np.polynomial.hermite_e.hermegauss(64)
    weights = weights / weights.sum()
    low, high = -50.0, 50.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (low, middle) if float(weights @ _logistic(middle - spread * points)) > quality else (middle, high)
    return (low + high) / 2


def _logistic(x: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-x)), dtype=np.float64)
