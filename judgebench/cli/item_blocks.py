"""Items as people read them in a terminal: a block for each of a list, and all about one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from judgebench.content.parts import images_in
from judgebench.errors import one_line, visible

if TYPE_CHECKING:
    from judgebench.query import Item, ItemLine, ShownCall
    from judgebench.records.facts import RecordedVerdict

_LABEL = 11
"""Width of the words before the texts of a block."""
_LINES = 2
"""Lines that a text of a block has at most."""
_SIGNS = {"ok": "•", "unparsed": "?", "judge_failed": "!", "prediction_failed": "!", "not_judged": "–"}


def _width() -> int:
    import shutil

    return max(60, min(120, shutil.get_terminal_size((110, 24)).columns))


def block(one: Item) -> Iterator[str]:
    """Yield the lines that show an item in a list."""
    line = one.line
    yield heading(line)
    if one.question:
        yield from _field("question", _middle(one.question, _room()))
    elif one.calls:  # a benchmark of judges, whose items bring the answers along
        from judgebench.content.parts import in_words

        yield from _field("prompt", _middle(in_words(one.calls[0].prompt), 2 * _room()))
    if one.reference is not None and one.line.gold is None:
        yield from _field("reference", _middle(_alternatives(one.reference), _room()))
    if one.question or one.answer:
        answer = one.answer or (one.prediction.error.message if one.prediction and one.prediction.error else "")
        yield from _field("answer", around(answer, one.span, _room()) if answer else "(no text)")
    for other in one.answers:
        if other.model == one.against and other.repeat == one.line.repeat:
            yield from _field("compared", f"{other.model}: {around(other.answer, None, _room()) or '(no text)'}")
    for call in one.calls[:4]:
        name = f"judge {call.read.order or call.record.presentation}" if len(one.calls) > 1 and call.read else "judge"
        yield from _field(name, _reply(call))
    if len(one.calls) > 4:
        yield from _field("", f"and {len(one.calls) - 4} more judge calls")


def heading(line: ItemLine) -> str:
    """Return the line above an item: what it is, and what was decided."""
    key = f" ({line.key})" if line.key and line.key != str(line.id) else ""
    repeat = f", repeat {line.repeat}" if line.repeat else ""
    said = [f"{sign_of(line)} {decided(line.status, line.decision, line.score, line.reason)}"]
    if line.gold is not None:
        said.append(f"gold: {line.gold}")
    if line.rule_decision is not None or line.rule_score is not None:
        rule = line.rule_decision if line.rule_decision is not None else f"{line.rule_score:g}"
        said.append(f"the rule says {rule}" if line.against_rule or line.status != "ok" else "the rule too")
    said += [
        words
        for words, holds in (
            ("another judge disagrees", line.against_judges),
            ("changed its mind with the order", line.flipped),
            ("the answer was cut off", line.truncated),
        )
        if holds
    ]
    if line.label is not None:
        said.append(f"label: {line.label}")
    return visible(f"{line.row} · {line.model} · item {line.id}{key}{repeat}   {'; '.join(said)}")


def sign_of(line: ItemLine) -> str:
    """Return the sign of a verdict: right, wrong, neither (a comparison, a score), unread, failed or not judged."""
    if line.wrong:
        return "✗"
    right = line.status == "ok" and (line.decision == "correct" or line.gold is not None)
    return "✓" if right else _SIGNS[line.status]


def decided(status: str, decision: str | None, score: float | None, reason: str) -> str:
    """Return what a verdict says, or why there is none."""
    if status != "ok":
        return f"{status.replace('_', ' ')}: {one_line(reason, limit=90)}" if reason else status.replace("_", " ")
    parts = [decision] if decision is not None else []
    if score is not None and decision not in {"correct", "incorrect"}:
        parts.append(f"score {score:g}")
    return ", ".join(parts) or "ok"


def _room() -> int:
    return (_width() - _LABEL - 3) * _LINES - 8


def _field(name: str, text: str) -> Iterator[str]:
    import textwrap

    found = textwrap.wrap(one_line(text), _width() - _LABEL - 3) or [""]
    for number, part in enumerate(found):
        yield f"  {(visible(name) if number == 0 else '').ljust(_LABEL)} {part}"


def _words(value: Any) -> str:
    import msgspec

    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _alternatives(reference: Any) -> str:
    if isinstance(reference, list) and all(isinstance(one, str) for one in reference):
        return " | ".join(reference)
    return _words(reference)


def _middle(text: str, room: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= room else f"{text[: room * 2 // 3]} … {text[-room // 3 :]}"


def around(text: str, span: tuple[int, int] | None, room: int) -> str:
    """Return the part of a text in which a span stands, with the span marked; without one its end."""
    if span is None or not 0 <= span[0] < span[1] <= len(text):
        end = " ".join(text.split())
        return end if len(end) <= room else f"… {end[-room:]}"
    start, end_at = span
    after = min(len(text), end_at + room // 4)
    before = max(0, start - max(0, room - (after - start)))
    inside = text[start:end_at] if end_at - start <= room else f"{text[start : start + room // 2]} …"
    head, tail = ("… " if before else ""), (" …" if after < len(text) else "")
    return f"{head}{text[before:start]}⟦{inside}⟧{text[end_at:after]}{tail}"


def _reply(call: ShownCall) -> str:
    if call.record.status != "ok":
        return f"({call.record.error.kind}: {call.record.error.message})" if call.record.error else "(no reply)"
    return around(call.reply, call.span, _room()) or "(an empty reply)"


def whole(one: Item) -> Iterator[str]:
    """Yield the lines that tell all about an item."""
    yield heading(one.line)
    yield from _section("question", one.question or "(the run does not hold it; see the judge's prompt)")
    if one.reference is not None:
        yield from _section("reference", _alternatives(one.reference))
    if one.reasoning:
        yield from _section(f"reasoning, {len(one.reasoning):,} characters", one.reasoning)
    if one.prediction is not None:
        error = one.prediction.error
        pictures = "\n".join(f"[image {image.sha256[:12]}]" for image in images_in(one.prediction.parts))
        text = _marked(one.answer, one.span) or (f"({error.kind}: {error.message})" if error else "")
        text = "\n".join(filter(None, (text, pictures))) or "(no text)"
        yield from _section(f"answer of {one.line.model}", text)
    for other in one.answers:
        if other.model == one.against and other.repeat == one.line.repeat:
            yield from _section(f"compared answer of {other.model}", other.answer or "(no text)")
    for call in one.calls:
        yield from _call(
            call, {"first": f"{one.line.model}'s", "second": f"{one.against}'s" if one.against else "the second"}
        )
    yield from _section("verdict", "\n".join(_verdict_lines(one)))
    others = [f"{opinion.row}: {_said(opinion.verdict)}" for opinion in one.opinions]
    if others:
        yield from _section("other opinions of this answer", "\n".join(others))
    answers = [
        f"{other.model}, repeat {other.repeat}: {_said_of(other.verdict)}{one_line(around(other.answer, None, 160))}"
        for other in (*one.repeats, *one.answers)
    ]
    if answers:
        yield from _section("other answers to this question", "\n".join(answers))
    if one.labels:
        labels = [
            f"{label.annotator}: {label.decision if label.decision is not None else label.score} {label.comment}"
            for label in one.labels
        ]
        yield from _section("labels", "\n".join(labels))
    yield from _section("records", "\n".join(_records(one)))


def _section(title: str, text: str) -> Iterator[str]:
    yield ""
    yield f"--- {visible(title)} ---"
    yield visible(text)


def _marked(text: str, span: tuple[int, int] | None) -> str:
    if span is None or not 0 <= span[0] < span[1] <= len(text):
        return text
    return f"{text[: span[0]]}⟦{text[span[0] : span[1]]}⟧{text[span[1] :]}"


def _call(call: ShownCall, whose: dict[str, str]) -> Iterator[str]:
    from judgebench.content.parts import in_words

    read = call.read
    name = " ".join(part for part in (call.record.presentation, read.order if read else "") if part)
    name = f" ({' '.join(dict.fromkeys(name.split()))})" if name else ""
    yield from _section(f"prompt to the judge{name}", in_words(call.prompt))
    if call.reasoning:
        yield from _section(f"reasoning of the judge{name}, {len(call.reasoning):,} characters", call.reasoning)
    reply = _marked(call.reply, call.span) if call.record.status == "ok" else _reply(call)
    yield from _section(f"reply of the judge{name}", reply)
    if read is not None:
        said = decided(read.status, read.decision, read.score, read.reason)
        prefers = f"; prefers {whose[read.prefers]} answer" if read.prefers in whose else ""
        yield visible(f"(read as: {said}{prefers})")


def _verdict_lines(one: Item) -> Iterator[str]:
    line, verdict = one.line, one.verdict
    yield f"{sign_of(line)} {decided(line.status, line.decision, line.score, line.reason)}"
    if verdict is not None:
        if verdict.rule is not None:
            rule = verdict.rule
            taken = f", from {rule.answer!r}" if rule.answer is not None else ""
            yield f"the rule: {decided(rule.status, rule.decision, rule.score, rule.reason)}{taken}"
        if line.gold is not None:
            yield f"gold: {line.gold}"
        for name in ("votes", "probabilities", "details"):
            if value := getattr(verdict, name):
                yield f"{name}: {_words(value)}"
        if verdict.settled_by:
            yield f"settled by the {verdict.settled_by}"
    if line.fields:
        yield "fields: " + ", ".join(f"{name} = {_words(value)}" for name, value in line.fields.items())
    yield from one.missing


def _said(verdict: RecordedVerdict) -> str:
    return decided(verdict.status, verdict.decision, verdict.score, verdict.reason)


def _said_of(verdict: RecordedVerdict | None) -> str:
    return f"{_said(verdict)}. " if verdict is not None else ""


def _records(one: Item) -> Iterator[str]:
    if one.prediction is not None:
        yield f"answer: {_cost(one.prediction)}"
    for call in one.calls:
        yield f"judge call {call.record.uuid}: {_cost(call.record)}"
    yield from (f"{kind}: {path}" for kind, path in one.files.items())


def _cost(record: Any) -> str:
    usage = record.usage
    tokens = f"{usage.prompt_tokens} tokens read, {usage.completion_tokens} written, " if usage is not None else ""
    tries = "1 try" if record.tries == 1 else f"{record.tries} tries"
    return f"{tokens}{record.latency:.1f} s, {tries}, finish: {record.finish_reason or record.status}"
