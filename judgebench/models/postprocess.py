"""What is done to an answer before it is judged, and the split of an answer from its reasoning.

A postprocessor is a function ``(text, **options) -> text``, named in a model config:
``pred_postprocessor=dict(type=extract_non_reasoning_content)``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from judgebench import plugins

THINK_START = "<think>"
THINK_END = "</think>"


def split_reasoning(text: str, start: str = THINK_START, end: str = THINK_END) -> tuple[str, str]:
    """Return ``(answer, reasoning)`` of a text in which a model thinks between two tags.

    Every ``<think>…</think>`` block is reasoning. A block that is never closed reaches to the end of the text, so the
    answer may be empty. A closing tag without an opening one (chat templates may put the opening tag into the prompt)
    makes everything before it reasoning. A text without tags is returned untouched.
    """
    if end not in text and start not in text:
        return text, ""
    answer: list[str] = []
    reasoning: list[str] = []
    thinking = False
    at = 0
    for match in re.finditer(f"{re.escape(start)}|{re.escape(end)}", text):
        opens = match[0] == start
        if opens and thinking:
            continue  # the model mentions the tag while it thinks
        piece = text[at : match.start()]
        if opens:
            answer.append(piece)
        elif thinking:
            reasoning.append(piece)
        else:
            reasoning += [*answer, piece]
            answer.clear()
        thinking, at = opens, match.end()
    (reasoning if thinking else answer).append(text[at:])
    return "".join(answer).strip(), "\n".join(piece.strip() for piece in reasoning if piece.strip())


def extract_non_reasoning_content(
    text: str, think_start_token: str = THINK_START, think_end_token: str = THINK_END
) -> str:
    """Return the answer without its reasoning; the name and options are those of AISBench's postprocessor."""
    return split_reasoning(text, think_start_token, think_end_token)[0]


def first_line(text: str) -> str:
    """Return the first line that is not blank: where a base model's answer ends and its chatter begins."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def stripped(text: str) -> str:
    """Return the text without white space around it: a completion after ``A:`` starts with a space."""
    return text.strip()


def before_any(text: str, markers: list[str]) -> str:
    """Return the text before the first of ``markers``: a stop sequence for services that have none."""
    return text[: min((text.find(marker) for marker in markers if marker in text), default=len(text))]


def postprocessor(declared: Mapping[str, Any] | None, *, where: str = "pred_postprocessor") -> Callable[[str], str]:
    """Return the function that a ``pred_postprocessor`` block means; the identity for ``None``.

    Raises:
        ConfigError: The block has no ``type``, it names no function, or a key is no parameter of it.
    """
    if not declared:
        return _untouched
    name, options = plugins.split(declared, where=where)
    made: Callable[[str], str] = plugins.make(name, options, "postprocessors", where=where)
    return made


def _untouched(text: str) -> str:
    return text
