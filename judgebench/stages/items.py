"""From a sample and a prediction to what a judge method is shown; the same in judge-infer and in extract."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from judgebench.errors import DataError
from judgebench.judges.asking import JudgeItem
from judgebench.models.postprocess import postprocessor
from judgebench.records import Prediction, Sample

Postprocessor = Callable[[str], str]


def postprocessor_of(model: dict[str, Any]) -> Postprocessor | None:
    """Return the function of a model's ``pred_postprocessor``, or ``None``."""
    declared = model.get("pred_postprocessor")
    if not declared:
        return None
    return postprocessor(declared, where=f"models.{model['abbr']}.pred_postprocessor")


def judge_item(sample: Sample, prediction: Prediction, postprocess: Postprocessor | None) -> JudgeItem:
    """Return what a judge method is shown of a prediction."""
    answer = prediction.prediction
    return JudgeItem(
        id=sample.id,
        uid=sample.uid,
        repeat=prediction.repeat,
        fields=sample.fields,
        reference=sample.reference,
        answer=postprocess(answer) if postprocess else answer,
        reasoning=prediction.reasoning_content,
        meta=sample.meta,
        truncated=prediction.finish_reason == "length",
    )


def benchmark_item(sample: Sample, repeat: int) -> JudgeItem:
    """Return what the tested judge is shown of an item that brings its answers along."""
    return JudgeItem(
        id=sample.id,
        uid=sample.uid,
        repeat=repeat,
        fields=sample.fields,
        reference=sample.reference,
        answer=sample.answers[0] if sample.answers else "",
        baseline=sample.answers[1] if len(sample.answers) > 1 else None,
        answers=sample.answers,
        meta=sample.meta,
    )


def timestamp_of(sample: Sample) -> float | None:
    """Return when a sample is to be asked, in milliseconds; ``None`` where it does not say.

    Raises:
        DataError: What it says is no number (a CSV file holds nothing but text, which is read as one).
    """
    given = sample.meta.get("timestamp")
    if given is None or given == "":
        return None
    try:
        stamp = float(given)
    except (TypeError, ValueError):
        stamp = math.nan
    if not math.isfinite(stamp):
        raise DataError(
            f"The timestamp of item {sample.key or sample.id!r} is {given!r:.60}, which is no number of milliseconds.",
            hint="Correct the row, or leave use_timestamp out of the model's config.",
        )
    return stamp


class Marked:
    """A set of small numbers: a byte for each up to the largest, where a set of numbers takes seventy."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, number: int) -> None:
        """Put a number in."""
        if number >= len(self._bytes):
            self._bytes.extend(bytes(number + 1 - len(self._bytes) + len(self._bytes) // 8))
        self._bytes[number] = 1

    def __contains__(self, number: int) -> bool:
        return number < len(self._bytes) and self._bytes[number] == 1


MOST_HELD = 20_000
"""Samples of one window: more than requests are in flight."""


class SampleWindow:
    """Finds samples by id while reading the data set once, in the order in which they were asked.

    Predictions arrive nearly in that order, so only those between the oldest open and the newest seen one are held; and
    no more than ``MOST_HELD`` of them, as nobody takes the sample of a prediction that failed.

    Args:
        samples: The planned samples.
        uses: Says how often a sample will be taken; one that will not be is not held.

    Attributes:
        dropped: How many samples were let go before they were taken as often as planned.
    """

    def __init__(self, samples: Iterator[Sample], uses: Callable[[Sample], int]) -> None:
        self._samples = samples
        self._uses = uses
        self._open: dict[int, tuple[Sample, int]] = {}
        self._passed = Marked()
        self.dropped = 0

    def take(self, id_: int, uid: str) -> Sample | None:
        """Return a sample; ``None`` when it is not planned, has another content, or was taken as often as planned."""
        while id_ not in self._open:
            if id_ in self._passed:
                return None
            sample = next(self._samples, None)
            if sample is None:
                return None
            if uses := self._uses(sample):
                self._open[sample.id] = (sample, uses)
                if len(self._open) > MOST_HELD:
                    self._drop_oldest()
            else:
                self._passed.add(sample.id)
        if self._open[id_][0].uid != uid:
            return None
        sample, uses = self._open.pop(id_)
        if uses > 1:
            self._open[id_] = (sample, uses - 1)
        else:
            self._passed.add(id_)
        return sample

    def _drop_oldest(self) -> None:
        oldest = next(iter(self._open))
        del self._open[oldest]
        self._passed.add(oldest)
        self.dropped += 1
