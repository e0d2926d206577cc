"""AlpacaEval's win rate with the effect of length taken out: an estimate.

For a tested model the probability that its answer to instruction i is preferred is
``sigmoid(theta tanh(d_i / sd(d)) + psi g_i + phi)`` with the length difference ``d`` (baseline minus tested) and the
instruction's difficulty ``g``; the length-controlled win rate is ``100 mean_i sigmoid(psi g_i + phi)``, what it would
be if both answers were equally long (Y. Dubois et al. 2024, Length-Controlled AlpacaEval, arXiv:2404.04475).

The source fits with a calibration set of its own and hosts its difficulties elsewhere. Here a penalty on ``theta``
stands in for the set, and ``joint_difficulty`` finds difficulties from the preferences of several models. That is why
the result is an estimate: on 20 published models, with difficulties found among themselves, it is 1.6 points away
(median; 5 at most), where the plain win rate is 4 (12 at most).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from judgebench.metrics.statistics.intervals import Cluster, mean_of

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

_PENALTIES = (1e-3, 1.0, 0.1)
"""Half the weights of the squares of phi, theta and psi; the first keeps a model that always wins finite."""
_STEPS = 60
_HALVINGS = 30
_TOLERANCE = 1e-10


class LengthControl(NamedTuple):
    """The estimate for one model.

    Attributes:
        value: Length-controlled win rate in percent.
        stderr: Standard error of its mean over instructions; ``None`` for fewer than two.
        level: ``phi``. ``length``: ``theta``. ``difficulty``: ``psi``.
    """

    value: float
    stderr: float | None
    level: float
    length: float
    difficulty: float


def length_controlled(
    preferences: Sequence[float],
    length_differences: Sequence[float],
    difficulty: Sequence[float],
    clusters: Sequence[Cluster],
) -> LengthControl | None:
    """Return the estimate; ``None`` without a preference.

    Args:
        preferences: For the tested answers, 0 to 1.
        length_differences: Length of the baseline's answer minus that of the tested one.
        difficulty: Of the instructions, on any scale.
        clusters: Whose each preference is; repeats of one instruction weigh together as much as one.
    """
    if not preferences:
        return None
    import numpy as np

    target, shared = np.asarray(preferences, dtype=float), np.asarray(difficulty, dtype=float)
    times = Counter(clusters)
    counts = np.array([1 / times[one] for one in clusters])
    weights = _fit(target, _columns(np.asarray(length_differences, dtype=float), shared), counts=counts)
    mean = mean_of((100 * _sigmoid(weights[0] + weights[2] * shared)).tolist(), clusters, weights=counts.tolist())
    assert mean.value is not None
    return LengthControl(mean.value, mean.stderr, *map(float, weights))


def joint_difficulty(
    preferences: Sequence[Sequence[float | None]], length_differences: Sequence[Sequence[float]], *, rounds: int = 30
) -> list[float]:
    """Return the difficulty of each instruction from several models' preferences (mean 0, standard deviation 1).

    Models and instructions are fitted in turn, instructions with a standard normal prior. A greater value means that
    the models are preferred more often.

    Args:
        preferences: By model and instruction; ``None`` where there is none.
        length_differences: Likewise, of every instruction.
        rounds: Of fitting both.
    """
    import numpy as np

    target = np.array([[np.nan if one is None else one for one in row] for row in preferences], dtype=float)
    gaps = np.asarray(length_differences, dtype=float)
    known = ~np.isnan(target)
    shared = _standard(np.where(known, target, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    weights = np.zeros((len(target), 3))
    lengths = np.stack([_columns(row, shared)[:, 1] for row in gaps])
    for _ in range(rounds):
        for at, row in enumerate(target):
            columns = np.stack([np.ones_like(shared), lengths[at], shared], axis=1)
            weights[at] = _fit(row[known[at]], columns[known[at]], start=weights[at])
        for _ in range(3):
            chances = _sigmoid(weights[:, :1] + weights[:, 1:2] * lengths + weights[:, 2:] * shared)
            slope = np.where(known, weights[:, 2:] * (target - chances), 0).sum(axis=0) - shared
            curve = np.where(known, weights[:, 2:] ** 2 * chances * (1 - chances), 0).sum(axis=0) + 1
            shared = shared + slope / curve
        shared = _standard(shared)
    return [float(one) for one in shared]


def implausible(value: float, win_rate: float) -> bool:
    """Whether an estimate is so far from the plain win rate that the source warns of it (both in percent)."""
    lowest = min(0.75 * win_rate, win_rate - 10)
    highest = max(win_rate + (100 - win_rate) / 4, win_rate + 10)
    return not lowest <= value <= highest


def _columns(gaps: Floats, shared: Floats) -> Floats:
    import numpy as np

    spread = float(gaps.std())
    lengths = np.tanh(gaps / spread) if spread > 0 else np.zeros_like(gaps)
    return np.stack([np.ones_like(gaps), lengths, shared], axis=1)


def _fit(target: Floats, columns: Floats, *, start: Floats | None = None, counts: Floats | float = 1.0) -> Floats:
    """Return the penalised maximum-likelihood weights, by Newton steps that are halved until they help.

    ``counts`` says how much each row counts.
    """
    import numpy as np

    penalty = np.array(_PENALTIES)
    weights = np.zeros(3) if start is None else start.copy()
    loss = _loss(weights, target, columns, penalty, counts)
    for _ in range(_STEPS):
        chances = _sigmoid(columns @ weights)
        slope = columns.T @ (counts * (target - chances)) - penalty * weights
        curve = (columns * (counts * chances * (1 - chances))[:, None]).T @ columns + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        for _ in range(_HALVINGS):
            found = _loss(weights + step, target, columns, penalty, counts)
            if found <= loss:
                break
            step = step / 2
        weights, loss = weights + step, found
        if np.abs(step).max() < _TOLERANCE:
            break
    return weights


def _loss(weights: Floats, target: Floats, columns: Floats, penalty: Floats, counts: Floats | float) -> float:
    import numpy as np

    reach = columns @ weights
    return float((counts * (np.logaddexp(0, reach) - target * reach)).sum() + (penalty * weights**2).sum() / 2)


def _standard(values: Floats) -> Floats:
    spread = float(values.std())
    centred: Floats = (values - values.mean()) / (spread if spread > 0 else 1.0)
    return centred


def _sigmoid(values: Floats) -> Floats:
    import numpy as np

    chances: Floats = np.exp(-np.logaddexp(0, -values))
    return chances
