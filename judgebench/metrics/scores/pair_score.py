"""Scores of benchmarks in which a judge chooses between two answers.

One class serves JudgeBench, LLMBar, PandaLM, Auto-J, CodeJudgeBench, ContextualJudgeBench, RewardBench and the like:
they differ in which of the same figures is the headline, in how items are grouped, and in what a tie or an unread
verdict counts as. All of that is named in the dataset's config, and all other figures stand beside the headline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Self

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.comparisons.comparisons import PairPresentation, pair_presentations, side_of
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.rater_figures import beyond_chance, macro_figures
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.records.flow import Metric, Sample, Verdict
from judgebench.records.pairs import UNDECIDED


class PairScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=PairScore, ...)``, beside those of every score.

    Attributes:
        headline: Which figure stands for the result: the share of right decisions of the method's aggregation
            (``combined``), of one order (``first_order``, ``second_order``), of all presentations
            (``mean_of_orders``), or of items on which every presentation is right (``both_orders``).
        unread: What an item without any readable verdict counts as: ``wrong``, half a point (``half``), a ``tie``, or
            nothing at all (``drop``).
        ties: What the decision "tie" counts as where the gold decision is none: ``wrong`` or ``half``.
        group_by: Meta column by which figures are also given in parts.
        groups: Name of the part by the start of that column's value; empty names parts by the value itself.
        averages: Further headline figures over parts: names of parts with their weights, or a list of equal ones.
            A later average may use an earlier one.
        classes: Decisions over which macro precision, recall and F1 are taken, and whose gold items are counted; empty
            takes those that gold knows.
        unread_agree: Whether two unread orders count as agreeing.
        alone: For judges that rate each answer by itself, so that one decision stands for both orders: the sides (1
            first, -1 second, 0 tie) that a ``tie`` and an ``unread`` one count as in order AB and in order BA.
        length: Whether the baseline "the longer answer wins" is shown.
        without_ties: Whether the accuracy over the pairs is given too for which neither gold nor the judge says "tie".
    """

    headline: Literal["decision", "first_order", "second_order", "mean_of_orders", "both_orders"] = "decision"
    unread: Literal["wrong", "half", "tie", "drop"] = "wrong"
    ties: Literal["wrong", "half"] = "wrong"
    group_by: str = ""
    groups: dict[str, str] = msgspec.field(default_factory=dict)
    averages: dict[str, dict[str, float] | list[str]] = msgspec.field(default_factory=dict)
    classes: list[str] = msgspec.field(default_factory=list)
    unread_agree: bool = False
    alone: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    length: bool = True
    without_ties: bool = False


class _JudgedPair(NamedTuple):
    """One judged pair.

    Attributes:
        id: What its trials are clustered by: the sample, or its question.
        group: Part that it belongs to.
        gold: Side of the gold decision.
        combined: What the aggregation decided, or ``None``.
        comparisons: Its presentations.
        longer: Side of the longer answer, 0 for equal lengths, ``None`` where the texts are not known.
        sent: False for pairs of equal answers, which nobody is asked about.
    """

    id: Cluster
    group: str
    gold: int
    combined: str | None
    comparisons: list[PairPresentation]
    longer: int | None
    sent: bool


