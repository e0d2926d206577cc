"""A surrogate of an expensive judge of pairs: weights of plain features, and what is lost by them.

Two figures say what it is worth: its agreement with the judge on questions that it was not fitted on, and on models
that it was not fitted on. Beside both stands "the longer answer wins", on the same pairs, which asks for no fit at all.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from judgebench.errors import DataError
from judgebench.judges.rules.surrogate import FEATURES, features_of, reference_of
from judgebench.metrics.comparisons.bradley_terry import bradley_terry
from judgebench.metrics.comparisons.columns import Comparison
from judgebench.metrics.statistics.correlation import kendall
from judgebench.metrics.statistics.intervals import share_of_worths
from judgebench.metrics.statistics.paired import paired_mean
from judgebench.records.figures import Metric
from judgebench.training.judge_files import JudgmentRow

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

PENALTY = 1.0
"""Weight of half the squared coefficients of standardised features."""
_STEPS = 100
_OUTCOMES = {"A": 1.0, "B": 0.0, "tie": 0.5}

_CONFIG = '''\
"""A surrogate of a judge, made by jb train surrogate; it asks no model."""

from judgebench.judges import Surrogate

judges = [
    dict(
        abbr="surrogate",
        compare_with="all",
        method=dict(
            type=Surrogate,
            weights={WEIGHTS
            },
        ),
    )
]
'''


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What held-out pairs say of a surrogate.

    Attributes:
        agreement: With the judge, in percent, over the pairs on which the judge preferred one. An answer that is as
            good by the surrogate counts half.
        longer: The same of "the longer answer wins".
        gain: By how many points the surrogate is above that, with its 95% interval; ``None`` with one question.
        left_out: Models that had no pair to fit on without them.
    """

    agreement: Metric
    longer: Metric
    gain: tuple[float, float, float] | None
    left_out: list[str] = []


class SurrogateOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A surrogate and its figures.

    Attributes:
        weights: By feature, fitted on all pairs.
        odds: By feature, by how much the odds of being better grow with one standard deviation of the difference.
        pairs: Pairs with a verdict. ``decided``: those on which the judge preferred one answer.
        questions: How many.
        by_question: Held out by question. ``by_model``: by model; ``None`` where the rows name none, or two alone.
        ratings: By model, the judge's rating and the held-out surrogate's (Bradley-Terry, points).
        rank_correlation: Kendall's tau-b of the two; ``None`` with fewer than three models.
    """

    weights: dict[str, float]
    odds: dict[str, float]
    pairs: int
    decided: int
    questions: int
    by_question: Held
    by_model: Held | None = None
    ratings: dict[str, tuple[float, float]] = {}
    rank_correlation: float | None = None


class _PairColumns(NamedTuple):
    differences: Floats
    outcomes: Floats
    questions: list[str]
    models: list[tuple[str, str]]


def train_surrogate(rows: Sequence[JudgmentRow], *, parts: int = 5, seed: int = 1) -> SurrogateOutcome:
    """Fit a surrogate on the verdicts of a judge, and hold questions and models out to see what it is worth.

    Args:
        rows: Pairs with what the judge decided. ``model1`` and ``model2`` among the fields name whose answers they are.
        parts: Parts of the questions; each is predicted from the others.
        seed: Which question is in which part.

    Raises:
        DataError: There are no pairs, or too few questions, or the judge preferred nothing.
    """
    import numpy as np

    pairs = _pairs_of(rows)
    decided = pairs.outcomes != 0.5
    part_of = [_part(question, parts, seed) for question in pairs.questions]
    if len(set(part_of)) < 2 or not decided.any():
        raise DataError(
            "The judged pairs are too few to fit on some questions and measure on others: "
            f"pairs: {len(pairs.questions)}, with a preference: {int(decided.sum())}, "
            f"questions: {len(set(pairs.questions))}.",
            hint="Give more judged pairs: question, answer1, answer2 and winner (A, B or tie) on each line.",
        )
    predicted = _predicted(pairs, lambda at: [part != part_of[at] for part in part_of], part_of)
    weights, scale = _fitted(pairs, np.ones(len(decided), dtype=bool))
    names = sorted({name for two in pairs.models for name in two if name})
    by_model, left_out = _by_model(pairs, names)
    ratings = _ratings(pairs, predicted) if len(names) > 1 else {}
    finite = [two for two in ratings.values() if all(math.isfinite(one) for one in two)]
    return SurrogateOutcome(
        weights={name: float(one) for name, one in zip(FEATURES, weights / scale, strict=True) if one},
        odds={name: math.exp(float(one)) for name, one in zip(FEATURES, weights, strict=True)},
        pairs=len(decided),
        decided=int(decided.sum()),
        questions=len(set(pairs.questions)),
        by_question=_held(pairs, predicted),
        by_model=None if by_model is None else _held(pairs, by_model, left_out),
        ratings=ratings,
        rank_correlation=kendall(*zip(*finite, strict=True)) if len(finite) > 2 else None,
    )


def judge_config(weights: dict[str, float]) -> str:
    """Return a judge config that decides by the weights."""
    return _CONFIG.replace("WEIGHTS", "".join(f'\n                "{name}": {one!r},' for name, one in weights.items()))


def _pairs_of(rows: Sequence[JudgmentRow]) -> _PairColumns:
    import numpy as np

    differences, outcomes, questions, models = [], [], [], []
    for row in rows:
        if len(row.answers) != 2 or row.label not in _OUTCOMES:
            continue
        question, reference = str(row.fields.get("question", "")), reference_of(row.reference)
        first, second = (features_of(one, question, reference) for one in row.answers)
        differences.append([a - b for a, b in zip(first, second, strict=True)])
        outcomes.append(_OUTCOMES[row.label])
        questions.append(row.question_id)
        models.append((str(row.fields.get("model1", "")), str(row.fields.get("model2", ""))))
    if not outcomes:
        raise DataError(
            "There is no pair of answers with a verdict among the rows.",
            hint="A surrogate compares two answers: question, answer1, answer2 and winner (A, B or tie) on each line.",
        )
    return _PairColumns(np.array(differences), np.array(outcomes), questions, models)


def _part(question: str, parts: int, seed: int) -> int:
    digest = hashlib.sha256(f"{seed} {question}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") % parts


def _predicted(pairs: _PairColumns, train: Callable[[int], list[bool]], parts: Sequence[Any]) -> Floats:
    """Return for each pair the score of a fit that has not seen its part; nan where there was nothing to fit on."""
    import numpy as np

    scores = np.full(len(parts), np.nan)
    for part in dict.fromkeys(parts):
        here = np.array([one == part for one in parts])
        seen = np.array(train(int(np.flatnonzero(here)[0])))
        if (pairs.outcomes[seen] != 0.5).any():
            weights, scale = _fitted(pairs, seen)
            scores[here] = pairs.differences[here] / scale @ weights
    return scores


def _fitted(pairs: _PairColumns, seen: Any) -> tuple[Floats, Floats]:
    """Return the coefficients of standardised differences, by Newton's method, and the standard deviations.

    A tie is half a win for each. There is no constant: turning a pair round turns the verdict round.
    """
    import numpy as np

    differences, outcomes = pairs.differences[seen], pairs.outcomes[seen]
    scale = np.sqrt((differences**2).mean(axis=0))
    scale[scale < 1e-12] = np.inf  # all answers are alike in it
    z = differences / scale
    weights = np.zeros(z.shape[1])
    for _ in range(_STEPS):
        chance = 0.5 * (1 + np.tanh(z @ weights / 2))
        gradient = z.T @ (outcomes - chance) - PENALTY * weights
        hessian = (z.T * (chance * (1 - chance))) @ z + PENALTY * np.eye(len(weights))
        step = np.linalg.solve(hessian, gradient)
        weights = weights + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        if float(np.abs(step).max()) < 1e-10:
            break
    return weights, scale


def _by_model(pairs: _PairColumns, names: Sequence[str]) -> tuple[Floats | None, list[str]]:
    """Return scores of fits that saw no answer of the one model, averaged over both models of a pair."""
    import numpy as np

    if len(names) < 3:
        return None, []
    total, times = np.zeros(len(pairs.models)), np.zeros(len(pairs.models))
    left_out = []
    for name in names:
        here = np.array([name in two for two in pairs.models])
        if not (pairs.outcomes[~here] != 0.5).any():
            left_out.append(name)
            continue
        weights, scale = _fitted(pairs, ~here)
        total[here] += pairs.differences[here] / scale @ weights
        times[here] += 1
    with np.errstate(invalid="ignore"):
        scores: Floats = total / times
    return (scores, left_out) if (times > 0).any() else (None, left_out)


def _held(pairs: _PairColumns, scores: Floats, left_out: Sequence[str] = ()) -> Held:
    import numpy as np

    used = (pairs.outcomes != 0.5) & ~np.isnan(scores)
    questions = [question for question, taken in zip(pairs.questions, used, strict=True) if taken]
    wins = pairs.outcomes[used]
    length = pairs.differences[used, FEATURES.index("characters")]
    ours, longer = (_agrees(one, wins) for one in (scores[used], length))
    numbers = {question: float(number) for number, question in enumerate(questions)}
    mean = paired_mean(ours - longer, np.array([numbers[one] for one in questions]), scale=1)
    gain = None
    if mean is not None:
        low, high = mean.interval()
        gain = (100 * mean.value, 100 * low, 100 * high)
    return Held(
        agreement=share_of_worths(zip(questions, map(float, ours), strict=True)),
        longer=share_of_worths(zip(questions, map(float, longer), strict=True)),
        gain=gain,
        left_out=list(left_out),
    )


def _agrees(scores: Floats, wins: Floats) -> Floats:
    import numpy as np

    agreed: Floats = np.where(scores == 0, 0.5, (scores > 0) == (wins > 0.5))
    return agreed


def _ratings(pairs: _PairColumns, scores: Floats) -> dict[str, tuple[float, float]]:
    """Return the ratings of the models by the judge and by the held-out surrogate; infinite where one always won."""
    import numpy as np

    named = [at for at, two in enumerate(pairs.models) if all(two) and not np.isnan(scores[at])]
    if not named:
        return {}

    def rated(outcomes: Floats) -> dict[str, float]:
        found = [Comparison(*pairs.models[at], float(outcomes[at]), sample=at) for at in named]
        return {name: one.value for name, one in bradley_terry(found).items()}

    judge, ours = rated(pairs.outcomes), rated(np.where(scores == 0, 0.5, scores > 0))
    return {name: (value, ours[name]) for name, value in judge.items()}
