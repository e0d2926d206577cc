"""From a sample to the prompt that is sent: template, worked examples, and the form that the service takes.

A template names fields as ``{field}``. Only the fields that it declares are replaced, all in one pass: text that comes
from data or from a model may hold ``{answer}``, ``{{ }}`` or ``%s`` and stays as it is. ``{{`` and ``}}`` in a template
stand for single braces. Chat services take messages, completion services one text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

import msgspec

from judgebench.content.parts import Audio, Image, Interleaved, Medium, Text, Video, tool_part, typed
from judgebench.errors import ConfigError
from judgebench.records.flow import Message, Prompt, Sample
from judgebench.records.run import CONVERSATION_ROLE, DatasetConfig


def fit(prompt: Prompt, kind: Literal["chat", "text"]) -> Prompt:
    """Return the prompt as the service takes it.

    A text becomes one user message; messages become their contents, one paragraph each, without role names (a base
    model has no roles). Whoever records what was asked records the fitted prompt.

    Raises:
        ConfigError: A message holds an image, or another part that is no text, and the service takes text alone.
    """
    if kind == "chat":
        return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    return prompt if isinstance(prompt, str) else "\n\n".join(_text(message) for message in prompt)


def _text(message: Message) -> str:
    content = message.get("content")
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    for part in content:
        if not (isinstance(part, dict) and isinstance(part.get("text"), str)):
            kind = part.get("type", "unknown") if isinstance(part, dict) else type(part).__name__
            raise ConfigError(
                f"A prompt holds a part of type {kind!r}, and the model takes text alone.",
                hint="Take a model type that takes messages, such as VLLMCustomAPIChat, or leave the part out.",
            )
    return "".join(part["text"] for part in content)


_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([A-Za-z_]\w*)\}")


def fields_of(template: Prompt) -> list[str]:
    """Return the names of the fields that a template declares, in order of first use."""
    texts = [template] if isinstance(template, str) else [text for message in template for text in _filled(message)]
    return list(dict.fromkeys(match[1] for text in texts for match in _PLACEHOLDER.finditer(text) if match[1]))


class MissingFieldError(ConfigError):
    """A template names a field that there is none of.

    Attributes:
        field: The field.
    """

    def __init__(self, message: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


def fill(template: str, fields: Mapping[str, Any], *, where: str = "prompt") -> str:
    """Return the template with its placeholders replaced by the fields' values, in one pass.

    Raises:
        ConfigError: The template names a field that does not exist.
    """
    if (filled := _filled_with_texts(template, fields)) is not None:
        return filled
    texts, names, _ = _pieces(template)
    found = [texts[0]]
    for name, text in zip(names, texts[1:], strict=True):
        if name not in fields:
            have = ", ".join(sorted(fields)) or "none"
            raise MissingFieldError(
                f"{where} names the field {{{name}}}, which does not exist (fields: {have}).",
                hint=f"Write {{{{{name}}}}} if the braces are meant as text.",
                field=name,
            )
        value = fields[name]
        if not isinstance(value, str):
            if isinstance(value, Interleaved):
                raise ConfigError(
                    f"{where} names the field {{{name}}}, which has images in it, where a text stands alone.",
                    hint="Show it in a message: a method that writes its own texts cannot show images.",
                )
            if is_medium(value):
                kind = typed(as_media(value)[0])["type"]
                raise ConfigError(
                    f"{where} names the field {{{name}}}, which is {_IN_WORDS[kind]}, in a text.",
                    hint=f'Show it in a part of its own: {{"type": "{kind}", "{kind}": "{{{name}}}"}}.',
                )
            value = as_text(value)
        found.append(value)
        found.append(text)
    return "".join(found)


_IN_WORDS = {"image": "an image", "audio": "a sound", "video": "a video"}


def is_medium(value: Any, kind: type | tuple[type, ...] = (Image, Audio, Video)) -> bool:
    """Whether a field is an image (or a sound, a video), or a list of them."""
    return isinstance(value, kind) or (isinstance(value, list) and bool(value) and isinstance(value[0], kind))


def as_media(value: Any) -> list[Any]:
    """Return what a field holds for which ``is_medium`` is true."""
    return list(value) if isinstance(value, list) else [value]


def fill_in(template: str, fields: Mapping[str, Any], *, where: str = "prompt") -> str | Interleaved:
    """Return the template with its placeholders replaced, as ``fill`` does; images stand at their places.

    Raises:
        ConfigError: The template names a field that does not exist.
    """
    if (filled := _filled_with_texts(template, fields)) is not None:
        return filled
    texts, names, _ = _pieces(template)
    if not any(isinstance(value := fields.get(name), Interleaved) or is_medium(value) for name in names):
        return fill(template, fields, where=where)
    pieces: list[Text | Medium] = [Text(text=texts[0])]
    for name, text in zip(names, texts[1:], strict=True):
        value = fields.get(name)
        if isinstance(value, Interleaved):
            pieces += value.pieces
        elif is_medium(value):
            pieces += as_media(value)
        else:
            pieces.append(Text(text=fill(f"{{{name}}}", fields, where=where)))
        pieces.append(Text(text=text))
    return Interleaved(pieces=_merged(pieces))


def _merged(pieces: list[Text | Medium]) -> list[Text | Medium]:
    """Return pieces with the texts that follow each other in one, and without empty ones."""
    merged: list[Text | Medium] = []
    for piece in pieces:
        if isinstance(piece, Text) and merged and isinstance(merged[-1], Text):
            merged[-1] = Text(text=merged[-1].text + piece.text)
        elif not isinstance(piece, Text) or piece.text:
            merged.append(piece)
    return merged


def render(template: Prompt, fields: Mapping[str, Any], *, where: str = "prompt") -> Prompt:
    """Return messages or a text with every placeholder filled in.

    Raises:
        ConfigError: The template names a field that does not exist.
    """
    if isinstance(template, str):
        return fill(template, fields, where=where)
    return [one for message in template for one in _render_messages(message, fields, where)]


def as_text(value: Any) -> str:
    """Return a field's value as it stands in a prompt: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _filled_with_texts(template: str, fields: Mapping[str, Any]) -> str | None:
    """Return the filled template where every field that it names is a text, as nearly always; else ``None``.

    A prompt is rendered for every answer at each stage, so this is worth a way of its own.
    """
    _, names, form = _pieces(template)
    values = tuple([fields.get(name) for name in names])
    for value in values:
        if value.__class__ is not str:
            return None
    return form % values


