"""How much the place of two answers decides, and how alike a judge answers when it is asked again (Shi et al. 2024).

Pairs without gold, asked in both orders, once or several times:

- ``consistency``: share of pairs that were read in both orders and in which both orders name the same answer;
- ``pull``: of the inconsistent pairs, how many more lean to the answer shown first than to the one shown last (1 all
  of them, -1 none);
- ``repetition_stability``: over the questions (a pair in one order), the mean share of the most frequent verdict among
  the repetitions, where an unread one is no verdict.

``consistency_as_published`` is the rule of the position-bias study: it counts replies and not pairs, and a reply whose
partner could not be read as consistent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

import msgspec

from judgebench.metrics.comparisons.comparisons import PairPresentation, pair_presentations
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, mean_of, share_of
from judgebench.records.flow import Metric, Sample, Verdict

_SHOWN = {1: "first", -1: "second", 0: "tie"}


class PositionScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=PositionScore, ...)``: those of every score."""


class _OrderedPair(NamedTuple):
    """A pair in one repetition: what was read in each order."""

    cluster: Cluster
    orders: list[PairPresentation]


class PositionScore(Measure):
    """See the module's docstring. Of a judge that is asked once there is no stability."""

    Config: ClassVar[type[msgspec.Struct]] = PositionScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("consistency", "consistency_as_published", "repetition_stability", "all_repeats_equal", better="high"),
        **kinds("pull", unit="coefficient", better=None),
        **kinds("pairs", "pairs_consistent", "towards_first", "towards_second", unit="count", better=None),
        **kinds("read", "shown", "consistent_replies", "read_in_all_repeats", unit="count", better=None),
        **kinds("unread", "without_partner", unit="count", better="low"),
    }

    def __init__(self, config: PositionScoreConfig) -> None:
        self.config = config
        self._pairs: list[_OrderedPair] = []
        self._questions: list[tuple[Cluster, list[int | None]]] = []
        self._missing = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("position", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - there is no gold
        """Take in the verdict about one pair, with every order and repetition of it."""
        if verdict.status not in ("ok", "unparsed"):
            self._missing += 1
            return
        cluster = cluster_of(sample, self.config)
        read = pair_presentations(verdict)
        by_repeat: dict[int, list[PairPresentation]] = {}
        by_order: dict[str, list[int | None]] = {}
        for one, said in zip(verdict.presentations, read, strict=True):
            by_repeat.setdefault(one.repeat, []).append(said)
            by_order.setdefault(one.presentation, []).append(said.side)
        self._pairs += [_OrderedPair(cluster, orders) for orders in by_repeat.values()]
        self._questions += [(cluster, sides) for sides in by_order.values()]

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._pairs.extend(later._pairs)
        self._questions.extend(later._questions)
        self._missing += later._missing

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``consistency`` first."""
        replies = [one for pair in self._pairs for one in pair.orders]
        read = [one for one in replies if one.side is not None]
        both = [pair for pair in self._pairs if _read_twice(pair)]
        agree = [len({one.side for one in pair.orders}) == 1 for pair in both]
        leans = Counter(_lean(pair) for pair, one in zip(both, agree, strict=True) if not one)
        alone = sum(len([one for one in pair.orders if one.side is not None]) == 1 for pair in self._pairs)
        clusters = [pair.cluster for pair in both]
        missing = len(self._pairs) - len(both) + self._missing
        found = {"consistency": share_of([float(one) for one in agree], clusters, missing=missing)}
        inconsistent = len(both) - sum(agree)
        pull = (leans[1] - leans[-1]) / inconsistent if inconsistent else None
        note = "" if inconsistent else "no pair is inconsistent"
        found["pull"] = Metric(value=pull, n=inconsistent, note=note)
        agreeing = 2 * sum(agree) + alone
        published = 100 * agreeing / len(read) if read else None
        found["consistency_as_published"] = Metric(
            value=published, n=len(read), note="" if read else "nothing was read"
        )
        found |= self._repeats()
        counts = {
            "pairs": len(both),
            "pairs_consistent": sum(agree),
            "towards_first": leans[1],
            "towards_second": leans[-1],
            "read": len(read),
            "unread": len(replies) - len(read),
            "consistent_replies": agreeing,
            "without_partner": alone,
        }
        said = Counter(one.first_shown for one in read)
        counts |= {f"shown/{name}": said[side] for side, name in _SHOWN.items()}
        return found | {name: Metric(value=float(count), n=len(replies)) for name, count in counts.items()}

    def _repeats(self) -> dict[str, Metric]:
        times = max((len(sides) for _, sides in self._questions), default=0)
        if times < 2:
            return {}
        clusters = [cluster for cluster, _ in self._questions]
        known = [[side for side in sides if side is not None] for _, sides in self._questions]
        shares = [max(Counter(sides).values(), default=0) / times for sides in known]
        equal = [float(len(sides) == times and len(set(sides)) == 1) for sides in known]
        complete = sum(len(sides) == times for sides in known)
        stable = mean_of([100 * share for share in shares], clusters, scale=(0.0, 100.0))
        return {
            "repetition_stability": stable,
            "all_repeats_equal": share_of(equal, clusters),
            "read_in_all_repeats": Metric(value=float(complete), n=len(known)),
        }


def _read_twice(pair: _OrderedPair) -> bool:
    return len(pair.orders) > 1 and all(one.side is not None for one in pair.orders)


def _lean(pair: _OrderedPair) -> int:
    """Return 1 where the two verdicts together lean to what is shown first, -1 to what is shown last, 0 to neither."""
    total = sum(one.first_shown or 0 for one in pair.orders)
    return (total > 0) - (total < 0)
