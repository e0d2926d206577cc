"""A prompt as typed turns: what every protocol but OpenAI's has to be told in words of its own.

Both forms of a prompt are taken: typed parts in ``content``, and OpenAI's ``tool_calls`` and messages of the role
``tool``. Dialects translate turns; none of them looks at a message again.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from judgebench.content.parts import Part, Text, message_parts
from judgebench.content.prompts import fit
from judgebench.errors import DAMAGED, ConfigError
from judgebench.records.flow import Prompt


class ConversationTurn(NamedTuple):
    """One side speaks: its role (``system``, ``user``, ``assistant``) and what it says, in order."""

    role: str
    parts: list[Part]


def turns_of(prompt: Prompt) -> list[ConversationTurn]:
    """Return the turns of a prompt; neighbours of one role are one turn, and what a tool gave back is the user's.

    Raises:
        ConfigError: A message holds a part that is not of this form.
    """
    turns: list[ConversationTurn] = []
    messages = fit(prompt, "chat")
    for message in messages if isinstance(messages, list) else []:
        role = str(message.get("role", "user"))
        role = {"tool": "user", "developer": "system"}.get(role, role)
        try:
            parts = list(message_parts(message))
        except (msgspec.ValidationError, AttributeError, TypeError) as error:
            raise ConfigError(
                f"A prompt holds a part that this protocol cannot be sent ({error}).",
                hint="Write texts, images and tool parts as typed parts: {'type': 'text', 'text': ...}.",
            ) from None
        if turns and turns[-1].role == role:
            turns[-1].parts.extend(parts)
        else:
            turns.append(ConversationTurn(role, parts))
    return turns


def apart(turns: list[ConversationTurn]) -> tuple[str, list[ConversationTurn]]:
    """Return the text of all system turns, and the others: for protocols that have one place for instructions.

    Raises:
        ConfigError: A system turn holds a part that is no text.
    """
    said: list[str] = []
    for turn in turns:
        for part in turn.parts if turn.role == "system" else ():
            if not isinstance(part, Text):
                raise ConfigError(
                    "A system message holds a part that is no text, and this protocol has no place for it."
                )
            said.append(part.text)
    return "\n\n".join(said), [turn for turn in turns if turn.role != "system"]


def encoded(sha256: str, media: Mapping[str, bytes]) -> str:
    """Return the bytes of a medium as base64."""
    return base64.b64encode(media[sha256]).decode()


def arguments_object(arguments: Any) -> Any:
    """Return the arguments of a tool call as an object, for protocols that take nothing else.

    A text that is no JSON object stands in the object under ``text``: it is what the model wrote.
    """
    if isinstance(arguments, str):
        try:
            value = msgspec.json.decode(arguments or "{}")
        except DAMAGED:
            return {"text": arguments}
        return value if isinstance(value, dict) else {"text": arguments}
    return arguments if isinstance(arguments, dict) else {"text": arguments}
