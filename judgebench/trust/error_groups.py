"""Does the judge err alike everywhere: by tested model, length of the answer, slice, and place of the better answer?

A judge that errs more for one model ranks the models wrongly, and one that errs more in a slice judges that slice
wrongly; a score of all together hides both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.rates.slices import slice_texts
from judgebench.metrics.statistics.differential import ErrorByGroup, error_by_group
from judgebench.metrics.statistics.multiple import holm
from judgebench.store.journal import DamagedError, Decoder, open_file
from judgebench.store.run_folder import RunFolder
from judgebench.trust.judged import WORTH, JudgedAnswer, JudgedRow

ACCEPTED, REJECTED = "wrong answers accepted", "right answers rejected"
MISJUDGED = "misjudged"
MODEL, LENGTH, PLACE = "tested model", "length of the answer", "place of the better answer"
LENGTHS = ("short", "middle", "long")
LEAST_IN_SLICE = 5
"""Labelled answers that a slice must have; fields with smaller ones, or more than ``MOST_SLICES``, are left out."""
MOST_SLICES = 8

Answer = tuple[int, str]
"""Item and answer."""


class GroupedErrors(NamedTuple):
    """How often the judge errs in each group.

    Attributes:
        by: What makes the groups: tested model, length of the answer, place of the better answer, or a field.
        what: Which error. ``tested``: its rates, and the p-value of "they are the same", adjusted by Holm over all.
    """

    by: str
    what: str
    tested: ErrorByGroup


class _SeenErrors(NamedTuple):
    """A labelled answer: which model gave it, how long it is, which error it could be, and whether it is one."""

    answer: JudgedAnswer
    model: str
    length: int | None
    what: str
    wrong: float


def grouped_errors(run: RunFolder, rows: Sequence[JudgedRow], true: Mapping[Answer, float]) -> list[GroupedErrors]:
    """Return the errors of a judge by every group that its labelled answers have.

    Args:
        run: The run, for the lengths of answers.
        rows: One row, of every model.
        true: What most annotators say of an answer.

    Raises:
        DataError: A file of answers is damaged.
    """
    seen = list(_seen(run, rows, true))
    found: list[GroupedErrors] = []
    for by, groups in _groupings(seen):
        for what in dict.fromkeys(one.what for one in seen):
            entries = [(group, one.wrong, one.answer.id) for one, group in groups if one.what == what]
            if entries and (tested := _tested(by, entries)) is not None:
                found.append(GroupedErrors(by, what, tested))
    found += _by_place(rows, true)
    adjusted = holm([one.tested.p_value for one in found])
    return [one._replace(tested=one.tested._replace(p_value=p)) for one, p in zip(found, adjusted, strict=True)]


def _seen(run: RunFolder, rows: Sequence[JudgedRow], true: Mapping[Answer, float]) -> Iterable[_SeenErrors]:
    for row in rows:
        wanted = {place for place, one in row.answers.items() if (one.id, one.answer_hash) in true}
        # without a judge beside it the model is the judge, and what it wrote are its replies
        lengths = _lengths(run.predictions(row.model, row.dataset), wanted) if wanted and row.judge else {}
        for place in sorted(wanted):
            one = row.answers[place]
            said = row.said(one)
            label = true[one.id, one.answer_hash]
            if said is None or (row.kind == "right" and label not in {0.0, 1.0}):
                continue
            what = MISJUDGED if row.kind != "right" else REJECTED if label else ACCEPTED
            yield _SeenErrors(one, row.model, lengths.get(place), what, float(said != label))


def _groupings(seen: Sequence[_SeenErrors]) -> Iterable[tuple[str, list[tuple[_SeenErrors, Hashable]]]]:
    """Yield what makes groups, and the group of each answer that is in one."""
    yield MODEL, [(one, one.model) for one in seen]
    known = sorted(one.length for one in seen if one.length is not None)
    if len(known) >= 3 * LEAST_IN_SLICE:
        ends = [known[len(known) * part // 3] for part in (1, 2)]
        yield LENGTH, [(one, LENGTHS[sum(one.length >= end for end in ends)]) for one in seen if one.length is not None]
    for field in dict.fromkeys(name for one in seen for name in one.answer.meta):
        parts = [(one, text or "") for one in seen for text in _texts(one.answer, field)]
        sizes = Counter(text for _, text in parts)
        if 2 <= len(sizes) <= MOST_SLICES and min(sizes.values()) >= LEAST_IN_SLICE:
            yield field, list(parts)


def _texts(answer: JudgedAnswer, field: str) -> list[str | None]:
    try:
        return list(slice_texts(answer.meta.get(field)))
    except ValueError:  # no value by which one slices
        return []


def _tested(by: str, entries: Sequence[tuple[Hashable, float, int]]) -> ErrorByGroup | None:
    """Return the test of one grouping; where all answers to a question are in one group, questions change places."""
    groups_of: defaultdict[int, set[Hashable]] = defaultdict(set)
    for group, _, question in entries:
        groups_of[question].add(group)
    whole = by not in {MODEL, LENGTH} and all(len(groups) == 1 for groups in groups_of.values())
    if not whole or len(groups_of) == len(entries):
        groups, wrong, questions = (list(part) for part in zip(*entries, strict=True))
        return error_by_group(groups, wrong, questions)
    errors: defaultdict[int, list[float]] = defaultdict(list)
    for _, error, question in entries:
        errors[question].append(error)
    return error_by_group(
        [next(iter(groups_of[one])) for one in errors],
        [sum(each) / len(each) for each in errors.values()],
        list(errors),
    )


def _by_place(rows: Sequence[JudgedRow], true: Mapping[Answer, float]) -> Iterable[GroupedErrors]:
    """Return how often the judge misses the better answer where it is shown first, and where it is shown second."""
    better = WORTH["preference"]
    entries = [
        ("first" if (label == 1.0) == (said.order == "AB") else "second", float(better.get(said.prefers) != label), id)
        for row in rows
        if row.kind == "preference"
        for (id, _), one in row.answers.items()
        if (label := true.get((one.id, one.answer_hash))) in {0.0, 1.0}
        for said in one.presentations
        if said.status == "ok" and said.order and said.prefers is not None
    ]
    tested = error_by_group(*(list(part) for part in zip(*entries, strict=True))) if entries else None
    return [GroupedErrors(PLACE, MISJUDGED, tested)] if tested is not None else []


class _AnswerLine(msgspec.Struct, frozen=True):
    """As much of a prediction as its length needs."""

    id: int
    repeat: int = 0
    prediction: str | None = None


def _lengths(path: Path, wanted: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Return how many characters answers have; empty where their file is not there."""
    decode, found = Decoder(_AnswerLine), dict[tuple[int, int], int]()
    try:
        with open_file(path, "rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    one = decode(line)
                    if (one.id, one.repeat) in wanted and one.prediction is not None:
                        found[one.id, one.repeat] = len(one.prediction)
    except FileNotFoundError:
        return {}
    except (OSError, DamagedError) as error:
        raise DataError(f"{path} cannot be read: {error}.", hint="Continue the run: jb --reuse") from error
    return found
