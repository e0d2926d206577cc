"""Writing and reading ``labels/<dataset>.jsonl``: what people decided about answers.

A line is never changed: who thinks better of it adds another. A label is somebody's work, so a damaged line is told and
never passed over; only what a killed process left of a last line is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from judgebench.errors import DataError
from judgebench.records.facts import Label
from judgebench.store.journal import DamagedError, Decoder, disk_error, make_folder, mend, open_file, reason_of


def append_labels(path: Path, labels: Iterable[Label]) -> None:
    """Add labels to a file; they are on disk when this returns.

    Raises:
        DataError: A label says nothing, both a decision and a score, or was drawn with an impossible probability.
        DiskError: The file cannot be written.
    """
    checked = [_checked(label) for label in labels]
    make_folder(path.parent)
    mend(path)
    try:
        with open_file(path, "ab") as file:
            file.write(msgspec.json.Encoder().encode_lines(checked))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise disk_error(path, error) from error


def read_labels(path: Path) -> Iterator[Label]:
    """Yield every label of a file, oldest first; none where there is no file.

    Raises:
        DataError: The file cannot be read, or a line is no label.
    """
    decode = Decoder(Label)
    try:
        with open_file(path, "rb") as file:
            for number, line in enumerate(file, 1):
                whole = line.endswith(b"\n")
                try:
                    label = _checked(decode(line))
                except (DamagedError, DataError) as error:
                    if not whole:  # torn when a process was killed; a whole line may lack it from an editor
                        return
                    why = error.message.rstrip(".") if isinstance(error, DataError) else error
                    raise DataError(
                        f"{path}, line {number}: this is no label: {why}.", hint="Mend the line, or remove it."
                    ) from error
                yield label
    except FileNotFoundError:
        return
    except OSError as error:
        raise DataError(f"{path} cannot be read: {reason_of(error)}.", hint="Make it a readable file.") from error


def valid_labels(labels: Iterable[Label]) -> dict[tuple[int, str, str], Label]:
    """Return the labels that count, by item, answer hash and annotator: of several the last.

    The hash alone would not do: two questions may have the same answer, which is right for one of them. The key has the
    annotator as ``same_annotator`` writes the name, and each label the spelling that came first.
    """
    names: dict[str, str] = {}
    found: dict[tuple[int, str, str], Label] = {}
    for label in labels:
        who = same_annotator(label.annotator)
        name = names.setdefault(who, label.annotator)
        found[label.id, label.answer_hash, who] = (
            label if label.annotator == name else msgspec.structs.replace(label, annotator=name)
        )
    return found


def same_annotator(name: str) -> str:
    """Return what two spellings of one annotator's name have in common: ``Ada``, ``ada`` and ``ada `` are one."""
    return " ".join(name.split()).casefold()


def _checked(label: Label) -> Label:
    about = f"The label of {label.annotator!r} about item {label.id}"
    if (label.decision is None) == (label.score is None):
        raise DataError(f"{about} needs a decision or a score, and not both.", hint="Give one of them.")
    if not 0 < label.probability <= 1:
        raise DataError(
            f"{about} was drawn with probability {label.probability}, which is not above 0 and up to 1.",
            hint="Give the probability with which the answer was drawn, 1 where all are labelled.",
        )
    if not label.annotator or not label.answer_hash:
        raise DataError(f"{about} names no annotator or no answer.", hint="Give annotator and answer_hash.")
    return label
