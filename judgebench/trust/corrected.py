"""Every judged score beside what people's labels make of it.

A corrected share is that of the labels within each verdict (``corrected_share``), a corrected mean score is
prediction-powered (``drawn_mean``); both take labels drawn with equal or unequal probabilities, few or many, several
about one question. What the data do not carry is refused with one sentence and never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from judgebench.errors import how_many
from judgebench.metrics.corrections.corrected_share import corrected_share
from judgebench.metrics.statistics.intervals import mean_of, share_of
from judgebench.metrics.statistics.misclassification import LEAST_YOUDEN, solved_share
from judgebench.metrics.statistics.prediction_powered import Column, PoweredMean, column, drawn_mean
from judgebench.records.corrected import CorrectedScore
from judgebench.records.figures import Metric
from judgebench.store.run_folder import RunFolder
from judgebench.trust.judged import JudgedRow, judged_rows
from judgebench.trust.labelled import LabelBook, LabelledAnswer, RowLabels

LEAST_LABELS = 10
"""Labelled questions below which no score is corrected."""
METRICS = {"right": "accuracy", "preference": "win_rate", "score": "mean_score"}


class Verdicts(NamedTuple):
    """The read verdicts of a row as columns, those of the labelled answers apart.

    Attributes:
        said: What the judge says of each read answer. ``questions``: the item of each.
        labelled_said: What it says of the labelled ones. ``true``: their labels. ``chances``: their probabilities.
        labelled_questions: The item of each labelled one.
        unread: Answers without a verdict.
    """

    said: Column
    questions: Column
    labelled_said: Column
    true: Column
    chances: Column
    labelled_questions: Column
    unread: int


def corrected_scores(run: RunFolder, row: str = "") -> list[CorrectedScore]:
    """Return the corrected scores of a run, or of one row, wherever there are labels.

    Raises:
        DataError: Labels or verdicts are damaged.
    """
    book = LabelBook(run)
    found = []
    for one in judged_rows(run, row):
        if one.kind is None or not one.judge:
            continue
        labels = book.of(one)
        if labels.answers or labels.void:
            found.append(corrected_score(one, labels))
    return found


def corrected_score(row: JudgedRow, labels: RowLabels) -> CorrectedScore:
    """Return one row's score by the judge, by people, and by both."""
    assert row.kind is not None
    labels, by_hand = _random_part(row, labels)
    verdicts = verdicts_of(row, _reached(labels))
    found = CorrectedScore(
        model=row.model,
        row=row.row,
        metric=METRICS[row.kind],
        judge=_judge(row, verdicts),
        labels=len(labels.answers),
        annotators=max((one.annotators for one in labels.answers.values()), default=0),
        void=labels.void,
        calibration=labels.calibration,
        drawn=labels.drawn,
        opened=labels.opened,
    )
    import msgspec

    changed = msgspec.structs.replace
    if why := _refusal(row, labels, verdicts):
        return changed(found, note=why)
    means = _means(row, verdicts)
    if means is None:
        return changed(found, note=f"refused: labels on at least {LEAST_LABELS} questions are needed")
    people, powered, here = means
    whole = len(verdicts.true) == len(verdicts.said)
    found = changed(
        found,
        people=_metric(row, people, verdicts),
        corrected=_metric(row, people if whole else powered, verdicts),
        weight=None if whole else powered.weight,
        these=None if whole else _metric(row, here, verdicts).ci95,
        method="labels alone: every read answer has one" if whole else _method(row, verdicts),
        note=_remark(row, labels, verdicts, by_hand),
    )
    return found if row.kind != "right" else _with_solved(found, verdicts)


