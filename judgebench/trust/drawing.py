"""Drawing answers for people to label, with a probability that is known for each: what makes labels speak for a run.

Every answer has a random number of its own, made of the seed and of where it stands. So a larger uniform draw holds a
smaller one, and another run of the same items draws the same items: labels of answers that are equal there still count,
and only what changed is to be labelled.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from judgebench.records.draws import DrawnAnswer, Strategy
from judgebench.trust.judged import JudgedAnswer, JudgedRow, SaidByOne

UNIFORM_PART = 0.5
"""Share of an unequal draw that is drawn uniformly: no answer's probability falls below half of the uniform one."""
CALIBRATION, HELD_OUT = "calibration", "held-out"


class Candidate(NamedTuple):
    """An answer that can be drawn.

    Attributes:
        stratum: What a stratified draw takes as many of: verdict and model.
        weight: What an unequal draw goes by, from 0.
    """

    model: str
    answer: JudgedAnswer
    stratum: tuple[str, str]
    weight: float


def candidates(row: str, rows: Sequence[JudgedRow], strategy: Strategy) -> list[Candidate]:
    """Return the answers of a row that can be drawn: every one that there is, whether its verdict is read or not.

    Args:
        row: The row.
        rows: All rows of the run; ``disagreement`` looks at those of the same dataset and model.
        strategy: How is to be drawn.
    """
    found = []
    for own in rows:
        if own.row != row:
            continue
        others = [one for one in rows if one.dataset == own.dataset and one.model == own.model and one.row != row]
        for place, answer in own.answers.items():
            if not answer.answer_hash:
                continue
            weight = answer.doubt()
            if strategy == "disagreement":
                weight = _disagreement(answer, [one.answers[place] for one in others if place in one.answers])
            said = answer.decision or (f"{answer.score:g}" if answer.score is not None else answer.status)
            found.append(Candidate(own.model, answer, (own.model, said), weight))
    return found


def draw(
    found: Sequence[Candidate], *, n: int, strategy: Strategy, seed: int, dataset: str, calibration: float = 0.0
) -> list[DrawnAnswer]:
    """Return ``n`` answers (all, where there are no more) in random order, each with its probability.

    Args:
        found: What can be drawn.
        n: How many.
        strategy: ``uniform`` and ``stratified`` take the smallest random numbers, of all or of each stratum;
            ``active`` and ``disagreement`` draw systematically, with probabilities in proportion to the weights (half)
            and uniformly (half), which are exact (W. G. Madow 1949, Annals of Mathematical Statistics 20, 333-354).
        seed: Of the random numbers.
        dataset: Whose answers these are.
        calibration: Share of the questions whose labels are for calibration; the others' are held out.
    """
    ranked = sorted(found, key=lambda one: _random(seed, dataset, one.model, one.answer.id, one.answer.repeat))
    n = min(n, len(ranked))
    if strategy == "stratified":
        chances = _stratified(ranked, n)
    elif strategy == "uniform":
        chances = [(one, n / len(ranked)) for one in ranked[:n]]
    else:
        chances = _systematic(ranked, n, _random(seed, dataset, "start"))
    order = {(one.model, one.answer.id, one.answer.repeat): at for at, one in enumerate(ranked)}
    chances.sort(key=lambda pair: order[pair[0].model, pair[0].answer.id, pair[0].answer.repeat])
    return [
        DrawnAnswer(
            model=one.model,
            id=one.answer.id,
            repeat=one.answer.repeat,
            answer_hash=one.answer.answer_hash,
            probability=chance,
            split=_split(seed, dataset, one.answer.id, calibration),
        )
        for one, chance in chances
    ]


def _random(*parts: object) -> float:
    """Return a number in [0, 1) that is the same for the same parts, everywhere."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _split(seed: int, dataset: str, id: int, calibration: float) -> str:
    if not calibration:
        return ""
    return CALIBRATION if _random(seed, dataset, "split", id) < calibration else HELD_OUT


def _disagreement(answer: JudgedAnswer, others: Sequence[JudgedAnswer]) -> float:
    opinions: list[SaidByOne | JudgedAnswer] = [*others, *([answer.rule] if answer.rule else [])]
    said = [one for one in opinions if one.status == "ok"]
    if answer.status != "ok":
        return 1.0
    differing = sum((one.decision, one.score) != (answer.decision, answer.score) for one in said)
    return differing / len(said) if said else 0.0


def _stratified(ranked: Sequence[Candidate], n: int) -> list[tuple[Candidate, float]]:
    strata: defaultdict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for one in ranked:
        strata[one.stratum].append(one)
    shares = dict.fromkeys(strata, 0)
    for _ in range(n):  # one more for the stratum that has the fewest and can still give one
        open_ = [name for name in strata if shares[name] < len(strata[name])]
        shares[min(open_, key=lambda name: (shares[name], -len(strata[name])))] += 1
    return [(one, share / len(strata[name])) for name, share in shares.items() for one in strata[name][:share]]


def _systematic(ranked: Sequence[Candidate], n: int, start: float) -> list[tuple[Candidate, float]]:
    chances = probabilities([one.weight for one in ranked], n)
    taken, total = [], 0.0
    for one, chance in zip(ranked, chances, strict=True):
        before = total
        total += chance
        if math.floor(total - start + 1e-12) > math.floor(before - start + 1e-12):
            taken.append((one, chance))
    return taken


def probabilities(weights: Sequence[float], n: int) -> list[float]:
    """Return with which probability each is drawn: they add up to ``n``, and none is above 1 or below half of uniform.

    Args:
        weights: From 0; all 0 draws uniformly.
        n: How many are drawn, at most as many as there are.
    """
    total = math.fsum(weights)
    if total <= 0:
        return [n / len(weights)] * len(weights)
    shares = [UNIFORM_PART / len(weights) + (1 - UNIFORM_PART) * weight / total for weight in weights]
    sure: set[int] = set()
    while True:  # what would be above 1 is sure to be drawn, and the others share the rest
        rest = math.fsum(share for at, share in enumerate(shares) if at not in sure)
        factor = (n - len(sure)) / rest if rest else 0.0
        above = {at for at, share in enumerate(shares) if at not in sure and share * factor >= 1}
        if not above:
            return [1.0 if at in sure else share * factor for at, share in enumerate(shares)]
        sure |= above
