"""What is labelled next, by which decisions, and how far an annotator is.

Labels speak for a run only where each answer had a known chance to be labelled. So a list that is not narrowed follows
the recorded draw of its row (``trust.drawing``); answers that were picked by a filter are labelled into the split
``calibration``, which no corrected score takes.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from judgebench.errors import DataError
from judgebench.query import Filter, Item, ItemKey, ItemLine, RunQuery
from judgebench.records.draws import Draw, DrawnAnswer
from judgebench.records.facts import Label
from judgebench.store.draws import read_draws
from judgebench.store.labels import same_annotator
from judgebench.store.run_folder import RunFolder
from judgebench.viewer import figures
from judgebench.viewer.chosen import Chosen
from judgebench.viewer.library import KnownRun

_CHECKS = ("correct", "incorrect")
_PAIRS = ("A", "B", "tie")
_PICKED = 2_000
"""Picked answers that are offered, at most: more than anybody labels by hand."""


class LabelQueue(NamedTuple):
    """What is to be labelled, in order.

    Attributes:
        keys: The answers. ``total``: how many there are in all.
        draw: The draw that they are of; ``None`` for answers that were picked, and where nothing was drawn yet.
        picked: Whether a filter picked them.
    """

    keys: list[ItemKey]
    total: int
    draw: Draw | None
    picked: bool

    def drawn(self, item: Item) -> DrawnAnswer | None:
        """Return what the draw says of an answer; ``None`` where it was not drawn, or has changed since."""
        named = (item.line.id, item.verdict.answer_hash if item.verdict is not None else "")
        answers = self.draw.answers if self.draw is not None else []
        return next((one for one in answers if (one.id, one.answer_hash) == named), None)


def queue_of(run: KnownRun, asks: RunQuery, chosen: Chosen) -> LabelQueue:
    """Return what is to be labelled in a row, or in what a filter picks of it."""
    draw = draw_of(run, chosen.row)
    narrowed = chosen.judge or chosen.only or chosen.reason or chosen.where or chosen.text or chosen.id
    if not narrowed:
        answers = [one for one in (draw.answers if draw else []) if chosen.model in {"", one.model}]
        keys = [ItemKey(one.model, chosen.row, one.id, one.repeat) for one in answers]
        return LabelQueue(keys, len(keys), draw, picked=False)
    page = asks.page(chosen.filter(), 0, _PICKED, texts=False)
    return LabelQueue([line.name for line in page.rows], page.total, draw, picked=True)


def tells_verdicts(chosen: Chosen) -> bool:
    """Say whether a filter tells what the judge says of the answers that it picks: then nobody labels them blind."""
    return chosen.only in _TELLING or bool(chosen.reason) or any(word in chosen.where for word in _TELLING_WORDS)


_TELLING = frozenset({"wrong", "accepted", "rejected", "unread", "unscored", "failed", "not_judged"})
_TELLING_WORDS = ("decision", "wrong", "score", "status", "unread", "reason", "reply")


def draw_of(run: KnownRun, row: str) -> Draw | None:
    """Return the newest draw of a row; ``None`` where there is none that can be read."""
    try:
        return next((one for one in reversed(read_draws(RunFolder(run.folder))) if one.row == row), None)
    except DataError:
        return None


def next_item(
    queue: LabelQueue,
    asks: RunQuery,
    labels: Mapping[tuple[int, str, str], Label],
    annotator: str,
    done: Container[ItemKey],
    skipped: int,
) -> Item | None:
    """Return the first answer of the list that the annotator can label and has not, some of them passed over.

    Args:
        queue: The list.
        asks: The run.
        labels: The labels that count.
        annotator: Who labels.
        done: Answers that are known to have a label of the annotator.
        skipped: How many are passed over.
    """
    for item in _open(queue, asks, labels, annotator, done):
        if not skipped:
            return item
        skipped -= 1
    return None


def _open(
    queue: LabelQueue,
    asks: RunQuery,
    labels: Mapping[tuple[int, str, str], Label],
    annotator: str,
    done: Container[ItemKey],
) -> Iterator[Item]:
    for key in queue.keys:
        if key in done:
            continue
        item = asks.item(key.row, key.id, key.repeat, model=key.model)
        offered = queue.picked or queue.drawn(item) is not None
        judged = item.verdict is not None and item.verdict.answer_hash
        if offered and judged and own_label(labels, item, annotator) is None:
            yield item


class Agreement(NamedTuple):
    """How often two decide alike about the same answers."""

    who: str
    alike: int
    n: int


class LabelProgress(NamedTuple):
    """How far an annotator is.

    Attributes:
        done: Labelled answers of the list. ``total``: all of it.
        agreements: Of the annotator with the judge, and with other annotators.
    """

    done: int
    total: int
    agreements: list[Agreement]


def labelled_lines(
    asks: RunQuery, chosen: Chosen, annotator: str, labels: Mapping[tuple[int, str, str], Label]
) -> list[ItemLine]:
    """Return the lines that have a label of the annotator; an answer that was asked again since has none."""
    me = same_annotator(annotator)
    own = {(one.model, one.id, one.repeat) for (_, _, who), one in labels.items() if who == me}
    if not own:
        return []
    lines = asks.lines(msgspec.structs.replace(chosen.filter(), labelled=True, sort=""))
    return [line for line in lines if line.label is not None and (line.model, line.id, line.repeat) in own]


def own_label(labels: Mapping[tuple[int, str, str], Label], item: Item | None, annotator: str) -> Label | None:
    """Return the annotator's label of an answer."""
    if item is None or item.verdict is None:
        return None
    return labels.get((item.line.id, item.verdict.answer_hash, same_annotator(annotator)))


