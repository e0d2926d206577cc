"""What a probe is trained on: texts with labels, from a file or from the verdicts of a recorded judge run."""

from __future__ import annotations

import gzip
import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from judgebench.errors import DAMAGED, DataError, MissingDataError
from judgebench.judges.aspects import ASPECTS

Label = int | float | str

BALANCE_SEED = 731
"""INSPECTOR's seed for the balanced probing set."""
_LABELS = ("label", "score", "decision")
_MOST_CLASSES = 20


class LabelledText(msgspec.Struct, frozen=True, kw_only=True):
    """One text to learn from.

    Attributes:
        id: Of the item, for messages.
        group: What it is about: items of one group never stand in both parts of a split.
        aspect: What the label is about; empty for the only one.
        fields: What the prompt may show.
        label: What the teacher says.
    """

    id: str
    group: str
    fields: dict[str, Any]
    label: Label
    aspect: str = ""


class TeacherFacts(msgspec.Struct, kw_only=True):
    """Who gave the labels, and what each cost, as far as it is known.

    Attributes:
        name: In a few words.
        items: Items with a label. ``left_out``: without one, by reason.
        calls: Per item. ``tokens``, ``seconds``, ``cost``: per item; ``None`` where nobody says.
        currency: Of ``cost``.
        folder: Run folder, where there is one.
    """

    name: str
    items: int = 0
    left_out: dict[str, int] = {}
    calls: float | None = None
    tokens: float | None = None
    seconds: float | None = None
    cost: float | None = None
    currency: str = ""
    folder: str = ""


def examples_of_file(path: Path, *, label: str = "") -> tuple[list[LabelledText], TeacherFacts]:
    """Read examples from JSON lines (also ``.gz``) or a JSON list.

    A row has a label (``label``, ``score`` or ``decision``, or the column that is named; or ``scores``, one for each
    aspect), the fields that the prompt shows (``question`` and ``answer`` or ``prediction``, or ``text``), and perhaps
    ``aspect``, ``id`` and ``group``.

    Raises:
        MissingDataError: There is no such file.
        DataError: A row cannot be read or has no label.
    """
    found: list[LabelledText] = []
    for number, row in enumerate(_rows(path), 1):
        where = f"{path}, row {number}"
        fields = {str(name): value for name, value in row.items() if name not in {"scores", label or "label"}}
        if "answer" not in fields and "prediction" in fields:
            fields["answer"] = fields["prediction"]
        if "text" not in fields and "item" in fields:
            fields["text"] = fields["item"]
        identifier = str(row.get("id", number))
        group = str(row.get("group") or row.get("question") or identifier)
        base = LabelledText(id=identifier, group=group, fields=fields, label=0, aspect=str(row.get("aspect", "")))
        found += [
            msgspec.structs.replace(base, label=_plain(given, where), aspect=aspect or base.aspect)
            for aspect, given in _labels(row, label, where)
        ]
    if not found:
        raise DataError(f"{path} holds no row.", hint="A row is an object with a label and the texts it is about.")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return found, TeacherFacts(name=f"{path.name} ({digest})", items=len({(one.id, one.group) for one in found}))


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        data = path.read_bytes()
        text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except FileNotFoundError:
        raise MissingDataError(f"There is no file {path}.") from None
    except (OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    if text.lstrip()[:1] == b"[":
        try:
            rows = msgspec.json.decode(text)
        except DAMAGED as error:
            raise DataError(f"{path} is no JSON: {error}.") from error
    else:
        rows = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                rows.append(msgspec.json.decode(line))
            except DAMAGED as error:
                raise DataError(f"{path}, line {number} is no JSON: {error}.") from error
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise DataError(f"{path}, row {number} is no object.")
        yield row


def _labels(row: Mapping[str, Any], label: str, where: str) -> list[tuple[str, Any]]:
    if label:
        if label not in row:
            raise DataError(f"{where} has no column {label!r}.", hint=f"Its columns: {', '.join(row)}.")
        return [("", row[label])]
    if isinstance(scores := row.get("scores"), dict):
        return [(str(aspect), score) for aspect, score in scores.items()]
    for name in _LABELS:
        if name in row:
            return [("", row[name])]
    if held := [(name, row[name]) for name in ASPECTS if name in row]:
        return held
    raise DataError(f"{where} has no label.", hint=f"Name its column: --label NAME. Its columns: {', '.join(row)}.")


def _plain(given: Any, where: str) -> Label:
    if isinstance(given, bool):
        return int(given)
    if isinstance(given, float) and given.is_integer():
        return int(given)
    if isinstance(given, int | float | str) and given != "":
        return given
    raise DataError(f"{where}: the label is {given!r:.40}, and a number or a word was expected.")


def with_rule(examples: Iterable[LabelledText], above: float | None) -> list[LabelledText]:
    """Return examples whose scores are made 0 or 1: whether each is above a bound; unchanged without one.

    Raises:
        DataError: A label is no number.
    """
    found = list(examples)
    if above is None:
        return found
    for one in found:
        if isinstance(one.label, str):
            raise DataError(f"The label of item {one.id} is {one.label!r}, and only numbers can be above {above:g}.")
    return [msgspec.structs.replace(one, label=int(float(one.label) > above)) for one in found]


def by_aspect(examples: Iterable[LabelledText]) -> dict[str, list[LabelledText]]:
    """Return the examples of each aspect, in the order in which the aspects are met."""
    found: dict[str, list[LabelledText]] = defaultdict(list)
    for one in examples:
        found[one.aspect].append(one)
    return dict(found)


def balanced(examples: list[LabelledText]) -> list[LabelledText]:
    """Return as many examples of every label as the rarest has, drawn with INSPECTOR's seed, in their own order."""
    of_label: dict[Label, list[int]] = defaultdict(list)
    for place, one in enumerate(examples):
        of_label[one.label].append(place)
    least = min(map(len, of_label.values()))
    dice = random.Random(BALANCE_SEED)
    chosen = sorted(place for spots in of_label.values() for place in dice.sample(spots, least))
    return [examples[place] for place in chosen]


def check_labels(examples: list[LabelledText], where: str) -> dict[Label, int]:
    """Return how many examples each label has.

    Raises:
        DataError: There is one label alone, too many, or both words and numbers.
    """
    counts = Counter(one.label for one in examples)
    if len(counts) < 2:
        raise DataError(
            f"{where}: all {len(examples)} labels are {next(iter(counts), None)!r}, so nothing can be learned."
        )
    if len(counts) > _MOST_CLASSES:
        raise DataError(
            f"{where}: there are {len(counts)} different labels, and a probe tells at most {_MOST_CLASSES} apart.",
            hint="Make two classes of a score: --above 3",
        )
    if len({isinstance(label, str) for label in counts}) > 1:
        raise DataError(f"{where}: some labels are words and some are numbers.")
    return dict(sorted(counts.items(), key=lambda one: str(one[0])))
