"""Ratings of models, equal to ``evalica``."""

from __future__ import annotations

import math

import numpy as np

from judgebench.metrics.comparisons.bradley_terry import bradley_terry
from judgebench.metrics.comparisons.columns import Comparison
from judgebench.metrics.comparisons.elo import elo
from tests.metrics.conformance.draws import DRAWS, Later, generators, worst

evalica = Later("evalica")
MODELS = "abcd"


def games(rng: np.random.Generator) -> list[Comparison]:
    strengths = rng.normal(size=len(MODELS))
    found = []
    for at in range(int(rng.integers(40, 90))):
        first, second = (int(one) for one in rng.choice(len(MODELS), 2, replace=False))
        chance = 1 / (1 + math.exp(strengths[second] - strengths[first]))
        outcome = 0.5 if rng.random() < 0.15 else float(rng.random() < chance)
        found.append(Comparison(MODELS[first], MODELS[second], outcome, sample=at))
    return found


def columns(comparisons: list[Comparison]) -> tuple[list[str], list[str], list[object]]:
    names = {1.0: evalica.Winner.X, 0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw}
    return (
        [one.first for one in comparisons],
        [one.second for one in comparisons],
        [names[one.outcome] for one in comparisons],
    )


def test_bradley_terry() -> None:
    """Strengths up to their scale, where all of them are finite; ties count half in both."""
    found = []
    for rng in generators(1, DRAWS // 2):
        comparisons = games(rng)
        ours = bradley_terry(comparisons)
        values = {model: rating.value for model, rating in ours.items()}
        if len(values) < len(MODELS) or not all(map(math.isfinite, values.values())):
            continue
        theirs = evalica.bradley_terry(*columns(comparisons), tolerance=1e-13, limit=100_000).scores
        logs = {model: 400 / math.log(10) * math.log(theirs[model]) for model in values}
        centre = np.mean(list(values.values())) - np.mean(list(logs.values()))
        found.append(max(abs(values[one] - logs[one] - centre) for one in values))
    assert worst(found, least=DRAWS // 4) < 1e-6  # points of 400; its own iteration ends at a relative 1e-13 a step


def test_elo() -> None:
    found = []
    for rng in generators(2):
        comparisons = games(rng)
        ours = elo(comparisons, k=4.0, start=1000.0, scale=400.0)
        theirs = evalica.elo(*columns(comparisons), initial=1000.0, scale=400.0, k=4.0).scores
        found.append(max(abs(rating.value - theirs[model]) for model, rating in ours.items()))
    assert worst(found, least=DRAWS) < 1e-9
