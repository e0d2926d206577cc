"""What of an item a judge's prompt may show, and how: the fields ``{question}``, ``{reference}``, ``{answer}``, ...

A candidate's text is data, never instruction. It stands between two fence lines that its author could not know: the
fence is a hash over the item and over the text itself, so a text that holds its own fence cannot be written, and the
same item has the same fence when it is replayed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

import msgspec

from judgebench.judges.asking import JudgeItem
from judgebench.prompts import as_text, fields_of, fill
from judgebench.records import Verdict

_NOTHING: frozenset[str] = frozenset()
_IN_WORDS = {
    "reference": "reference answer",
    "baseline": "answer to compare with",
    "second": "answer to compare with",
    "first": "answer to compare with",
}
_PEPPER = "judgebench fence 1"
_OMITTED = "\n[... {count} characters left out ...]\n"


class Showing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an item is shown; keys that judge methods share.

    Attributes:
        question: Template of ``{question}`` over the sample's fields, such as ``"{problem}"``.
        first: Template of ``{first}``, the first of two answers, over the sample's fields and ``{answer}``.
        second: Template of ``{second}``, over the sample's fields and ``{baseline}``.
        show_reasoning: Whether ``{answer}`` also holds the candidate's reasoning.
        max_answer_chars: Longest candidate text that is shown whole; the middle of a longer one is left out, and the
            verdict's details say so. 0 shows everything.
    """

    question: str = "{question}"
    first: str = "{answer}"
    second: str = "{baseline}"
    show_reasoning: bool = False
    max_answer_chars: int = 0


class Shown(msgspec.Struct, frozen=True):
    """An item as a prompt may show it.

    Attributes:
        fields: Fields of prompt templates.
        trimmed: Whether the middle of the candidate's text was left out.
        missing: Needed fields that the item has no value for; a prompt that shows one cannot be asked.
    """

    fields: dict[str, Any]
    trimmed: bool
    missing: frozenset[str]

    @property
    def unjudged(self) -> Verdict | None:
        """The verdict on an item that lacks something that a prompt shows; ``None`` where nothing is missing."""
        lacking = min(self.missing, default="")
        reason = f"the item has no {_IN_WORDS.get(lacking, lacking)}"
        return Verdict(status="not_judged", reason=reason) if lacking else None


def shown(item: JudgeItem, showing: Showing, *, needed: Collection[str]) -> Shown:
    """Return the fields that prompts may name for an item.

    The sample's own fields come first; ``question``, ``reference``, ``answer``, ``first``, ``second``, ``baseline`` and
    ``fence`` replace fields of the same name.

    Args:
        item: What is judged.
        showing: How it is shown.
        needed: Names that the prompts use; templates of others are not filled in.

    Raises:
        ConfigError: A template names a field that the sample does not have.
    """
    answer, trimmed = _candidate(item, showing)
    raw = {**item.fields, "answer": answer, "baseline": item.baseline or ""}
    lacking = {"reference"} if item.reference is None or item.reference == [] else set()
    lacking |= {"baseline"} if item.baseline is None else set()
    fields = {**raw, "reference": as_reference(item.reference)}
    if "question" in needed:
        fields["question"] = fill(showing.question, item.fields, where="method.question")
    if "first" in needed or "second" in needed:
        for name, template in (("first", showing.first), ("second", showing.second)):
            lacking |= {name} if set(fields_of(template)) & lacking else set()
            fields[name] = fill(template, raw, where=f"method.{name}")
    texts = [str(fields[name]) for name in ("answer", "baseline", "first", "second") if name in fields]
    fields["fence"] = fence(item, *texts)
    return Shown(fields, trimmed, frozenset(lacking.intersection(needed)) if lacking else _NOTHING)


def swapped(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with the two answers in each other's place."""
    if "first" not in fields:
        return fields
    return {**fields, "first": fields["second"], "second": fields["first"]}


def as_reference(reference: str | list[str] | None) -> str:
    """Return the gold answer as a judge is shown it; several accepted forms stand in a list that says so."""
    if reference is None:
        return ""
    if isinstance(reference, str):
        return reference
    if len(reference) == 1:
        return reference[0]
    return "any one of these is right:\n" + "\n".join(f"- {as_text(form)}" for form in reference)


def fence(item: JudgeItem, *texts: str) -> str:
    """Return the line that stands before and after a candidate's text: reproducible, and in none of the texts.

    The answers of two models have one fence, whichever of them is the tested one: the question about them is the same.
    """
    if item.baseline is not None:
        texts = tuple(sorted(texts))
    seed = "\0".join([_PEPPER, item.uid, str(item.repeat), *texts])
    number = 0
    while True:
        digest = hashlib.sha256("\0".join([str(number), seed]).encode("utf-8", "surrogatepass")).hexdigest()
        mark = f"=== {digest[:20]} ==="
        for text in texts:
            if mark in text:
                break
        else:
            return mark
        number += 1


def _candidate(item: JudgeItem, showing: Showing) -> tuple[str, bool]:
    text = item.answer
    if showing.show_reasoning and item.reasoning:
        text = f"{item.reasoning}\n\n{text}"
    most = showing.max_answer_chars
    if most <= 0 or len(text) <= most:
        return text, False
    head = most // 2
    tail = most - head
    return f"{text[:head]}{_OMITTED.format(count=len(text) - most)}{text[len(text) - tail :]}", True
