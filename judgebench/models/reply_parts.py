"""What a reply holds beside its text: tool calls, and media whose bytes the service sent along.

Bytes are taken out of a reply before anything records it, and the record refers to them. Only bytes are: a path or an
address that stands in a reply is a text that a model wrote, and is never opened.

======================================================  ==========================================================
what the service sent                                   what it becomes
======================================================  ==========================================================
``tool_calls`` (whole or in pieces), ``function_call``  parts of the type ``tool_call``; calls without a name stay
                                                        as they came, in ``extra``
a data URI, wherever it stands outside of the text      a part of the type ``image``, ``audio`` or ``video``
``audio`` with ``data`` (whole or in pieces)            a part of the type ``audio``
an object with ``data`` and its ``media_type``, or      a part of the type that it says, else what the bytes say
``b64_json``
======================================================  ==========================================================
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from judgebench.content.image_files import image_type
from judgebench.content.parts import MEDIA, Audio, Image, ToolCall, Video, typed

_DATA_URI = re.compile(r"data:(image|audio|video)/([\w.+-]+)(?:;[\w=.+-]+)*;base64,", re.IGNORECASE)
_KINDS: dict[str, type[Image] | type[Audio] | type[Video]] = {"image": Image, "audio": Audio, "video": Video}
_SOUNDS = {b"RIFF": "audio/wav", b"ID3": "audio/mpeg", b"OggS": "audio/ogg", b"fLaC": "audio/flac"}
_UNKNOWN = "application/octet-stream"
_TYPE_KEYS = ("media_type", "mime_type", "mimeType")
_FORMATS = frozenset({"wav", "mp3", "flac", "opus", "aac", "ogg", "pcm16"})
_BESIDE_BYTES = frozenset({"type", "index", "id", "detail", "format", *_TYPE_KEYS})
_URL_SAFE = str.maketrans("-_", "+/")
_DEEPEST = 64
"""Levels of an object in which bytes are looked for; services have four."""
_GROWING = frozenset({"arguments", "data", "transcript"})
"""Texts of an object that a stream cuts in pieces; others (ids, names) are said whole, maybe again and again."""


class Parted(NamedTuple):
    """What was beside the text of a reply.

    Attributes:
        parts: Typed parts: tool calls and references to media.
        media: The bytes of those media by their SHA-256.
        extra: All else; where bytes stood in it, the reference to them stands.
    """

    parts: list[dict[str, Any]]
    media: dict[str, bytes]
    extra: dict[str, Any]


def parted(extra: Mapping[str, Any], content: Sequence[Any] = ()) -> Parted:
    """Return what stood beside a text as typed parts, and the rest of it.

    Args:
        extra: What a service returned with a choice, without its text.
        content: Parts of the message's content that are no texts.
    """
    found = Parted([], {}, {})
    kept = [_without_bytes(part, found) for part in content]
    for name, value in extra.items():
        if (calls := _calls(name, value)) is not None:
            found.parts.extend(calls)
        elif name == "audio" and isinstance(value, dict):
            found.extra[name] = _sound(value, found)
        else:
            found.extra[name] = _without_bytes(value, found)
    images = found.extra.get("images")
    if isinstance(images, list) and not (rest := [one for one in images if not _is_reference(one)]):
        del found.extra["images"]
    elif isinstance(images, list):
        found.extra["images"] = rest
    if rest := [one for one in kept if not _is_reference(one)]:
        found.extra["content"] = rest
    return found


def with_next(before: Any, more: Any) -> Any:
    """Return what a stream says of a choice, with its next piece: lists and the texts that come in pieces grow."""
    if isinstance(before, list) and isinstance(more, list):
        return before + more
    if isinstance(before, dict) and isinstance(more, dict):
        grown = {key: _longer(before.get(key), value) for key, value in more.items() if key in _GROWING}
        return {**before, **more, **grown}
    return more


def _longer(before: Any, more: Any) -> Any:
    return before + more if isinstance(before, str) and isinstance(more, str) else more or before


def _calls(name: str, value: Any) -> list[dict[str, Any]] | None:
    """Return tool calls as parts; ``None`` for what is none, or has a form of its own."""
    if name == "function_call":
        value = [{"function": value}]
    elif name != "tool_calls":
        return None
    whole: list[dict[str, Any]] = []
    for piece in value if isinstance(value, list) else [None]:
        called = _called(piece)
        if called is None:
            return None
        last = next((one for one in reversed(whole) if one["index"] == called["index"]), None)
        if last is None or called["index"] is None or called["id"] not in ("", last["id"]):
            whole.append(called)
        else:
            last["name"] = last["name"] or called["name"]
            last["arguments"] = _longer(last["arguments"], called["arguments"])
    if not all(one["name"] for one in whole):
        return None
    return [typed(ToolCall(name=one["name"], arguments=one["arguments"], id=one["id"])) for one in whole]


def _called(piece: Any) -> dict[str, Any] | None:
    function = (piece.get("function") or piece.get("custom")) if isinstance(piece, dict) else None
    if not isinstance(function, dict):
        return None
    name, arguments = function.get("name") or "", function.get("arguments", function.get("input"))
    identifier = piece.get("id") or ""
    if not isinstance(name, str) or not isinstance(identifier, str):
        return None
    arguments = "" if arguments is None else arguments
    return {"index": piece.get("index"), "id": identifier, "name": name, "arguments": arguments}


def _stated_type(value: Mapping[str, Any], key: str) -> str:
    """Return the type that an object says its bytes to be of; OpenAI's sounds have but a format."""
    stated = next((value[name] for name in _TYPE_KEYS if isinstance(value.get(name), str)), "").lower()
    named = value.get("format")
    if not stated and isinstance(named, str) and named in _FORMATS:
        return f"audio/{named}"
    return stated or ("image/" if key == "b64_json" else "")


