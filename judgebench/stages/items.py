"""From a sample and a prediction to what a judge method is shown; the same in judge-infer and in extract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

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


class SampleWindow:
    """Finds samples by id while reading the data set once, in the order in which they were asked.

    Predictions arrive nearly in that order, so only those between the oldest open and the newest seen one are held.

    Args:
        samples: The planned samples.
        uses: Says how often a sample will be taken; one that will not be is not held.
    """

    def __init__(self, samples: Iterator[Sample], uses: Callable[[Sample], int]) -> None:
        self._samples = samples
        self._uses = uses
        self._open: dict[int, tuple[Sample, int]] = {}
        self._passed = Marked()

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
