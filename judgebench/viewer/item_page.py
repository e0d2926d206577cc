"""One item: the question, the answer, and everything that anybody says about it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from aiohttp import web
from markupsafe import Markup

from judgebench.content.parts import MEDIA, in_words, parts_in
from judgebench.query import Item, ItemKey, ShownCall
from judgebench.records.facts import RuleVerdict
from judgebench.records.flow import Prompt
from judgebench.viewer import figures
from judgebench.viewer.chosen import ONLY, Chosen, item_address
from judgebench.viewer.library import KnownRun
from judgebench.viewer.rendering import marked
from judgebench.viewer.site import MissingError, ViewerSite

_WORD_BEFORE = re.compile(r"\S{1,24}\s*\S{0,2}$")
_WORD_REACH = 80
"""Characters before a mark in which its word is looked for: a line of a reply may have millions."""


class Message(NamedTuple):
    """A message of a prompt as it is shown."""

    role: str
    text: str


class JudgedCall(NamedTuple):
    """A judge call as it is shown.

    Attributes:
        call: The call. ``title``: which of several it is.
        reply: The reply with the place marked where the verdict was read.
        messages: Its prompt.
        read: What was read, in words; empty where nothing was.
        said: The text in the marked place.
        likely: How likely each decision was, where the verdict was read from log-probabilities.
    """

    call: ShownCall
    title: str
    reply: Markup
    messages: list[Message]
    read: str
    said: str
    likely: str


class Picture(NamedTuple):
    """A picture of the prompt or of the answer."""

    address: str
    words: str
    shown: bool


def page(site: ViewerSite, request: web.Request) -> web.Response:
    """Return the page of an item."""
    run = site.run(request)
    asks = site.query(run)
    key = _key(request)
    chosen = Chosen.of(request.query)
    item = asks.item(key.row, key.id, key.repeat, model=key.model)
    near = asks.neighbours(chosen.filter(), key)
    query = chosen.query()
    near_by: dict[str, Any] = {
        "number": near.number,
        "total": asks.count(chosen.filter()) if near.number else 0,
        "before": item_address(run.key, near.before, query) if near.before else "",
        "after": item_address(run.key, near.after, query) if near.after else "",
    }
    return site.page("item.html", **values_of(run, item, chosen), **near_by)


def values_of(run: KnownRun, item: Item, chosen: Chosen) -> dict[str, Any]:
    """Return what the page of an item shows, but for its place in a list."""
    key = item.line.name
    calls = [_call(one) for one in item.calls]
    return {
        "current": "items",
        "run": run,
        "item": item,
        "line": item.line,
        "calls": calls,
        "compared": compared_model(run, item),
        "pictures": list(pictures(run.key, item)),
        "answer_mark": marked(item.answer, [item.span]) if item.span else None,
        "facts": _facts(item),
        "chosen": chosen,
        "filters": [*([ONLY[chosen.only]] if chosen.only else []), *(words for _, words, _ in chosen.parts)],
        "up": f"/runs/{run.key}/items{chosen.query()}",
        "reuse": f"jb --reuse {shlex.quote(str(run.folder))}",
        "record": item_address(run.key, key, part="/record"),
        "label": f"/runs/{run.key}/labels{Chosen(row=key.row, model=key.model, id=str(key.id)).query()}",
        "addresses": _addresses(run.key, item),
        "reference": said(item.reference),
        "alternatives": alternatives(item.reference),
        "rule": _own_rule(item),
        "fields": list(item.line.fields.items()),
        "keys": [
            ("j k", "next, previous in this filter"), ("r", "reasoning"), ("p", "prompts"), ("l", "label"),
            ("esc", "list"), ("?", "keys"),
        ],
    }  # fmt: skip


def record(site: ViewerSite, request: web.Request) -> web.Response:
    """Return all that is known of an item as JSON."""
    run = site.run(request)
    key = _key(request)
    item = site.query(run).item(key.row, key.id, key.repeat, model=key.model)
    data = msgspec.json.format(msgspec.json.encode(item, enc_hook=str), indent=2)
    return web.Response(body=data, content_type="application/json", charset="utf-8")


def _key(request: web.Request) -> ItemKey:
    at = request.match_info
    if not (at["id"].isdecimal() and at["repeat"].isdecimal() and len(at["id"]) < 19 and len(at["repeat"]) < 10):
        raise MissingError("An item is named by numbers: its row in the data from 0, and the repetition.")
    return ItemKey(at["model"], at["row"], int(at["id"]), int(at["repeat"]))


def _call(one: ShownCall) -> JudgedCall:
    read = one.read
    order = read.order if read is not None else ""
    name = one.record.presentation or (read.presentation if read is not None else "")
    title = {"AB": "Order A B: this answer first", "BA": "Order B A: the other answer first"}.get(order, name)
    if one.record.nth:
        title = f"{title}, asked again ({one.record.nth})".lstrip(", ")
    span = one.span if one.span and 0 <= one.span[0] < one.span[1] <= len(one.reply) else None
    said = one.reply[span[0] : span[1]] if span else ""
    return JudgedCall(
        call=one,
        title=title,
        reply=marked(one.reply, [_line_of(one.reply, span)] if span else []),
        messages=messages_of(one.prompt),
        read=_read(one),
        said=said,
        likely=_likely(one),
    )


def _line_of(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """Return a mark that can be seen: a letter alone is marked with the word before it in its line."""
    start, end = span
    line = text[max(text.rfind("\n", 0, start) + 1, start - _WORD_REACH) : start]
    word = _WORD_BEFORE.search(line) if end - start < 4 else None
    return (start - len(word[0]), end) if word else span


def _read(one: ShownCall) -> str:
    read = one.read
    if read is None:
        return ""
    if read.status != "ok":
        return read.reason or figures.STATUS_WORDS.get(read.status, read.status)
    if read.decision is None:
        return f"{read.score:g}" if read.score is not None else ""
    prefers = {"first": "this answer", "second": "the other answer", "neither": "neither"}.get(read.prefers or "", "")
    return f"{read.decision}: {prefers}" if prefers else read.decision


def _likely(one: ShownCall) -> str:
    """Return how likely the judge held each decision, where the verdict was read from that and not from the text."""
    found = one.read.probabilities if one.read is not None else {}
    return ", ".join(f"{decision} {100 * share:.1f}%" for decision, share in found.items())


def messages_of(prompt: Prompt | None) -> list[Message]:
    """Return the messages of a prompt as they are shown."""
    if prompt is None:
        return []
    if isinstance(prompt, str):
        return [Message("prompt", prompt)]
    return [Message(str(one.get("role", "")), in_words([one])) for one in prompt]


def pictures(run: str, item: Item) -> Iterator[Picture]:
    """Yield the pictures of the question and of the answer."""
    of_answer: Sequence[Mapping[str, Any]] = item.prediction.parts if item.prediction is not None else []
    prompts = [item.prompt] if item.prompt is not None else [call.prompt for call in item.calls[:1]]
    for words, parts in (
        ("of the question", [part for one in prompts for part in parts_in(one)]),
        ("of the answer", of_answer),
    ):
        media = [part for part in parts if part.get("type") in MEDIA and isinstance(part.get("sha256"), str)]
        for number, part in enumerate(media, 1):
            kind = str(part.get("type"))
            address = f"/runs/{run}/attachments/{part['sha256'][:64]}"
            yield Picture(address, f"{kind} {number} {words}", kind == "image")


def compared_model(run: KnownRun, item: Item) -> str:
    """Return with which model's answers the judge of an item compares; empty where it compares with none."""
    judges = run.manifest.judges if run.manifest is not None else []
    found = [one for one in judges if (one.abbr, one.dataset) == (item.line.judge, item.line.dataset)]
    return found[0].compare_with if found else ""


