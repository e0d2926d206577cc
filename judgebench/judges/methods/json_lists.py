"""The last JSON list in a reply, with or without a code fence and text around it."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from judgebench.judges.parsers.reading import answer_part
from judgebench.records.flow import Reply

_TRIES = 64
"""Most places at which a list may be tried to begin; bounds the time on hostile text."""
_OPENING = re.compile(r"\[\s{0,50}[\[{\"\d\-tfn\]]")


class ListFound(NamedTuple):
    """A list and where it stands in the reply."""

    values: list[Any]
    span: tuple[int, int]


def last_list(reply: Reply) -> ListFound | None:
    """Return the last JSON list of a reply that is not inside another one; ``None`` where there is none.

    A list that is opened after it and never closed hides it: a reply that was cut off states nothing. Nor does one with
    more places at which a list may begin than are tried, as the last of them is then not known.
    """
    text, offset = answer_part(reply.text)
    if not text:
        return None
    decoder = json.JSONDecoder()
    at, found, tried = 0, None, 0
    while (match := _OPENING.search(text, at)) is not None:
        if tried == _TRIES:
            return None
        tried += 1
        try:
            values, end = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):  # a ValueError also where a number has more digits than Python reads
            if text.find("]", match.start()) < 0 or text[match.start() :].lstrip("[ \n\t").startswith("{"):
                found = None
            at = match.end()
            continue
        found = ListFound(values, (offset + match.start(), offset + end))
        at = end
    return found