def _sound(value: dict[str, Any], found: Parted) -> dict[str, Any]:
    """Return a message's ``audio`` with a reference in the place of its bytes; only the request said their format."""
    data = _decoded(value["data"]) if isinstance(value.get("data"), str) else None
    rest = {key: _without_bytes(one, found) for key, one in value.items() if key != "data"}
    if not data:
        return {**rest, "data": value["data"]} if "data" in value else rest
    media_type = next((kind for start, kind in _SOUNDS.items() if data.startswith(start)), _UNKNOWN)
    return {**rest, "data": _kept("audio", media_type, data, found)}


def _without_bytes(value: Any, found: Parted, level: int = 0) -> Any:
    """Return a value in which references stand in the place of bytes; those become parts."""
    if isinstance(value, str):
        return _reference(value, found) or value
    if level > _DEEPEST:
        return value
    if isinstance(value, list):
        return [_without_bytes(one, found, level + 1) for one in value]
    if not isinstance(value, dict):
        return value
    held = _held(value, found)
    return {key: held.get(key) or _without_bytes(one, found, level + 1) for key, one in value.items()}


def _reference(text: str, found: Parted) -> dict[str, Any] | None:
    match = _DATA_URI.match(text)
    data = _decoded(text[match.end() :]) if match else None
    if match is None or not data:
        return None
    kind = match[1].lower()
    return _kept(kind, image_type(data) or f"{kind}/{match[2].lower()}", data, found)


def _held(value: dict[str, Any], found: Parted) -> dict[str, Any]:
    """Return references by the keys of an object under which bytes stand as base64 text alone."""
    held: dict[str, Any] = {}
    for key in ("data", "b64_json"):
        kind, _, stated = _stated_type(value, key).partition("/")
        data = _decoded(value[key]) if kind in _KINDS and isinstance(value.get(key), str) else None
        if data and (stated or image_type(data)):
            held[key] = _kept(kind, image_type(data) or f"{kind}/{stated}", data, found)
    return held


def _kept(kind: str, media_type: str, data: bytes, found: Parted) -> dict[str, Any]:
    sha256 = hashlib.sha256(data).hexdigest()
    part = typed(_KINDS[kind](sha256=sha256, media_type=media_type))
    if sha256 not in found.media:
        found.media[sha256] = data
        found.parts.append(part)
    return part


def _decoded(text: str) -> bytes | None:
    """Return the bytes of base64 text, also of pieces that were encoded one by one; ``None`` for any other text."""
    pieces = re.findall("[^=]+", "".join(text.split()).translate(_URL_SAFE))
    try:
        return b"".join(base64.b64decode(one + "=" * (-len(one) % 4), validate=True) for one in pieces) or None
    except (binascii.Error, ValueError):
        return None


def _is_reference(value: Any) -> bool:
    """Whether a part of a message says nothing but where media are, and what kind they are."""
    if not isinstance(value, dict):
        return False
    if "sha256" in value and str(value.get("type")) in MEDIA:
        return True
    inner = [one for key, one in value.items() if key not in _BESIDE_BYTES]
    return bool(inner) and all(_is_reference(one) for one in inner)
