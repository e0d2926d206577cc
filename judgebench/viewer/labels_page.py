"""Labelling: one answer at a time, by keyboard, the judge's verdict hidden until the annotator has decided."""

from __future__ import annotations

import getpass
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from judgebench.content.parts import in_words
from judgebench.errors import DataError, UsageError
from judgebench.query import Filter, Item, ItemKey, ItemLine, RunQuery
from judgebench.records.facts import Label
from judgebench.store.labels import append_labels, read_labels, valid_labels
from judgebench.store.run_folder import RunFolder, is_run
from judgebench.viewer import figures
from judgebench.viewer.chosen import ONLY, Chosen, item_address
from judgebench.viewer.item_page import compared_model, pictures, said
from judgebench.viewer.library import KnownRun
from judgebench.viewer.site import MissingError, ViewerSite

_CHECKS = ("correct", "incorrect")
_PAIRS = ("A", "B", "tie")
_MOST = 2_000
"""Characters of a comment."""


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


def page(site: ViewerSite, request: web.Request) -> web.Response:
    """Return the next answer to label, or what has been labelled when there is none left."""
    run = site.run(request)
    asks = site.query(run)
    query = request.query
    chosen = Chosen.of(query)
    rows = list(dict.fromkeys(one.row for one in asks.rows))
    if not rows:
        raise MissingError(f"The run {run.name} has no items yet, so there is nothing to label.")
    chosen = msgspec.structs.replace(chosen, row=chosen.row or rows[0], sort=chosen.sort or "random")
    annotator = annotator_of(query)
    blind = query.get("open") != "1"
    labels = _labels(run, asks, chosen.row)
    key = _named(query)
    skipped = int(query["skip"]) if query.get("skip", "").isdecimal() and len(query["skip"]) < 9 else 0
    if key:
        item: Item | None = asks.item(key.row, key.id, key.repeat, model=key.model)
    else:
        item = _next(asks, chosen, annotator, labels, skipped)
    last = _named(query, "last_")
    last_item = asks.item(last.row, last.id, last.repeat, model=last.model) if last else None
    address = chosen.query(who=annotator, open="" if blind else "1", skip=str(skipped or ""))
    choices = _choices(asks, chosen.row)
    swapped = blind and item is not None and "A" in choices and int(_hash_of(item)[:1] or "0", 16) % 2 == 1
    return site.page(
        "labels.html",
        current="labels",
        run=run,
        rows=rows,
        shown=in_words(item.calls[0].prompt) if item and item.calls else "",
        question=(item.question or in_words(item.calls[0].prompt) if item.calls else item.question) if item else "",
        reference=said(item.reference) if item else "",
        chosen=chosen,
        filters=[*([ONLY[chosen.only]] if chosen.only else []), *(words for _, words, _ in chosen.parts)],
        annotator=annotator,
        blind=blind,
        item=item,
        choices=_shown_choices(choices, swapped=swapped),
        texts=_answers(run, item, choices, swapped=swapped) if item else [],
        scored=_is_scored(asks, chosen.row),
        own=_own(labels, item, annotator),
        progress=_progress(asks, chosen, annotator, labels),
        last=last_item,
        last_label=_own(labels, last_item, annotator),
        last_address=item_address(run.key, last) if last else "",
        item_address=item_address(run.key, item.line.name) if item else "",
        here=f"/runs/{run.key}/labels{address}",
        address=address,
        other=f"/runs/{run.key}/labels{chosen.query(who=annotator, open='1' if blind else '')}",
        up=f"/runs/{run.key}/items{chosen.query(sort='')}",
        ours=is_run(run.folder),
        pictures=list(pictures(run.key, item)) if item else [],
        skipped=skipped,
        skip=f"/runs/{run.key}/labels{chosen.query(who=annotator, open='' if blind else '1', skip=str(skipped + 1))}",
        keys=[
            ("1 2 3", "decide"), ("m", "comment"), ("s", "skip"), ("u", "the last one again"), ("esc", "items"),
            ("?", "keys"),
        ],
    )  # fmt: skip