def verdicts_of(row: JudgedRow, labelled: dict[tuple[int, int], LabelledAnswer]) -> Verdicts:
    """Return the read verdicts of a row as columns."""
    read = [
        (position, said)
        for position, one in row.answers.items()
        if one.status == "ok" and (said := row.worth(one.decision, one.score)) is not None
    ]
    both = [(position, said, labelled[position]) for position, said in read if position in labelled]
    return Verdicts(
        said=column([said for _, said in read]),
        questions=column([position[0] for position, _ in read]),
        labelled_said=column([said for _, said, _ in both]),
        true=column([label.worth for _, _, label in both]),
        chances=column([label.probability for _, _, label in both]),
        labelled_questions=column([position[0] for position, _, _ in both]),
        unread=len(row.answers) - len(read),
    )


def _refusal(row: JudgedRow, labels: RowLabels, verdicts: Verdicts) -> str:
    """Return why the labels cannot speak for the row, as one sentence; empty where they can."""
    if labels.void:
        return (
            f"refused: {labels.void} of {labels.void + len(labels.answers)} labels are void, because the answers "
            "changed, so the rest are no random part; draw again, and label what is new"
        )
    if len(set(verdicts.labelled_questions)) < LEAST_LABELS:
        return (
            f"refused: {len(set(verdicts.labelled_questions))} labelled questions with a verdict are fewer than "
            f"{LEAST_LABELS}"
        )
    chosen = sum(not one.drawn and one.probability >= 1 for one in labels.answers.values())
    if chosen and len(labels.answers) < len(row.answers):
        return (
            f"refused: {how_many(chosen, 'label is', 'labels are')} about answers that were not drawn at random, and "
            "nothing can be said about the others; draw with jb label draw"
        )
    return ""


def _means(row: JudgedRow, verdicts: Verdicts) -> tuple[PoweredMean, PoweredMean, PoweredMean] | None:
    """Return the mean of the labels alone, the corrected one, and that with its interval about these very answers."""
    parts = (
        verdicts.true,
        verdicts.labelled_said,
        verdicts.said,
        verdicts.chances,
        verdicts.labelled_questions.astype(np.int64),
        verdicts.questions.astype(np.int64),
    )
    if row.kind == "score":
        scale = _spread(verdicts)
        alone = drawn_mean(*parts, weight=0.0, scale=scale)
        both, here = (drawn_mean(*parts, scale=scale, these=these) for these in (False, True))
    else:
        alone = corrected_share(*parts, blind=True)
        both, here = (corrected_share(*parts, these=these) for these in (False, True))
    return None if alone is None or both is None or here is None else (alone, both, here)


def _spread(verdicts: Verdicts) -> float:
    """Return how far apart the scores and labels of a row lie."""
    every = np.concatenate([verdicts.said, verdicts.true])
    return float(every.max() - every.min())


def _judge(row: JudgedRow, verdicts: Verdicts) -> Metric:
    values, questions = [float(one) for one in verdicts.said], [int(one) for one in verdicts.questions]
    if row.kind == "score":
        return mean_of(values, questions, missing=verdicts.unread)
    return share_of(values, questions, missing=verdicts.unread)


def _metric(row: JudgedRow, mean: PoweredMean, verdicts: Verdicts) -> Metric:
    """Return a mean as a metric; its interval holds what the unread verdicts could change, where that has limits."""
    ends: tuple[float, float] = (mean.low, mean.high)
    if row.kind == "score":
        return Metric(value=mean.value, n=mean.n, stderr=mean.stderr, ci95=ends, unit="scale", better="high")
    value = min(1.0, max(0.0, mean.value))
    low, high = max(0.0, min(ends[0], value)), min(1.0, max(ends[1], value))
    read = len(verdicts.said) / (len(verdicts.said) + verdicts.unread)
    low, high = low * read, high * read + (1 - read)
    return Metric(
        value=100 * value,
        n=mean.n,
        stderr=100 * mean.stderr,
        ci95=(100 * low, 100 * high),
        bounds=(100 * value * read, 100 * (value * read + 1 - read)) if verdicts.unread else None,
        unit="percent",
        better="high",
    )


