"""Which metric tells judges of known quality apart, with how many items: by how well it puts them in their order.

Source: the question of LaaJMeter (arXiv:2508.10161), which asks it of virtual models and judges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from judgebench.metrics.rates.agreement import cohen_kappa
from judgebench.metrics.statistics.correlation import kendall, pearson
from judgebench.simulation.verdicts import judge_answers
from judgebench.simulation.worlds import Flags, Numbers, SimulatedJudge, SimulatedModel, draw_answers, draw_items

JudgeFigure = Callable[[list[Flags], list[Numbers]], float | None]
"""Figure of one judge, from what is true of the answers of each tested model and what the judge says of them."""


def _all(truths: Sequence[Flags], said: Sequence[Numbers]) -> tuple[Flags, Numbers]:
    true, every = np.concatenate(truths), np.concatenate(said)
    read = ~np.isnan(every)
    return true[read], every[read]


def _agreement(truths: list[Flags], said: list[Numbers]) -> float | None:
    true, every = _all(truths, said)
    return float((every == true).mean()) if len(true) else None


def _balanced(truths: list[Flags], said: list[Numbers]) -> float | None:
    true, every = _all(truths, said)
    return float((every[true].mean() + 1 - every[~true].mean()) / 2) if true.any() and not true.all() else None


def _kappa(truths: list[Flags], said: list[Numbers]) -> float | None:
    true, every = _all(truths, said)
    return cohen_kappa(Counter(zip(every == 1, true, strict=True)))


def _means(truths: list[Flags], said: list[Numbers]) -> tuple[list[float], list[float]] | None:
    if any(np.isnan(one).all() for one in said):  # of a model of which nothing was read
        return None
    return [float(one.mean()) for one in truths], [float(np.nanmean(one)) for one in said]


def _correlation(truths: list[Flags], said: list[Numbers]) -> float | None:
    return pearson(*means) if (means := _means(truths, said)) is not None else None


def _ranking(truths: list[Flags], said: list[Numbers]) -> float | None:
    return kendall(*means) if (means := _means(truths, said)) is not None else None


def _bias(truths: list[Flags], said: list[Numbers]) -> float | None:
    if (means := _means(truths, said)) is None:
        return None
    true, judged = means
    return -float(np.abs(np.array(true) - np.array(judged)).mean())


FIGURES: dict[str, JudgeFigure] = {
    "agreement": _agreement,
    "Cohen's kappa": _kappa,
    "balanced accuracy": _balanced,
    "closeness of the scores": _bias,
    "correlation of the models' scores": _correlation,
    "Kendall's tau of the models": _ranking,
}
"""Higher is better in each."""


class Separated(NamedTuple):
    """How well a metric orders judges.

    Attributes:
        metric: Which. ``n``: items of each tested model.
        tau: Mean of Kendall's tau-b between its order and that of the judges' qualities, over draws where it has one.
        best: Share of draws in which the best judge has the highest figure alone.
        undefined: Share of draws in which it gives no order.
    """

    metric: str
    n: int
    tau: float
    best: float
    undefined: float


def separation(
    judges: Sequence[SimulatedJudge],
    models: Sequence[SimulatedModel],
    *,
    sizes: Sequence[int],
    draws: int = 200,
    seed: int = 0,
    spread: float = 1.0,
) -> list[Separated]:
    """Return how well each metric orders judges, whose true order is that of ``quality_of``.

    Args:
        judges: At least two, of different quality and name.
        models: Tested models whose answers all of them judge.
        sizes: Numbers of items.
        draws: Worlds.
        seed: Of the first world.
        spread: Of the items' difficulty.
    """
    true_order = [quality_of(judge) for judge in judges]
    found: list[Separated] = []
    for n in sizes:
        taus: dict[str, list[float | None]] = {name: [] for name in FIGURES}
        best = dict.fromkeys(FIGURES, 0)
        for world in range(seed, seed + draws):
            items = draw_items(n, seed=world, spread=spread)
            answers = [draw_answers(items, model, seed=world) for model in models]
            truths = [one.right for one in answers]
            said = [[judge_answers(one, judge, seed=world) for one in answers] for judge in judges]
            for name, metric in FIGURES.items():
                figures = [metric(truths, own) for own in said]
                known = [one for one in figures if one is not None]
                taus[name].append(kendall(known, true_order) if len(known) == len(judges) else None)
                top = int(np.argmax(true_order))
                best[name] += len(known) == len(judges) and all(
                    known[top] > one for at, one in enumerate(known) if at != top
                )
        for name, every in taus.items():
            known = [one for one in every if one is not None]
            mean = float(np.mean(known)) if known else float("nan")
            found.append(Separated(name, n, mean, best[name] / draws, 1 - len(known) / draws))
    return found


def quality_of(judge: SimulatedJudge) -> float:
    """Return a judge's quality: the mean of its shares of right decisions about right and about wrong answers."""
    return (judge.accepts_right + 1 - judge.accepts_wrong) / 2
