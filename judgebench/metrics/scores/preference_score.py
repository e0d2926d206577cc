"""AlpacaEval's figures: how strongly a judge prefers the tested answers to a baseline's.

Source: Y. Dubois et al. (2024), Length-Controlled AlpacaEval, arXiv:2404.04475, and its released annotators' rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any, ClassVar, Self

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.comparisons.comparisons import side_of
from judgebench.metrics.comparisons.length_control import implausible, length_controlled
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.records.flow import Metric, Sample, Verdict


class PreferenceScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=PreferenceScore, ...)``, beside those of every score.

    Attributes:
        tested_first: Meta column that says whether the tested answer was shown first; the baseline's otherwise.
        zero: What a stated preference of 0 counts as.
        tested_length: Meta column of the tested answer's length; where it is missing, the answer itself is measured.
        baseline_length: Likewise of the baseline's answer.
        difficulty: Meta column of an instruction's difficulty; where all have one, ``length_controlled_win_rate`` is
            estimated from them (``judgebench.metrics.comparisons.length_control``).
    """

    tested_first: str = "tested_first"
    zero: float = 1.5
    tested_length: str = "len_2"
    baseline_length: str = "len_1"
    difficulty: str = "difficulty"


class PreferenceScore(Measure):
    """Takes verdicts as preferences from 1 (the baseline's answer) to 2 (the tested one); 1.5 is a tie.

    A verdict read from log-probabilities is the probability of the first shown answer; a stated number is the
    preference itself; a decision gives 1, 1.5 or 2. Equal answers are a tie without being asked about. What was not
    judged or not read is left out and counted.
    """

    Config: ClassVar[type[msgspec.Struct]] = PreferenceScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("n_missing", unit="count", better="low"),
        # how often the judge prefers the tested answers says nothing about how well it judges
        **kinds("win_rate", "discrete_win_rate", "length_controlled_win_rate", "standard_error", better=None),
        **kinds("avg_length", unit="characters", better=None),
        **kinds("n_wins", "n_wins_base", "n_draws", "n_total", "n_with_logprobs", unit="count", better=None),
        **kinds("equal_answers", unit="count", better=None),
        **kinds("longer_wins", better=None),
    }

    def __init__(self, config: PreferenceScoreConfig) -> None:
        self.config = config
        self._preferences: list[float] = []
        self._clusters: list[Cluster] = []
        self._controls: list[tuple[float, float, float]] = []
        self._lengths: list[int] = []
        self._longer: list[tuple[Cluster, float]] = []
        self._missing = self._probabilities = self._equal = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("preference", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the preference about one instruction.

        Raises:
            DataError: The item does not say which answer is shown first.
        """
        first = sample.meta.get(self.config.tested_first)
        if not isinstance(first, bool):
            raise DataError(f"Item {sample.key or sample.id}: {self.config.tested_first!r} must be true or false.")
        cluster = cluster_of(sample, self.config)
        tested, baseline = self._measure(sample, 0 if first else 1), self._measure(sample, 1 if first else 0)
        if tested is not None:
            self._lengths.append(tested)
        if tested is not None and baseline is not None:
            self._longer.append((cluster, 1.0 if tested > baseline else 0.5 if tested == baseline else 0.0))
        preference = self._preference(verdict, tested_first=first)
        if preference is None:
            self._missing += 1
            return
        self._preferences.append(preference)
        self._clusters.append(cluster)
        difficulty = sample.meta.get(self.config.difficulty)
        if tested is not None and baseline is not None and isinstance(difficulty, int | float):
            self._controls.append((preference - 1, float(baseline - tested), float(difficulty)))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._preferences.extend(later._preferences)
        self._clusters.extend(later._clusters)
        self._controls.extend(later._controls)
        self._lengths.extend(later._lengths)
        self._longer.extend(later._longer)
        self._missing += later._missing
        self._probabilities += later._probabilities
        self._equal += later._equal

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``win_rate`` first."""
        known = self._preferences
        discrete = [float(round(value)) if value != 1.5 else 1.5 for value in known]
        found = {
            name: share_of([value - 1 for value in values], self._clusters, missing=self._missing)
            for name, values in (("win_rate", known), ("discrete_win_rate", discrete))
        }
        if known and len(self._controls) == len(known):
            found["length_controlled_win_rate"] = _controlled(self._controls, self._clusters, found["win_rate"].value)
        stderr = found["win_rate"].stderr
        found["standard_error"] = Metric(
            value=stderr, n=len(known), note="" if stderr is not None else "fewer than two"
        )
        if self._lengths:
            found["avg_length"] = Metric(value=float(int(fmean(self._lengths))), n=len(self._lengths))
        counts = {
            "n_wins": discrete.count(2.0),
            "n_wins_base": discrete.count(1.0),
            "n_draws": discrete.count(1.5),
            "n_total": len(known),
            "n_missing": self._missing,
            "n_with_logprobs": self._probabilities,
            "equal_answers": self._equal,
        }
        found |= {name: Metric(value=float(count), n=len(known) + self._missing) for name, count in counts.items()}
        if self._longer:
            found["longer_wins"] = share_of([one for _, one in self._longer], [own for own, _ in self._longer])
        return found

    def _preference(self, verdict: Verdict, *, tested_first: bool) -> float | None:
        if verdict.status != "ok":
            return None
        if verdict.equal_answers:
            self._equal += 1
            return 1.5
        if verdict.presentations and verdict.presentations[0].probabilities and verdict.score is not None:
            self._probabilities += 1
            return 1 + (verdict.score if tested_first else 1 - verdict.score)
        if verdict.score is not None:
            return verdict.score if verdict.score != 0 else self.config.zero
        side = side_of(verdict.decision)
        return None if side is None else 1.5 + 0.5 * (side if tested_first else -side)

    def _measure(self, sample: Sample, place: int) -> int | None:
        tested = (place == 0) == bool(sample.meta[self.config.tested_first])
        stated = sample.meta.get(self.config.tested_length if tested else self.config.baseline_length)
        if isinstance(stated, int):
            return stated
        return len(sample.answers[place]) if len(sample.answers) > place else None


def _controlled(rows: list[tuple[float, float, float]], clusters: list[Cluster], plain: float | None) -> Metric:
    """Return the estimated win rate at equal lengths; rows are preference, length difference and difficulty."""
    preferences, gaps, difficulty = (list(column) for column in zip(*rows, strict=True))
    found = length_controlled(preferences, gaps, difficulty, clusters)
    if found is None or plain is None:
        return Metric(value=None, note="nothing was compared")
    note = "an estimate: fitted without the source's calibration set"
    if implausible(found.value, plain):
        note += "; so far from win_rate that the source warns of it"
    return Metric(value=found.value, n=len(rows), stderr=found.stderr, note=note)
