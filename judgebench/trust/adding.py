"""From a file of labels into a run: which answer each label is about, and which labels are void.

A label belongs to an answer. It serves every run that gives the same answer to the same item; where the answer has
changed it is void, which is told and never passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from judgebench.errors import DataError
from judgebench.records.facts import Label
from judgebench.store.draws import read_draws
from judgebench.store.labels import append_labels, read_labels, same_annotator, valid_labels
from judgebench.store.run_folder import RunFolder
from judgebench.trust.judged import WORTH, JudgedRow, judged_rows
from judgebench.trust.label_files import WrittenLabel, decision_of, read_label_file


def check_label_file(path: Path) -> list[WrittenLabel]:
    """Return the labels of a file that serves many runs.

    Raises:
        DataError: It cannot be used, or a label does not say about which answer it is, or who gave it.
    """
    written = read_label_file(path)
    for one in written:
        if not one.answer_hash:
            raise DataError(
                f"{one.where}: the label does not say about which answer it is.",
                hint="A file for many runs needs the column answer_hash or answer. For one run: jb label add RUN FILE",
            )
        if not one.annotator:
            raise DataError(f"{one.where}: the label does not say who gave it.", hint="Fill in the column annotator.")
    return written


class Added(NamedTuple):
    """What came of adding labels to a run.

    Attributes:
        added: Labels that are new in the run. ``known``: that it had already.
        void: Labels about items of this run whose answer is another one now.
        elsewhere: Labels about other datasets, models or items than this run has.
    """

    added: int
    known: int
    void: int
    elsewhere: int


def add_labels(run: RunFolder, written: Sequence[WrittenLabel], *, annotator: str = "", random: bool = False) -> Added:
    """Add the labels of a file to a run.

    Args:
        run: The run.
        written: The labels.
        annotator: Who has decided, where the file does not say.
        random: Whether those without a probability are a random part of the answers, all equally likely.

    Raises:
        DataError: A label names no answer or no annotator, says what the row cannot, or is in two splits.
    """
    rows = judged_rows(run)
    index = _AnswersByItem(rows)
    drawn = {
        (draw.dataset, one.id, one.answer_hash): one.probability for draw in read_draws(run) for one in draw.answers
    }
    made: defaultdict[str, list[Label]] = defaultdict(list)
    said_before: dict[tuple[str, int, str, str], tuple[WrittenLabel, Label]] = {}
    void = elsewhere = 0
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    for one in written:
        dataset = index.dataset_of(one)
        if dataset is None:
            elsewhere += 1
            continue
        named = one.answer_hash or index.only_hash(dataset, one)
        current = named in index.hashes(dataset, one.id)
        if not current and not index.about(dataset, one):
            elsewhere += 1
            continue
        void += not current
        decision, score = index.said(dataset, one)
        chance = one.probability if one.probability is not None else drawn.get((dataset, one.id, named))
        made[dataset].append(
            Label(
                answer_hash=named,
                id=one.id,
                model=one.model,
                repeat=one.repeat,
                annotator=one.annotator or annotator,
                decision=decision,
                score=score,
                comment=one.comment,
                split=one.split,
                probability=chance if chance is not None else -1.0 if random else 1.0,
                blind=one.blind,
                time=now,
            )
        )
        if not made[dataset][-1].annotator:
            raise DataError(f"{one.where}: the label does not say who gave it.", hint="Add --annotator NAME.")
        label = made[dataset][-1]
        about = dataset, one.id, named, same_annotator(label.annotator)
        _check_same(one, label, *said_before.setdefault(about, (one, label)))
    added = known = 0
    for dataset, raw in made.items():
        before = list(read_labels(run.labels(dataset)))
        labels = [_weighed(one, raw, index.count(dataset)) for one in raw]
        check_splits([*before, *labels], dataset)
        had = valid_labels(before)
        new = [
            one for one in labels if not _same(had.get((one.id, one.answer_hash, same_annotator(one.annotator))), one)
        ]
        append_labels(run.labels(dataset), new)
        added += len(new)
        known += len(labels) - len(new)
    return Added(added, known, void, elsewhere)


def check_splits(labels: Iterable[Label], dataset: str) -> None:
    """Refuse labels about one question in two splits: what was learned from one part would be tested on itself.

    Raises:
        DataError: There are such; names the first.
    """
    splits: dict[int, str] = {}
    for one in valid_labels(labels).values():
        if one.split and splits.setdefault(one.id, one.split) != one.split:
            raise DataError(
                f"Item {one.id} of {dataset} has labels in the splits {splits[one.id]!r} and {one.split!r}.",
                hint="Put all labels about one item into one split: what a judge was tuned on cannot test it.",
            )


def _check_same(one: WrittenLabel, label: Label, first: WrittenLabel, before: Label) -> None:
    """Refuse two decisions of one annotator in one file; only where it says when each was given, the last counts.

    Raises:
        DataError: The file does not say which of them counts.
    """
    if (label.decision, label.score) != (before.decision, before.score) and not one.time:
        raise DataError(
            f"{one.where}: {label.annotator!r} says {one.said!r} of an answer, and {first.said!r} of the same answer "
            f"in {first.where.rpartition(', ')[2]}.",
            hint="Leave the line that counts, or name two annotators.",
        )


def _same(before: Label | None, label: Label) -> bool:
    if before is None:
        return False
    return all(
        getattr(before, name) == getattr(label, name)
        for name in ("decision", "score", "comment", "split", "probability")
    )


def _weighed(label: Label, labels: Sequence[Label], population: int) -> Label:
    """Put the probability of a uniform draw in the place of what stands for it."""
    import msgspec

    if label.probability > 0:
        return label
    return msgspec.structs.replace(label, probability=min(1.0, len({one.answer_hash for one in labels}) / population))


class _AnswersByItem:
    """The answers of a run by dataset and item."""

    def __init__(self, rows: Sequence[JudgedRow]) -> None:
        self._rows: defaultdict[str, list[JudgedRow]] = defaultdict(list)
        self._hashes: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        for row in rows:
            self._rows[row.dataset].append(row)
            for answer in row.answers.values():
                if answer.answer_hash:
                    self._hashes[row.dataset, answer.id].add(answer.answer_hash)

    def dataset_of(self, one: WrittenLabel) -> str | None:
        """Return the dataset that a label is about; ``None`` where this run does not have it.

        Raises:
            DataError: The run has several, and the label names none.
        """
        if one.dataset:
            return one.dataset if one.dataset in self._rows else None
        if len(self._rows) > 1:
            raise DataError(
                f"{one.where}: the label names no dataset, and the run has {', '.join(self._rows)}.",
                hint="Add a column dataset.",
            )
        return next(iter(self._rows), None)

    def hashes(self, dataset: str, id: int) -> set[str]:
        """Return what the answers to an item are now."""
        return self._hashes.get((dataset, id), set())

    def about(self, dataset: str, one: WrittenLabel) -> bool:
        """Return whether a label is about an answer of this run, though it may be another one now."""
        return any((one.id, one.repeat) in row.answers and one.model in {"", row.model} for row in self._rows[dataset])

    def only_hash(self, dataset: str, one: WrittenLabel) -> str:
        """Return the hash of the one answer in a label's place.

        Raises:
            DataError: There is none, or there are several.
        """
        found = {
            row.answers[one.id, one.repeat].answer_hash
            for row in self._rows[dataset]
            if (one.id, one.repeat) in row.answers and one.model in {"", row.model}
        } - {""}
        if len(found) != 1:
            what = "several answers: name the model, or the answer_hash" if found else "no answer"
            raise DataError(
                f"{one.where}: to item {one.id} of {dataset} there {'are' if found else 'is'} {what}.",
                hint="Make a sheet that names every answer with: jb label draw RUN --n 100",
            )
        return found.pop()

    def said(self, dataset: str, one: WrittenLabel) -> tuple[str | None, float | None]:
        """Return decision and score of a label: what the rows of its dataset can say.

        Raises:
            DataError: It is none of that.
        """
        decision, number = decision_of(one.said)
        kinds = {row.kind for row in self._rows[dataset] if row.kind}
        if any(decision in WORTH[kind] for kind in kinds):
            return decision, None
        if number is not None and "score" in kinds:
            return None, number
        words = {"right": "correct or incorrect", "preference": "A, B or tie", "score": "a number"}
        raise DataError(
            f"{one.where}: the label {one.said!r} is none that {dataset} takes.",
            hint=f"Write {', or '.join(words[kind] for kind in words if kind in kinds) or 'what the judge could say'}.",
        )

    def count(self, dataset: str) -> int:
        """Return how many answers a dataset has."""
        return sum(len(found) for (name, _), found in self._hashes.items() if name == dataset) or 1
