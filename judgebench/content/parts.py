"""What a message is made of: typed parts, told apart by ``type``.

Media are references: the bytes stand once in the run folder's ``attachments/``, under their hash (``attachments.py``).
So a prompt, a sample or a line of a journal stays small, and a question is hashed over what its media hold.

Text, images, sound, video, tool calls and tool results are shown to models and judges. Arrays have their record and
their place in the store, and nothing sends them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from judgebench.records.flow import Message, Prompt


class _TypedPart(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", forbid_unknown_fields=True
):
    """One part of a message, a sample or an answer."""


class Text(_TypedPart, frozen=True, kw_only=True, omit_defaults=True, tag="text"):
    """A piece of text."""

    text: str


class _Media(_TypedPart, frozen=True, kw_only=True, omit_defaults=True):
    """A reference to bytes in the store.

    Attributes:
        sha256: Hash of the bytes, 64 hex digits: their name in the store.
        media_type: What the bytes are, such as ``image/png``.
    """

    sha256: str
    media_type: str


class SizeRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How large an image may be when it is sent; 0 sets no limit.

    Attributes:
        longest_side: Pixels of the longer side; the other one follows.
        max_bytes: Bytes of the file.
    """

    longest_side: int = 0
    max_bytes: int = 0


class Image(_Media, frozen=True, kw_only=True, omit_defaults=True, tag="image"):
    """A picture.

    Attributes:
        resize: The rule by which it is made smaller before it is sent, where it is larger; the hash is that of the
            picture as the dataset has it.
        detail: How closely it is to be looked at (``low``, ``high``), for the protocols of OpenAI; others have no place
            for it.
    """

    resize: SizeRule | None = None
    detail: str = ""


class Audio(_Media, frozen=True, kw_only=True, omit_defaults=True, tag="audio"):
    """A recording of sound."""


class Video(_Media, frozen=True, kw_only=True, omit_defaults=True, tag="video"):
    """A moving picture."""


class Array(_TypedPart, frozen=True, kw_only=True, omit_defaults=True, tag="array"):
    """Numbers, such as a hidden state.

    Attributes:
        dtype: As numpy names it. ``shape``: Length of each axis.
        values: The numbers in C order, where they are few (up to 64 kB of them); else they are in the store.
        sha256: Name of the numbers' bytes in the store; empty where ``values`` holds them.
    """

    dtype: str
    shape: list[int]
    values: list[float] = []
    sha256: str = ""


class ToolCall(_TypedPart, frozen=True, kw_only=True, omit_defaults=True, tag="tool_call"):
    """A model calls a tool.

    Attributes:
        name: Of the tool.
        arguments: As the model wrote them: JSON, or a text that was to be JSON.
        id: By which the result names the call.
    """

    name: str
    arguments: Any = ""
    id: str = ""


class ToolResult(_TypedPart, frozen=True, kw_only=True, omit_defaults=True, tag="tool_result"):
    """What a tool gave back.

    Attributes:
        content: Its text.
        id: Of the call. ``name``: Of the tool, where it is said.
    """

    content: str
    id: str = ""
    name: str = ""


class Interleaved(msgspec.Struct, frozen=True, kw_only=True):
    """A text with pictures at their places, as the value of a field.

    Attributes:
        pieces: Texts and pictures (or sounds) in their order.
    """

    pieces: list[Text | Image | Audio | Video]

    @property
    def images(self) -> list[Image]:
        """The pictures, in their order."""
        return [one for one in self.pieces if isinstance(one, Image)]


Part = Text | Image | Audio | Video | Array | ToolCall | ToolResult

TOOLS: frozenset[str] = frozenset({"tool_call", "tool_result"})
"""Kinds of parts by which a model and its tools talk."""
Medium = Image | Audio | Video
"""A part whose bytes are in the store."""
MEDIA: frozenset[str] = frozenset({"image", "audio", "video"})
"""Kinds of parts whose bytes are in the store."""


def typed(part: Part) -> dict[str, Any]:
    """Return a part as it stands in a prompt and in a record."""
    return msgspec.to_builtins(part)  # type: ignore[no-any-return]


def is_text(prompt: Prompt) -> bool:
    """Whether a prompt has no parts, as most have none: asked of every request, so without a generator."""
    if isinstance(prompt, str):
        return True
    for message in prompt:  # noqa: SIM110 - a third of the time of all()
        if isinstance(message.get("content"), list):
            return False
    return True


def parts_in(prompt: Prompt) -> Iterator[Mapping[str, Any]]:
    """Yield the parts of all messages whose content is a list; texts have none."""
    for message in () if isinstance(prompt, str) else prompt:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if isinstance(part, Mapping):
                yield part


def media_in(prompt: Prompt) -> list[str]:
    """Return the hashes of the media to which a prompt refers, in order of first use."""
    found = (part.get("sha256") for part in parts_in(prompt) if part.get("type") in MEDIA)
    return list(dict.fromkeys(sha256 for sha256 in found if isinstance(sha256, str)))


