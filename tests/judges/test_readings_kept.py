"""A reading is kept for an equal text only where nothing but the text decides it: no verdict depends on the order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from judgebench.judges.core.contract import Case, method_of
from judgebench.judges.core.declared import reads_text_only
from judgebench.judges.parsers.anchored import Anchored
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, parser_of
from judgebench.records.flow import Prompt, Reply, Verdict
from judgebench.records.run import Typed


class Reasoned(ConfiguredParser):
    """Reads the reasoning, as a parser of one's own may."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        pass

    def read(self, reply: Reply) -> Reading:
        return Reading(status="ok", decision=reply.reasoning or "none")


class Extra(Anchored):
    """Made from a parser that reads text only, but reads more."""

    def read(self, reply: Reply) -> Reading:
        return Reading(status="ok", decision=str((reply.extra or {}).get("form")))


FORMS = {
    "type": "chosen_by",
    "field": "form",
    "parsers": {"choice": {"type": "anchored", "decisions": {"1": "A", "2": "B"}}, "rating": "trailing_int"},
}
ROWS = [
    Reply(status="ok", text="1", extra={"form": "choice"}, reasoning="first"),
    Reply(status="ok", text="1", extra={"form": "rating"}, reasoning="second"),
]


def verdicts(parser: Any, order: Sequence[int]) -> dict[int, Verdict]:
    """Judge the two items by one method, in an order."""
    options = {
        "presentations": [{"prompt": "?"}],
        "parser": parser,
        "aggregate": {"type": "first", "unread": "unparsed"},
    }
    method = method_of(Typed(type="DeclaredJudge", options=options))

    async def answered(number: int) -> Verdict:
        async def ask(_prompt: Prompt, *, presentation: str = "", **_params: Any) -> Reply:
            return ROWS[number]

        item = Case(id=number, uid=f"{number:016}", repeat=0, fields={}, reference="4", answer="4")
        return await method.judge(item, ask)

    async def all_of_them() -> dict[int, Verdict]:
        return {number: await answered(number) for number in order}

    return asyncio.run(all_of_them())


@pytest.mark.parametrize(
    "parser",
    [
        FORMS,
        {"type": "first_readable", "parsers": [FORMS]},
        f"{__name__}.Reasoned",
        {"type": f"{__name__}.Extra", "decisions": {"1": "A"}},
    ],
)
def test_the_order_of_items_decides_no_verdict(parser: Any) -> None:
    one, other = verdicts(parser, (0, 1)), verdicts(parser, (1, 0))
    assert one == other
    assert (one[0].decision, one[0].score) != (one[1].decision, one[1].score)


def test_only_a_class_that_says_so_itself_reads_text_only() -> None:
    assert reads_text_only(parser_of({"type": "anchored", "decisions": {"A": "A", "B": "B"}}))
    assert not reads_text_only(parser_of({"type": f"{__name__}.Extra", "decisions": {"1": "A"}}))
    assert not reads_text_only(parser_of(f"{__name__}.Reasoned"))
    assert not reads_text_only(parser_of(FORMS))
