"""Between bytes on the wire and values: JSON both ways, and text that is safe to store.

Text that comes from a service is untrusted: lone surrogates (which UTF-8 cannot hold) and NUL become U+FFFD.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

_UNSAFE = re.compile("[\x00\ud800-\udfff]")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def clean(text: str) -> str:
    """Return the text with NUL and lone surrogates replaced by U+FFFD."""
    return _UNSAFE.sub("�", text)


def encode(body: Any) -> bytes:
    """Return a request body as JSON; lone surrogates in it are replaced."""
    try:
        return _encode(body)
    except UnicodeEncodeError:
        return _encode(_clean_deep(msgspec.to_builtins(body)))


def decode(body: bytes | str) -> Any:
    """Return the decoded JSON with clean text.

    Raises:
        ValueError: The body is no JSON.
    """
    try:
        return _decoded(body)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def _decoded(body: bytes | str) -> Any:
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_leniently(body)
    marker: Any = "\\u0000" if isinstance(body, str) else b"\\u0000"
    return _clean_deep(value) if marker in body else value


def _decode_leniently(body: bytes | str) -> Any:
    """Decode what the fast decoder refuses and services do send.

    That is a byte order mark, lone surrogates, bad UTF-8, NaN and Infinity.
    """
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    return _clean_deep(json.loads(text.removeprefix("\ufeff")))


def _clean_deep(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean_deep(item) for item in value]
    if isinstance(value, dict):
        return {clean(name) if isinstance(name, str) else name: _clean_deep(item) for name, item in value.items()}
    return value
