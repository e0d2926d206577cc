"""The same verdicts counted by other conventions: what is unread, what a tie counts, which weights, which aggregation.

A convention is a choice that papers make and often do not print. Each is tried by itself, then a way of reading with a
way of counting; nobody is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from judgebench.errors import JudgebenchError
from judgebench.judges.aggregations import (
    DECISION_AGGREGATIONS,
    SCORE_AGGREGATIONS,
    AggregationConfig,
    PresentationReading,
    aggregated,
    mirrored,
)
from judgebench.judges.parsers.reading import Reading, VerdictParser
from judgebench.metrics.rates.tally import GRADES
from judgebench.records.facts import RecordedVerdict
from judgebench.records.findings import PresentationVerdict
from judgebench.records.flow import Reply
from judgebench.records.pairs import PREFERENCES

Said = tuple[str | None, float | None]
"""A decision or a score; neither where nothing was read."""
Readings = Mapping[str, Callable[[RecordedVerdict], Said]]
"""Ways to read an item, by their name; that of the run is the empty one."""

MOST_GROUPS = 60
"""Values of a field beyond which it makes no groups."""


class Convention(NamedTuple):
    """A way to count the verdicts of a row.

    Attributes:
        names: What differs from the run, in words; empty for the run's own way.
        value: The figure that it gives, in percent (scores: on their scale).
    """

    names: tuple[str, ...]
    value: float


def figures_by_convention(
    verdicts: Sequence[RecordedVerdict],
    metric: str,
    *,
    replies: Mapping[str, Reply] | None = None,
    parsers: Mapping[str, VerdictParser] | None = None,
) -> Iterator[Convention]:
    """Yield the figure of every convention, those with one difference from the run's before those with two.

    Args:
        verdicts: Of one row.
        metric: ``accuracy``, ``win_rate`` or ``mean_score``; others have no conventions here.
        replies: Recorded replies by the uuid of their call; needed for other parsers.
        parsers: Other verdict parsers by name.
    """
    if metric not in {"accuracy", "win_rate", "mean_score"} or not verdicts:
        return
    readings = {**_aggregations(verdicts), **_parsers(verdicts, replies or {}, parsers or {})}
    countings = list(_countings(verdicts, metric))
    own: Callable[[RecordedVerdict], Said] = lambda one: (  # noqa: E731 - one of several alike
        (one.decision, one.score) if one.status == "ok" else (None, None)
    )
    for name, count in countings:
        yield from _tried((name,), count, [own(one) for one in verdicts])
    said = {name: [read(one) for one in verdicts] for name, read in readings.items()}
    for name, every in said.items():
        yield from _tried((name,), countings[0][1], every)
    for name, every in said.items():
        for other, count in countings[1:]:
            yield from _tried((name, other), count, every)


def _tried(
    names: tuple[str, ...], count: Callable[[Sequence[Said]], float | None], said: Sequence[Said]
) -> Iterator[Convention]:
    value = count(said)
    if value is not None:
        yield Convention(tuple(name for name in names if name), value)


def _countings(
    verdicts: Sequence[RecordedVerdict], metric: str
) -> Iterator[tuple[str, Callable[[Sequence[Said]], float | None]]]:
    """Yield ways to count, that of a run first: what is unread is left out, a tie counts a half, items count alike."""

    def by(
        unread: float | None = None,
        tie: float | None = 0.5,
        group: Callable[[RecordedVerdict], object] | None = None,
        repeats: int | None = None,
    ) -> Callable[[Sequence[Said]], float | None]:
        def count(said: Sequence[Said]) -> float | None:
            worths = [
                _worth(one, each, metric, unread=unread, tie=tie) if repeats is None or one.repeat < repeats else None
                for one, each in zip(verdicts, said, strict=True)
            ]
            if group is None:
                return _mean([worth for worth in worths if worth is not None], metric)
            groups: defaultdict[object, list[float]] = defaultdict(list)
            for one, worth in zip(verdicts, worths, strict=True):
                if worth is not None:
                    groups[group(one)].append(worth)
            return _mean([sum(own) / len(own) for own in groups.values()], metric)

        return count

    yield "", by()
    if metric != "mean_score":
        for worth, words in (
            (0.0, "unread counts as wrong"),
            (0.5, "unread counts a half"),
            (1.0, "unread counts as right"),
        ):
            yield words, by(unread=worth)
        for tie, words in ((0.0, "a tie counts as lost"), (1.0, "a tie counts as won"), (None, "ties are left out")):
            yield words, by(tie=tie)
        yield "unread and ties count as lost", by(unread=0.0, tie=0.0)
    if any(one.repeat for one in verdicts):
        yield "the first repeat alone", by(repeats=1)
    for name in _fields(verdicts):
        yield f"the mean over each {name}, all weighing alike", by(group=lambda one, name=name: one.meta.get(name))  # type: ignore[misc]


def _fields(verdicts: Sequence[RecordedVerdict]) -> Iterator[str]:
    names = dict.fromkeys(name for one in verdicts for name in one.meta)
    for name in names:
        if 1 < len({str(one.meta.get(name)) for one in verdicts}) <= MOST_GROUPS:
            yield name


def _worth(one: RecordedVerdict, said: Said, metric: str, *, unread: float | None, tie: float | None) -> float | None:
    decision, score = said
    if metric == "mean_score":
        return score
    if decision is None:
        return unread
    side, preferred = PREFERENCES.get(decision), PREFERENCES.get(str(one.gold))
    if one.gold is not None and decision not in GRADES:
        if side == 0.5 and preferred != 0.5:
            return 0.0 if tie == 0.5 else tie  # a run counts a tie about a pair that has a better answer as wrong
        return float(side == preferred if side is not None else decision == one.gold)
    if side == 0.5:
        return tie
    return GRADES.get(decision, side)


def _mean(values: Sequence[float], metric: str) -> float | None:
    if not values:
        return None
    return sum(values) / len(values) * (1.0 if metric == "mean_score" else 100.0)


def _aggregations(verdicts: Sequence[RecordedVerdict]) -> dict[str, Callable[[RecordedVerdict], Said]]:
    """Return the other ways to make one decision of several presentations."""
    names = list(dict.fromkeys(part.presentation for one in verdicts for part in one.presentations))
    if max((len(one.presentations) for one in verdicts), default=0) < 2:
        return {}
    scored = all(part.score is not None for one in verdicts for part in one.presentations if part.status == "ok")
    found: dict[str, Callable[[RecordedVerdict], Said]] = {}
    for name in names if len(names) > 1 else []:
        found[f"presentation {name} alone"] = lambda one, name=name: _aggregated(  # type: ignore[misc]
            [part for part in one.presentations if part.presentation == name], "first", "unparsed"
        )
    for kind in SCORE_AGGREGATIONS if scored else DECISION_AGGREGATIONS:
        for unread in ("unparsed", "drop"):
            found[f"aggregation {kind}, unread={unread}"] = lambda one, kind=kind, unread=unread: _aggregated(  # type: ignore[misc]
                one.presentations, kind, unread
            )
    return found


def _aggregated(parts: Sequence[PresentationVerdict], kind: str, unread: str) -> Said:
    return _of([_reading(part) for part in parts], kind, unread)


def _of(readings: Sequence[PresentationReading], kind: str, unread: str) -> Said:
    aggregate = {**DECISION_AGGREGATIONS, **SCORE_AGGREGATIONS}[kind]
    try:
        found = aggregated(readings, aggregate, AggregationConfig(type=kind, unread=unread))
    except (JudgebenchError, ValueError, TypeError, KeyError):  # an aggregation that these readings do not suit
        return None, None
    return (found.decision, found.score) if found.status == "ok" else (None, None)


def _reading(part: PresentationVerdict) -> PresentationReading:
    reading = Reading(
        status="ok" if part.status == "ok" else "unparsed",
        decision=part.decision,
        score=part.score,
        probabilities=part.probabilities,
    )
    return PresentationReading(presentation=part.presentation, order=part.order, repeat=part.repeat, reading=reading)


def _parsers(
    verdicts: Sequence[RecordedVerdict], replies: Mapping[str, Reply], parsers: Mapping[str, VerdictParser]
) -> dict[str, Callable[[RecordedVerdict], Said]]:
    """Return other parsers of the recorded replies; one presentation each, or votes for either answer."""
    right = any(one.decision in GRADES for one in verdicts)

    def read(one: RecordedVerdict, parser: VerdictParser) -> Said:
        readings = []
        for part in one.presentations:
            reply = replies.get(part.call)
            if reply is None:
                return None, None
            found = parser.read(reply)
            if right and found.decision in _LETTERS:
                found = msgspec.structs.replace(found, decision=_LETTERS[found.decision])
            readings.append(msgspec.structs.replace(_reading(part), reading=found))
        if len(readings) == 1:
            only = mirrored(readings[0], _SINGLE).reading if readings[0].order == "BA" else readings[0].reading
            return (only.decision, only.score) if only.status == "ok" else (None, None)
        return _of(readings, "counter", "drop")

    return {
        f"parser {name}": lambda one, parser=parser: read(one, parser)  # type: ignore[misc]
        for name, parser in (parsers.items() if replies else ())
    }


_LETTERS = {"A": "correct", "B": "incorrect"}
"""What letters mean where a judge says whether an answer is right."""
_SINGLE = AggregationConfig(type="first", unread="unparsed")
