"""What drops are measured from: another run, or a baseline file that was made of one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

import msgspec

from judgebench.errors import ConfigError, ReuseError
from judgebench.metrics.rates.slices import slice_texts
from judgebench.records.baseline import BaselineFile, BaselineItem, BaselineRow
from judgebench.records.findings import VerdictStatus
from judgebench.records.manifest import ManifestRow
from judgebench.store.journal import DamagedError, Decoder, read_file, reason_of
from judgebench.store.manifest import read_manifest
from judgebench.store.run_folder import RunFolder
from judgebench.store.runs import check_outside_of_runs, write_report
from judgebench.trust.comparing import ComparedSide, Place, paired_rows, side_of
from judgebench.trust.judged import JudgedAnswer, JudgedRow

Name = tuple[str, str]
"""A tested model and a row."""


class BaselineSides(NamedTuple):
    """A baseline opened.

    Attributes:
        name: As messages call it.
        rows: What it has. ``sides``: the verdicts, by model and row.
    """

    name: str
    rows: list[ManifestRow]
    sides: dict[Name, ComparedSide]


def sides_of_run(run: RunFolder) -> BaselineSides:
    """Return the verdicts of a run.

    Raises:
        ReuseError: It is no run.
        DataError: A file is damaged.
    """
    rows = [one for one in read_manifest(run).rows if run.verdicts(one.model, one.row).exists()]
    return BaselineSides(run.timestamp, rows, {(one.model, one.row): side_of(run, one) for one in rows})


def read_baseline(path: Path) -> BaselineSides:
    """Return the verdicts that a baseline file holds.

    Raises:
        ReuseError: There is none.
        ConfigError: It is no baseline file.
    """
    data = b""
    try:
        data = read_file(Path(os.path.realpath(path))).removeprefix(b"\xef\xbb\xbf")  # the user's own, perhaps a link
        found = Decoder(BaselineFile)(data)
        _check(found)
    except FileNotFoundError as error:
        raise ReuseError(
            f"There is no baseline file {path}.",
            hint=f"Make it of a run that is good: jb gate RUN --baseline {path} --update-baseline",
        ) from error
    except (OSError, DamagedError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        if b"\n<<<<<<< " in data or data.startswith(b"<<<<<<< "):
            reason = "a merge conflict is not resolved in it"
        hint = f"Make it anew: jb gate RUN --baseline {path} --update-baseline"
        if not _was_baseline(path):
            hint = f"Name another with --baseline, or remove {path} if nobody needs it."
        raise ConfigError(f"{path} is no baseline file: {reason}.", hint=hint) from error
    rows = [
        ManifestRow(model=one.model, row=one.row, dataset=one.dataset, judge=one.judge, verdicts="", result="")
        for one in found.rows
    ]
    sides = {(one.model, one.row): _side(found.run, one) for one in found.rows}
    return BaselineSides(path.name, rows, sides)


def write_baseline(path: Path, made: BaselineFile) -> bool:
    """Write a baseline file; returns whether there was one, which it replaces, damaged or not.

    Raises:
        ConfigError: Something else is in its place.
        UsageError: It lies in a run.
        DiskError: It cannot be written.
    """
    check_outside_of_runs(path)
    there = path.exists()
    if there and not _was_baseline(path):
        raise ConfigError(
            f"{path} is no baseline file, and is not replaced by one.",
            hint=f"Name another with --baseline, or remove {path} if nobody needs it.",
        )
    write_report(path, baseline_text(made))
    return there


def _was_baseline(path: Path) -> bool:
    """Whether a file is a baseline, or what damage or a merge that is not resolved left of one."""
    try:
        start = read_file(Path(os.path.realpath(path)))[:1000]
    except OSError:
        return False
    return not start.strip() or _START.search(start) is not None


_START = re.compile(rb'"format"\s*:\s*\d+\s*,\s*"run"\s*:')


def _check(found: BaselineFile) -> None:
    """Refuse a file that says something twice, or has impossible labels: a merge by hand may have left that.

    Raises:
        DamagedError: It does.
    """
    rows: set[Name] = set()
    for one in found.rows:
        name, items = f"{one.model}:{one.row}", set[Place]()
        if (one.model, one.row) in rows:
            raise DamagedError(f"it has {name} twice")
        rows.add((one.model, one.row))
        for item in one.items:
            if (item.place, item.repeat) in items:
                raise DamagedError(f"it has item {item.id} of {name} twice")
            items.add((item.place, item.repeat))
            if not 0 < item.probability <= 1:
                raise DamagedError(f"item {item.id} of {name} was drawn with probability {item.probability:g}")
            if item.label is not None and one.kind != "score" and not 0 <= item.label <= 1:
                raise DamagedError(f"item {item.id} of {name} has the label {item.label:g}, and not 0 to 1")


def baseline_of(run: RunFolder) -> BaselineFile:
    """Return what a baseline file of a run holds: every judged row of it.

    Raises:
        ReuseError: It is no run, or has no verdicts.
        DataError: A file is damaged.
    """
    opened = sides_of_run(run)
    if not opened.rows:
        raise ReuseError(f"The run {run.timestamp} has no verdicts.", hint=f"Finish it first: jb --reuse {run.path}")
    return BaselineFile(
        run=run.timestamp,
        rows=[
            BaselineRow(
                model=one.model,
                row=one.row,
                dataset=one.dataset,
                judge=one.judge,
                kind=opened.sides[one.model, one.row].row.kind,
                identity=opened.sides[one.model, one.row].identity,
                items=list(_items(opened.sides[one.model, one.row])),
            )
            for one in opened.rows
        ],
    )


def baseline_text(made: BaselineFile) -> bytes:
    """Return a baseline as JSON with a line for each item, so that two of them can be compared line by line."""
    rows = []
    for one in made.rows:
        head = msgspec.json.encode(msgspec.structs.replace(one, items=[])).removesuffix(b"[]}")
        items = b",\n".join(map(msgspec.json.encode, one.items))
        rows.append(head + b"[\n" + items + b"\n]}")
    head = msgspec.json.encode(msgspec.structs.replace(made, rows=[])).removesuffix(b"[]}")
    return head + b"[\n" + b",\n".join(rows) + b"\n]}\n"


def matched(baseline: BaselineSides, now: BaselineSides) -> Iterator[tuple[ComparedSide, ComparedSide]]:
    """Yield the rows of both that are compared: those of one name, and the only ones left over of a dataset."""
    for one, other in paired_rows(baseline.rows, now.rows, (), ()):
        yield baseline.sides[one.model, one.row], now.sides[other.model, other.row]


def slices_in(side: ComparedSide, by: str) -> list[str]:
    """Return the values of a field by which a side can be parted, an empty text for answers without one."""
    return sorted({text for one in side.answers.values() for text in parts_of(one, by)})


def of_slice(first: ComparedSide, second: ComparedSide, by: str, value: str) -> tuple[ComparedSide, ComparedSide]:
    """Return the part of two sides that is about one slice, as the second has it."""
    kept = {place: one for place, one in second.answers.items() if value in parts_of(one, by)}
    before = {place: one for place, one in first.answers.items() if place in kept}
    return first._replace(answers=before), second._replace(answers=kept)


def parts_of(one: JudgedAnswer, by: str) -> list[str]:
    """Return the slices of a field that an answer is in."""
    try:
        return [text or "" for text in slice_texts(one.meta.get(by))]
    except ValueError:  # no value by which one slices
        return []


def _items(side: ComparedSide) -> Iterator[BaselineItem]:
    for (place, repeat), one in sorted(side.answers.items(), key=lambda entry: (entry[1].id, entry[1].repeat)):
        label, probability = side.labels.get((place, repeat), (None, 1.0))
        read = one.status == "ok"
        said: str | float = one.decision if one.decision is not None else one.score if one.score is not None else "ok"
        yield BaselineItem(
            place, repeat, one.id, said if read else one.status, read, one.answer_hash, label, probability
        )


def _status(one: BaselineItem) -> VerdictStatus:
    if one.read:
        return "ok"
    known = (status for status in get_args(VerdictStatus) if status == one.said)
    return next(known, "not_judged")


def _side(run: str, row: BaselineRow) -> ComparedSide:
    answers: dict[Place, JudgedAnswer] = {}
    for one in row.items:
        text = one.said if isinstance(one.said, str) else None
        answers[one.place, one.repeat] = JudgedAnswer(
            id=one.id,
            repeat=one.repeat,
            status=_status(one),
            decision=text if one.read else None,
            score=float(one.said) if one.read and not isinstance(one.said, str) else None,
            answer_hash=one.answer,
        )
    return ComparedSide(
        run=run,
        row=JudgedRow(
            row.model,
            row.row,
            row.dataset,
            row.judge,
            {(one.id, one.repeat): one for one in answers.values()},
            row.kind,
        ),
        answers=answers,
        labels={(one.place, one.repeat): (one.label, one.probability) for one in row.items if one.label is not None},
        identity=row.identity,
    )
