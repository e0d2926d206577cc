"""Choosing one of several solutions by how often each was verified: best of N, votes, and a lower bound (Heimdall)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar, get_args

A = TypeVar("A", bound=Hashable)

Strategy = Literal["pessimistic", "best_mean", "majority", "weighted_majority"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
ALPHA = 0.1
"""Weight of the penalty for few verifications that is taken where none is named."""


class AnswerGroup(NamedTuple, Generic[A]):
    """The solutions with one final answer.

    Attributes:
        answer: The answer.
        size: How many solutions have it.
        passed: How many verifications passed them. ``verified``: how many there were.
    """

    answer: A
    size: int
    passed: int
    verified: int

    @property
    def mean(self) -> float:
        """Share of the verifications that passed."""
        return self.passed / self.verified if self.verified else 0.0


def grouped(solutions: Sequence[tuple[A, int, int]]) -> list[AnswerGroup[A]]:
    """Return the groups of solutions, in the order in which their answers first stand.

    Args:
        solutions: Answer, verifications that passed it, and verifications that could be read, by solution.
    """
    found: dict[A, AnswerGroup[A]] = {}
    for answer, passed, verified in solutions:
        known = found.get(answer, AnswerGroup(answer, 0, 0, 0))
        found[answer] = AnswerGroup(answer, known.size + 1, known.passed + passed, known.verified + verified)
    return list(found.values())


def choose(groups: Sequence[AnswerGroup[A]], rule: Strategy, *, alpha: float = ALPHA) -> A:
    """Return the answer that a rule chooses; of equal ones the first.

    ``pessimistic``: ``argmax_k r_k - alpha ln(V) / (V_k + 1)`` with ``r_k`` the mean verification of an answer's
    solutions, ``V_k`` their verifications and ``V`` all verifications; a large alpha is majority voting.
    """
    total = sum(group.verified for group in groups)

    def worth(group: AnswerGroup[A]) -> float:
        if rule == "majority":
            return group.size
        if rule == "weighted_majority":
            return group.size * group.mean
        if rule == "best_mean":
            return group.mean
        return group.mean - alpha * math.log(max(total, 1)) / (group.verified + 1)

    return max(groups, key=worth).answer
