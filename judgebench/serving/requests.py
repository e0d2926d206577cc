"""What is sent to a judge: one case as JSON, or as the messages of a chat."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.media import MediaSource
from judgebench.errors import DataError


def image_text(path: Path) -> str:
    """Return an image file as base64 text.

    Raises:
        DataError: It cannot be read.
    """
    try:
        return "data:;base64," + base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise DataError(f"The image {path} cannot be read: {error.strerror}.") from error


class JudgmentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One case.

    Attributes:
        id: The caller's own name of it, which comes back.
        question: What was asked; the field ``{question}`` of prompts.
        answer: The answer. ``answers``: several instead: two to compare, more to rank, one for each turn.
        reference: The right answer, or several.
        fields: Further fields that the judge's prompts show, such as ``rubric`` or ``turns``.
        images: Images of the question: data URIs, or base64 text.
        questions: Whether the reply holds what the judge was asked and what it replied.
    """

    id: str = ""
    question: str | None = None
    answer: str | None = None
    answers: list[str] = []
    reference: str | list[str] | None = None
    fields: dict[str, Any] = {}
    images: list[str] = []
    questions: bool = False

    def shown_answers(self) -> list[str]:
        """Return the answers.

        Raises:
            DataError: There is none, or both keys hold some.
        """
        if self.answer is not None and self.answers:
            raise DataError("The case has both 'answer' and 'answers'; send one of the two.")
        answers = self.answers if self.answer is None else [self.answer]
        if not answers:
            raise DataError("The case has no answer to judge; send 'answer', or 'answers' to compare.")
        return answers

    def shown_fields(self) -> dict[str, Any]:
        """Return the fields that prompts may show."""
        return self.fields if self.question is None else {**self.fields, "question": self.question}

    def sources(self) -> list[MediaSource]:
        """Return the images, none of which is opened yet."""
        return [
            MediaSource(value=value, folder="", place="The case", column=f"images[{number}]")
            for number, value in enumerate(self.images)
        ]


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A chat that ends in the answer to be judged, as OpenAI's clients send one; other keys are left aside.

    Attributes:
        messages: The user's questions and the assistant's answers; the last answer is judged.
        model: Name of the judge; what it says does not matter, as there is one.
        answers: Answers to compare, in place of those of the messages.
        reference: As in ``JudgmentRequest``. ``fields``: likewise.
        stream: Must be false: a verdict has no parts.
    """

    messages: list[dict[str, Any]]
    model: str = ""
    answers: list[str] = []
    reference: str | list[str] | None = None
    fields: dict[str, Any] = {}
    stream: bool = False

    def as_case(self) -> JudgmentRequest:
        """Return the case that the chat holds: the last question, and every answer of the assistant.

        Raises:
            DataError: No message is the user's, no answer is there, or the reply is to be streamed.
        """
        if self.stream:
            raise DataError("A verdict cannot be streamed; send 'stream': false.")
        turns = [_text(one) for one in self.messages if one.get("role") == "user"]
        given = self.answers or [_text(one) for one in self.messages if one.get("role") == "assistant"]
        if not turns or not given:
            raise DataError("The messages must hold a question of the user and an answer of the assistant.")
        several = {"turns": turns} if len(turns) > 1 else {}
        one = None if self.answers or len(given) > 1 else given[0]
        return JudgmentRequest(
            question=turns[-1],
            answer=one,
            answers=[] if one is not None else given,
            reference=self.reference,
            fields={**several, **self.fields},
            images=[address for message in self.messages for address in _images(message)],
        )


def _parts(message: Mapping[str, Any]) -> Sequence[Any]:
    content = message.get("content")
    return content if isinstance(content, list) else [{"type": "text", "text": content if content is not None else ""}]


def _text(message: Mapping[str, Any]) -> str:
    return "\n".join(str(part.get("text", "")) for part in _parts(message) if _kind(part) == "text")


def _images(message: Mapping[str, Any]) -> list[str]:
    found = [part.get("image_url") for part in _parts(message) if _kind(part) == "image_url"]
    return [str(one.get("url", "") if isinstance(one, Mapping) else one) for one in found]


def _kind(part: Any) -> str:
    return str(part.get("type")) if isinstance(part, Mapping) else ""