def choices_of(asks: RunQuery, row: str) -> list[str]:
    """Return what can be decided about the answers of a row: what its judge can say, as far as it has said it."""
    found = [str(value) for value, _ in asks.groups(Filter(row=row), "decision") if value not in {None, ""}]
    if not found and is_scored(asks, row):
        return []
    if any(one in figures.CHECKED for one in found) or not found:
        return [*_CHECKS, *(one for one in sorted(found) if one not in _CHECKS)]
    if any(one in _PAIRS for one in found):
        return [*_PAIRS, *(one for one in sorted(found) if one not in _PAIRS)]
    return sorted(found)[:9]


def is_scored(asks: RunQuery, row: str) -> bool:
    """Say whether the verdicts of a row are numbers."""
    first = asks.page(Filter(row=row, status="ok"), 0, 1, texts=False).rows
    return bool(first) and first[0].decision is None and first[0].score is not None


def progress_of(
    queue: LabelQueue, lines: Sequence[ItemLine], annotator: str, labels: Mapping[tuple[int, str, str], Label]
) -> LabelProgress:
    """Return how far an annotator is in a list, and how often others decide alike about the same answers.

    Args:
        queue: The list.
        lines: The lines that have a label of the annotator.
        annotator: Who labels.
        labels: The labels that count.
    """
    me, keys = same_annotator(annotator), set(queue.keys)
    done = sum(line.name in keys for line in lines)
    if not queue.picked and queue.draw is not None:
        answers = [one for one in queue.draw.answers if ItemKey(one.model, queue.draw.row, one.id, one.repeat) in keys]
        done = sum((one.id, one.answer_hash, me) in labels for one in answers)
    said = {(one.model, one.id, one.repeat): one for (_, _, who), one in labels.items() if who == me}
    judged = [(said[line.model, line.id, line.repeat], line) for line in lines if line.status == "ok"]
    alike = sum(_said(label.decision, label.score) == _said(line.decision, line.score) for label, line in judged)
    agreements = [Agreement("the judge", alike, len(judged))] if judged else []
    ruled = [(label, line) for label, line in judged if line.rule_decision is not None and label.decision is not None]
    if ruled:
        agreements.append(Agreement("the rule", sum(a.decision == b.rule_decision for a, b in ruled), len(ruled)))
    own = {(id, hash_of): one for (id, hash_of, who), one in labels.items() if who == me}
    for key, other in sorted({who: one.annotator for (*_, who), one in labels.items() if who != me}.items()):
        both = [(own[id, h], one) for (id, h, who), one in labels.items() if who == key and (id, h) in own]
        if both:
            same = sum(_said(a.decision, a.score) == _said(b.decision, b.score) for a, b in both)
            agreements.append(Agreement(other, same, len(both)))
    return LabelProgress(done, queue.total, agreements)


def _said(decision: str | None, score: float | None) -> Any:
    return decision if decision is not None else score
