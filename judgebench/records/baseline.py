"""A baseline file: the verdicts of a run by item, small and without a text, to be committed beside the code."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class BaselineItem(msgspec.Struct, frozen=True, array_like=True):
    """One answer's verdict: a line of the file.

    Attributes:
        place: What names the item in every run: hash of its content, and a number where the same item stands twice in
            the data (``3fa9.../0``).
        repeat: Number of the tested model's repetition.
        id: Number of the item in its data.
        said: The decision; a number where the judge scores; the status where there is no verdict (``unparsed``, ...).
        read: Whether there is a verdict.
        answer: Hash of the answer: the same answer should have the same verdict.
        label: What people's labels count; ``None`` without one that was drawn at random.
        probability: With which the answer was drawn to be labelled.
    """

    place: str
    repeat: int
    id: int
    said: str | float
    read: bool
    answer: str
    label: float | None = None
    probability: float = 1.0


class BaselineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One model's verdicts in one row.

    Attributes:
        model: The tested model. ``row``: name of the row. ``dataset``: of the dataset. ``judge``: of the judge.
        kind: What the verdicts say: right or wrong, a preference, or a score.
        identity: What decides the result, to tell what changed.
        items: The verdicts.
    """

    model: str
    row: str
    dataset: str
    judge: str = ""
    kind: Literal["right", "preference", "score"] | None = None
    identity: dict[str, Any] = {}
    items: list[BaselineItem]


class BaselineFile(msgspec.Struct, frozen=True, kw_only=True):
    """What drops are measured from.

    Attributes:
        format: Version of the form of the file.
        run: The run that it was made of.
        rows: Its rows.
    """

    format: Literal[1] = 1
    run: str
    rows: list[BaselineRow]
