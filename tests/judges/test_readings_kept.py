"""A reading is kept for an equal text only where nothing but the text decides it: no verdict depends on the order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from judgebench.config.schema import Typed
from judgebench.judges.asking import JudgeItem
from judgebench.judges.grammars.anchored import Anchored
from judgebench.judges.grammars.reading import ConfiguredGrammar, Reading, reads_text_only
from judgebench.judges.load import grammar_of, method_of
from judgebench.records import Prompt, Reply, Verdict


class Reasoned(ConfiguredGrammar):
    """Reads the reasoning, as a parser of one's own may."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        pass

    def read(self, reply: Reply) -> Reading:
        return Reading(status="ok", label=reply.reasoning or "none")


class Extra(Anchored):
    """Made from a parser that reads text only, but reads more."""

    def read(self, reply: Reply) -> Reading:
        return Reading(status="ok", label=str((reply.extra or {}).get("form")))


FORMS = {
    "type": "chosen_by",
    "field": "form",
    "grammars": {"choice": {"type": "anchored", "labels": {"1": "A", "2": "B"}}, "rating": "trailing_int"},
}
ROWS = [
    Reply(status="ok", text="1", extra={"form": "choice"}, reasoning="first"),
    Reply(status="ok", text="1", extra={"form": "rating"}, reasoning="second"),
]


def verdicts(grammar: Any, order: Sequence[int]) -> dict[int, Verdict]:
    """Judge the two items by one method, in an order."""
    options = {"views": [{"prompt": "?"}], "grammar": grammar, "fold": {"type": "first", "unread": "unparsed"}}
    method = method_of(Typed(type="Viewed", options=options))

    async def answered(number: int) -> Verdict:
        async def ask(_prompt: Prompt, *, view: str = "", **_params: Any) -> Reply:
            return ROWS[number]

        item = JudgeItem(id=number, uid=f"{number:016}", repeat=0, fields={}, reference="4", answer="4")
        return await method.judge(item, ask)

    async def all_of_them() -> dict[int, Verdict]:
        return {number: await answered(number) for number in order}

    return asyncio.run(all_of_them())


@pytest.mark.parametrize(
    "grammar",
    [
        FORMS,
        {"type": "first_readable", "grammars": [FORMS]},
        f"{__name__}.Reasoned",
        {"type": f"{__name__}.Extra", "labels": {"1": "A"}},
    ],
)
def test_the_order_of_items_decides_no_verdict(grammar: Any) -> None:
    one, other = verdicts(grammar, (0, 1)), verdicts(grammar, (1, 0))
    assert one == other
    assert (one[0].label, one[0].score) != (one[1].label, one[1].score)


def test_only_a_class_that_says_so_itself_reads_text_only() -> None:
    assert reads_text_only(grammar_of({"type": "anchored", "labels": {"A": "A", "B": "B"}}))
    assert not reads_text_only(grammar_of({"type": f"{__name__}.Extra", "labels": {"1": "A"}}))
    assert not reads_text_only(grammar_of(f"{__name__}.Reasoned"))
    assert not reads_text_only(grammar_of(FORMS))
