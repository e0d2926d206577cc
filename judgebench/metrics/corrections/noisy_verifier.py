"""Rewards of a verifier that errs, for who trains on them: what makes them right on average.

A verifier accepts wrong answers with the chance ``accepted_wrong`` and rejects right ones with ``rejected_right``.
The backward reward is right on average whatever the answers; the forward weight needs only how often right answers are
rejected, and is right up to a factor. An appeal, a second look at some of what was rejected, shows how often that is.

Source: X. Cai et al. (2025), Reinforcement learning with verifiable yet noisy rewards under imperfect verifiers,
arXiv:2510.00915; the backward correction: N. Natarajan et al. (2013), Learning with noisy labels, NeurIPS 26.
"""

from __future__ import annotations

from typing import NamedTuple

from judgebench.metrics.statistics.intervals import Interval
from judgebench.metrics.statistics.jeffreys import jeffreys

LEAST_YOUDEN = 0.2
"""Refused below this 1 - accepted_wrong - rejected_right: rewards would be blown up fivefold."""


def backward_reward(said: float, *, accepted_wrong: float, rejected_right: float) -> float:
    """Return ``(said - accepted_wrong) / (1 - accepted_wrong - rejected_right)``; its mean is the true reward.

    Args:
        said: 1 where the verifier accepts, else 0.
        accepted_wrong: Share of wrong answers that it accepts.
        rejected_right: Share of right answers that it rejects.

    Raises:
        ValueError: The verifier hardly tells right from wrong.
    """
    youden = 1 - accepted_wrong - rejected_right
    if youden < LEAST_YOUDEN:
        raise ValueError(f"a verifier with 1 - accepted_wrong - rejected_right = {youden:.2f} cannot be corrected")
    return (said - accepted_wrong) / youden


def forward_weight(said: float, *, rejected_right: float) -> float:
    """Return ``rejected_right`` for what is accepted and ``rejected_right - 1`` for what is not.

    Its mean over verdicts is ``(1 - accepted_wrong - rejected_right) (reward - 1)``: the true reward less 1, times a
    factor that no gradient step cares for.

    Args:
        said: 1 where the verifier accepts, else 0.
        rejected_right: Share of right answers that it rejects.
    """
    return rejected_right if said else rejected_right - 1


class Appealed(NamedTuple):
    """How often right answers are rejected, by appeals.

    Attributes:
        share: Of the right answers. ``interval``: its 95% interval, over the appeals.
    """

    share: float
    interval: Interval


def appealed_share(accepted: int, rejected: int, *, appeals: int, upheld: int) -> Appealed | None:
    """Return how often right answers are rejected, from a second look at a random part of the rejected ones.

    ``found / (found + accepted)``, where ``found = rejected * upheld / appeals``; all that was accepted counts as
    right.

    Args:
        accepted: Answers that the verifier accepts.
        rejected: Answers that it rejects.
        appeals: Rejected answers that were looked at again.
        upheld: How many of them are right after all.

    Returns:
        ``None`` without appeals, or where nothing is right.
    """
    if not appeals or not (accepted or upheld):
        return None

    def share(rate: float) -> float:
        found = rejected * rate
        return found / (found + accepted) if found + accepted else 0.0

    low, high = jeffreys(upheld, appeals)
    return Appealed(share(upheld / appeals), Interval(share(low), share(high)))
