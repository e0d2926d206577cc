"""Parts of a dataset by the fields of its samples: what is counted over each part, beside the whole.

A field that holds one value in every sample parts the dataset: each answer is in one of its slices. A field that holds
a list puts a sample into the slice of each entry, so its slices overlap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from judgebench.metrics.contract import Measure
from judgebench.records.flow import Counts, Metric, Sample, Slice, VerdictStatus

MOST_SLICES = 200
"""Values of a field up to which there are slices by it: a field with more names its samples, it does not part them."""
LONGEST_VALUE = 200
"""Characters of a value, likewise."""

_ABSENT = object()


class _SlicePart(msgspec.Struct):
    measure: Measure
    states: Counter[VerdictStatus] = msgspec.field(default_factory=Counter)
    truncated: int = 0

    def counts(self) -> Counts:
        states = {str(state): count for state, count in self.states.items()}
        return Counts(planned=self.states.total(), truncated=self.truncated, **states)


class Slices:
    """What is counted over each slice; merges with others over the samples that follow.

    Args:
        by: Fields of the samples.
        make: Makes what counts one slice; it travels between processes.
    """

    def __init__(self, by: Sequence[str], make: Callable[[], Measure]) -> None:
        self._make = make
        self._parts: dict[str, dict[str | None, _SlicePart]] = {name: {} for name in by}
        self._known: set[str] = set()
        self._refused: dict[str, str] = {}
        """Why there are no slices, by field."""

    def of(self, sample: Sample, status: VerdictStatus, *, truncated: bool = False) -> list[Measure]:
        """Take in an answer to a sample, and return what counts the slices that it belongs to."""
        found = []
        for name, parts in self._parts.items():
            if name in self._refused:
                continue
            value = field_of(sample, name)
            if value is not _ABSENT:
                self._known.add(name)
            try:
                texts = slice_texts(value)
            except ValueError:
                self._refuse(name, "it holds values that are no short texts, numbers or lists of them")
                continue
            for text in texts:
                part = parts.get(text)
                if part is None:
                    part = parts[text] = _SlicePart(self._make())
                part.states[status] += 1
                part.truncated += truncated
                found.append(part.measure)
            if len(parts) > MOST_SLICES:
                self._refuse(name, f"it has more than {MOST_SLICES} values")
        return found

    def merge(self, later: Slices) -> None:
        """Take in what was counted over the samples that follow."""
        self._known |= later._known
        for name, reason in later._refused.items():
            self._refuse(name, reason)
        for name, parts in self._parts.items():
            if name in self._refused:
                continue
            for text, part in later._parts[name].items():
                mine = parts.setdefault(text, _SlicePart(self._make()))
                mine.states.update(part.states)
                mine.truncated += part.truncated
                mine.measure.merge(part.measure)
            if len(parts) > MOST_SLICES:
                self._refuse(name, f"it has more than {MOST_SLICES} values")

    def results(self, figures: Callable[[Measure], Mapping[str, Metric]]) -> list[Slice]:
        """Return the slices, field by field, with values in order and samples without one last.

        Args:
            figures: Gives the metrics of what was counted over one slice.
        """
        return [
            Slice(by=name, value=text, counts=part.counts(), metrics=dict(figures(part.measure)))
            for name, parts in self._parts.items()
            if name in self._known
            for text in _in_order(parts)
            for part in (parts[text],)
        ]

    def notes(self) -> list[str]:
        """Return why there are no slices by a field."""
        if not any(self._parts.values()) and not self._refused:
            return []  # nothing was planned
        absent = {name: "no sample has it" for name in self._parts if name not in self._known}
        return [f"there are no slices by {name!r}: {reason}" for name, reason in (absent | self._refused).items()]

    def _refuse(self, name: str, reason: str) -> None:
        self._refused.setdefault(name, reason)
        self._parts[name] = {}


def field_of(sample: Sample, name: str) -> Any:
    """Return a sample's value in a field: one of its further columns, else an input field; ``_ABSENT`` for none."""
    return sample.meta[name] if name in sample.meta else sample.fields.get(name, _ABSENT)


def has_field(sample: Sample, name: str) -> bool:
    """Say whether a sample has a field by which one can slice."""
    return field_of(sample, name) is not _ABSENT


def slice_texts(value: Any) -> tuple[str | None, ...]:
    """Return the slices that a value belongs to.

    Raises:
        ValueError: It is none that parts samples.
    """
    if not isinstance(value, list):
        return (_text(value),)
    return tuple(dict.fromkeys(text for one in value if (text := _text(one)) is not None)) or (None,)


def _text(value: Any) -> str | None:
    """Return a value as text; ``None`` for no value, which a blank text is too."""
    if value is None or value is _ABSENT:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and len(value) <= LONGEST_VALUE:
        return value.strip() or None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    raise ValueError(value)


def _in_order(texts: Collection[str | None]) -> list[str | None]:
    """Return values in order: numbers by size where all are, else texts by alphabet; no value comes last."""
    known = [text for text in texts if text is not None]
    absent = [None for text in texts if text is None]
    try:
        return [*sorted(known, key=lambda text: (float(text), text)), *absent]
    except ValueError:
        return [*sorted(known), *absent]
