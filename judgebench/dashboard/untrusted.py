"""Makes text safe to show: what a model or a service wrote must not steer the terminal."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_BREAKS = re.compile("[\r\n\t\v\f\u0085\u2028\u2029 ]+")


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
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