def images_in(parts: Sequence[Mapping[str, Any]]) -> list[Image]:
    """Return the images among the parts of a record."""
    kinds = (part for part in parts if part.get("type") == "image" and isinstance(part.get("sha256"), str))
    return [Image(sha256=part["sha256"], media_type=str(part.get("media_type", ""))) for part in kinds]


def tool_part(part: Mapping[str, Any]) -> ToolCall | ToolResult:
    """Return a typed tool part of a prompt.

    Raises:
        ValueError: A key is missing, unknown, or of another kind.
    """
    return msgspec.convert(part, ToolCall | ToolResult)


def arguments_of(call: ToolCall) -> str:
    """Return a call's arguments as the text that a model writes: JSON."""
    return call.arguments if isinstance(call.arguments, str) else msgspec.json.encode(call.arguments).decode()


def in_words(prompt: Prompt) -> str:
    """Return a prompt as people are shown it: its texts, and a word for each part that is none."""
    if isinstance(prompt, str):
        return prompt
    return "\n".join("\n".join(_words(message.get("content"))) for message in prompt)


_PER_CHARACTER = 1 / 4
_PER_OTHER_CHARACTER = 1 / 1.5
_PER_MESSAGE = 4


def rough_tokens(prompt: Prompt) -> float:
    """Return about how many tokens a prompt has: 4 ASCII characters each, 1.5 of other scripts, 4 more a message."""
    text = prompt if isinstance(prompt, str) else in_words(prompt)
    ascii_only = len(text.encode("ascii", "ignore"))
    messages = 1 if isinstance(prompt, str) else len(prompt)
    return ascii_only * _PER_CHARACTER + (len(text) - ascii_only) * _PER_OTHER_CHARACTER + messages * _PER_MESSAGE


def _words(content: Any) -> Iterator[str]:
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, Mapping):
            text, kind = part.get("text"), part.get("type", "part")
            yield text if isinstance(text, str) else f"[{kind} {str(part.get('sha256', ''))[:12]}]".replace(" ]", "]")
        else:
            yield str(part or "")


def transcript_of(messages: Sequence[Message]) -> str:
    """Return a conversation, tool calls and tool results included, as blocks of text in their order.

    This is the one way in which a transcript is shown to a judge::

        [user]
        What is the weather in Oslo?

        [assistant calls the tool get_weather, call c1]
        {"city":"Oslo"}

        [the tool get_weather answers call c1]
        4 degrees, rain

        [assistant]
        It is 4 degrees and raining.

    Both forms are taken: typed parts in ``content``, and OpenAI's ``tool_calls`` and messages of the role ``tool``.

    Args:
        messages: ``role``, ``content`` and, from an assistant, ``tool_calls``.

    Raises:
        ValueError: A message is not of this form; says which, and what it holds.
    """
    blocks: list[str] = []
    names: dict[str, str] = {}
    for number, message in enumerate(messages):
        try:
            blocks += [_block(str(message.get("role", "user")), part, names) for part in message_parts(message)]
        except (msgspec.ValidationError, AttributeError, TypeError) as error:
            raise ValueError(f"message {number} is no message of a transcript ({error})") from None
    return "\n\n".join(blocks)


def message_parts(message: Message) -> Iterator[Part]:
    """Yield the parts of one message; both forms are taken (see ``transcript_of``).

    Raises:
        msgspec.ValidationError, AttributeError, TypeError: The message is not of either form.
    """
    content = message.get("content")
    if message.get("role") == "tool":
        said = content if isinstance(content, str) else "".join(_texts(content))
        yield ToolResult(content=said, id=message.get("tool_call_id") or "", name=message.get("name") or "")
        return
    if isinstance(content, str):
        if content:
            yield Text(text=content)
    else:
        yield from (msgspec.convert(part, Part) for part in content or ())
    for call in message.get("tool_calls") or ():
        called = call["function"] if isinstance(call, dict) and isinstance(call.get("function"), dict) else {}
        yield msgspec.convert(
            {"type": "tool_call", **{key: called[key] for key in ("name", "arguments") if key in called}}
            | {"id": call.get("id") or ""},
            ToolCall,
        )


def _texts(content: Any) -> Iterator[str]:
    for part in content or ():
        if not (isinstance(part, dict) and isinstance(part.get("text"), str)):
            raise TypeError("the result of a tool holds a part that is no text")
        yield part["text"]


def _block(role: str, part: Part, names: dict[str, str]) -> str:
    if isinstance(part, Text):
        return f"[{role}]\n{part.text}"
    if isinstance(part, ToolCall):
        if part.id:
            names[part.id] = part.name
        return f"[{role} calls the tool {part.name}{_call(part.id)}]\n{arguments_of(part)}"
    if isinstance(part, ToolResult):
        name = part.name or names.get(part.id, "")
        return f"[the tool{f' {name}' if name else ''} answers{_call(part.id).replace(',', '', 1)}]\n{part.content}"
    raise TypeError(f"a part of type {typed(part)['type']!r} cannot be shown as text")


def _call(identifier: str) -> str:
    return f", call {identifier}" if identifier else ""
