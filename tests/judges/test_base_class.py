"""What a judge method can do besides judging has a default in its base class."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import msgspec
import pytest

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case, JudgeMethod, lacks_logprobs, method_of
from judgebench.plugins import load, shipped
from judgebench.records.flow import Verdict
from judgebench.records.run import Typed

HERE = __name__
closed: list[str] = []


class Nothing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No keys."""


class Least(JudgeMethod):
    """The least that a method of a user's is."""

    Config: ClassVar[type[msgspec.Struct]] = Nothing

    def __init__(self, config: msgspec.Struct) -> None:
        self.config = config

    async def judge(self, item: Case, ask: Ask) -> Verdict:
        return Verdict(status="ok", decision="correct")

    def identity(self) -> dict[str, Any]:
        return {"method": "least"}


class Holding(Least):
    """A rule that holds worker processes, so to say."""

    asks: ClassVar[bool] = False
    holds_workers = True

    async def aclose(self) -> None:
        closed.append("rule")


class HoldingJudge(Least):
    holds_workers = True

    async def aclose(self) -> None:
        closed.append("judge")


class Incomplete(JudgeMethod):
    Config: ClassVar[type[msgspec.Struct]] = Nothing

    async def judge(self, item: Case, ask: Ask) -> Verdict:
        return Verdict(status="unparsed")


class Alone:
    """It has all that a method has, and does not inherit."""

    Config = Nothing
    asks = True

    def __init__(self, config: msgspec.Struct) -> None:
        self.config = config

    async def judge(self, item: Case, ask: Ask) -> Verdict:
        return Verdict(status="unparsed")

    def identity(self) -> dict[str, Any]:
        return {}


def made(kind: type, **options: Any) -> JudgeMethod:
    return method_of(Typed(type=f"{HERE}.{kind.__name__}", options=options))


@pytest.fixture(autouse=True)
def _nothing_closed() -> None:
    closed.clear()


def test_a_method_that_says_nothing_of_itself_has_the_defaults() -> None:
    least = made(Least)
    item = Case(id=0, uid="u", repeat=0, fields={}, reference="r", answer="a")
    assert (least.asks, least.aggregates_verdicts, least.needs_logprobs, least.holds_workers) == (
        True,
        False,
        False,
        False,
    )
    assert (list(least.decisions), list(least.parsers), least.prompts(item), least.notes()) == ([], [], [], [])
    assert not lacks_logprobs(least, [({}, False)])
    asyncio.run(least.aclose())


def test_every_shipped_method_inherits_from_the_base_class() -> None:
    assert all(issubclass(load(name, "judges"), JudgeMethod) for name in shipped("judges"))


def test_a_method_that_does_not_inherit_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"Alone is no judge method: it is no subclass of .*JudgeMethod") as caught:
        made(Alone)
    assert "class Alone(JudgeMethod)" in caught.value.hint


def test_a_method_that_is_not_complete_says_what_it_lacks() -> None:
    with pytest.raises(ConfigError, match=r"Incomplete is not complete: it does not define identity"):
        made(Incomplete)


@pytest.mark.parametrize(
    ("kind", "options", "ended"),
    [
        ("Cascade", {"settles": ["correct"], "rule": "Holding", "judge": "HoldingJudge"}, ["rule", "judge"]),
        ("Repeated", {"judge": "HoldingJudge", "aggregate": {"type": "majority", "unread": "drop"}}, ["judge"]),
    ],
)
def test_what_inner_methods_hold_is_ended_with_the_outer_one(kind: str, options: Any, ended: list[str]) -> None:
    inner = {key: {"type": f"{HERE}.{options[key]}"} for key in ("rule", "judge") if key in options}
    outer = method_of(Typed(type=kind, options={**options, **inner}))
    assert outer.holds_workers
    asyncio.run(outer.aclose())
    assert closed == ended
