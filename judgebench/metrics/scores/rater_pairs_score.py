"""A judge against several people who said yes or no: every (judge, person) is one observation.

HealthBench's meta-evaluation (Arora et al. 2025): precision over the observations in which the judge says yes, recall
over those in which the person does, the same for no, and the mean of both F1 (``f1_balanced``). Each person is measured
against the other people of an item in the same way (``people_f1_balanced``). An item with three people counts three
times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.rates.agreement import class_scores, cohen_kappa
from judgebench.metrics.scores.rater_figures import BY_CHANCE, percent
from judgebench.metrics.scores.score import ScoreConfig, identity_of
from judgebench.records.flow import Metric, Sample, Verdict

Observations = Counter[tuple[bool, bool]]
"""How often (judge, person) say what."""


class RaterPairsScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=RaterPairsScore, ...)``, beside those of every score.

    Attributes:
        yes: Decision that means yes; every other one means no.
        group_by: Meta column by which the headline is also given in parts.
    """

    yes: str = "met"
    group_by: str = ""


class RaterPairsScore(Measure):
    """Gold is the list of people's answers, as truth values. What was not read is left out, and counted."""

    Config: ClassVar[type[msgspec.Struct]] = RaterPairsScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("f1_balanced", "precision_yes", "recall_yes", "f1_yes", better="high"),
        **kinds("precision_no", "recall_no", "f1_no", better="high"),
        **kinds("kappa", unit="coefficient", better="high"),
        **kinds("people_f1_balanced", "judge_rate", "people_rate", better=None),
        **kinds("observations", "judged", unit="count", better=None),
        **kinds("unread", unit="count", better="low"),
    }

    def __init__(self, config: RaterPairsScoreConfig) -> None:
        self.config = config
        self._seen: dict[str, Observations] = {}
        self._people: Observations = Counter()
        self._judged = self._unread = self._planned = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("rater_pairs", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the verdict about one item.

        Raises:
            DataError: Its gold is no list of truth values.
        """
        gold = sample.gold
        if not isinstance(gold, list) or not gold or not all(isinstance(one, bool) for one in gold):
            raise DataError(
                f"Item {sample.key or sample.id}: a list of truth values was expected as gold, not {gold!r:.60}."
            )
        self._planned += 1
        for place, person in enumerate(gold):
            self._people.update((person, other) for other in (*gold[:place], *gold[place + 1 :]))
        if verdict.status != "ok" or verdict.decision is None:
            self._unread += verdict.status in ("ok", "unparsed")
            return
        self._judged += 1
        said = verdict.decision == self.config.yes
        part = str(sample.meta.get(self.config.group_by, "")) if self.config.group_by else ""
        self._seen.setdefault(part, Counter()).update((said, person) for person in gold)

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        for part, seen in later._seen.items():
            self._seen.setdefault(part, Counter()).update(seen)
        self._people.update(later._people)
        self._judged += later._judged
        self._unread += later._unread
        self._planned += later._planned

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``f1_balanced`` first."""
        every: Observations = Counter()
        for seen in self._seen.values():
            every.update(seen)
        n = sum(every.values())
        left_out = self._planned - self._judged
        note = f"{left_out} items without a readable verdict are left out" if left_out else ""
        found = {"f1_balanced": _balanced(every, note)}
        if self.config.group_by:
            found |= {f"f1_balanced/{part}": _balanced(seen) for part, seen in self._seen.items()}
        for name, side in (("yes", True), ("no", False)):
            scores = class_scores(every, side)
            found |= {f"{kind}_{name}": percent(value, n) for kind, value in scores._asdict().items()}
        kappa = cohen_kappa(every)
        found["kappa"] = Metric(value=kappa, n=n, note="" if kappa is not None else BY_CHANCE)
        found["people_f1_balanced"] = _balanced(self._people)
        found["judge_rate"] = percent(sum(every[True, person] for person in (True, False)) / n if n else None, n)
        found["people_rate"] = percent(sum(every[said, True] for said in (True, False)) / n if n else None, n)
        counts = {"observations": n, "judged": self._judged, "unread": self._unread}
        return found | {name: Metric(value=float(count), n=self._planned) for name, count in counts.items()}


def _balanced(seen: Observations, note: str = "") -> Metric:
    """Return the mean of F1 of yes and of no; F1 of what nobody said is undefined, and so is the mean."""
    scores = [class_scores(seen, side).f1 for side in (True, False)]
    known = [one for one in scores if one is not None]
    if len(known) < 2:
        return Metric(value=None, n=sum(seen.values()), note="nobody said yes, or nobody said no")
    return Metric(value=100 * sum(known) / 2, n=sum(seen.values()), note=note)
