"""Questions of one or more turns, and models' answers to them, in the layouts in which arenas publish them.

===================  ====================================  ===================================================
published with       question                              answer
===================  ====================================  ===================================================
FastChat (MT-Bench)  ``question_id``, ``turns``: texts     ``question_id``, ``choices[0].turns``: texts
Arena-Hard v0.1      ``question_id``, ``turns[].content``  ``question_id``, ``choices[0].turns[].content``
Arena-Hard v2.0      ``uid``, ``prompt``                   ``uid``, ``messages``, where the assistant's
                                                           ``content`` is a text or has an ``answer``
Vicuna (FairEval)    ``question_id``, ``text``             ``question_id``, ``text``
===================  ====================================  ===================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from judgebench.datasets.columns import Row
from judgebench.datasets.duplicates import DuplicateRows
from judgebench.datasets.objects import objects_of
from judgebench.errors import DataError


class Conversation(NamedTuple):
    """A row of questions or answers.

    Attributes:
        name: Of the question, as text.
        turns: Texts of the question, or of the answers to it.
        row: Where they stand.
    """

    name: str
    turns: list[str]
    row: Row


def questions_in(path: Path) -> Iterator[Conversation]:
    """Yield the questions of a file.

    Raises:
        DataError: A row has no name or no text, or the name of an earlier row.
    """
    return _named(path, question_turns)


def answers_in(path: Path) -> dict[str, Conversation]:
    """Return one model's answers by the question's name.

    Raises:
        DataError: A row has no name or no text, or answers a question that an earlier row answers.
    """
    return {one.name: one for one in _named(path, answer_turns)}


def question_turns(row: Row) -> list[str]:
    """Return the texts of a question's turns.

    Raises:
        DataError: There is none in any of the known layouts.
    """
    values = row.values
    found = values.get("turns") if "turns" in values else [values.get("prompt", values.get("text"))]
    return _texts(found, row, "turns, prompt or text")


def answer_turns(row: Row) -> list[str]:
    """Return the texts of the answers to a question's turns.

    Raises:
        DataError: There is none in any of the known layouts.
    """
    values = row.values
    if "messages" in values:
        messages = values["messages"]
        said = [
            one.get("content")
            for one in (messages if isinstance(messages, list) else [])
            if isinstance(one, dict) and one.get("role") == "assistant"
        ]
        contents = [content.get("answer") if isinstance(content, dict) else content for content in said]
        return _texts(contents, row, "messages with the role assistant")
    if "choices" in values:
        choices = values["choices"]
        first = choices[0] if isinstance(choices, list) and choices else None
        return _texts(first.get("turns") if isinstance(first, dict) else None, row, "choices[0].turns")
    return _texts([values.get("text")], row, "choices, messages or text")


def _named(path: Path, turns_of: Any) -> Iterator[Conversation]:
    questions = DuplicateRows()
    for row in objects_of(path):
        name = row.values.get("question_id", row.values.get("uid"))
        if isinstance(name, bool) or not isinstance(name, str | int) or name == "":
            raise DataError(f"{row.place}: question_id (or uid) must be a text or an integer, not {name!r}.")
        questions.times(str(name), row, f"the question {name!r}")
        yield Conversation(str(name), turns_of(row), row)


def _texts(found: Any, row: Row, where: str) -> list[str]:
    listed = found if isinstance(found, list) else []
    contents = [one.get("content") if isinstance(one, dict) else one for one in listed]
    texts = [text for text in contents if isinstance(text, str)]
    if not texts or len(texts) < len(contents):
        raise DataError(f"{row.place}: {where} was expected to be a list of texts, not {found!r:.80}.")
    return texts
