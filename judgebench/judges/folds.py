"""Named folds: how the readings of an item's views become one decision.

The same verdicts give different numbers by different published folds, so a fold is named in the config, printed and
part of the version. Each is a pure function of readings that are already in one frame: a reading of order ``BA`` (the
second answer shown first) has been flipped. What a view without a readable verdict counts as is a named choice of the
config (``unread``), applied before the fold. An item none of whose views could be read is unparsed under every fold.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.grammars.numbers import number_of
from judgebench.judges.grammars.reading import Reading, unparsed
from judgebench.pair_labels import FLIPPED, SIDES, STRENGTH


class ViewReading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read in the reply to one view.

    Attributes:
        view: Name of the view.
        order: ``BA`` where the second answer was shown first.
        repeat: Number of the same question asked again.
        weight: Weight of the view in means and pools, 0 or more; other folds count every view alike.
        reading: What the grammar read.
    """

    view: str
    reading: Reading
    order: Literal["", "AB", "BA"] = ""
    repeat: int = 0
    weight: float = 1.0


class FoldConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``fold=dict(type=..., ...)``.

    Attributes:
        type: Name of a fold of this module, or the dotted path of a function ``(readings, config) -> Reading``.
        unread: What a view without a readable verdict counts as: ``unparsed`` (then the item is unparsed too), ``drop``
            (the other views decide), any other text (it counts as that label: ``tie``, ``incorrect``, ...) or a number
            (it counts as that score). By view name where views differ.
        flip: Mirror image by label, over the known ones, for views of order ``BA``.
        scale: Ends of the scale of a score that is a preference for the first answer, which order ``BA`` mirrors to
            ``low + high - score``; ``None`` for scores that do not depend on the order.
        margin: Mean scores of two answers that differ by no more than this are a tie (``mean_score``).
        tie: The label of a tie.
        tie_break: Label that ``majority`` gives when several labels lead; empty leaves the item unparsed.
    """

    type: str
    unread: str | float | dict[str, str | float]
    flip: dict[str, str] = {}
    scale: tuple[float, float] | None = None
    margin: float = 0.0
    tie: str = "tie"
    tie_break: str = ""


NO_WEIGHT = "the views that were read have no weight"
"""Why an item is unparsed of whose views only such of weight 0 could be read."""

Fold = Callable[[Sequence[ViewReading], FoldConfig], Reading]


def fold_views(views: Sequence[ViewReading], fold: Fold, config: FoldConfig) -> Reading:
    """Return the decision about an item: mirror, fill in what is unread, fold.

    Args:
        views: One entry per view and repeat, in the order of the config.
        fold: A function of this module.
        config: Its settings.
    """
    if not views or all(one.reading.status != "ok" for one in views):
        reasons = list(dict.fromkeys(one.reading.reason for one in views if one.reading.reason))
        return unparsed("; ".join(reasons[:3]) or "nothing was asked")
    counted: list[ViewReading] = []
    for view in views:
        if view.reading.status == "ok":
            counted.append(mirrored(view, config) if view.order == "BA" else view)
            continue
        choice = config.unread.get(view.view, "unparsed") if isinstance(config.unread, dict) else config.unread
        if choice == "unparsed":
            return unparsed(f"view {view.view or 'only'}: {view.reading.reason}")
        if choice != "drop":
            stand_in = (
                Reading(status="ok", label=choice) if isinstance(choice, str) else Reading(status="ok", score=choice)
            )
            counted.append(msgspec.structs.replace(view, reading=stand_in))
    if fold is not first and config.type in LABEL_FOLDS and any(one.reading.label is None for one in counted):
        return unparsed("a view has no label")
    return fold(counted, config)


def mirrored(view: ViewReading, config: FoldConfig) -> ViewReading:
    """Return the reading of a view of order ``BA`` as it would stand in order ``AB``; its own inverse."""
    reading = view.reading
    label = reading.label
    flip = {**FLIPPED, **config.flip}
    if label is not None:
        label = flip.get(label, label)
    score = reading.score
    values = dict(reading.values)
    if "p" in values:
        values["p"] = {flip.get(name, name): share for name, share in values["p"].items()}
    if "first" in values and "second" in values:
        values["first"], values["second"] = values["second"], values["first"]
        score = -score if score is not None else None
    elif score is not None and config.scale is not None:
        score = config.scale[0] + config.scale[1] - score
    return msgspec.structs.replace(
        view, reading=msgspec.structs.replace(reading, label=label, score=score, values=values)
    )


def first(views: Sequence[ViewReading], _config: FoldConfig) -> Reading:
    """Take the first view that was read: ``v_1``. The rule of a judge that is asked once."""
    return views[0].reading


def counter(views: Sequence[ViewReading], config: FoldConfig) -> Reading:
    """Count votes for either answer: ``sign(sum_v side(v))``; 0 is a tie (JudgeBench, Tan et al. 2024).

    One readable vote against an unread or tied one decides. ``>>`` counts as ``>``.
    """
    total = sum(SIDES.get(one.reading.label or "", 0) for one in views)
    return _preferred(total, config)


def both_or_tie(views: Sequence[ViewReading], config: FoldConfig) -> Reading:
    """Keep a label that all views share, else it is a tie (MT-Bench pairwise, Zheng et al. 2023)."""
    labels = {one.reading.label for one in views}
    label = next(iter(labels)) if len(labels) == 1 else config.tie
    return Reading(status="ok", label=label, values={"consistent": len(labels) == 1})


def both_required(views: Sequence[ViewReading], _config: FoldConfig) -> Reading:
    """Keep a label that all views share, else the item is ``inconsistent``, which equals no gold label.

    Auto-J's agreement (Li et al. 2023) and the consistent accuracy of ContextualJudgeBench (Xu et al. 2025).
    """
    labels = {one.reading.label for one in views}
    label = next(iter(labels)) if len(labels) == 1 else "inconsistent"
    return Reading(status="ok", label=label, values={"consistent": len(labels) == 1})


def each_counts(views: Sequence[ViewReading], _config: FoldConfig) -> Reading:
    """Let every view count for itself: ``share(l) = #(v = l) / #v`` (CodeJudgeBench, LLMBar's average).

    ``values["shares"]`` holds the shares, from which an accuracy over views follows; the label is the one that all
    views share, else ``split``.
    """
    votes = Counter(one.reading.label or "" for one in views)
    shares = {label: count / len(views) for label, count in votes.items()}
    label = next(iter(shares)) if len(shares) == 1 else "split"
    return Reading(status="ok", label=label, values={"shares": shares})


def mean_score(views: Sequence[ViewReading], config: FoldConfig) -> Reading:
    """Average scores by weight: ``sum_v w_v s_v / sum_v w_v``; two scores per view are averaged answer by answer.

    With two scores the label is the answer with the higher mean, a tie within ``margin`` (FairEval, Wang et al. 2023).
    """
    pairs = [(one.weight, one.reading.values) for one in views if "first" in one.reading.values]
    if len(pairs) == len(views) and pairs:
        means = {
            side: _weighted([(weight, float(values[side])) for weight, values in pairs]) for side in ("first", "second")
        }
        if means["first"] is None or means["second"] is None:
            return unparsed(NO_WEIGHT)
        apart = means["first"] - means["second"]
        preferred = _preferred(0 if abs(apart) <= config.margin else apart, config)
        return msgspec.structs.replace(preferred, score=apart, values=dict(means))
    return _mean_of_scores(views)


def weighted_pool(views: Sequence[ViewReading], config: FoldConfig) -> Reading:
    """Pool outcomes by weight: strong labels count three times, a tie is half: ``sum_v w_v o_v / sum_v w_v``.

    With equal weights that is Arena-Hard's ``mean of 1 / 0.5 / 0`` (Li 2024). The score is the share won by the first
    answer; ``values["outcomes"]`` holds the pool, one entry per count, and ``values["outcome_weights"]`` what each
    weighs where they do not all weigh 1.
    """
    outcomes: list[float] = []
    weights: list[float] = []
    for one in views:
        label = one.reading.label or ""
        times = STRENGTH.get(label, 1)
        outcomes += [(SIDES.get(label, 0) + 1) / 2] * times
        weights += [one.weight] * times
    share = _weighted(list(zip(weights, outcomes, strict=True)))
    if share is None:
        return unparsed(NO_WEIGHT)
    values = {"outcomes": outcomes} | ({"outcome_weights": weights} if set(weights) != {1.0} else {})
    return msgspec.structs.replace(_preferred(share - 0.5, config), score=share, values=values)


def logprob_mean(views: Sequence[ViewReading], _config: FoldConfig) -> Reading:
    """Average probabilities by label and weight, and take the likeliest: ``p(l) = sum_v w_v p_v(l) / sum_v w_v``.

    Reads what ``logprob_of_label`` leaves in ``values["p"]``. Two equally likely labels leave the item unparsed.
    """
    names = list(dict.fromkeys(name for one in views for name in one.reading.values.get("p", {})))
    if not names or any("p" not in one.reading.values for one in views):
        return unparsed("a view has no probabilities")
    weight = sum(one.weight for one in views)
    if weight <= 0:
        return unparsed(NO_WEIGHT)
    mean = {name: sum(one.weight * one.reading.values["p"].get(name, 0.0) for one in views) / weight for name in names}
    best = max(mean.values())
    likeliest = [name for name in names if math.isclose(mean[name], best, rel_tol=1e-12)]
    if len(likeliest) > 1:
        return unparsed("two labels are equally likely")
    return Reading(status="ok", label=likeliest[0], score=mean[names[0]], values={"p": mean})


def majority(views: Sequence[ViewReading], config: FoldConfig) -> Reading:
    """Take the label that most views give: ``argmax_l #(v = l)`` (self-consistency, Wang et al. 2022; PoLL).

    Where several lead, the label is ``tie_break`` if declared, else the item is unparsed. ``values["votes"]`` counts.
    """
    votes = Counter(one.reading.label or "" for one in views)
    best = max(votes.values())
    leading = [label for label, count in votes.items() if count == best]
    values = {"votes": dict(votes)}
    if len(leading) > 1:
        if config.tie_break:
            return Reading(status="ok", label=config.tie_break, score=best / len(views), values=values)
        return Reading(status="unparsed", reason=f"the views are divided: {', '.join(sorted(leading))}", values=values)
    return Reading(status="ok", label=leading[0], score=best / len(views), values=values)


def unanimous(views: Sequence[ViewReading], _config: FoldConfig) -> Reading:
    """Take the label that all views give; otherwise the item is unparsed (UQ validators, unanimity)."""
    votes = Counter(one.reading.label or "" for one in views)
    if len(votes) > 1:
        reason = f"the views disagree: {', '.join(sorted(votes))}"
        return Reading(status="unparsed", reason=reason, values={"votes": dict(votes)})
    return Reading(status="ok", label=next(iter(votes)), values={"votes": dict(votes)})


def median_score(views: Sequence[ViewReading], _config: FoldConfig) -> Reading:
    """Take the middle score, of an even number the mean of the middle two: one stray view changes little."""
    return _of_scores(views, statistics.median)


def min_score(views: Sequence[ViewReading], _config: FoldConfig) -> Reading:
    """Take the lowest score of the views: ``min_v s_v`` (MT-Bench-101's minimum over turns)."""
    return _of_scores(views, min)


def max_score(views: Sequence[ViewReading], _config: FoldConfig) -> Reading:
    """Take the highest score of the views: ``max_v s_v``."""
    return _of_scores(views, max)


LABEL_FOLDS: Mapping[str, Fold] = {
    "first": first,
    "counter": counter,
    "both_or_tie": both_or_tie,
    "both_required": both_required,
    "each_counts": each_counts,
    "weighted_pool": weighted_pool,
    "majority": majority,
    "unanimous": unanimous,
}
"""Folds of labels."""

SCORE_FOLDS: Mapping[str, Fold] = {
    "mean_score": mean_score,
    "median_score": median_score,
    "logprob_mean": logprob_mean,
    "min_score": min_score,
    "max_score": max_score,
}
"""Folds of numbers."""


WEIGHING = frozenset({"weighted_pool", "mean_score", "logprob_mean"})
"""Folds that look at the weights of views; the others count every view alike."""


def check_fold(config: FoldConfig, *, where: str = "fold") -> None:
    """Refuse what an unread view cannot count as under the fold, and a mirror that is not its own inverse.

    Raises:
        ConfigError: A label where scores are folded, a number where labels are, or a one-way ``flip``.
    """
    flip = {**FLIPPED, **config.flip}
    for label, mirror in flip.items():
        if flip.get(mirror, mirror) != label:
            raise ConfigError(f"{where}.flip: {label!r} becomes {mirror!r}, so {mirror!r} must become {label!r}.")
    choices = config.unread.values() if isinstance(config.unread, dict) else [config.unread]
    for choice in choices:
        if choice in ("unparsed", "drop"):
            continue
        if isinstance(choice, str) and config.type in SCORE_FOLDS:
            hint = f"Write unread={choice} without quotes." if number_of(choice) is not None else ""
            raise ConfigError(
                f"{where}.unread: {config.type} folds numbers, so an unread view can be 'unparsed', 'drop' or a number,"
                f" not {choice!r}.",
                hint=hint,
            )
        if not isinstance(choice, str) and config.type in LABEL_FOLDS:
            raise ConfigError(f"{where}.unread: {config.type} folds labels, so an unread view cannot be {choice}.")


def check_weights(weights: Sequence[float], folds: Sequence[str], *, where: str) -> None:
    """Refuse weights that are no weights, and such that no fold would look at.

    Args:
        weights: As the config gives them.
        folds: Names of the folds that could use them; one of the user's own may.
        where: The config key, for the error.

    Raises:
        ConfigError: One is negative or not finite, or one is not 1 and every fold counts all views alike.
    """
    for weight in weights:
        if not 0 <= weight < math.inf:
            raise ConfigError(f"{where}: a weight must be a number from 0, not {weight}.")
    alike = (LABEL_FOLDS.keys() | SCORE_FOLDS.keys()) - WEIGHING
    if any(weight != 1 for weight in weights) and alike.issuperset(folds):
        hint = f"Folds that weigh: {', '.join(sorted(WEIGHING))}."
        raise ConfigError(f"{where}: {' and '.join(folds)} would pass over the weights.", hint=hint)


def _preferred(balance: float, config: FoldConfig) -> Reading:
    label = "A" if balance > 0 else "B" if balance < 0 else config.tie
    return Reading(status="ok", label=label)


def _weighted(values: Sequence[tuple[float, float]]) -> float | None:
    """Return the mean of (weight, value) pairs; ``None`` where nothing has weight."""
    weight = sum(one for one, _ in values)
    return sum(one * value for one, value in values) / weight if weight > 0 else None


def _mean_of_scores(views: Sequence[ViewReading]) -> Reading:
    scores = [(one.weight, one.reading.score) for one in views]
    known = [(weight, score) for weight, score in scores if score is not None]
    if len(known) < len(scores):
        return unparsed("a view has no score")
    mean = _weighted(known)
    return unparsed(NO_WEIGHT) if mean is None else Reading(status="ok", score=mean)


def _of_scores(views: Sequence[ViewReading], choose: Callable[[list[float]], float]) -> Reading:
    scores = [one.reading.score for one in views if one.reading.score is not None]
    if len(scores) < len(views):
        return unparsed("a view has no score")
    return Reading(status="ok", score=choose(scores))