def add(site: ViewerSite, request: web.Request, form: Mapping[str, str]) -> web.Response:
    """Keep a label, and return the way to the next answer.

    Raises:
        UsageError: It says nothing, something else than was offered, or another answer stands there by now.
        MissingError: There is no such run or item, or the folder is no run of ours.
        JudgebenchError: The label cannot be written.
    """
    run = site.run(request)
    asks = site.query(run)
    if not is_run(run.folder):
        raise MissingError(
            f"{run.name} is no run of ours (its run.json is missing or damaged), so nothing is added to it."
        )
    key = _named(form)
    if key is None:
        raise UsageError("The form names no item.", hint="Go back and label the answer again.")
    item = asks.item(key.row, key.id, key.repeat, model=key.model)
    hash_of_answer = item.verdict.answer_hash if item.verdict is not None else ""
    if not hash_of_answer or form.get("answer_hash") != hash_of_answer:
        raise UsageError(
            "The answer was asked again meanwhile, so the label is not kept.", hint="Look at the new answer."
        )
    decision, score = _decision(asks, key.row, form), _score(form)
    label = Label(
        answer_hash=hash_of_answer,
        id=key.id,
        model=key.model,
        repeat=key.repeat,
        annotator=annotator_of(form),
        decision=decision if score is None else None,
        score=score,
        comment=form.get("comment", "")[:_MOST].strip(),
        split=form.get("split", "")[:80],
        blind=form.get("blind") == "1",
        time=datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    append_labels(RunFolder(run.folder).labels(item.line.dataset), [label])
    chosen = Chosen.of(form)
    last = {"last_model": key.model, "last_row": key.row, "last_id": str(key.id), "last_repeat": str(key.repeat)}
    address = chosen.query(
        who=annotator_of(form), open="" if label.blind else "1", skip=form.get("skip", "")[:9], **last
    )
    return web.Response(status=303, headers={"Location": f"/runs/{run.key}/labels{address}"})


def annotator_of(values: Mapping[str, str]) -> str:
    """Return who labels: as the form says, else as the machine calls its user."""
    name = values.get("who", "").strip()[:80]
    if name:
        return name
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "annotator"


def _named(values: Mapping[str, str], before: str = "of_") -> ItemKey | None:
    if before == "of_" and f"{before}id" not in values:
        return None
    number, repeat = values.get(f"{before}id", ""), values.get(f"{before}repeat", "0")
    if not (number.isdecimal() and repeat.isdecimal() and len(number) < 19 and len(repeat) < 10):
        return None
    return ItemKey(values.get(f"{before}model", ""), values.get(f"{before}row", ""), int(number), int(repeat))


def _labels(run: KnownRun, asks: RunQuery, row: str) -> dict[tuple[int, str, str], Label]:
    """Return the labels that count, by item, answer hash and annotator; none where a line is damaged."""
    dataset = next((one.dataset for one in asks.rows if one.row == row), row)
    try:
        return valid_labels(read_labels(RunFolder(run.folder).labels(dataset)))
    except DataError:
        return {}


def _next(
    asks: RunQuery, chosen: Chosen, annotator: str, labels: Mapping[tuple[int, str, str], Label], skipped: int
) -> Item | None:
    """Return the first answer of the list that the annotator can label and has not, some of them passed over."""
    done = _done(labels, annotator)
    for line in asks.lines(chosen.filter()):
        if line.status == "prediction_failed" or _is_done(line, done):
            continue
        item = asks.item(line.row, line.id, line.repeat, model=line.model)
        if item.verdict is None or not item.verdict.answer_hash:
            continue
        if not skipped:
            return item
        skipped -= 1
    return None


def _done(labels: Mapping[tuple[int, str, str], Label], annotator: str) -> set[tuple[str, int, int]]:
    return {(one.model, one.id, one.repeat) for (_, _, who), one in labels.items() if who == annotator}


def _is_done(line: ItemLine, done: Iterable[tuple[str, int, int]]) -> bool:
    """Say whether an answer has its label; one that was asked again since has none, so the list does not know it."""
    return line.label is not None and (line.model, line.id, line.repeat) in done


def _own(labels: Mapping[tuple[int, str, str], Label], item: Item | None, annotator: str) -> Label | None:
    if item is None or item.verdict is None:
        return None
    return labels.get((item.line.id, item.verdict.answer_hash, annotator))


def _choices(asks: RunQuery, row: str) -> list[str]:
    """Return what can be decided about the answers of a row: what its judge can say, as far as it has said it."""
    found = [str(value) for value, _ in asks.groups(Filter(row=row), "decision") if value not in {None, ""}]
    if not found and _is_scored(asks, row):
        return []
    if any(one in figures.CHECKED for one in found) or not found:
        return [*_CHECKS, *(one for one in sorted(found) if one not in _CHECKS)]
    if any(one in _PAIRS for one in found):
        return [*_PAIRS, *(one for one in sorted(found) if one not in _PAIRS)]
    return sorted(found)[:9]


class ShownAnswer(NamedTuple):
    """An answer as the annotator sees it: without its model where that is hidden, too."""

    title: str
    model: str
    text: str


def _answers(run: KnownRun, item: Item, choices: list[str], *, swapped: bool) -> list[ShownAnswer]:
    """Return the answer, or the two that are compared, in an order that says nothing of which is which."""
    if item.prediction is None:
        return []
    own = (item.line.model, item.answer)
    if "A" not in choices:
        return [ShownAnswer("Answer", *own)]
    name = compared_model(run, item)
    other = next((one for one in item.answers if one.model == name and one.repeat == item.line.repeat), None)
    if other is None:
        return [ShownAnswer("Answer A", *own)]
    both = [own, (other.model, other.answer)]
    return [
        ShownAnswer(title, *one)
        for title, one in zip(("First", "Second"), both[::-1] if swapped else both, strict=True)
    ]


def _shown_choices(choices: list[str], *, swapped: bool) -> list[tuple[str, str]]:
    """Return what can be decided: its value, and how it reads."""
    if "A" not in choices:
        return [(one, one) for one in choices]
    words = {"A": "the second is better" if swapped else "the first is better"}
    words |= {"B": "the first is better" if swapped else "the second is better", "tie": "equally good"}
    ordered = ["B", "A", *choices[2:]] if swapped else choices
    return [(one, words.get(one, one)) for one in ordered]


def _hash_of(item: Item) -> str:
    return item.verdict.answer_hash if item.verdict is not None else ""


def _is_scored(asks: RunQuery, row: str) -> bool:
    first = asks.page(Filter(row=row, status="ok"), 0, 1, texts=False).rows
    return bool(first) and first[0].decision is None and first[0].score is not None


def _decision(asks: RunQuery, row: str, form: Mapping[str, str]) -> str | None:
    decision = form.get("decision", "")
    if decision and decision not in _choices(asks, row):
        raise UsageError(
            f"{decision[:40]!r} is none of the decisions of {row}.", hint="Choose one that the page offers."
        )
    if not decision and not form.get("score", "").strip():
        raise UsageError("The label says nothing.", hint="Decide, or skip the answer.")
    return decision or None


def _score(form: Mapping[str, str]) -> float | None:
    text = form.get("score", "").strip()
    if not text or form.get("decision"):
        return None
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise UsageError(f"{text[:40]!r} is no score.", hint="Write a number.")
    return score


def _progress(
    asks: RunQuery, chosen: Chosen, annotator: str, labels: Mapping[tuple[int, str, str], Label]
) -> LabelProgress:
    done = _done(labels, annotator)
    list_filter = msgspec.structs.replace(chosen.filter(), labelled=True)
    lines = [line for line in asks.lines(list_filter) if _is_done(line, done)]
    said = {(one.model, one.id, one.repeat): one for (_, _, who), one in labels.items() if who == annotator}
    judged = [(said[line.model, line.id, line.repeat], line) for line in lines if line.status == "ok"]
    alike = sum(_said(label.decision, label.score) == _said(line.decision, line.score) for label, line in judged)
    agreements = [Agreement("the judge", alike, len(judged))] if judged else []
    ruled = [(label, line) for label, line in judged if line.rule_decision is not None and label.decision is not None]
    if ruled:
        agreements.append(Agreement("the rule", sum(a.decision == b.rule_decision for a, b in ruled), len(ruled)))
    own = {(id, hash_of): one for (id, hash_of, who), one in labels.items() if who == annotator}
    for other in sorted({who for *_, who in labels} - {annotator}):
        both = [(own[id, h], one) for (id, h, who), one in labels.items() if who == other and (id, h) in own]
        if both:
            same = sum(_said(a.decision, a.score) == _said(b.decision, b.score) for a, b in both)
            agreements.append(Agreement(other, same, len(both)))
    return LabelProgress(len(lines), asks.count(chosen.filter()), agreements)


def _said(decision: str | None, score: float | None) -> Any:
    return decision if decision is not None else score
