"""Pairs that belong together: a group is right only where every pair of it is.

RMB's best-of-n (Zhou et al. 2024) asks whether the best answer wins against each of the others; Multi-Crit (2025)
whether the judge is right by every criterion about one pair. Where the gold of a group differs between its pairs, the
judge must tell the criteria apart:

- ``all_right``: share of groups in which every pair is right (Multi-Crit's PAcc);
- ``conflicts_seen``: of the groups whose gold differs, the share in which the judge gives different winners too (TOS);
- ``conflicts_right``: of the pairs of criteria with opposite gold, the share in which both are right (CMR).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, ClassVar, Literal, NamedTuple, Self

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.comparisons.comparisons import side_of
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.pair_score import weighted_mean
from judgebench.metrics.scores.score import ScoreConfig, column_of, identity_of
from judgebench.metrics.statistics.intervals import share_of
from judgebench.records.flow import Metric, Sample, Verdict


class TogetherScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=TogetherScore, ...)``, beside those of every score.

    Attributes:
        together: Meta column that pairs of one group share.
        group_by: Meta column by which figures are also given in parts; a part holds whole groups, or, where it is
            ``criterion``, single pairs.
        groups: Name of the part by the start of that column's value; empty names parts by the value itself.
        criterion: Meta column with the criterion of a pair; with it ``accuracy`` is given by criterion, and
            ``conflicts_seen`` and ``conflicts_right``.
        unread: What a pair without a readable verdict is: wrong (``wrong``), or left out, so that the rest of its group
            decides (``drop``). The figure of the other choice stands beside, as ``all_right_unread_dropped``.
        averages: As of ``PairScore``: names of parts of ``all_right`` to be averaged.
    """

    together: str
    group_by: str = ""
    groups: dict[str, str] = msgspec.field(default_factory=dict)
    criterion: str = ""
    unread: Literal["wrong", "drop"] = "wrong"
    averages: dict[str, dict[str, float] | list[str]] = msgspec.field(default_factory=dict)


class _GroupedPair(NamedTuple):
    part: str
    criterion: str
    gold: int
    said: int | None
    judged: bool


class TogetherScore(Measure):
    """See the module's docstring. A tie, and orders that contradict each other, are not right."""

    Config: ClassVar[type[msgspec.Struct]] = TogetherScoreConfig
    compares_with_gold: ClassVar[bool] = True
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds(
            "all_right", "all_right_unread_dropped", "accuracy", "conflicts_seen", "conflicts_right", better="high"
        ),
        **kinds("groups", "pairs", unit="count", better=None),
        **kinds("unread", unit="count", better="low"),
    }

    def __init__(self, config: TogetherScoreConfig) -> None:
        self.config = config
        self._groups: dict[str, list[_GroupedPair]] = {}

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("together", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the verdict about one pair.

        Raises:
            DataError: The item does not say to which group it belongs, or has no gold decision.
        """
        gold = side_of(sample.gold) if isinstance(sample.gold, str) else None
        if gold is None:
            raise DataError(f"Item {sample.key or sample.id} has no gold decision (A, B or tie).")
        group = str(column_of(sample, self.config.together))
        criterion = str(column_of(sample, self.config.criterion)) if self.config.criterion else ""
        said = side_of(verdict.decision) if verdict.status == "ok" else None
        judged = verdict.status in ("ok", "unparsed")
        one = _GroupedPair(self._part(sample), criterion, gold, said, judged)
        self._groups.setdefault(group, []).append(one)

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        for group, pairs in later._groups.items():
            self._groups.setdefault(group, []).extend(pairs)

    def right(self, sample: Sample, verdict: Verdict) -> bool | None:
        """Say whether the judge is right about a pair; ``None`` where nothing was read."""
        if verdict.status != "ok" or verdict.decision is None or not isinstance(sample.gold, str):
            return None
        return side_of(verdict.decision) == side_of(sample.gold)

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``all_right`` first."""
        judged = {name: pairs for name, pairs in self._groups.items() if all(one.judged for one in pairs)}
        unjudged = len(self._groups) - len(judged)
        drop = self.config.unread == "drop"
        found = {"all_right": _all_right(judged, drop=drop, missing=unjudged)}
        parts = dict.fromkeys(one.part for pairs in self._groups.values() for one in pairs)
        for part in [] if self.config.criterion and parts == {"": None} else [one for one in parts if one]:
            own = {name: pairs for name, pairs in judged.items() if any(one.part == part for one in pairs)}
            found[f"all_right/{part}"] = _all_right(own, drop=drop)
        for name, members in self.config.averages.items():
            weights = members if isinstance(members, dict) else dict.fromkeys(members, 1.0)
            found[f"all_right/{name}"] = weighted_mean({one: found.get(f"all_right/{one}") for one in weights}, weights)
        found["all_right_unread_dropped"] = _all_right(judged, drop=True, missing=unjudged)
        pairs = [(name, one) for name, pairs in judged.items() for one in pairs]
        found["accuracy"] = _accuracy(pairs)
        for criterion in dict.fromkeys(one.criterion for _, one in pairs if one.criterion):
            found[f"accuracy/{criterion}"] = _accuracy([pair for pair in pairs if pair[1].criterion == criterion])
        if self.config.criterion:
            found |= _conflicts(judged)
        counts = {
            "groups": len(self._groups),
            "pairs": sum(map(len, self._groups.values())),
            "unread": sum(one.said is None for _, one in pairs),
        }
        return found | {name: Metric(value=float(count), n=len(pairs)) for name, count in counts.items()}

    def _part(self, sample: Sample) -> str:
        if not self.config.group_by:
            return ""
        value = str(column_of(sample, self.config.group_by))
        fitting = [start for start in self.config.groups if value.startswith(start)]
        if not self.config.groups:
            return value
        return self.config.groups[max(fitting, key=len)] if fitting else "other"


def _right(one: _GroupedPair) -> bool:
    return one.said is not None and one.said == one.gold


def _all_right(groups: Mapping[str, Sequence[_GroupedPair]], *, drop: bool, missing: int = 0) -> Metric:
    kept = {name: [one for one in pairs if one.said is not None or not drop] for name, pairs in groups.items()}
    kept = {name: pairs for name, pairs in kept.items() if pairs}
    worths = [float(all(map(_right, pairs))) for pairs in kept.values()]
    return share_of(worths, list(kept), missing=missing)


def _accuracy(pairs: Sequence[tuple[str, _GroupedPair]]) -> Metric:
    return share_of([float(_right(one)) for _, one in pairs], [name for name, _ in pairs])


def _conflicts(groups: Mapping[str, Sequence[_GroupedPair]]) -> dict[str, Metric]:
    differ = {name: pairs for name, pairs in groups.items() if len({one.gold for one in pairs}) > 1}
    apart = [float(len({one.said for one in pairs if one.said is not None}) > 1) for pairs in differ.values()]
    opposed = [
        (name, one, other)
        for name, pairs in differ.items()
        for one, other in combinations(pairs, 2)
        if one.gold * other.gold == -1
    ]
    both = [float(_right(one) and _right(other)) for _, one, other in opposed]
    lacking = "no group has gold that differs between its criteria"
    return {
        "conflicts_seen": share_of(apart, list(differ), lacking=lacking),
        "conflicts_right": share_of(both, [name for name, *_ in opposed], lacking=lacking),
    }