class PairScore(Measure):
    """See the module's docstring; values are percentages unless they are counts."""

    Config: ClassVar[type[msgspec.Struct]] = PairScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds(
            "accuracy",
            "accuracy_without_ties",
            "first_order",
            "second_order",
            "mean_of_orders",
            "both_orders",
            better="high",
        ),
        **kinds("consistency", better="high"),
        **kinds("correct", unit="count", better="high"),
        **kinds("kappa", "scott_pi", unit="coefficient", better="high"),
        **kinds("macro_precision", "macro_recall", "macro_f1", better="high"),
        **kinds("incorrect", "unread", "unread_presentations", unit="count", better="low"),
        **kinds("first_shown_rate", better=None),
        **kinds("tie_or_inconsistent", "tied_presentations", "equal_answers", unit="count", better=None),
        **kinds("gold", unit="count", better=None),
        **kinds("longer_wins", better=None),
    }

    def __init__(self, config: PairScoreConfig) -> None:
        self.config = config
        self._pairs: list[_JudgedPair] = []
        self._unjudged: Counter[str] = Counter()

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        keys = identity_of("pair", 1, self.config)
        if not self.config.without_ties:
            del keys["without_ties"]  # results from before there was the key stay the same
        return keys

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the verdict about one pair.

        Raises:
            DataError: The item has no gold decision, or is no pair.
        """
        gold = side_of(sample.gold) if isinstance(sample.gold, str) else None
        if gold is None:
            raise DataError(f"Item {sample.key or sample.id} has no gold decision (A, B or tie).")
        group = self._group(sample)
        if verdict.status not in ("ok", "unparsed"):
            self._unjudged[group] += 1
            return
        lengths = [len(answer) for answer in sample.answers]
        if len(lengths) < 2:
            lengths = [length for name in ("len_1", "len_2") if isinstance(length := sample.meta.get(name), int)]
        longer = (lengths[0] > lengths[1]) - (lengths[0] < lengths[1]) if len(lengths) > 1 else None
        sent = not verdict.equal_answers
        self._pairs.append(
            _JudgedPair(
                cluster_of(sample, self.config), group, gold, verdict.decision, self._comparisons(verdict), longer, sent
            )
        )

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._pairs.extend(later._pairs)
        self._unjudged.update(later._unjudged)

    def result(self) -> dict[str, Metric]:
        """Return the figures, the headline first."""
        headline = self._points(self.config.headline)
        named: dict[str, Callable[[_JudgedPair], float | None]] = {
            name: self._points(name) for name in ("first_order", "second_order", "mean_of_orders", "both_orders")
        }
        found = self._in_parts("accuracy", headline)
        found |= self._averages(found)
        if self.config.without_ties:
            found |= self._in_parts("accuracy_without_ties", self._untied)
        if any(len(one.comparisons) > 1 for one in self._pairs):
            for name, points in named.items():
                found |= self._in_parts(name, points)
            found |= self._in_parts("consistency", self._consistent)
            found["first_shown_rate"] = self._first_shown()
        found |= self._counts()
        found |= self._classes()
        if self.config.length and any(one.longer is not None for one in self._pairs):
            found |= self._in_parts("longer_wins", _longer)
        return found

    def _group(self, sample: Sample) -> str:
        if not self.config.group_by:
            return ""
        value = str(sample.meta.get(self.config.group_by, ""))
        if not self.config.groups:
            return value
        fitting = [start for start in self.config.groups if value.startswith(start)]
        return self.config.groups[max(fitting, key=len)] if fitting else "other"

    def _comparisons(self, verdict: Verdict) -> list[PairPresentation]:
        comparisons = pair_presentations(verdict)
        if not self.config.alone or any(comparison.decision is not None for comparison in comparisons):
            return comparisons
        side = side_of(verdict.decision)
        name = "unread" if side is None else "tie" if side == 0 else ""
        first, second = self.config.alone.get(name, (side, side))
        return [
            PairPresentation("AB", False, first, verdict.decision),
            PairPresentation("BA", True, second, verdict.decision),
        ]

    def _points(self, name: str) -> Callable[[_JudgedPair], float | None]:
        """Return the function that gives an item's points, 0..1, or ``None`` where it does not count."""
        if name == "decision":
            return self._decision
        order = {"first_order": 0, "second_order": 1}.get(name)

        def points(pair: _JudgedPair) -> float | None:
            if not pair.sent:
                return self._side_points(0, pair.gold)
            worths = [self._side_points(comparison.side, pair.gold) for comparison in pair.comparisons]
            if order is not None:
                place = _place_of(order, pair.comparisons)
                return None if place is None else worths[place]
            if any(worth is None for worth in worths) or not worths:
                return None
            known = [worth for worth in worths if worth is not None]
            return sum(known) / len(known) if name == "mean_of_orders" else float(min(known) == 1)

        return points

    def _decision(self, pair: _JudgedPair) -> float | None:
        if pair.combined in UNDECIDED:
            return 0.0
        return self._side_points(side_of(pair.combined), pair.gold)

    def _untied(self, pair: _JudgedPair) -> float | None:
        side = side_of(pair.combined)
        return None if pair.gold == 0 or side == 0 else self._decision(pair)

    def _side_points(self, side: int | None, gold: int) -> float | None:
        if side is None:
            if self.config.unread == "drop":
                return None
            if self.config.unread != "tie":
                return 0.5 if self.config.unread == "half" else 0.0
            side = 0
        if side == 0 and gold != 0 and self.config.ties == "half":
            return 0.5
        return float(side == gold)

    def _consistent(self, pair: _JudgedPair) -> float | None:
        if len(pair.comparisons) < 2:
            return None
        sides = {comparison.side for comparison in pair.comparisons}
        return float(len(sides) == 1 and (sides != {None} or self.config.unread_agree))

    def _in_parts(self, name: str, points: Callable[[_JudgedPair], float | None]) -> dict[str, Metric]:
        """Return a figure over all items, then over each part."""
        found = {name: self._share(self._pairs, points, sum(self._unjudged.values()))}
        if self.config.group_by:
            for group in self._groups():
                items = [one for one in self._pairs if one.group == group]
                found[f"{name}/{group}"] = self._share(items, points, self._unjudged[group])
        return found

    def _groups(self) -> list[str]:
        seen = dict.fromkeys([*(one.group for one in self._pairs), *self._unjudged])
        order = [name for name in dict.fromkeys(self.config.groups.values()) if name in seen]
        return order + [name for name in seen if name not in order]

    @staticmethod
    def _share(items: Iterable[_JudgedPair], points: Callable[[_JudgedPair], float | None], unjudged: int) -> Metric:
        known = [(pair.id, worth) for pair in items if (worth := points(pair)) is not None]
        return share_of([worth for _, worth in known], [pair for pair, _ in known], missing=unjudged)

    def _averages(self, found: Mapping[str, Metric]) -> dict[str, Metric]:
        made: dict[str, Metric] = {}
        for name, parts in self.config.averages.items():
            weights = parts if isinstance(parts, dict) else dict.fromkeys(parts, 1.0)
            made[f"accuracy/{name}"] = weighted_mean(
                {part: made.get(f"accuracy/{part}") or found.get(f"accuracy/{part}") for part in weights}, weights
            )
        return made

    def _first_shown(self) -> Metric:
        shown = [
            (one.id, comparison.first_shown)
            for one in self._pairs
            for comparison in one.comparisons
            if comparison.first_shown is not None
        ]
        return share_of([(side + 1) / 2 for _, side in shown], [pair for pair, _ in shown])

    def _counts(self) -> dict[str, Metric]:
        sums = [_votes(one) * one.gold for one in self._pairs if one.gold]
        presentations = [comparison for one in self._pairs for comparison in one.comparisons]
        ties = sum(comparison.side == 0 for comparison in presentations)
        counts = {
            "correct": sum(total > 0 for total in sums),
            "incorrect": sum(total < 0 for total in sums),
            "tie_or_inconsistent": sum(total == 0 for total in sums),
            "unread": sum(one.sent and one.combined is None for one in self._pairs),
            "unread_presentations": sum(comparison.side is None for comparison in presentations),
            "tied_presentations": ties,
            "equal_answers": sum(not one.sent for one in self._pairs),
        }
        return {name: Metric(value=float(count), n=len(self._pairs)) for name, count in counts.items()}

    def _classes(self) -> dict[str, Metric]:
        names = {1: "A", -1: "B", 0: "tie"}
        pairs: Counter[tuple[str, str]] = Counter()
        for one in self._pairs:
            side = side_of(one.combined)
            said = names[side] if side is not None else "tie" if self.config.unread == "tie" else ""
            if said or self.config.unread != "drop":
                pairs[said, names[one.gold]] += 1
        n = sum(pairs.values())
        gold = Counter(names[one.gold] for one in self._pairs)
        classes = self.config.classes or [name for name in names.values() if gold[name]]
        found = macro_figures(pairs, classes) | beyond_chance(pairs)
        return found | {f"gold/{name}": Metric(value=float(gold[name]), n=n) for name in self.config.classes}


