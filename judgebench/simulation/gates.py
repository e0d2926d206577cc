"""How often a gate is wrong: it fails a model that has not changed, or passes one that became worse.

The rules of others are those that their documentation describes, so that they can be seen beside ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from judgebench.metrics.statistics.intervals import mcnemar_exact, wilson
from judgebench.metrics.statistics.paired import DropDecision, decided_drop, drop_decision, paired_mean, without_shift
from judgebench.metrics.statistics.prediction_powered import column
from judgebench.simulation.verdicts import judge_answers
from judgebench.simulation.worlds import (
    Flags,
    Numbers,
    SimulatedJudge,
    SimulatedModel,
    draw_answers,
    draw_items,
    drop_to,
)

Rule = Callable[[Numbers, Numbers, Flags], DropDecision]
"""What a gate says of the verdicts on two runs and of which answers are the same in both."""

FIRST_DAY, SECOND_DAY = "2026-01-01", "2026-07-01"
"""Of the two runs; a judge that drifts in between does so on ``drifts_on="2026-06-01"``, or it does in both."""
MARGIN = 0.01
"""The drop that the point rule allows: that of a critical metric in NeMo Evaluator."""


def _point(first: Numbers, second: Numbers, _same: Flags) -> DropDecision:
    return "fail" if float((second - first).mean()) < -MARGIN else "pass"


def _mcnemar(first: Numbers, second: Numbers, _same: Flags) -> DropDecision:
    lost, gained = int((second < first).sum()), int((second > first).sum())
    return "fail" if lost > gained and mcnemar_exact(lost, gained) <= 0.05 else "pass"


def _unpaired(first: Numbers, second: Numbers, _same: Flags) -> DropDecision:
    n, pooled = len(first), float((first.mean() + second.mean()) / 2)
    error = math.sqrt(2 * pooled * (1 - pooled) / n)
    return "fail" if error and float(second.mean() - first.mean()) / error < -1.96 else "pass"


def _threshold(first: Numbers, second: Numbers, _same: Flags) -> DropDecision:
    return "pass" if wilson(float(second.mean()), len(second)).low >= float(first.mean()) - 0.03 else "fail"


def _paired(first: Numbers, second: Numbers, _same: Flags) -> DropDecision:
    mean = paired_mean(second - first, column(range(len(first))), scale=1.0)
    return drop_decision(mean, 0.0) if mean is not None else "cannot tell"


def _ours(first: Numbers, second: Numbers, same: Flags) -> DropDecision:
    questions = column(range(len(first)))
    mean = paired_mean(second - first, questions, scale=1.0)
    if mean is None:
        return "cannot tell"
    return decided_drop(mean, without_shift(second - first, questions, same.astype(np.float64), scale=1.0), 0.0)


RULES: dict[str, Rule] = {
    "point rule (drop above 1 point)": _point,
    "McNemar's exact test": _mcnemar,
    "unpaired z-test": _unpaired,
    "lower end against the baseline less 3": _threshold,
    "paired interval": _paired,
    "paired interval and anchors (jb gate)": _ours,
}


class GateFigures(NamedTuple):
    """How often a rule decides what.

    Attributes:
        rule: Which. ``n``: items. ``drop``: by how many points the model became worse.
        failed: Share of simulated runs that it fails; false alarms where nothing dropped, else its power.
        passed: Share that it passes; the rest cannot be told.
        error: One standard error of ``failed``.
    """

    rule: str
    n: int
    drop: float
    failed: float
    passed: float
    error: float


class PairOfRuns(NamedTuple):
    """What is simulated: a run, and a later one of a model that may be worse.

    Attributes:
        model: The tested model. ``judge``: the judge.
        n: Items. ``drop``: by how many points the second run is worse.
        reworded: Share of the answers that are given anew. ``churn``: as of ``drop_to``.
        spread: Of the items' difficulty. ``seed``: of the world.
    """

    model: SimulatedModel
    judge: SimulatedJudge
    n: int
    drop: float
    reworded: float
    churn: float
    spread: float
    seed: int


def as_tables(pair: PairOfRuns) -> tuple[Numbers, Numbers, Flags]:
    """Return the verdicts of both runs, and which answers are the same in both, without any run."""
    items = draw_items(pair.n, seed=pair.seed, spread=pair.spread)
    before = draw_answers(items, pair.model, seed=pair.seed)
    after = drop_to(before, pair.drop, reworded=pair.reworded, churn=pair.churn, seed=pair.seed)
    first = judge_answers(before, pair.judge, date=FIRST_DAY, seed=pair.seed)
    second = judge_answers(after, pair.judge, date=SECOND_DAY, seed=pair.seed)
    return first, second, before.wording == after.wording


def gate_figures(
    model: SimulatedModel,
    judge: SimulatedJudge,
    *,
    sizes: Sequence[int],
    drops: Sequence[float] = (0.0, 3.0),
    reworded: float = 0.3,
    churn: float = 0.1,
    draws: int = 1000,
    seed: int = 0,
    spread: float = 1.0,
    verdicts: Callable[[PairOfRuns], tuple[Numbers, Numbers, Flags]] = as_tables,
) -> list[GateFigures]:
    """Return how often each rule fails and passes pairs of runs.

    Args:
        model: The tested model.
        judge: The judge; the second run is of a day on which it has drifted, if it drifts.
        sizes: Numbers of items.
        drops: By how many points the second run is worse.
        reworded: Share of the answers that are given anew in the second run.
        churn: Share of the right ones among these that become wrong by chance, while as many become right.
        draws: Pairs of runs.
        seed: Of the first pair.
        spread: Of the items' difficulty.
        verdicts: Gives the verdicts of both runs; by default without any run.
    """
    found = []
    for n in sizes:
        for drop in drops:
            decided = {name: {"fail": 0, "pass": 0, "cannot tell": 0} for name in RULES}
            for world in range(seed, seed + draws):
                pair = PairOfRuns(model, judge, n, drop, reworded, churn, spread, world)
                first, second, same = verdicts(pair)
                read = ~np.isnan(first) & ~np.isnan(second)
                for name, rule in RULES.items():
                    said = rule(first[read], second[read], same[read]) if read.any() else "cannot tell"
                    decided[name][said] += 1
            for name, counts in decided.items():
                failed = counts["fail"] / draws
                error = math.sqrt(failed * (1 - failed) / draws)
                found.append(GateFigures(name, n, drop, failed, counts["pass"] / draws, error))
    return found
