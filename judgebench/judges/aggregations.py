"""Named aggregations: how the readings of an item's presentations become one decision.

The same verdicts give different numbers by different published aggregations, so an aggregation is named in the config,
printed and part of the version. Each is a pure function of readings that are already in one frame: a reading of order
``BA`` (the second answer shown first) has been flipped. What a presentation without a readable verdict counts as is a
named choice of the config (``unread``), applied before the aggregation. An item none of whose presentations could be
read is unparsed under every aggregation.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.judges.parsers.numbers import number_of
from judgebench.judges.parsers.reading import Reading, unparsed
from judgebench.plugins.find import filled
from judgebench.records.findings import PooledOutcome
from judgebench.records.pairs import FLIPPED, SIDES, STRENGTH


class PresentationReading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read in the reply to one presentation.

    Attributes:
        presentation: Name of the presentation.
        order: ``BA`` where the second answer was shown first.
        repeat: Number of the same question asked again.
        weight: Weight of the presentation in means and pools, 0 or more; other aggregations count every presentation
            alike.
        reading: What the parser read.
    """

    presentation: str
    reading: Reading
    order: Literal["", "AB", "BA"] = ""
    repeat: int = 0
    weight: float = 1.0


class AggregationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``aggregate=dict(type=..., ...)``.

    Attributes:
        type: Name of an aggregation of this module, or the dotted path of a function ``(readings, config) -> Reading``.
        unread: What a presentation without a readable verdict counts as: ``unparsed`` (then the item is unparsed too),
            ``drop`` (the other presentations decide), any other text (it counts as that decision: ``tie``,
            ``incorrect``, ...) or a number (it counts as that score). By presentation name where presentations differ.
        flip: Mirror image by decision, over the known ones, for presentations of order ``BA``.
        scale: Ends of the scale of a score that is a preference for the first answer, which order ``BA`` mirrors to
            ``low + high - score``; ``None`` for scores that do not depend on the order.
        margin: Mean scores of two answers that differ by no more than this are a tie (``mean_score``).
        tie: The decision of a tie.
        tie_break: Decision that ``majority`` gives when several decisions lead; empty leaves the item unparsed.
    """

    type: str
    unread: str | float | dict[str, str | float]
    flip: dict[str, str] = {}
    scale: tuple[float, float] | None = None
    margin: float = 0.0
    tie: str = "tie"
    tie_break: str = ""


NO_WEIGHT = "the presentations that were read have no weight"
"""Why an item is unparsed if only presentations of weight 0 could be read."""

Aggregation = Callable[[Sequence[PresentationReading], AggregationConfig], Reading]


def aggregated(
    presentations: Sequence[PresentationReading], aggregate: Aggregation, config: AggregationConfig
) -> Reading:
    """Return the decision about an item: mirror, fill in what is unread, aggregate.

    Args:
        presentations: One entry per presentation and repeat, in the order of the config.
        aggregate: A function of this module.
        config: Its settings.
    """
    if not presentations or all(one.reading.status != "ok" for one in presentations):
        reasons = list(dict.fromkeys(one.reading.reason for one in presentations if one.reading.reason))
        return unparsed("; ".join(reasons[:3]) or "no question was sent")
    kept: list[PresentationReading] = []
    for presentation in presentations:
        if presentation.reading.status == "ok":
            kept.append(mirrored(presentation, config) if presentation.order == "BA" else presentation)
            continue
        choice = (
            config.unread.get(presentation.presentation, "unparsed")
            if isinstance(config.unread, dict)
            else config.unread
        )
        if choice == "unparsed":
            return unparsed(f"presentation {presentation.presentation or 'only'}: {presentation.reading.reason}")
        if choice != "drop":
            stand_in = (
                Reading(status="ok", decision=choice) if isinstance(choice, str) else Reading(status="ok", score=choice)
            )
            kept.append(msgspec.structs.replace(presentation, reading=stand_in))
    if (
        aggregate is not first
        and config.type in DECISION_AGGREGATIONS
        and any(one.reading.decision is None for one in kept)
    ):
        return unparsed("a presentation has no decision")
    return aggregate(kept, config)


def mirrored(presentation: PresentationReading, config: AggregationConfig) -> PresentationReading:
    """Return the reading of a presentation of order ``BA`` as it would stand in order ``AB``; its own inverse."""
    reading = presentation.reading
    decision = reading.decision
    flip = {**FLIPPED, **config.flip}
    if decision is not None:
        decision = flip.get(decision, decision)
    score = reading.score
    probabilities = {flip.get(name, name): share for name, share in reading.probabilities.items()}
    pair = None
    if reading.pair is not None:
        pair = reading.pair[::-1]
        score = -score if score is not None else None
    elif score is not None and config.scale is not None:
        score = config.scale[0] + config.scale[1] - score
    return msgspec.structs.replace(
        presentation,
        reading=msgspec.structs.replace(
            reading, decision=decision, score=score, probabilities=probabilities, pair=pair
        ),
    )


def first(presentations: Sequence[PresentationReading], _config: AggregationConfig) -> Reading:
    """Take the first presentation that was read: ``v_1``. The rule of a judge that is asked once."""
    return presentations[0].reading


def counter(presentations: Sequence[PresentationReading], config: AggregationConfig) -> Reading:
    """Count votes for either answer: ``sign(sum_v side(v))``; 0 is a tie (JudgeBench, Tan et al. 2024).

    One readable vote against an unread or tied one decides. ``>>`` counts as ``>``.
    """
    total = sum(SIDES.get(one.reading.decision or "", 0) for one in presentations)
    return _preferred(total, config)


def both_or_tie(presentations: Sequence[PresentationReading], config: AggregationConfig) -> Reading:
    """Keep a decision that all presentations share, else it is a tie (MT-Bench pairwise, Zheng et al. 2023)."""
    decisions = {one.reading.decision for one in presentations}
    decision = next(iter(decisions)) if len(decisions) == 1 else config.tie
    return Reading(status="ok", decision=decision, values={"consistent": len(decisions) == 1})


def both_required(presentations: Sequence[PresentationReading], _config: AggregationConfig) -> Reading:
    """Keep a decision that all presentations share, else the item is ``inconsistent``, which equals no gold decision.

    Auto-J's agreement (Li et al. 2023) and the consistent accuracy of ContextualJudgeBench (Xu et al. 2025).
    """
    decisions = {one.reading.decision for one in presentations}
    decision = next(iter(decisions)) if len(decisions) == 1 else "inconsistent"
    return Reading(status="ok", decision=decision, values={"consistent": len(decisions) == 1})


def each_counts(presentations: Sequence[PresentationReading], _config: AggregationConfig) -> Reading:
    """Let every presentation count for itself: ``share(l) = #(v = l) / #v`` (CodeJudgeBench, LLMBar's average).

    ``values["shares"]`` holds the shares, from which an accuracy over presentations follows; the decision is the one
    that all presentations share, else ``split``.
    """
    votes = Counter(one.reading.decision or "" for one in presentations)
    shares = {decision: count / len(presentations) for decision, count in votes.items()}
    decision = next(iter(shares)) if len(shares) == 1 else "split"
    return Reading(status="ok", decision=decision, values={"shares": shares})


def mean_score(presentations: Sequence[PresentationReading], config: AggregationConfig) -> Reading:
    """Average scores by weight, ``sum_v w_v s_v / sum_v w_v``; two scores are averaged answer by answer.

    With two scores the decision is the answer with the higher mean, a tie within ``margin`` (FairEval, Wang et al.
    2023).
    """
    pairs = [(one.weight, one.reading.pair) for one in presentations if one.reading.pair is not None]
    if len(pairs) == len(presentations) and pairs:
        first_mean, second_mean = (_weighted([(weight, float(pair[at])) for weight, pair in pairs]) for at in (0, 1))
        if first_mean is None or second_mean is None:
            return unparsed(NO_WEIGHT)
        apart = first_mean - second_mean
        preferred = _preferred(0 if abs(apart) <= config.margin else apart, config)
        return msgspec.structs.replace(preferred, score=apart, pair=(first_mean, second_mean))
    return _mean_of_scores(presentations)


def weighted_pool(presentations: Sequence[PresentationReading], config: AggregationConfig) -> Reading:
    """Pool outcomes by weight: strong decisions count three times, a tie is half: ``sum_v w_v o_v / sum_v w_v``.

    With equal weights that is Arena-Hard's ``mean of 1 / 0.5 / 0`` (Li 2024). The score is the share won by the first
    answer; ``outcomes`` holds the pool, one entry per count.
    """
    outcomes: list[PooledOutcome] = []
    for one in presentations:
        decision = one.reading.decision or ""
        times = STRENGTH.get(decision, 1)
        outcomes += [PooledOutcome(outcome=(SIDES.get(decision, 0) + 1) / 2, weight=one.weight)] * times
    share = _weighted([(one.weight, one.outcome) for one in outcomes])
    if share is None:
        return unparsed(NO_WEIGHT)
    return msgspec.structs.replace(_preferred(share - 0.5, config), score=share, outcomes=outcomes)


def logprob_mean(presentations: Sequence[PresentationReading], _config: AggregationConfig) -> Reading:
    """Average probabilities by decision and weight, and take the likeliest: ``p(l) = sum_v w_v p_v(l) / sum_v w_v``.

    Reads the ``probabilities`` of ``logprob_of_decision``. Two equally likely decisions leave the item unparsed.
    """
    names = list(dict.fromkeys(name for one in presentations for name in one.reading.probabilities))
    if not names or any(not one.reading.probabilities for one in presentations):
        return unparsed("a presentation has no probabilities")
    weight = sum(one.weight for one in presentations)
    if weight <= 0:
        return unparsed(NO_WEIGHT)
    mean = {
        name: sum(one.weight * one.reading.probabilities.get(name, 0.0) for one in presentations) / weight
        for name in names
    }
    best = max(mean.values())
    likeliest = [name for name in names if math.isclose(mean[name], best, rel_tol=1e-12)]
    if len(likeliest) > 1:
        return unparsed("two decisions are equally likely")
    return Reading(status="ok", decision=likeliest[0], score=mean[names[0]], probabilities=mean)


def majority(presentations: Sequence[PresentationReading], config: AggregationConfig) -> Reading:
    """Take the decision that most presentations give: ``argmax_l #(v = l)`` (self-consistency, Wang et al. 2022; PoLL).

    Where several lead, the decision is ``tie_break`` if declared, else the item is unparsed. ``votes`` counts.
    """
    votes = Counter(one.reading.decision or "" for one in presentations)
    best = max(votes.values())
    leading = [decision for decision, count in votes.items() if count == best]
    if len(leading) > 1:
        if config.tie_break:
            return Reading(status="ok", decision=config.tie_break, score=best / len(presentations), votes=dict(votes))
        return Reading(
            status="unparsed",
            reason=f"the presentations are divided: {', '.join(sorted(leading))}",
            votes=dict(votes),
        )
    return Reading(status="ok", decision=leading[0], score=best / len(presentations), votes=dict(votes))


def unanimous(presentations: Sequence[PresentationReading], _config: AggregationConfig) -> Reading:
    """Take the decision that all presentations give; otherwise the item is unparsed (UQ validators, unanimity)."""
    votes = Counter(one.reading.decision or "" for one in presentations)
    if len(votes) > 1:
        reason = f"the presentations disagree: {', '.join(sorted(votes))}"
        return Reading(status="unparsed", reason=reason, votes=dict(votes))
    return Reading(status="ok", decision=next(iter(votes)), votes=dict(votes))


def median_score(presentations: Sequence[PresentationReading], _config: AggregationConfig) -> Reading:
    """Take the middle score, of an even number the mean of the middle two: one stray presentation changes little."""
    return _of_scores(presentations, statistics.median)


def min_score(presentations: Sequence[PresentationReading], _config: AggregationConfig) -> Reading:
    """Take the lowest score of the presentations: ``min_v s_v`` (MT-Bench-101's minimum over turns)."""
    return _of_scores(presentations, min)


def max_score(presentations: Sequence[PresentationReading], _config: AggregationConfig) -> Reading:
    """Take the highest score of the presentations: ``max_v s_v``."""
    return _of_scores(presentations, max)


def geometric_mean(presentations: Sequence[PresentationReading], _config: AggregationConfig) -> Reading:
    """Take the n-th root of the product of n scores, all 0 or more: ``(prod_v s_v)^(1/n)``; one 0 makes it 0.

    VIEScore's overall score is that of semantic consistency and perceptual quality (Ku et al. 2024).
    """
    if any(one.reading.score is not None and one.reading.score < 0 for one in presentations):
        return unparsed("a presentation has a score below 0")
    return _of_scores(presentations, lambda scores: math.prod(scores) ** (1 / len(scores)))


DECISION_AGGREGATIONS: Mapping[str, Aggregation] = {
    "first": first,
    "counter": counter,
    "both_or_tie": both_or_tie,
    "both_required": both_required,
    "each_counts": each_counts,
    "weighted_pool": weighted_pool,
    "majority": majority,
    "unanimous": unanimous,
}
"""Aggregations of decisions."""

SCORE_AGGREGATIONS: Mapping[str, Aggregation] = {
    "mean_score": mean_score,
    "median_score": median_score,
    "logprob_mean": logprob_mean,
    "min_score": min_score,
    "max_score": max_score,
    "geometric_mean": geometric_mean,
}
"""Aggregations of numbers."""


WEIGHING = frozenset({"weighted_pool", "mean_score", "logprob_mean"})
"""Aggregations that look at the weights of presentations; the others count every presentation alike."""


def aggregation_of(
    spec: Mapping[str, Any] | AggregationConfig, *, where: str = "aggregate"
) -> tuple[Aggregation, AggregationConfig]:
    """Return the aggregation that a config names, with its settings.

    Raises:
        ConfigError: There is no such aggregation, or ``unread`` is missing or does not fit.
    """
    config = spec if isinstance(spec, AggregationConfig) else filled(spec, AggregationConfig, where=where)
    aggregate: Aggregation = plugins.load(config.type, "aggregations", where=where)
    check_aggregation(config, where=where)
    return aggregate, config


def check_aggregation(config: AggregationConfig, *, where: str = "aggregate") -> None:
    """Refuse what an unread presentation cannot count as, and a mirror that is not its own inverse.

    Raises:
        ConfigError: A decision where scores are aggregated, a number where decisions are, or a one-way ``flip``.
    """
    flip = {**FLIPPED, **config.flip}
    for decision, mirror in flip.items():
        if flip.get(mirror, mirror) != decision:
            raise ConfigError(f"{where}.flip: {decision!r} becomes {mirror!r}, so {mirror!r} must become {decision!r}.")
    choices = config.unread.values() if isinstance(config.unread, dict) else [config.unread]
    for choice in choices:
        if choice in ("unparsed", "drop"):
            continue
        if isinstance(choice, str) and config.type in SCORE_AGGREGATIONS:
            hint = f"Write unread={choice} without quotes." if number_of(choice) is not None else ""
            raise ConfigError(
                f"{where}.unread: {config.type} aggregates numbers, so an unread presentation can be 'unparsed', "
                f"'drop' or a number, not {choice!r}.",
                hint=hint,
            )
        if not isinstance(choice, str) and config.type in DECISION_AGGREGATIONS:
            raise ConfigError(
                f"{where}.unread: {config.type} aggregates decisions, so an unread presentation cannot be {choice}."
            )


def check_weights(weights: Sequence[float], aggregations: Sequence[str], *, where: str) -> None:
    """Refuse weights that are no weights, and such that no aggregation would look at.

    Args:
        weights: As the config gives them.
        aggregations: Names of the aggregations that could use them; one of the user's own may.
        where: The config key, for the error.

    Raises:
        ConfigError: One is negative or not finite, or one is not 1 and every aggregation counts all presentations
            alike.
    """
    for weight in weights:
        if not 0 <= weight < math.inf:
            raise ConfigError(f"{where}: a weight must be a number from 0, not {weight}.")
    alike = (DECISION_AGGREGATIONS.keys() | SCORE_AGGREGATIONS.keys()) - WEIGHING
    if any(weight != 1 for weight in weights) and alike.issuperset(aggregations):
        hint = f"Aggregations that weigh: {', '.join(sorted(WEIGHING))}."
        raise ConfigError(f"{where}: {' and '.join(aggregations)} ignore weights.", hint=hint)


def _preferred(balance: float, config: AggregationConfig) -> Reading:
    decision = "A" if balance > 0 else "B" if balance < 0 else config.tie
    return Reading(status="ok", decision=decision)


def _weighted(values: Sequence[tuple[float, float]]) -> float | None:
    """Return the mean of (weight, value) pairs; ``None`` where nothing has weight."""
    weight = sum(one for one, _ in values)
    return sum(one * value for one, value in values) / weight if weight > 0 else None


def _mean_of_scores(presentations: Sequence[PresentationReading]) -> Reading:
    scores = [(one.weight, one.reading.score) for one in presentations]
    known = [(weight, score) for weight, score in scores if score is not None]
    if len(known) < len(scores):
        return unparsed("a presentation has no score")
    mean = _weighted(known)
    return unparsed(NO_WEIGHT) if mean is None else Reading(status="ok", score=mean)


def _of_scores(presentations: Sequence[PresentationReading], choose: Callable[[list[float]], float]) -> Reading:
    scores = [one.reading.score for one in presentations if one.reading.score is not None]
    if len(scores) < len(presentations):
        return unparsed("a presentation has no score")
    return Reading(status="ok", score=choose(scores))


def higher_score(presentations: Sequence[PresentationReading], config: AggregationConfig) -> Reading:
    """Prefer the higher grade: ``A`` if ``s_1 - s_2 > margin``, ``B`` if ``s_2 - s_1 > margin``, else a tie.

    For judges that grade each answer by itself (LLMBar's rating judges, Zeng et al. 2024; Prometheus on chosen and
    rejected answers, Kim et al. 2024). The first half of the presentations belongs to the first answer, the second
    half to the second; each answer's grade is their mean by weight, over repeats too. In a config:
    ``aggregate=dict(type="judgebench.judges.aggregations.higher_score", ...)``.
    """
    names = list(dict.fromkeys(one.presentation for one in presentations))
    if len(names) < 2 or len(names) % 2:
        return unparsed("a presentation of one of the two answers is missing")
    means = []
    for half in (names[: len(names) // 2], names[len(names) // 2 :]):
        own = [one for one in presentations if one.presentation in half]
        known = [(one.weight, one.reading.score) for one in own if one.reading.score is not None]
        if len(known) < len(own):
            return unparsed("a presentation has no score")
        weight = sum(one for one, _ in known)
        if weight <= 0:
            return unparsed(NO_WEIGHT)
        means.append(sum(one * score for one, score in known) / weight)
    apart = means[0] - means[1]
    decision = "A" if apart > config.margin else "B" if apart < -config.margin else config.tie
    return Reading(status="ok", decision=decision, score=apart, pair=(means[0], means[1]))
