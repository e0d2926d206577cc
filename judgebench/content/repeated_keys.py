"""Keys that a JSON object has twice: readers take the last one, and the other is lost without a word."""

from __future__ import annotations

import json
from typing import Any

from judgebench.errors import DAMAGED


def repeated_key(text: bytes, keys: int = -1) -> str | None:
    """Return a key that an object of a JSON text has twice, of which readers silently take the last.

    Args:
        text: Valid JSON.
        keys: How many keys the objects that were read from it have; -1 where that is not known. Where the text has no
            more, none was lost, and it is not read again.
    """
    if text.count(b'":') == keys and b'" :' not in text and b'"\t:' not in text:
        return None
    try:
        json.loads(text, object_pairs_hook=_once_each)
    except _RepeatedKeyError as error:
        return error.key
    except DAMAGED:  # whoever reads the text says what is wrong with it
        return None
    return None


class _RepeatedKeyError(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _once_each(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) != len(dict(pairs)):
        names = [name for name, _ in pairs]
        raise _RepeatedKeyError(next(name for name in names if names.count(name) > 1))
