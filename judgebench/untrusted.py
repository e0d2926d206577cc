"""Makes text safe to show: what a model or a service wrote must not steer the terminal."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U0001fffe\U0001ffff\U000ffffe-\U0010ffff]"
)
_BREAKS = re.compile("[\r\n\t\v\f\u0085\u00a0\u2028\u2029 ]+")


def visible(text: str) -> str:
    r"""Return ``text`` with control, bidirectional and other invisible characters written as escapes (``\x1b``).

    Line breaks and tabs stay.
    """
    return _UNSAFE.sub(_escape, text)


def one_line(text: str, *, limit: int = 0) -> str:
    """Return ``text`` as one visible line; ``limit`` characters at most, the cut marked, when it is not 0."""
    line = visible(_BREAKS.sub(" ", text).strip())
    return f"{line[: limit - 1]}…" if limit and len(line) > limit else line


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
