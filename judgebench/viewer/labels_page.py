"""Labelling: one answer at a time, by keyboard, the judge's verdict hidden until the annotator has decided."""

from __future__ import annotations

import getpass
import math
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec
from aiohttp import web

from judgebench.content.parts import in_words
from judgebench.errors import DataError, UsageError
from judgebench.query import Item, ItemKey, RunQuery
from judgebench.records.facts import Label
from judgebench.store.draws import read_draws
from judgebench.store.labels import append_labels, read_labels, valid_labels
from judgebench.store.run_folder import RunFolder, is_run
from judgebench.trust.drawing import CALIBRATION
from judgebench.trust.judged import judged_rows
from judgebench.trust.row_draw import draw_row
from judgebench.viewer.chosen import ONLY, Chosen, item_address
from judgebench.viewer.item_page import compared_model, pictures, said
from judgebench.viewer.labelling import (
    LabelQueue,
    choices_of,
    draw_of,
    is_scored,
    labelled_lines,
    next_item,
    own_label,
    progress_of,
    queue_of,
    tells_verdicts,
)
from judgebench.viewer.library import KnownRun
from judgebench.viewer.site import MissingError, ViewerSite

_MOST = 2_000
"""Characters of a comment."""
_DRAWN = 50
"""Answers that are drawn at once, unless the annotator says otherwise."""


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
    revealed = tells_verdicts(chosen)
    labels = _labels(run, asks, chosen.row)
    queue = queue_of(run, asks, chosen)
    labelled = labelled_lines(asks, chosen, annotator, labels)
    key = _named(query)
    skipped = int(query["skip"]) if query.get("skip", "").isdecimal() and len(query["skip"]) < 9 else 0
    if key:
        item: Item | None = asks.item(key.row, key.id, key.repeat, model=key.model)
    else:
        item = next_item(queue, asks, labels, annotator, {line.name for line in labelled}, skipped)
    last = _named(query, "last_")
    last_item = asks.item(last.row, last.id, last.repeat, model=last.model) if last else None
    address = chosen.query(who=annotator, open="" if blind else "1", skip=str(skipped or ""))
    choices = site.kept(
        ("choices", run.folder, chosen.row), asks, chosen.row, lambda: choices_of(asks, chosen.row), small=True
    )
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
        revealed=revealed,
        item=item,
        choices=_shown_choices(choices, swapped=swapped),
        texts=_answers(run, item, choices, swapped=swapped) if item else [],
        scored=is_scored(asks, chosen.row),
        own=own_label(labels, item, annotator),
        progress=progress_of(queue, labelled, annotator, labels),
        queue=queue,
        to_draw=_DRAWN,
        last=last_item,
        last_label=own_label(labels, last_item, annotator),
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
            ("d", "draw"), ("1 2 3", "decide"), ("m", "comment"), ("s", "skip"), ("u", "the last one again"),
            ("esc", "items"), ("?", "keys"),
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
    decision, score = _decision(asks, key.row, form), _score(asks, key.row, form)
    # Who decides again has been shown what the judge says after the first time.
    seen = own_label(_labels(run, asks, key.row), item, annotator_of(form))
    drawn = LabelQueue([], 0, draw_of(run, key.row), picked=False).drawn(item)
    label = Label(
        answer_hash=hash_of_answer,
        id=key.id,
        model=key.model,
        repeat=key.repeat,
        annotator=annotator_of(form),
        decision=decision if score is None else None,
        score=score,
        comment=form.get("comment", "")[:_MOST].strip(),
        split=drawn.split if drawn is not None else CALIBRATION,
        probability=drawn.probability if drawn is not None else 1.0,
        blind=form.get("blind") == "1" and not tells_verdicts(Chosen.of(form)) and seen is None,
        time=datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    append_labels(RunFolder(run.folder).labels(item.line.dataset), [label])
    chosen = Chosen.of(form)
    last = {"last_model": key.model, "last_row": key.row, "last_id": str(key.id), "last_repeat": str(key.repeat)}
    address = chosen.query(
        who=annotator_of(form), open="" if label.blind else "1", skip=form.get("skip", "")[:9], **last
    )
    return web.Response(status=303, headers={"Location": f"/runs/{run.key}/labels{address}"})


def draw_answers(site: ViewerSite, request: web.Request, form: Mapping[str, str]) -> web.Response:
    """Draw answers of a row, all with the same chance, and return the way to the first.

    Raises:
        UsageError: The row has a draw already, or holds nothing that could be labelled.
        MissingError: The folder is no run of ours.
        JudgebenchError: A file cannot be read, or the draw cannot be written.
    """
    run = site.run(request)
    folder = RunFolder(run.folder)
    if not is_run(run.folder):
        raise MissingError(
            f"{run.name} is no run of ours (its run.json is missing or damaged), so nothing is added to it."
        )
    row, wanted = form.get("row", ""), form.get("n", "")
    n = int(wanted) if wanted.isdecimal() and 0 < len(wanted) < 6 and int(wanted) else _DRAWN
    rows = judged_rows(folder, row)
    if any(one.row == row for one in read_draws(folder)):
        raise UsageError(f"Answers of {row} have been drawn already.", hint="Draw more of them with: jb label draw")
    draw_row(folder, row, rows, n=n)
    address = Chosen(row=row).query(who=annotator_of(form))
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


def _decision(asks: RunQuery, row: str, form: Mapping[str, str]) -> str | None:
    decision = form.get("decision", "")
    if decision and decision not in choices_of(asks, row):
        raise UsageError(
            f"{decision[:40]!r} is none of the decisions of {row}.", hint="Choose one that the page offers."
        )
    if not decision and not form.get("score", "").strip():
        raise UsageError("The label says nothing.", hint="Decide, or skip the answer.")
    return decision or None


def _score(asks: RunQuery, row: str, form: Mapping[str, str]) -> float | None:
    text = form.get("score", "").strip()
    if not text or form.get("decision"):
        return None
    if not is_scored(asks, row):
        raise UsageError(f"The judge of {row} gives no scores.", hint="Choose a decision that the page offers.")
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise UsageError(f"{text[:40]!r} is no score.", hint="Write a number.")
    return score