def _votes(pair: _JudgedPair) -> int:
    """Return how many more presentations prefer the first answer; without any, the decision counts as one."""
    if not pair.comparisons:
        return side_of(pair.combined) or 0
    return sum(comparison.side for comparison in pair.comparisons if comparison.side is not None)


def _place_of(order: int, comparisons: Sequence[PairPresentation]) -> int | None:
    """Return where the first comparison of an order stands: of several samples of one order the first counts."""
    if not any(comparison.swapped for comparison in comparisons):
        return order if len(comparisons) > order else None
    return next((place for place, comparison in enumerate(comparisons) if comparison.swapped == bool(order)), None)


def weighted_mean(parts: Mapping[str, Metric | None], weights: Mapping[str, float]) -> Metric:
    """Return ``sum w v / sum w`` over parts; undefined, with the reason, where a part has no value."""
    values = {name: metric.value for name, metric in parts.items() if metric is not None and metric.value is not None}
    lacking = [name for name in weights if name not in values]
    total = sum(weights[name] for name in values)
    if lacking or not total:
        return Metric(value=None, note=f"no value for {', '.join(lacking)}" if lacking else "the parts have no weight")
    n = sum(metric.n for metric in parts.values() if metric is not None)
    return Metric(value=sum(weights[name] * value for name, value in values.items()) / total, n=n)


def _longer(pair: _JudgedPair) -> float | None:
    return None if pair.longer is None else float(pair.longer == pair.gold)