@lru_cache(maxsize=1024)
def _pieces(template: str) -> tuple[list[str], list[str], str]:
    """Return the texts of a template, braces single, the names of the fields between them, and a form with ``%s``."""
    texts, names, at = [""], [], 0
    for match in _PLACEHOLDER.finditer(template):
        texts[-1] += template[at : match.start()]
        at = match.end()
        if match[1] is None:
            texts[-1] += match[0][0]
        else:
            names.append(match[1])
            texts.append("")
    texts[-1] += template[at:]
    return texts, names, "%s".join(text.replace("%", "%%") for text in texts)


def _filled(message: Message) -> list[str]:
    """Return what placeholders are looked for in: the texts of a message, and what its image parts name."""
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    parts = [part for part in content or [] if isinstance(part, dict)]
    return [text for part in parts for text in _filled_in(part)]


def _filled_in(part: dict[str, Any]) -> list[str]:
    if isinstance(part.get("text"), str):
        return [part["text"]]
    if (key := _tool_text(part)) is not None:
        return [part[key]]
    return [f"{{{name}}}"] if (name := _image_named(part)) else []


def _render_messages(message: Message, fields: Mapping[str, Any], where: str) -> list[Message]:
    if message.get("role") != CONVERSATION_ROLE:
        return [_render_message(message, fields, where)]
    named = _PLACEHOLDER.fullmatch(str(message.get("content")))
    held = fields.get(named[1] or "") if named else None
    if not isinstance(held, list) or not all(isinstance(one, dict) and "role" in one for one in held):
        raise ConfigError(
            f"{where}: a message of the role {CONVERSATION_ROLE!r} must name one field that holds a list of messages, "
            f"not {message.get('content')!r:.60}.",
            hint='Write dict(role="conversation", content="{messages}") and read the rows by ConversationRows.',
        )
    return [dict(one) for one in held]


def _render_message(message: Message, fields: Mapping[str, Any], where: str) -> Message:
    content = message.get("content")
    if isinstance(content, str):
        filled = fill_in(content, fields, where=where)
        shown = [typed(piece) for piece in filled.pieces] if isinstance(filled, Interleaved) else filled
        return {**message, "content": shown}
    return {**message, "content": [one for part in content or [] for one in _render_part(part, fields, where)]}


def _render_part(part: Any, fields: Mapping[str, Any], where: str) -> list[Any]:
    """Return what a part becomes: one part, or as many as it has images."""
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        filled = fill_in(part["text"], fields, where=where)
        if isinstance(filled, Interleaved):
            return [typed(piece) for piece in filled.pieces]
        return [{**part, "text": filled}]
    if (key := _tool_text(part)) is not None:
        return [_checked_tool({**part, key: fill(part[key], fields, where=where)}, where)]
    if name := _image_named(part):
        return _image_parts(part, name, fields, where)
    for text in _strings(part):
        if name := next((match[1] for match in _PLACEHOLDER.finditer(text) if match[1]), ""):
            kind = part.get("type", "unknown") if isinstance(part, dict) else type(part).__name__
            raise ConfigError(
                f"{where} names the field {{{name}}} in a part of type {kind!r}, and only texts, images and "
                "tool parts are filled in.",
                hint="Write the address itself, or leave the part out.",
            )
    return [part]