def _facts(item: Item) -> str:
    """Return what the answer took, in a line."""
    line, one = item.line, item.prediction
    found = []
    if line.tokens is not None:
        read = one.usage.prompt_tokens if one is not None and one.usage is not None else 0
        found.append(
            f"{read:,} tokens in, {line.tokens:,} out"
            if read
            else f"{line.tokens:,} token{'' if line.tokens == 1 else 's'}"
        )
    if line.latency:
        first = (
            f", the first token after {figures.seconds(one.first_token)}" if one is not None and one.first_token else ""
        )
        found.append(f"{figures.seconds(line.latency)}{first}")
    if line.tries is not None and line.tries > 1:
        found.append(f"{line.tries} tries")
    elif line.tries == 1:
        found.append("first try")
    if one is not None and one.waited:
        found.append(f"waited {figures.seconds(one.waited)}")
    if line.truncated:
        found.append("cut off by the token limit")
    return " · ".join(found)


def _addresses(run: str, item: Item) -> dict[str, str]:
    """Return where the other opinions and answers are, by row, model and repetition."""
    line = item.line
    found = {
        f"row {one.row}": item_address(run, ItemKey(line.model, one.row, line.id, line.repeat)) for one in item.opinions
    }
    for one in [*item.answers, *item.repeats]:
        if one.row:
            key = ItemKey(one.model, one.row, line.id, one.repeat)
            found[f"answer {one.model} {one.repeat}"] = item_address(run, key)
    return found


def _own_rule(item: Item) -> RuleVerdict | None:
    """Return what the rule says in the verdict; ``None`` where a row of its own says the same."""
    rule = item.verdict.rule if item.verdict is not None else None
    rows = [(one.verdict.status, one.verdict.decision, one.verdict.score) for one in item.opinions if not one.judge]
    return None if rule is None or (rule.status, rule.decision, rule.score) in rows else rule


def alternatives(value: Any) -> str:
    """Return a reference within a sentence: ``A, B or C``."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " or ".join(filter(None, (", ".join(value[:-1]), value[-1] if value else "")))
    return said(value)


def said(value: Any) -> str:
    """Return a reference, or a true decision, as text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return (
        "\n".join(value)
        if isinstance(value, list) and all(isinstance(one, str) for one in value)
        else msgspec.json.encode(value).decode()
    )
