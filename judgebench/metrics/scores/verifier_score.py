"""Scores of benchmarks in which a judge calls answers right or wrong and people (or rules) have said which they are.

Agreement alone hides leniency, so kappa, Scott's pi, precision, recall, both error rates and the shift of the score
stand beside it. With ``labelled_every`` a part of the items is taken as the labelled one, and the accuracy of the rest
is estimated from the judge and that part, as it would be in practice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.rates.agreement import Confusion, class_scores, cohen_kappa, confusion, macro_scores, scott_pi
from judgebench.metrics.rates.correction import Decided, Estimate, clustered_ppi, clustered_rogan_gladen
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.records.flow import Metric, Sample, Verdict


class VerifierScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=VerifierScore, ...)``, beside those of every score.

    Attributes:
        right: Decision that means "right"; every other one means "wrong" in the two-way figures.
        classes: All decisions, where there are more than two: gives the accuracy and macro F1 over them.
        headline: Name of the figure that stands for the result.
        group_by: Meta column (the exam taker, the source) by which rates are also given in parts.
        labelled_by: Meta column with a whole number that says which items are the labelled part.
        labelled_every: An item is labelled where that number is divisible by this; 0 takes no labelled part.
    """

    right: str = "correct"
    classes: list[str] = msgspec.field(default_factory=list)
    headline: str = "agreement"
    group_by: str = ""
    labelled_by: str = "idx"
    labelled_every: int = 0


