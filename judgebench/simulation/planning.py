"""How many items and labels it takes to see a drop with a judge: in closed form, and checked by simulation.

A part ``a`` of the answers is given anew in the second run. On an answer that is the same in both, only noise makes a
difference; of the others, the share ``drop / a`` became wrong. The judge accepts right answers with chance ``A`` and
wrong ones with chance ``B``, so it shows ``(A - B) drop``. With labels on ``m`` of the changed pairs the drop among
these is ``w mean(f) + mean(y - w f)``, ``f`` being the judge's difference and ``y`` the true one
(prediction-powered inference).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from judgebench.errors import UsageError
from judgebench.metrics.statistics.paired import paired_mean
from judgebench.metrics.statistics.prediction_powered import column, drawn_mean
from judgebench.simulation.verdicts import judge_answers
from judgebench.simulation.worlds import SimulatedJudge, SimulatedModel, draw_answers, draw_items, drop_to, uniforms


class PairMoments(NamedTuple):
    """Means and variances of the judge's and the true difference, second run minus first.

    Attributes:
        judged: Mean of the judge's difference over changed pairs, and its variance. ``true``: likewise of the truth.
        shared: Their covariance.
        noise: Variance of the judge's difference on answers that are the same.
    """

    judged: tuple[float, float]
    true: tuple[float, float]
    shared: float
    noise: float


def pair_moments(
    model: SimulatedModel, judge: SimulatedJudge, drop: float, reworded: float, churn: float = 0.0
) -> PairMoments:
    """Return the moments in closed form.

    Args:
        model: The tested model before the drop.
        judge: The judge, without drift and unread replies.
        drop: In points.
        reworded: Share of the answers that are given anew.
        churn: Share of the right ones among them that become wrong by chance, while as many become right.

    Raises:
        UsageError: So few answers are given anew that they cannot carry the drop.
    """
    lost, right = drop / 100 / reworded, model.quality
    turned = churn * right
    if lost + turned > right or turned > 1 - right:
        raise UsageError(
            f"A drop of {drop:g} points needs more answers that changed: {100 * reworded:g}% of the answers, of which "
            f"{100 * right:g}% are right, cannot carry it.",
            hint="Raise --reworded, or lower --churn or --drop.",
        )
    accepts, accepts_wrong = judge.accepts_right, judge.accepts_wrong
    states = (
        (right - lost - turned, accepts, accepts, 0.0),
        (lost + turned, accepts, accepts_wrong, -1.0),
        (turned, accepts_wrong, accepts, 1.0),
        (1 - right - turned, accepts_wrong, accepts_wrong, 0.0),
    )
    mean = sum(share * (after - before) for share, before, after, _ in states)
    square = sum(share * (before * (1 - after) + after * (1 - before)) for share, before, after, _ in states)
    product = sum(share * (after - before) * true for share, before, after, true in states)
    return PairMoments(
        (mean, square - mean**2),
        (-lost, lost + 2 * turned - lost**2),
        product + mean * lost,
        2 * judge.noise * (1 - judge.noise),
    )


class PlannedSize(NamedTuple):
    """Items and labels that show a drop with the wished power.

    Attributes:
        way: What is decided by.
        items: Questions in each run. ``labels``: changed pairs that people label, two answers each; 0 for none.
        shows: The drop that this way shows on average, in points.
        calls: Judge calls of both runs.
        power: Share of simulated comparisons that showed a drop; ``None`` where nobody asked.
    """

    way: str
    items: int
    labels: int
    shows: float
    calls: int
    power: float | None = None


def plan(
    model: SimulatedModel,
    judge: SimulatedJudge,
    *,
    drop: float,
    reworded: float = 0.3,
    churn: float = 0.1,
    power: float = 0.8,
    draws: int = 0,
    seed: int = 0,
) -> list[PlannedSize]:
    """Return how many items and labels show a drop: by labels on everything, by the judge, by the judge with labels.

    "Show" means that the two-sided 95% interval of the difference lies below 0.

    Args:
        model: The tested model.
        judge: The judge.
        drop: In points.
        reworded: Share of the answers that are given anew in the second run.
        churn: Share of the right ones among these that become wrong by chance, while as many become right.
        power: Share of comparisons that are to show it.
        draws: Simulated comparisons that check each size; 0 checks none.
        seed: Of the first.
    """
    moments = pair_moments(model, judge, drop, reworded, churn)
    reach = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(power)
    true = drop / 100
    (judged, judged_var), (true_mean, true_var), shared = moments.judged, moments.true, moments.shared
    by_people = math.ceil(reach**2 * (reworded * (true_var + true_mean**2) - true**2) / true**2)
    shown = -reworded * judged
    noise = reworded * (judged_var + judged**2) + (1 - reworded) * moments.noise - shown**2
    found = [PlannedSize("people label every changed pair", by_people, math.ceil(reworded * by_people), drop, 0)]
    if shown > 0:
        alone = math.ceil(reach**2 * noise / shown**2)
        found.append(PlannedSize("the judge alone", alone, 0, 100 * shown, 2 * alone))
    # among the changed pairs: V = (w^2 var(f) + 2 w cov(f, y - w f)) / pairs + var(y - w f) / m
    allowed = (true / reworded / reach) ** 2
    for factor in (1.25, 1.5, 2.0, 4.0):
        items = math.ceil(factor * by_people)
        pairs = reworded * items
        best = math.inf
        for weight in np.linspace(0, 1, 101):
            own = weight**2 * judged_var + 2 * weight * (shared - weight * judged_var)
            rest = true_var - 2 * weight * shared + weight**2 * judged_var
            left = allowed - own / pairs
            if left > 0:
                best = min(best, rest / left)
        if best <= pairs:
            labels = max(10, math.ceil(best))
            found.append(PlannedSize("the judge, corrected by labels", items, labels, drop, 2 * items))
    if draws:
        found = [one._replace(power=_power(one, model, judge, (drop, reworded, churn), draws, seed)) for one in found]
    return found


def _power(
    size: PlannedSize,
    model: SimulatedModel,
    judge: SimulatedJudge,
    change: tuple[float, float, float],
    draws: int,
    seed: int,
) -> float:
    drop, reworded, churn = change
    seen = 0
    for world in range(seed, seed + draws):
        before = draw_answers(draw_items(size.items, seed=world), model, seed=world)
        after = drop_to(before, drop, reworded=reworded, churn=churn, seed=world)
        true = after.right.astype(np.float64) - before.right
        changed = before.wording != after.wording
        if not size.calls:
            difference = paired_mean(true, column(range(size.items)), scale=1.0)
            seen += difference is not None and difference.interval()[1] < 0
            continue
        said = judge_answers(after, judge, date="2", seed=world) - judge_answers(before, judge, date="1", seed=world)
        read = ~np.isnan(said)
        if not size.labels:
            difference = paired_mean(said[read], column(range(int(read.sum()))), scale=1.0)
            seen += difference is not None and difference.interval()[1] < 0
            continue
        pairs = np.flatnonzero(changed & read)
        labelled = pairs[np.argsort(uniforms(len(pairs), world, "labelled"))[: size.labels]]
        chances = np.full(len(labelled), len(labelled) / max(1, len(pairs)))
        mean = drawn_mean(true[labelled], said[labelled], said[pairs], chances, labelled, pairs)
        seen += mean is not None and mean.high < 0
    return seen / draws
