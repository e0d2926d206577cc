"""A judge's score beside what people's labels make of it."""

from __future__ import annotations

import msgspec

from judgebench.records.figures import Metric


class CorrectedScore(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model's score in one row, by the judge alone, by people alone, and corrected: never one for the other.

    Attributes:
        model: Abbr of the tested model. ``row``: the result row.
        metric: ``accuracy``, ``win_rate`` or ``mean_score``.
        judge: By the judge alone.
        people: By the labels alone; ``None`` where they cannot speak for the row.
        corrected: By both: prediction-powered, with the judge's own error in the interval, and the unread verdicts at
            their worst and best; ``None`` where it is refused, ``note`` says why.
        these: The 95% interval of what labels on all of these answers would say, the unread ones at their worst and
            best; that of ``corrected`` is about questions like these.
        solved: The share that Rogan and Gladen solve for, with the interval of Lee et al.; for accuracies alone.
        labels: Labelled answers that count. ``annotators``: most labels that one of them has.
        void: Labels whose answer has changed. ``calibration``: labels left out because a judge may be tuned on them.
        drawn: Answers that were drawn. ``opened``: how many of them have no label yet.
        weight: How much the judge counts in ``corrected``: 0 is the labels alone, 1 the judge in full.
        sensitivity: Percent of right answers that the judge accepts. ``specificity``: of wrong ones that it rejects.
        method: How ``corrected`` was computed.
        note: Why something is refused, or what a reader must know.
    """

    model: str
    row: str
    metric: str
    judge: Metric
    people: Metric | None = None
    corrected: Metric | None = None
    these: tuple[float, float] | None = None
    solved: Metric | None = None
    labels: int = 0
    annotators: int = 1
    void: int = 0
    calibration: int = 0
    drawn: int = 0
    opened: int = 0
    weight: float | None = None
    sensitivity: float | None = None
    specificity: float | None = None
    method: str = ""
    note: str = ""