class VerifierScore(Measure):
    """Compares the judge's decision with gold; items without either are left out and counted."""

    Config: ClassVar[type[msgspec.Struct]] = VerifierScoreConfig
    compares_with_gold: ClassVar[bool] = True
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("agreement", "precision", "recall", "f1", better="high"),
        **kinds("cohen_kappa", "scott_pi", unit="coefficient", better="high"),
        **kinds("tp", "tn", unit="count", better="high"),
        **kinds("accuracy", "macro_precision", "macro_recall", "macro_f1", better="high"),
        **kinds("kappa_classes", unit="coefficient", better="high"),
        **kinds("recall_unread_missed", better="high"),
        **kinds("false_positive_rate", "false_negative_rate", better="low"),
        **kinds("fp", "fn", "unread", "not_compared", unit="count", better="low"),
        **kinds("gold_rate", "judge_rate", "rogan_gladen", better=None),
        **kinds("score_shift", unit="points", better=None),
        **kinds("labelled", "unlabelled", unit="count", better=None),
    }

    def __init__(self, config: VerifierScoreConfig) -> None:
        self.config = config
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._labelled: list[Decided] = []
        self._rest: list[Decided] = []
        self._decided: list[tuple[Cluster, str, str]] = []
        self._judge: dict[str, list[tuple[Cluster, float]]] = {}
        self._gold: dict[str, list[tuple[Cluster, float]]] = {}
        self._missing = self._unread = self._no_gold = self._undecided = self._missed = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("verifier", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the verdict about one answer.

        Raises:
            DataError: An item does not say whether it belongs to the labelled part.
        """
        part = str(sample.meta.get(self.config.group_by, "")) if self.config.group_by else ""
        cluster = cluster_of(sample, self.config)
        gold = sample.gold if isinstance(sample.gold, str) else None
        if gold is None:
            self._no_gold += 1
        else:
            self._gold.setdefault(part, []).append((cluster, float(gold == self.config.right)))
        if verdict.status != "ok" or verdict.decision is None:
            self._missing += 1
            self._unread += verdict.status == "unparsed"
            self._undecided += gold is not None
            self._missed += gold == self.config.right
            return
        said = float(verdict.decision == self.config.right)
        self._judge.setdefault(part, []).append((cluster, said))
        if gold is None:
            return
        self._pairs[verdict.decision, gold] += 1
        self._decided.append((cluster, verdict.decision, gold))
        if self.config.labelled_every:
            decided = Decided(cluster, int(said), int(gold == self.config.right))
            (self._labelled if self._is_labelled(sample) else self._rest).append(decided)

    def right(self, sample: Sample, verdict: Verdict) -> bool | None:
        """Say whether the judge is right about an item, all decisions but ``right`` being one; ``None``: none can tell.

        By this the judges of a run are ranked.
        """
        if verdict.status != "ok" or verdict.decision is None or not isinstance(sample.gold, str):
            return None
        return (verdict.decision == self.config.right) == (sample.gold == self.config.right)

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._pairs.update(later._pairs)
        self._labelled.extend(later._labelled)
        self._rest.extend(later._rest)
        self._decided.extend(later._decided)
        for mine, theirs in ((self._judge, later._judge), (self._gold, later._gold)):
            for part, rates in theirs.items():
                mine.setdefault(part, []).extend(rates)
        self._missing += later._missing
        self._unread += later._unread
        self._no_gold += later._no_gold
        self._undecided += later._undecided
        self._missed += later._missed

    def result(self) -> dict[str, Metric]:
        """Return the figures, the headline first."""
        graded: Counter[tuple[int, int]] = Counter()
        for (said, gold), count in self._pairs.items():
            graded[int(said == self.config.right), int(gold == self.config.right)] += count
        table = confusion(graded)
        found = _two_way(table)
        right = self.config.right
        found["agreement"] = self._equal(lambda said, gold: (said == right) == (gold == right))
        if self._missed:  # what has no verdict leaves the denominator of the recall, which rises by it
            true = table.tp + table.fn + self._missed
            found["recall_unread_missed"] = _percent(table.tp / true, true)
        found |= {"unread": Metric(value=float(self._unread), n=table.n + self._missing)}
        found |= {"not_compared": Metric(value=float(self._missing + self._no_gold), n=table.n + self._missing)}
        if self.config.classes:
            found |= self._all_classes()
        if self.config.group_by:
            for name, rates in (("judge_rate", self._judge), ("gold_rate", self._gold)):
                for part, rate in rates.items():
                    found[f"{name}/{part}"] = share_of([one for _, one in rate], [own for own, _ in rate])
        if self.config.labelled_every:
            found |= _calibrated(self._labelled, self._rest)
        if self.config.headline in found:
            found = {self.config.headline: found[self.config.headline], **found}
        return found

    def _all_classes(self) -> dict[str, Metric]:
        n = sum(self._pairs.values())
        scores = macro_scores(self._pairs, self.config.classes)
        found = {"accuracy": self._equal(lambda said, gold: said == gold)}
        for name, value in scores._asdict().items():
            found[f"macro_{name}"] = Metric(value=None if value is None or not n else 100 * value, n=n)
        found["kappa_classes"] = _undefined_or(cohen_kappa(self._pairs), n)
        for decision in self.config.classes:
            found[f"f1/{decision}"] = _percent(class_scores(self._pairs, decision).f1, n)
        return found

    def _equal(self, alike: Callable[[str, str], bool]) -> Metric:
        worths = [float(alike(said, gold)) for _, said, gold in self._decided]
        return share_of(worths, [item for item, _, _ in self._decided], missing=self._undecided)

    def _is_labelled(self, sample: Sample) -> bool:
        number = sample.meta.get(self.config.labelled_by)
        if not isinstance(number, int):
            raise DataError(f"Item {sample.key or sample.id}: {self.config.labelled_by!r} must be a whole number.")
        return number % self.config.labelled_every == 0


def _two_way(table: Confusion) -> dict[str, Metric]:
    n = table.n
    scores = class_scores(table.pairs(), 1)
    wrong, right = table.fp + table.tn, table.fn + table.tp
    judge = (table.tp + table.fp) / n if n else None
    gold = right / n if n else None
    fpr, fnr = table.fp / wrong if wrong else None, table.fn / right if right else None
    estimate = None
    if judge is not None and fpr is not None and fnr is not None and abs(1 - fpr - fnr) > 1e-12:
        estimate = (judge - fpr) / (1 - fpr - fnr)  # gives back the gold rate when all rates are those of these items
    shift = None if judge is None or gold is None else judge - gold
    return {
        "agreement": _percent((table.tp + table.tn) / n if n else None, n),
        "cohen_kappa": _undefined_or(cohen_kappa(table.pairs()), n),
        "scott_pi": _undefined_or(scott_pi(table.pairs()), n),
        "precision": _percent(scores.precision, table.tp + table.fp),
        "recall": _percent(scores.recall, right),
        "f1": _percent(scores.f1, n),
        "false_positive_rate": _percent(fpr, wrong),
        "false_negative_rate": _percent(fnr, right),
        "gold_rate": _percent(gold, n),
        "judge_rate": _percent(judge, n),
        "score_shift": _percent(shift, n),
        "rogan_gladen": _percent(estimate, n),
        **{name: Metric(value=float(count), n=n) for name, count in table._asdict().items()},
    }


def _calibrated(known: list[Decided], others: list[Decided]) -> dict[str, Metric]:
    """Return estimates of the unlabelled part's accuracy, beside its truth (which practice would not know)."""
    labelled, rest = (confusion(Counter((one.said, one.true) for one in part)) for part in (known, others))
    judged_right, judged = rest.tp + rest.fp, rest.n
    rows = [*known, *(one._replace(true=None) for one in others)]
    corrected = {"ppi": clustered_ppi(rows), "rogan_gladen": clustered_rogan_gladen(rows)}
    found = {
        "labelled": Metric(value=float(labelled.n), n=labelled.n),
        "unlabelled": Metric(value=float(judged), n=judged),
        "unlabelled/gold_rate": _percent((rest.tp + rest.fn) / judged if judged else None, judged),
        "unlabelled/judge_rate": _percent(judged_right / judged if judged else None, judged),
        "labelled/gold_rate": _percent((labelled.tp + labelled.fn) / labelled.n if labelled.n else None, labelled.n),
    }
    for name, estimate in corrected.items():
        found[f"unlabelled/{name}"] = _estimated(estimate, labelled.n + judged)
    return found


def _estimated(estimate: Estimate | None, n: int) -> Metric:
    if estimate is None:
        return Metric(value=None, n=n, note="too few labelled items, or a judge that tells nothing apart")
    return Metric(value=100 * estimate.share, n=n, stderr=100 * estimate.stderr)


def _percent(share: float | None, n: int) -> Metric:
    return Metric(value=None if share is None else 100 * share, n=n, note="" if share is not None else "undefined")


def _undefined_or(value: float | None, n: int) -> Metric:
    return Metric(value=value, n=n, note="" if value is not None else "undefined: chance alone would always agree")
