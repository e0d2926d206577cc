"""An order of several answers, as letters from the best to the worst: ``[[C, A, B]]`` or ``CAB``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_uppercase
from typing import ClassVar, NamedTuple

import msgspec

from judgebench.judges.parsers.json_field import JsonField
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, answer_part, silent, unparsed
from judgebench.records.flow import Reply

_BRACKETED = re.compile(r"\[\[([A-Z\s,>;]{2,60})\]\]|((?:\[[A-Z]\][\s,>;]{0,3}){2,26})|\[([A-Z\s,>;]{2,60})\]")


class LetterOrder(ConfiguredParser):
    """Reads the order of answers in brackets, in a JSON field, or in a reply that is nothing else.

    ``decision`` is the order as letters without anything between them. Different orders in one reply, and an order that
    names an answer twice, leave it unparsed; whether it names all answers is for the one to say who knows them.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="letter_order", ...)``.

        Attributes:
            field: Field of a JSON object that holds the order as a text.
        """

        field: str = "judgement"

    reads_text_only: ClassVar[bool] = True
    config: Config

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._field = JsonField(JsonField.Config(field=config.field))

    def read(self, reply: Reply) -> Reading:
        """Read the order; see the class."""
        text, offset = answer_part(reply.text)
        if text is None or not text.strip():
            return silent(reply)
        found = list(self._orders(text))
        if not found:
            return unparsed("the reply states no order of the answers")
        if len({one.letters for one in found}) > 1:
            return unparsed("the reply states different orders")
        order = found[-1]
        if len(set(order.letters)) < len(order.letters):
            return unparsed(f"the order {order.letters[:30]} names an answer twice")
        return Reading(status="ok", decision=order.letters, span=(offset + order.start, offset + order.end))

    def _orders(self, text: str) -> Iterator[_StatedOrder]:
        fields = self._field.objects(text) or []
        for one in fields:
            if isinstance(one.value, str) and (letters := _letters(one.value)):
                yield _StatedOrder(letters, one.start, one.end)
        if fields:
            return
        whole = text.strip()
        if letters := _letters(whole):
            start = text.index(whole)
            yield _StatedOrder(letters, start, start + len(whole))
            return
        for match in _BRACKETED.finditer(text):
            yield _StatedOrder(_letters(match[0]), *match.span())


class _StatedOrder(NamedTuple):
    letters: str
    start: int
    end: int


def _letters(text: str) -> str:
    """Return the letters of an order, or nothing where the text is more than that."""
    bare = re.sub(r"[\s,>;\[\]\"']", "", text)
    return bare if len(bare) <= len(ascii_uppercase) and bare and set(bare) <= set(ascii_uppercase) else ""
