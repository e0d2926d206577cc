"""Accuracy and how far stated confidence is from it (Humanity's Last Exam)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, ClassVar, Self

import msgspec

from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.records.flow import Metric, Sample, Verdict

CONFIDENCE = "confidence"
"""Under which the parser keeps the stated confidence, as a share of 1."""


class CalibrationScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=CalibrationScore, ...)``, beside those of every score.

    Attributes:
        bin_size: Answers of one bin, in the order of their confidence; the last bin takes the rest.
    """

    bin_size: int = 100


class CalibrationScore(Measure):
    """``accuracy`` is over what could be read; ``accuracy_of_all`` counts every other answer as wrong.

    ``calibration_error`` is the root mean square over bins, weighted by their sizes, of mean confidence minus share
    correct. ``calibration_error_as_published`` leaves out the last bin, the most confident one, as the code does from
    which most published figures come. Source: L. Phan et al. (2025), Humanity's Last Exam, arXiv:2501.14249.
    """

    Config: ClassVar[type[msgspec.Struct]] = CalibrationScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("accuracy", "accuracy_of_all", better="high"),
        **kinds("calibration_error", "calibration_error_as_published", better="low"),
        **kinds("mean_confidence", better=None),
        **kinds("unread", unit="count", better="low"),
    }

    def __init__(self, config: CalibrationScoreConfig) -> None:
        self.config = config
        self._rows: list[tuple[Cluster, bool, float | None]] = []
        self._planned = self._unread = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("calibration", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - there is no rule beside
        """Take in one verdict."""
        self._planned += 1
        self._unread += verdict.status == "unparsed"
        if verdict.status == "ok" and verdict.decision in ("correct", "incorrect"):
            stated = next((one.values[CONFIDENCE] for one in verdict.presentations if CONFIDENCE in one.values), None)
            self._rows.append((cluster_of(sample, self.config), verdict.decision == "correct", stated))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._rows.extend(later._rows)
        self._planned += later._planned
        self._unread += later._unread

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``accuracy`` first."""
        right, clusters = [float(one) for _, one, _ in self._rows], [one for one, *_ in self._rows]
        missing, hits = self._planned - len(right), sum(right)
        bounds = (hits / self._planned, (hits + missing) / self._planned) if self._planned else None
        stated = [(said, one) for _, one, said in self._rows if said is not None]
        return {
            "accuracy": share_of(right, clusters, missing=missing, bounds=bounds),
            "accuracy_of_all": Metric(value=100 * hits / self._planned if self._planned else None, n=self._planned),
            "calibration_error": self._error(stated),
            "calibration_error_as_published": self._error(stated, omit_last=True),
            "mean_confidence": Metric(value=100 * fmean(one for one, _ in stated) if stated else None, n=len(stated)),
            "unread": Metric(value=float(self._unread), n=self._planned),
        }

    def _error(self, stated: Sequence[tuple[float, bool]], *, omit_last: bool = False) -> Metric:
        error = calibration_error(stated, self.config.bin_size, omit_last=omit_last)
        note = "" if error is not None else "no verdict states a confidence"
        return Metric(value=None if error is None else 100 * error, n=len(stated), note=note)


def calibration_error(stated: Sequence[tuple[float, bool]], size: int, *, omit_last: bool = False) -> float | None:
    """Return the root mean square calibration error over bins of equally many answers.

    Args:
        stated: Confidence (0..1) and whether the answer is right.
        size: Answers of a bin; the last takes the rest. With fewer answers there is one bin.
        omit_last: Leave out the last of several bins.
    """
    if not stated:
        return None
    ordered = sorted(stated, key=lambda one: one[0])
    starts = [size * number for number in range(max(1, len(ordered) // size))]
    bins = [ordered[start:end] for start, end in zip(starts, [*starts[1:], len(ordered)], strict=True)]
    if omit_last and len(bins) > 1:
        bins.pop()
    squares = [len(one) * (fmean(said for said, _ in one) - fmean(right for _, right in one)) ** 2 for one in bins]
    return math.sqrt(math.fsum(squares) / len(ordered))
