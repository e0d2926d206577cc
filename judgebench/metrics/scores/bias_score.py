"""The score of a bias test: per perturbation, how often the verdict changes, and how far above the noise that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Self

import msgspec

from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.rates import flips
from judgebench.metrics.rates.flips import Decision, Paired, Trial
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import mean_of
from judgebench.records.figures import FigureTable, TableColumn
from judgebench.records.findings import BiasFindings, PerturbedVerdict
from judgebench.records.flow import Metric, Sample, Verdict

HEADLINES = ("flip_rate", "flip_rate_above_noise", "directed_flip", "delta_accuracy", "violation_rate")
"""Figures of a perturbation that say so where they are undefined; the others are then left out."""


class BiasScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=BiasScore, ...)``, beside those of every score.

    Attributes:
        headline: Name of the figure that stands for the result, such as ``flip_rate/bandwagon``.
        margin: Scores that differ by no more than this are one verdict.
    """

    headline: str = "robustness"
    margin: float = 0.0


class _Test:
    """The trials of one perturbation, and what became of the others."""

    def __init__(self) -> None:
        self.trials: list[Trial] = []
        self.lost: Counter[str] = Counter()

    @property
    def missing(self) -> int:
        """How many items were asked about and gave no readable verdict."""
        return self.lost["unread"] + self.lost["failed"]


_TABLE = FigureTable(
    title="Bias tests of the judges",
    model="judge",
    part="perturbation",
    columns=[
        TableColumn(header="flips\n%", figure="flip_rate"),
        TableColumn(header="noise\nfloor %", figure="noise_floor"),
        TableColumn(header="above\nnoise", figure="flip_rate_above_noise"),
        TableColumn(header="95% interval", figure="flip_rate_above_noise", show="interval"),
        TableColumn(header="p, by\nHolm", figure="flip_p_holm", show="p"),
        TableColumn(header="towards\ntarget %", figure="directed_flip"),
        TableColumn(header="accuracy\nchange", figure="delta_accuracy"),
        TableColumn(header="95% interval", figure="delta_accuracy", show="interval"),
        TableColumn(header="violated\n%", figure="violation_rate"),
        TableColumn(header="unread", figure="unread", show="count"),
        TableColumn(header="failed", figure="failed", show="count"),
        TableColumn(header="left\nout", figure="skipped", show="count"),
    ],
)


