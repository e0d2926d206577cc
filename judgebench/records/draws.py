"""Which answers were drawn to be labelled by people, and with which probability each was."""

from __future__ import annotations

from typing import Literal

import msgspec

Strategy = Literal["uniform", "stratified", "active", "disagreement"]


class DrawnAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer that a person is to label.

    Attributes:
        model: The tested model.
        id: ``Sample.id``. ``repeat``: the tested model's repetition.
        answer_hash: Of the answer, as in ``RecordedVerdict``.
        probability: With which the draw takes it.
        split: Name of the part of the labels that it belongs to; empty where they are not parted.
    """

    model: str
    id: int
    repeat: int = 0
    answer_hash: str
    probability: float
    split: str = ""


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """The draw of a result row: ``labels/draws/<row>.json``.

    Attributes:
        row: The result row, whose judge's verdicts the strategy looks at. ``dataset``: whose answers are drawn.
        strategy: ``uniform``: all alike. ``stratified``: as many of each verdict and model. ``active``: rather those
            about which the judge is unsure. ``disagreement``: rather those about which judges and rules disagree.
        seed: Of the random numbers. ``population``: how many answers there were to draw from.
        answers: In random order, in which they are to be labelled.
        time: When, in ISO 8601.
    """

    row: str
    dataset: str
    strategy: Strategy
    seed: int
    population: int
    answers: list[DrawnAnswer]
    time: str = ""
