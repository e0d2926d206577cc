"""How many more labels make a corrected score as sure as one wishes, by what the labels so far show."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from judgebench.metrics.statistics.intervals import Z95
from judgebench.store.run_folder import RunFolder
from judgebench.trust.corrected import LEAST_LABELS, corrected_score, verdicts_of
from judgebench.trust.judged import judged_rows
from judgebench.trust.labelled import LabelBook


class LabelPlan(NamedTuple):
    """How sure a corrected accuracy or win rate is, and what more labels would do; in points.

    Attributes:
        labels: Labelled answers. ``half_width``: of the corrected interval now.
        needed: Labels in all for the wished half width, ``None`` where no number is enough.
        least: The half width that labels on all answers would leave.
        accepting: Share of new labels that should go to answers which the judge accepts, for Rogan-Gladen; ``None``
            where the judge's error rates are not known.
    """

    model: str
    row: str
    labels: int
    half_width: float
    needed: int | None
    least: float
    accepting: float | None


def label_plans(run: RunFolder, half_width: float, row: str = "") -> list[LabelPlan]:
    """Return what more labels would do for each corrected share of a run.

    The variance is ``var(y - w f) / n + B``, where B is what the unlabelled answers leave: the first falls with labels,
    the second with answers alone. How labels should be split between the judge's two decisions is from Lee et al.
    (2025), arXiv:2511.21140, section 5.

    Args:
        run: The run.
        half_width: Of the 95% interval that is wished, in points.
        row: One row alone.

    Raises:
        DataError: Labels or verdicts are damaged.
    """
    book = LabelBook(run)
    found = []
    for one in judged_rows(run, row):
        if one.kind in {None, "score"} or not one.judge:
            continue
        labels = book.of(one)
        score = corrected_score(one, labels)
        if score.corrected is None or score.corrected.ci95 is None or len(labels.answers) < LEAST_LABELS:
            continue
        verdicts = verdicts_of(one, labels.answers)
        weight = score.weight if score.weight is not None else 0.0
        inverse = 1 / verdicts.chances
        inverse = inverse / inverse.sum()
        residual = verdicts.true - weight * verdicts.labelled_said
        centred = residual - inverse @ residual
        of_labels = float(inverse @ centred**2)
        said = verdicts.labelled_said - inverse @ verdicts.labelled_said
        answers = len(verdicts.said)
        of_judge = (weight**2 * float(np.var(verdicts.said)) + 2 * weight * float(inverse @ (said * centred))) / answers
        wished = (half_width / 100 / Z95) ** 2
        rest = wished - max(0.0, of_judge)
        needed = math.ceil(of_labels / rest) if rest > 0 else answers + 1
        every = verdicts.true - inverse @ verdicts.true
        ends = score.corrected.ci95
        found.append(
            LabelPlan(
                model=one.model,
                row=one.row,
                labels=len(labels.answers),
                half_width=(ends[1] - ends[0]) / 2,
                needed=needed if needed <= answers else None,
                least=100 * Z95 * math.sqrt(float(inverse @ every**2) / answers),
                accepting=_accepting(
                    score.sensitivity, score.specificity, float(verdicts.said.mean()), len(labels.answers)
                ),
            )
        )
    return found


def _accepting(sensitivity: float | None, specificity: float | None, accepted: float, pilot: int) -> float | None:
    """Return ``1 / (1 + (1 / p - 1) sqrt(k))``, ``k = (m (1 - q0) + 1) / (m (1 - q1) + 1)``."""
    if sensitivity is None or specificity is None or not 0 < accepted < 1:
        return None
    ratio = (pilot * (1 - specificity / 100) + 1) / (pilot * (1 - sensitivity / 100) + 1)
    return 1 / (1 + (1 / accepted - 1) * math.sqrt(ratio))