def _tool_text(part: Any) -> str | None:
    """Return the key whose text is filled in, in a part that is a tool call or a tool result."""
    if not isinstance(part, dict):
        return None
    key = {"tool_call": "arguments", "tool_result": "content"}.get(part.get("type", ""))
    return key if key and isinstance(part.get(key), str) else None


def _checked_tool(part: dict[str, Any], where: str) -> dict[str, Any]:
    try:
        return typed(tool_part(part))
    except ValueError as error:
        raise ConfigError(
            f"{where} holds a part of type {part['type']!r} that is not as it must be ({error}).",
            hint="A call has name, arguments and id; a result has content, id and name.",
        ) from None


_SHOWING = {"image": Image, "image_url": Image, "audio": Audio, "video": Video}
"""What the field of a part must be, by the part's type."""


def _image_named(part: Any) -> str:
    """Return the field that a part shows: ``{"type": "image", "image": "{field}"}`` or OpenAI's; sounds likewise."""
    if not isinstance(part, dict) or part.get("type") not in _SHOWING:
        return ""
    named = part.get(part["type"])
    named = named.get("url") if isinstance(named, dict) else named
    match = _PLACEHOLDER.fullmatch(named) if isinstance(named, str) else None
    return (match[1] or "") if match else ""


def _image_parts(part: dict[str, Any], name: str, fields: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    if name not in fields:
        have = ", ".join(sorted(fields)) or "none"
        said = f"{where} names the field {{{name}}}, which does not exist (fields: {have})."
        raise MissingFieldError(said, field=name)
    value = fields[name]
    images = value.images if isinstance(value, Interleaved) else value if isinstance(value, list) else [value]
    wanted = _SHOWING[part["type"]]
    if not all(isinstance(image, wanted) for image in images):
        kind = wanted.__name__.lower()
        raise ConfigError(
            f"{where} names the field {{{name}}} in a part of type {part['type']!r}, and that field is no {kind}.",
            hint=f'Say which columns hold such: {kind}_columns=["{name}"] in the dataset\'s config.',
        )
    given = part.get("image_url")
    detail = given.get("detail") if isinstance(given, dict) else part.get("detail")
    return [{**typed(image), "detail": detail} if detail else typed(image) for image in images]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


PromptKind = Literal["chat", "text"]


def prompt_for(dataset: DatasetConfig, sample: Sample, kind: PromptKind) -> Prompt:
    """Return the prompt of a sample in the form that the model takes.

    Worked examples go before the question: as earlier turns for chat models, as text for completion models.

    Raises:
        ConfigError: The template names a field that the dataset does not have.
    """
    where = f"datasets.{dataset.abbr}.prompt"
    question = render(dataset.prompt, sample.fields, where=where)
    shots: list[tuple[Prompt, str]] = []
    if dataset.few_shot is not None:
        for number, example in enumerate(dataset.few_shot.examples):
            place = f"datasets.{dataset.abbr}.few_shot.examples[{number}]"
            answer = fill(dataset.few_shot.answer, example, where=place)
            shots.append((render(dataset.prompt, example, where=place), answer))
    return _as_chat(question, shots) if kind == "chat" else _as_text(question, shots)


def _as_chat(question: Prompt, shots: list[tuple[Prompt, str]]) -> list[Message]:
    question_messages = _messages(question)
    lead = [message for message in question_messages if message.get("role") == "system"]
    turns: list[Message] = []
    for example, answer in shots:
        turns += [message for message in _messages(example) if message.get("role") != "system"]
        turns.append({"role": "assistant", "content": answer})
    return lead + turns + [message for message in question_messages if message.get("role") != "system"]


def _as_text(question: Prompt, shots: list[tuple[Prompt, str]]) -> str:
    blocks = [f"{_as_one_text(example).rstrip(' ')} {answer}" for example, answer in shots]
    return "\n\n".join([*blocks, _as_one_text(question)])


def _messages(prompt: Prompt) -> list[Message]:
    fitted = fit(prompt, "chat")
    assert isinstance(fitted, list)
    return fitted


def _as_one_text(prompt: Prompt) -> str:
    fitted = fit(prompt, "text")
    assert isinstance(fitted, str)
    return fitted