def _method(row: JudgedRow, verdicts: Verdicts) -> str:
    name = "PPI++" if row.kind == "score" else "labels within each verdict"
    return name if np.ptp(verdicts.chances) < 1e-12 else f"{name}, by inverse probability"


def _random_part(row: JudgedRow, labels: RowLabels) -> tuple[RowLabels, int]:
    """Return the labels of answers that were drawn, and how many others are left out because somebody chose them.

    Where none was drawn, or every answer has a label, all are kept.
    """
    drawn = {position: one for position, one in labels.answers.items() if one.drawn or one.probability < 1}
    if not drawn or len(labels.answers) == len(row.answers):
        return labels, 0
    return labels._replace(answers=drawn), len(labels.answers) - len(drawn)


def _reached(labels: RowLabels) -> dict[tuple[int, int], LabelledAnswer]:
    """Return the labelled answers, each with the chance that it was drawn and has its label by now."""
    if not labels.opened:
        return labels.answers
    share = 1 - labels.opened / labels.drawn
    return {
        position: one._replace(probability=share * one.probability) if one.drawn else one
        for position, one in labels.answers.items()
    }


def _remark(row: JudgedRow, labels: RowLabels, verdicts: Verdicts, by_hand: int) -> str:
    parts = []
    if by_hand:
        parts.append(f"left out: {how_many(by_hand, 'label')} on answers that were not drawn")
    if labels.opened:
        parts.append(f"{labels.opened} of {labels.drawn} drawn answers have no label yet")
    if row.kind == "score" and verdicts.unread:
        parts.append(f"{verdicts.unread} unread verdicts are not in the interval, as the scale's ends are not known")
    return "; ".join(parts)


def _with_solved(found: CorrectedScore, verdicts: Verdicts) -> CorrectedScore:
    """Add the judge's error rates, and the share that they solve for where the labels carry it."""
    import msgspec

    clear = [bool(one in (0.0, 1.0)) for one in verdicts.true]
    true, said = verdicts.true[clear], verdicts.labelled_said[clear]
    inverse = 1 / verdicts.chances[clear]
    right, wrong = true == 1, true == 0
    sensitivity = float(inverse @ (right & (said == 1)) / (inverse @ right)) if right.any() else None
    specificity = float(inverse @ (wrong & (said == 0)) / (inverse @ wrong)) if wrong.any() else None
    found = msgspec.structs.replace(
        found,
        sensitivity=None if sensitivity is None else 100 * sensitivity,
        specificity=None if specificity is None else 100 * specificity,
    )
    solved, why = _solved(verdicts, true, said)
    note = "; ".join(part for part in (found.note, why) if part)
    return msgspec.structs.replace(found, solved=solved, note=note)


def _solved(verdicts: Verdicts, true: Column, said: Column) -> tuple[Metric | None, str]:
    alone = len(verdicts.said) > len(verdicts.true) and not _repeated(verdicts.questions)
    if not alone or np.ptp(verdicts.chances) > 1e-12:
        return (
            None,
            "",
        )  # its interval is for equal chances and one answer a question; the corrected score needs neither
    share = solved_share(
        float(verdicts.said.mean()),
        len(verdicts.said),
        rejected_wrong=int(((true == 0) & (said == 0)).sum()),
        wrong=int((true == 0).sum()),
        accepted_right=int(((true == 1) & (said == 1)).sum()),
        right=int((true == 1).sum()),
    )
    if share is None:
        return None, (
            "Rogan-Gladen is refused: the labels are of one kind, or the judge hardly tells right from wrong "
            f"(sensitivity + specificity - 1 below {LEAST_YOUDEN})"
        )
    read = len(verdicts.said) / (len(verdicts.said) + verdicts.unread)
    ends = (100 * share.low * read, 100 * (share.high * read + 1 - read))
    return Metric(value=100 * share.value, n=len(true), ci95=ends, unit="percent", better="high"), ""


def _repeated(questions: Column | Sequence[float]) -> bool:
    return len(set(questions)) < len(questions)
