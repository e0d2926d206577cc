"""How an item is shown to a judge: the fields ``{question}``, ``{reference}``, ``{answer}``, ... of its prompts.

It is decided here for all methods. A candidate's text is data, never instruction. It stands between two fence lines
that its author could not know: the fence is a hash over the item and over the text itself, so a text that holds its own
fence cannot be written, and the same item has the same fence when it is replayed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import lru_cache
from typing import Any

import msgspec

from judgebench.content.parts import Image
from judgebench.content.prompts import as_media, as_text, fields_of, fill, fill_in, is_medium
from judgebench.judges.core.contract import Case
from judgebench.records.flow import Verdict

_NOTHING: frozenset[str] = frozenset()
_PAIRED = (("first", "second"), ("first_images", "second_images"))
"""Fields that change places where the second answer is shown first."""
_ANSWERS_IMAGES = ("answer_images", "baseline_images", "first_images", "second_images")
_IN_WORDS = {
    "answer": "text in its answer",
    "answer_images": "picture in its answer",
    "first_images": "picture in its first answer",
    "second_images": "picture in its second answer",
    "baseline_images": "picture in the answer to compare with",
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

    def has_equal_answers(self, needed: Collection[str]) -> bool:
        """Whether two answers are equal as far as the needed fields show them; of pictures, byte for byte."""
        pairs = [pair for pair in _PAIRED if not set(pair).isdisjoint(needed)]
        return bool(pairs) and all(self.fields[one] == self.fields[other] for one, other in pairs)


def shown(case: Case, showing: Showing, *, needed: Collection[str]) -> Shown:
    """Return the fields that prompts may name for an item.

    The sample's own fields come first; ``question``, ``reference``, ``answer``, ``first``, ``second``, ``baseline`` and
    ``fence`` replace fields of the same name. ``question_images`` are all images of the sample in their order, and
    ``answer_images``, ``baseline_images``, ``first_images`` and ``second_images`` those of the answers, as far as the
    sample has no fields of these names.

    Args:
        case: What is judged.
        showing: How it is shown.
        needed: Names that the prompts use; templates of others are not filled in.

    Raises:
        ConfigError: A template names a field that the sample does not have.
    """
    answer, trimmed = _candidate(case, showing)
    raw = {**case.fields, "answer": answer, "baseline": case.baseline or ""}
    lacking = {"reference"} if case.reference is None or case.reference == [] else set()
    lacking |= {"baseline"} if case.baseline is None else set()
    fields = {**raw, "reference": as_reference(case.reference)}
    if case.images or _shows_images(frozenset(needed)):
        fields |= _image_fields(case)
        lacking |= {name for name in _ANSWERS_IMAGES if not fields[name]}
        if not answer.strip() and case.images and not set(_ANSWERS_IMAGES) & set(needed):
            lacking.add("answer")
    if "question" in needed:
        fields["question"] = fill_in(showing.question, case.fields, where="method.question")
    if "first" in needed or "second" in needed:
        for name, template in (("first", showing.first), ("second", showing.second)):
            lacking |= {name} if set(fields_of(template)) & lacking else set()
            fields[name] = fill(template, raw, where=f"method.{name}")
    texts = [str(fields[name]) for name in ("answer", "baseline", "first", "second") if name in fields]
    fields["fence"] = fence(case, *texts)
    return Shown(fields, trimmed, frozenset(lacking.intersection(needed)) if lacking else _NOTHING)


@lru_cache(maxsize=256)
def _shows_images(needed: frozenset[str]) -> bool:
    return any(name.endswith("_images") for name in needed)


def _image_fields(case: Case) -> dict[str, Any]:
    """Return the fields of a case that are images."""
    own = [value for name, value in case.fields.items() if name not in _ANSWERS_IMAGES and is_medium(value, Image)]
    shown_images = [one for value in own for one in as_media(value)]
    images = {
        "question_images": list(dict.fromkeys(shown_images)),
        "answer_images": case.images,
        "baseline_images": case.baseline_images,
        "first_images": case.images,
        "second_images": case.baseline_images,
    }
    return {name: case.fields.get(name, value) for name, value in images.items()}


def swapped(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with the two answers, and the pictures that belong to them, in each other's place."""
    pairs = [(one, other) for one, other in _PAIRED if one in fields and other in fields]
    if not pairs:
        return fields
    return {**fields, **{one: fields[other] for pair in pairs for one, other in (pair, pair[::-1])}}


def as_reference(reference: str | list[str] | None) -> str:
    """Return the gold answer as a judge is shown it; several accepted forms stand in a list that says so."""
    if reference is None:
        return ""
    if isinstance(reference, str):
        return reference
    if len(reference) == 1:
        return reference[0]
    return "any one of these is right:\n" + "\n".join(f"- {as_text(form)}" for form in reference)


def fence(case: Case, *texts: str) -> str:
    """Return the line that stands before and after a candidate's text: reproducible, and in none of the texts.

    The answers of two models have one fence, whichever of them is the tested one: the question about them is the same.
    """
    if case.baseline is not None:
        texts = tuple(sorted(texts))
    seed = "\0".join([_PEPPER, case.uid, str(case.repeat), *texts])
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


def _candidate(case: Case, showing: Showing) -> tuple[str, bool]:
    text = case.answer
    if showing.show_reasoning and case.reasoning:
        text = f"{case.reasoning}\n\n{text}"
    most = showing.max_answer_chars
    if most <= 0 or len(text) <= most:
        return text, False
    head = most // 2
    tail = most - head
    return f"{text[:head]}{_OMITTED.format(count=len(text) - most)}{text[len(text) - tail :]}", True