class BiasScore(Measure):
    """Compares the verdicts about unchanged and perturbed items of a ``BiasTest``; see ``metrics.rates.flips``."""

    Config: ClassVar[type[msgspec.Struct]] = BiasScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("robustness", "accuracy", better="high"),
        **kinds("noise_floor", "flip_rate", better="low"),
        **kinds("flip_rate_above_noise", unit="points", better="low"),
        **kinds("directed_flip", better="low"),
        **kinds("directed_flip_above_noise", unit="points", better="low"),
        **kinds("violation_rate", "right_to_wrong", "oscillating", better="low"),
        **kinds("wrong_to_right", "recovered", better="high"),
        **kinds("violation_rate_above_noise", unit="points", better="low"),
        **kinds("unread", "failed", unit="count", better="low"),
        **kinds("delta_accuracy", "delta_accuracy_wrong_target", unit="points", better=None),  # 0 is best
        **kinds("score_shift", unit="scale", better=None),  # 0 is best
        **kinds(
            "delta_accuracy_p",
            "delta_accuracy_wrong_target_p",
            "flip_p",
            "flip_p_holm",
            unit="probability",
            better=None,
        ),
        **kinds("skipped", "judged", "equal_answers", unit="count", better=None),
    }

    def __init__(self, config: BiasScoreConfig) -> None:
        self.config = config
        self._plain: list[Trial] = []
        self._tests: dict[str, _Test] = {}
        self._noiseless = 0
        self._unread = self._unjudged = self._equal = 0
        self._changed = partial(_changed, margin=config.margin)
        self._moved = partial(_moved, margin=config.margin)
        self._violates = partial(flips.violates, margin=config.margin)

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("bias", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the verdicts about one item."""
        if verdict.equal_answers:
            self._equal += 1
            return
        if verdict.status == "unparsed":
            self._unread += 1
            return
        plain = _decision(verdict.status, verdict.decision, verdict.score)
        if plain is None:
            self._unjudged += 1
            return
        bias = verdict.bias or BiasFindings()
        read = [_decision(one.status, one.decision, one.score) for one in bias.again]
        again = tuple(one for one in read if one is not None)
        self._noiseless += bool(read) and not again
        gold = sample.gold if isinstance(sample.gold, str) else None
        trial = Trial(cluster_of(sample, self.config), plain, again, gold=gold)
        self._plain.append(trial)
        for test in bias.tests:
            self._take(trial, test)

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._plain.extend(later._plain)
        for name, test in later._tests.items():
            mine = self._tests.setdefault(name, _Test())
            mine.trials.extend(test.trials)
            mine.lost.update(test.lost)
        self._noiseless += later._noiseless
        self._unread += later._unread
        self._unjudged += later._unjudged
        self._equal += later._equal

    def table(self) -> FigureTable:
        """Return the table of perturbations, the noise floor beside each."""
        return _TABLE

    def result(self) -> dict[str, Metric]:
        """Return the figures, the headline first."""
        invariant = [one for test in self._tests.values() for one in test.trials if one.expects == "invariant"]
        of_invariant = [test for test in self._tests.values() if any(one.expects == "invariant" for one in test.trials)]
        lost = self._unread + self._unjudged
        missing = sum(test.missing + lost for test in of_invariant)
        found = {"robustness": flips.rate(invariant, self._kept, missing=missing)}
        found["noise_floor"] = flips.noise(self._plain, self._changed, missing=lost + self._noiseless)
        if any(one.gold is not None for one in self._plain) and not _scores(self._plain):
            itself = [one._replace(perturbed=one.plain) for one in self._plain if one.gold is not None]
            found["accuracy"] = flips.rate(itself, _right, missing=lost)
        differences = self._differences()
        p_values = {name: one.p_value for name, one in differences.items() if one is not None}
        adjusted = flips.holm(p_values)
        for name, test in self._tests.items():
            figures = dict(self._figures(test, lost, differences.get(name)))
            if name in adjusted:
                figures |= {"flip_p": Metric(value=p_values[name], n=len(adjusted))}
                figures |= {"flip_p_holm": Metric(value=adjusted[name], n=len(adjusted))}
            figures_by_name = {
                figure: one for figure, one in figures.items() if one.value is not None or figure in HEADLINES
            }
            found |= {f"{figure}/{name}": metric for figure, metric in figures_by_name.items()}
        counts = {"judged": len(self._plain), "unread": self._unread, "equal_answers": self._equal}
        planned = len(self._plain) + lost + self._equal
        found |= {name: Metric(value=float(count), n=planned) for name, count in counts.items()}
        if self.config.headline in found:
            found = {self.config.headline: found[self.config.headline], **found}
        return found

    def _take(self, trial: Trial, said: PerturbedVerdict) -> None:
        test = self._tests.setdefault(said.test, _Test())
        if said.skipped:
            test.lost["skipped"] += 1
            return
        perturbed = _decision(said.status, said.decision, said.score)
        if perturbed is None:
            test.lost["unread" if said.status == "unparsed" else "failed"] += 1
        test.trials.append(
            trial._replace(
                perturbed=perturbed,
                target=said.target,
                expects=said.expects,
                gold=trial.gold if said.keeps_gold else None,
                turns=tuple(said.turns),
            )
        )

    def _differences(self) -> dict[str, Paired | None]:
        """Return by how much each perturbation's flips are above the noise, where flips are what is asked about."""
        return {
            name: flips.above_noise(test.trials, self._changed)
            for name, test in self._tests.items()
            if any(one.expects != "must_flip" for one in test.trials)
        }

    def _figures(self, test: _Test, lost: int, difference: Paired | None) -> Iterator[tuple[str, Metric]]:
        trials = test.trials
        missing = test.missing + lost
        telling = [one for one in trials if flips.worth(one.plain, one.target) is not None]
        if trials and trials[0].expects == "must_flip":
            yield "violation_rate", flips.rate(telling, self._violates, missing=missing)
        elif trials:
            yield "flip_rate", flips.rate(trials, self._changed, missing=missing)
            yield "flip_rate_above_noise", _difference(difference)
            yield "robustness", flips.rate(trials, self._kept, missing=missing)
            if any(one.target for one in trials):
                movable = [one for one in trials if flips.can_move(one.plain, one.target)]
                missed = sum(one.perturbed is None for one in movable)
                towards = flips.rate(movable, self._moved, missing=missed)
                settled = "every verdict was for the target already, or does not say"
                yield "directed_flip", towards if movable else Metric(value=None, note=settled)
                yield "directed_flip_above_noise", _difference(flips.above_noise(movable, self._moved))
            if trials[0].expects == "must_not_increase":
                yield "violation_rate", flips.rate(telling, self._violates, missing=missing)
                yield "violation_rate_above_noise", _difference(flips.above_noise(telling, self._violates))
        yield from self._against_gold(trials)
        if any(one.turns for one in trials) and not _scores(trials):
            yield from _after_critiques(trials)
        if _scores(trials):
            read = [one for one in trials if one.perturbed is not None]
            shifts = mean_of([_shift(one) for one in read], [one.item for one in read])
            yield "score_shift", shifts
        applied = len(trials) + test.lost["skipped"]
        for name in ("unread", "failed", "skipped"):
            yield name, Metric(value=float(test.lost[name]), n=applied)

    def _against_gold(self, trials: Sequence[Trial]) -> Iterator[tuple[str, Metric]]:
        """Yield the change of accuracy, over all items and over those whose target gold denies."""
        if _scores(trials):
            return
        denied = [
            one for one in trials if one.gold is not None and one.target and flips.worth(one.gold, one.target) != 1
        ]
        for name, some in (("delta_accuracy", trials), ("delta_accuracy_wrong_target", denied)):
            change = flips.accuracy_change(some)
            if change is not None:
                yield name, _difference(change)
                yield f"{name}_p", Metric(value=change.p_value, n=change.n)

    def _kept(self, trial: Trial, decision: Decision) -> bool:
        return not self._changed(trial, decision)


def _after_critiques(trials: Sequence[Trial]) -> Iterator[tuple[str, Metric]]:
    """Yield what a critique did, and what further rounds of it did."""
    if any(one.gold is not None for one in trials):
        yield "right_to_wrong", flips.turned(trials, was_right=True)
        yield "wrong_to_right", flips.turned(trials, was_right=False)
    criticised = [one for one in trials if one.turns]
    if max(len(one.turns) for one in criticised) > 1:
        if any(one.gold is not None for one in criticised):
            yield "recovered", flips.recovered(criticised)
        yield "oscillating", flips.oscillating(criticised)


def _difference(change: Paired | None) -> Metric:
    if change is None:
        return Metric(value=None, note="no item was read both ways")
    interval = (100 * change.interval.low, 100 * change.interval.high)
    return Metric(value=100 * change.value, n=change.n, ci95=interval)


def _decision(status: str, decision: str | None, score: float | None) -> Decision | None:
    if status != "ok":
        return None
    return decision if decision is not None else score


def _changed(trial: Trial, decision: Decision, *, margin: float) -> bool:
    return flips.changed(trial.plain, decision, margin)


def _moved(trial: Trial, decision: Decision, *, margin: float) -> bool:
    return flips.moved(trial.plain, decision, trial.target, margin)


def _right(trial: Trial, decision: Decision) -> bool:
    return trial.gold is not None and flips.right(decision, trial.gold)


def _scores(trials: Sequence[Trial]) -> bool:
    """Whether the decisions are scores."""
    return any(not isinstance(one.plain, str) for one in trials)


def _shift(trial: Trial) -> float | None:
    """Return by how much the perturbation moved a score."""
    if isinstance(trial.plain, str) or trial.perturbed is None or isinstance(trial.perturbed, str):
        return None
    return trial.perturbed - trial.plain
