"""What people say about the answers of one row: which labels count, and what of the draw is still open."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from judgebench.records.draws import Draw
from judgebench.records.facts import Label
from judgebench.store.draws import read_draws
from judgebench.store.labels import read_labels, valid_labels
from judgebench.store.run_folder import RunFolder
from judgebench.trust.drawing import CALIBRATION
from judgebench.trust.judged import JudgedRow


class LabelledAnswer(NamedTuple):
    """An answer that people have labelled.

    Attributes:
        worth: Mean of what its annotators' labels count; of decisions the majority's.
        probability: With which it was drawn; 1 where nobody says that it was.
        annotators: How many have labelled it.
        drawn: Whether the run holds a draw of it.
    """

    worth: float
    probability: float
    annotators: int
    drawn: bool


class RowLabels(NamedTuple):
    """The labels of one model's answers in one row.

    Attributes:
        answers: By id and repeat.
        void: How many labelled positions have another answer now, and no label for it.
        calibration: How many labels are left out because a judge may have been tuned on them.
        drawn: How many answers of the row's draw there are, 0 for none. ``opened``: how many of them have no label.
    """

    answers: dict[tuple[int, int], LabelledAnswer]
    void: int
    calibration: int
    drawn: int
    opened: int


class LabelBook:
    """The labels of a run by dataset, and its draws.

    Args:
        run: The run.

    Raises:
        DataError: A file of labels or a draw is damaged.
    """

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._labels: dict[str, list[Label]] = {}
        self.draws: list[Draw] = read_draws(run)
        self._chances = {
            (draw.dataset, one.id, one.answer_hash): one.probability for draw in self.draws for one in draw.answers
        }

    def labels(self, dataset: str) -> list[Label]:
        """Return the labels of a dataset that count."""
        if dataset not in self._labels:
            self._labels[dataset] = list(valid_labels(read_labels(self._run.labels(dataset))).values())
        return self._labels[dataset]

    def of(self, row: JudgedRow, *, calibration: bool = False) -> RowLabels:
        """Return the labels of a row.

        Args:
            row: The row.
            calibration: Whether labels of the split ``calibration`` count too.
        """
        by_answer: defaultdict[tuple[int, str], list[Label]] = defaultdict(list)
        positions: set[tuple[int, int]] = set()
        left_out = 0
        hashes = {(one.id, one.answer_hash) for one in row.answers.values()}
        for label in self.labels(row.dataset):
            if label.split == CALIBRATION and not calibration:
                left_out += (label.id, label.answer_hash) in hashes
                continue
            if row.worth(label.decision, label.score) is None:
                continue
            by_answer[label.id, label.answer_hash].append(label)
            if label.model in {"", row.model}:
                positions.add((label.id, label.repeat))
        answers = {
            place: self._labelled(row, labels)
            for place, one in row.answers.items()
            if (labels := by_answer.get((one.id, one.answer_hash)))
        }
        drawn = [
            (one.id, one.answer_hash)
            for draw in self.draws
            if draw.row == row.row
            for one in draw.answers
            if one.model == row.model and one.split != CALIBRATION
        ]
        void = sum(place not in answers for place in positions if place in row.answers)
        return RowLabels(answers, void, left_out, len(drawn), sum(one not in by_answer for one in drawn))

    def _labelled(self, row: JudgedRow, labels: Sequence[Label]) -> LabelledAnswer:
        worths = [worth for one in labels if (worth := row.worth(one.decision, one.score)) is not None]
        first = labels[0]
        drawn = self._chances.get((row.dataset, first.id, first.answer_hash))
        chance = drawn if drawn is not None else min(one.probability for one in labels)
        return LabelledAnswer(_summed_up(worths, decisions=row.kind != "score"), chance, len(worths), drawn is not None)


def _summed_up(worths: Sequence[float], *, decisions: bool) -> float:
    if decisions:
        (first, most), *rest = Counter(worths).most_common(2)
        if not rest or rest[0][1] < most:
            return first
    return sum(worths) / len(worths)
