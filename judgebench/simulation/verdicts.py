"""What a simulated judge says: about single answers, and about two answers in both orders."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from judgebench.simulation.worlds import LONG, Flags, Numbers, SimulatedAnswers, SimulatedJudge, uniforms

Order = Literal["AB", "BA"]
UNREAD = math.nan
"""A verdict that cannot be read."""


def judge_answers(
    answers: SimulatedAnswers, judge: SimulatedJudge, *, nth: int = 0, date: str = "", seed: int = 0
) -> Numbers:
    """Return a judge's verdicts on answers: 1 accepts, 0 rejects, NaN could not be read.

    What a judge thinks of an answer belongs to the answer: one that is the same in two runs gets the same verdict, but
    for noise, unread replies and drift.

    Args:
        answers: What is judged.
        judge: Who judges.
        nth: How often it was asked about these answers before; noise and unread replies are drawn anew each time.
        date: Of the run, for drift.
        seed: Of the world.
    """
    n = len(answers)
    said = np.empty(n, dtype=bool)
    for wording in np.unique(answers.wording):
        own = answers.wording == wording
        said[own] = _settled(answers, judge, seed, int(wording))[own]
    drift = judge.drift_on(date)
    moved = uniforms(n, seed, "drift", judge.name, answers.model) < abs(drift)
    said = said & ~moved if drift > 0 else said | moved if drift < 0 else said
    # noise is of one asking: of this run, that is of its date, and of the number of the question in it
    said = said ^ (uniforms(n, seed, "noise", judge.name, answers.model, date, nth) < judge.noise)
    lost = uniforms(n, seed, "unread", judge.name, answers.model, date, nth) < judge.unread
    return np.where(lost, UNREAD, said.astype(np.float64))


def _settled(answers: SimulatedAnswers, judge: SimulatedJudge, seed: int, wording: int) -> Flags:
    """Return what a judge thinks of answers without noise."""
    n, place = len(answers), (answers.model, wording)
    own = uniforms(n, seed, "error", judge.name, *place)
    if judge.correlation:
        shares = uniforms(n, seed, "shares", judge.name, *place) < math.sqrt(judge.correlation)
        own = np.where(shares, uniforms(n, seed, "error of all", *place), own)
    said = answers.right ^ (own < np.where(answers.right, 1 - judge.sensitivity, 1 - judge.specificity))
    if judge.longer:
        pulled = uniforms(n, seed, "pulled", judge.name, *place) < judge.longer
        said = np.where(pulled, answers.words > LONG, said)
    return np.asarray(said, dtype=bool)


class PairVerdicts(NamedTuple):
    """Verdicts on two models' answers, in both orders: 1 the first model's is better, -1 the second's, 0 a tie.

    Attributes:
        better: Which answer is better: 1, -1, or 0 where both are right or both wrong.
        said: By order, NaN where the reply could not be read.
    """

    better: Numbers
    said: dict[Order, Numbers]


def judge_pairs(
    first: SimulatedAnswers, second: SimulatedAnswers, judge: SimulatedJudge, *, nth: int = 0, seed: int = 0
) -> PairVerdicts:
    """Return a judge's verdicts on the answers of two models to the same questions.

    Where no answer is better, a judge that is not pulled takes either with even chances.
    """
    better = first.right.astype(np.float64) - second.right
    place = (judge.name, first.model, second.model, nth)
    said: dict[Order, Numbers] = {}
    orders: tuple[tuple[Order, float], ...] = (("AB", 1.0), ("BA", -1.0))
    for order, shown_first in orders:
        draw = [uniforms(len(first), seed, what, order, *place) for what in ("pull", "length", "tie", "found", "side")]
        right = np.where(draw[3] < judge.accuracy, better, -better)
        right = np.where(better == 0, np.where(draw[4] < 0.5, 1.0, -1.0), right)
        right = np.where(draw[2] < judge.tie, 0.0, right)
        longer = np.sign(first.words - second.words)
        right = np.where((draw[1] < judge.longer) & (longer != 0), longer, right)
        right = np.where(draw[0] < judge.first, shown_first, right)
        lost = uniforms(len(first), seed, "unread", order, *place) < judge.unread
        said[order] = np.where(lost, UNREAD, right)
    return PairVerdicts(better, said)


class PairFigures(NamedTuple):
    """What verdicts in both orders come to, over the pairs of which one answer is better; shares, 0..1.

    Attributes:
        both: Right in both orders. ``neither``: wrong in both.
        consistent: The same answer in both orders.
        mean: Right, over both orders.
        first: The answer shown first was preferred.
    """

    both: float
    neither: float
    consistent: float
    mean: float
    first: float


def expected_figures(judge: SimulatedJudge) -> PairFigures:
    """Return the figures of a judge with a pull to the first answer, in closed form.

    With pull ``b`` and accuracy ``a`` it finds a better answer that is shown first with ``u = b + (1 - b) a``, and one
    that is shown second with ``v = (1 - b) a``. For judges without ties, unread replies and pull to length.
    """
    u = judge.first + (1 - judge.first) * judge.accuracy
    v = (1 - judge.first) * judge.accuracy
    return PairFigures(u * v, (1 - u) * (1 - v), u * v + (1 - u) * (1 - v), (u + v) / 2, (u + 1 - v) / 2)


def figures_of(pairs: PairVerdicts) -> PairFigures:
    """Return the figures of simulated verdicts; a tie or an unread reply is not right and not wrong."""
    clear = pairs.better != 0
    better, one, other = pairs.better[clear], pairs.said["AB"][clear], pairs.said["BA"][clear]
    right: npt.NDArray[np.bool_] = np.stack([one == better, other == better])
    wrong = np.stack([one == -better, other == -better])
    first = np.concatenate([one == 1, other == -1])
    return PairFigures(
        float(right.all(0).mean()),
        float(wrong.all(0).mean()),
        float((one == other).mean()),
        float(right.mean()),
        float(first.mean()),
    )
