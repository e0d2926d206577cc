"""A judge that looks at one case after another: what came of it, what it cost, and what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from judgebench.content.attachments import Attachments
from judgebench.content.media import MediaSource
from judgebench.errors import EndpointError, LimitReachedError, UsageError
from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.models.contract import ModelConfig
from judgebench.records.flow import Failure, Reply, Request, Usage, Verdict
from judgebench.records.prices import Price
from judgebench.records.run import JudgeConfig, Typed
from judgebench.records.spending import Limits
from judgebench.stages.one_judgment import OneJudgment, ReadyJudge, case_by_hand, judge_one, price_for, ready_judge
from tests.e2e.test_images import png
from tests.stages.in_one_process import ASKED, EQUAL, SAY, judge, model, text_of

CASE = case_by_hand({"question": "What is 2+2?"}, ["4"], "4", [], "")
PRICE = Price(input=1.0, output=2.0)
MAJORITY = {"aggregate": {"type": "majority", "unread": "drop"}}
USAGE = Usage(prompt_tokens=1_000_000, completion_tokens=1_000_000)


class Twice(JudgeMethod):
    """Asks the same question twice."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """No keys."""

    def __init__(self, config: Config) -> None:
        pass

    def identity(self) -> dict[str, Any]:
        return {"method": "twice"}

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        for name in ("first", "second"):
            await ask("well?", presentation=name)
        return Verdict(status="ok", decision="correct")


class Opened:
    """A model that notes when it is opened and closed, and whose service fails for who says so."""

    Config = ModelConfig
    prompt_kind = "chat"
    model = "opened"
    heard: ClassVar[list[str]] = []
    release: ClassVar[asyncio.Event]

    @asynccontextmanager
    async def open(self, config: ModelConfig) -> AsyncIterator[Opened]:
        self.heard.append("opened")
        await asyncio.sleep(0)  # another case may come meanwhile
        yield self
        self.heard.append("closed")

    async def ask(self, request: Request) -> Reply:
        text = text_of(request)
        if "slow" in text:
            await self.release.wait()
        if "down" in text:
            raise EndpointError("The service is down.")
        self.heard.append("answered")
        return Reply(status="ok", text="VERDICT: A")


@pytest.fixture(autouse=True)
def _afresh() -> None:
    SAY.clear()
    ASKED.clear()
    Opened.heard.clear()


def looked(config: JudgeConfig, *cases: Case, **keys: Any) -> list[OneJudgment]:
    """Let a judge look at cases, one after the other."""

    async def work() -> list[OneJudgment]:
        async with ready_judge(config, {}, **keys) as ready:
            return [await ready.judge(one) for one in cases]

    return asyncio.run(work())


def replies(*said: str | Reply) -> Callable[[Request], str | Reply]:
    left = list(said)
    return lambda request: left.pop(0)


def priced(text: str = "VERDICT: A", **keys: Any) -> Reply:
    return Reply(**{"status": "ok", "text": text, "usage": USAGE, "tries": 1, **keys})


def test_a_rule_asks_nothing() -> None:
    right, wrong = looked(JudgeConfig(abbr="rule", method=EQUAL), CASE, case_by_hand({}, ["5"], "4", [], ""))
    assert (right.verdict.decision, right.number, right.questions) == ("correct", 1.0, [])
    assert (wrong.verdict.decision, wrong.number) == ("incorrect", 0.0)
    assert right.usage == Usage(prompt_tokens=0, completion_tokens=0)


def test_a_verdict_comes_with_what_was_asked() -> None:
    SAY["j"] = replies(priced(), priced("VERDICT: B"), priced("who knows"))
    right, wrong, unread = looked(judge(), CASE, CASE, CASE, price=PRICE)
    assert [one.number for one in (right, wrong, unread)] == [1.0, 0.0, None], "an unread verdict is no 0"
    (question,) = right.questions
    assert "What is 2+2?" in str(question.prompt)
    assert question.reply.text == "VERDICT: A"
    assert (right.usage.prompt_tokens, right.usage.completion_tokens) == (1_000_000, 1_000_000)
    assert right.cost == pytest.approx(3.0)
    assert right.constrained == ""


@pytest.mark.parametrize(
    ("decision", "number"), [("correct", 1), ("incorrect", 0), ("invalid", 0), ("A", None), (None, None)]
)
def test_a_decision_about_one_answer_is_a_number_and_no_other(decision: str | None, number: float | None) -> None:
    found = OneJudgment(verdict=Verdict(status="ok", decision=decision), questions=[])
    assert found.number == number


def test_a_score_is_its_number() -> None:
    SAY["j"] = replies("SCORE: 3")
    method = Typed(type="judgebench.judges.RubricScore", options={"low": 1, "high": 5})
    (found,) = looked(judge(method=method), CASE)
    assert found.number == 3


def test_what_it_cost_is_told_only_where_it_is_known() -> None:
    SAY["j"] = replies(priced(), priced(usage=None), priced())
    known, untold, third = looked(judge(), CASE, CASE, CASE, price=PRICE)
    assert (known.cost, untold.cost, third.cost) == (pytest.approx(3.0), None, pytest.approx(3.0))
    assert untold.usage.prompt_tokens == 0
    SAY["j"] = replies(priced())
    (unpriced,) = looked(judge(), CASE)
    assert unpriced.cost is None


def test_what_was_asked_before_costs_nothing_more() -> None:
    SAY["j"] = replies(priced())
    config = judge(model=model("j", generation_kwargs={"temperature": 0}))
    first, again = looked(config, CASE, CASE, price=PRICE, dedup=True)
    assert len(ASKED) == 1
    assert (first.cost, again.cost) == (pytest.approx(3.0), 0)
    assert again.number == 1
    SAY["j"] = replies(priced(), priced("VERDICT: B"))
    assert [one.number for one in looked(config, CASE, CASE)] == [1, 0], "only where it is wanted"
    assert len(ASKED) == 3


def test_the_same_question_of_one_case_is_another_repetition() -> None:
    SAY["j"] = replies("x", "y", "x", "y")
    found = looked(judge(method=Typed(type=f"{__name__}.Twice")), CASE, CASE)
    assert [request.nth for _, request in ASKED] == [0, 1, 0, 1]
    assert [one.presentation for one in found[0].questions] == ["first", "second"]
    assert [one.reply.text for one in found[1].questions] == ["x", "y"]


def test_a_call_that_failed_is_no_verdict() -> None:
    gone = Reply(status="failed", error=Failure(kind="server", message="gone"))
    SAY["j"] = replies(gone, "VERDICT: A")
    failed, after = looked(judge(), CASE, CASE)
    assert (failed.verdict.status, failed.verdict.reason, failed.number) == ("judge_failed", "gone", None)
    assert [one.reply for one in failed.questions] == [gone]
    assert after.number == 1


def test_no_more_is_asked_than_may_be_spent() -> None:
    SAY["j"] = replies("VERDICT: A", "VERDICT: A")
    with pytest.raises(LimitReachedError, match=r"has spent what it may \(--max-calls\)"):
        looked(judge(), CASE, CASE, limits=Limits(calls=1))
    assert len(ASKED) == 1


def test_a_cost_is_limited_only_where_there_is_a_price() -> None:
    SAY["j"] = replies(priced(), priced())
    with pytest.raises(UsageError, match="no price for the model of the judge 'j'"):
        looked(judge(), CASE, limits=Limits(cost=1.0))
    assert ASKED == []
    (found,) = looked(judge(), CASE, limits=Limits(cost=10.0), price=PRICE)
    assert found.cost == pytest.approx(3.0)
    assert looked(judge(), CASE, limits=Limits(calls=9))[0].number == 1
    assert looked(JudgeConfig(abbr="rule", method=EQUAL), CASE, limits=Limits(cost=1.0))[0].number == 1


def test_a_panel_looks_at_nothing_itself() -> None:
    panel = JudgeConfig(abbr="p", method=Typed(type="judgebench.judges.Panel", options=MAJORITY), members=["a", "b"])
    with pytest.raises(UsageError, match="it aggregates the verdicts of other judges") as caught:
        looked(panel, CASE)
    assert caught.value.hint == "Try one of its members: a, b"


@pytest.mark.parametrize(
    ("fields", "reference", "words", "hint"),
    [
        ({}, "4", r"shows \{question\}", "Give it with: --question TEXT"),
        ({"question": "What is 2+2?"}, None, "cannot judge this", "--reference TEXT"),
    ],
)
def test_what_a_case_lacks_is_named_with_its_flag(
    fields: dict[str, str], reference: str | None, words: str, hint: str
) -> None:
    async def work() -> OneJudgment:
        async with ready_judge(judge(), {}) as ready:
            return await judge_one(ready, case_by_hand(fields, ["4"], reference, [], ""), "")

    with pytest.raises(UsageError, match=words) as caught:
        asyncio.run(work())
    assert hint in caught.value.hint


def test_a_case_that_was_typed_is_judged_with_all_its_answers() -> None:
    two = case_by_hand({"question": "Which?"}, ["this one", "that one"], None, [], "")
    assert (two.answer, two.baseline, two.answers) == ("this one", "that one", ["this one", "that one"])
    assert (CASE.baseline, CASE.answers, CASE.id, CASE.repeat) == (None, [], 0, 0)
    SAY["j"] = lambda request: (
        f"VERDICT: {'A' if text_of(request).find('this one') < text_of(request).find('that one') else 'B'}"
    )
    pairs = Typed(type="judgebench.judges.PairComparison", options={"aggregate": {"type": "counter", "unread": "drop"}})

    async def work() -> OneJudgment:
        async with ready_judge(judge(method=pairs), {}) as ready:
            return await judge_one(ready, two, "")

    found = asyncio.run(work())
    assert (found.verdict.decision, [one.presentation for one in found.questions]) == ("A", ["AB", "BA"])


def test_images_of_a_case_are_fields_that_a_prompt_can_show_by_number(tmp_path: Path) -> None:
    pictures = [png(at) for at in range(3)]
    given = [MediaSource(value=one, folder="", place="by hand", column="image") for one in pictures]
    case = case_by_hand({"question": "Which?"}, ["this"], None, given, str(tmp_path))
    assert list(case.fields) == ["question", "image", "image_2", "image_3"]
    shown = [case.fields[name].sha256 for name in ("image", "image_2", "image_3")]
    assert [Attachments(tmp_path).read(one) for one in shown] == pictures


def test_a_price_is_the_users_own_or_that_of_the_config(tmp_path: Path) -> None:
    own = {"input": 1.0, "output": 2.0}
    priced_judge = judge(model=model("j", price=own))
    assert price_for(priced_judge, "", {}) == PRICE
    assert price_for(judge(), "", {}) is None
    assert price_for(JudgeConfig(abbr="rule", method=EQUAL), "", {}) is None
    table = tmp_path / "prices.json"
    table.write_text('{"j": {"input": 3.0, "output": 4.0}}')
    of_table = price_for(judge(), str(table), {})
    assert of_table is not None
    assert (of_table.input, of_table.output) == (3.0, 4.0)


def test_a_field_of_the_judges_own_is_named_as_such() -> None:
    method = Typed(type="judgebench.judges.RubricScore", options={"criteria": "{rubric}", "low": 1, "high": 5})

    async def work() -> OneJudgment:
        async with ready_judge(judge(method=method), {}) as ready:
            return await judge_one(ready, CASE, "")

    with pytest.raises(UsageError) as caught:
        asyncio.run(work())
    assert caught.value.hint == "Give it with: --field rubric=TEXT"


def test_a_judge_that_is_to_be_held_to_a_schema_says_why_it_is_not() -> None:
    SAY["j"] = lambda request: "VERDICT: A"
    (found,) = looked(judge(constrain="auto"), CASE)
    assert found.constrained == "free: Scripted has no key for one"


def opened_judge() -> JudgeConfig:
    return judge(model={"type": f"{__name__}.Opened", "abbr": "o", "model": "o"})


def about(words: str) -> Case:
    return case_by_hand({"question": words}, ["4"], "4", [], "")


@pytest.mark.parametrize("before", [True, False])
def test_a_client_is_opened_once_and_closed_at_the_end(before: bool) -> None:
    async def work(ready: ReadyJudge) -> None:
        if before:
            await ready.open()
        await asyncio.gather(ready.judge(CASE), ready.judge(CASE))

    with_judge(work)
    assert Opened.heard == ["opened", "answered", "answered", "closed"]


def test_a_service_that_fails_is_left_when_the_last_case_is_done_and_opened_anew_for_the_next() -> None:
    async def work(ready: ReadyJudge) -> None:
        Opened.release = asyncio.Event()
        slow = asyncio.create_task(ready.judge(about("slow")))
        await asyncio.sleep(0)
        with pytest.raises(EndpointError):
            await ready.judge(about("down"))
        assert Opened.heard == ["opened"], "another case still waits for its answer"
        Opened.release.set()
        assert (await slow).number == 1
        assert Opened.heard == ["opened", "answered", "closed"]
        assert (await ready.judge(CASE)).number == 1
        assert Opened.heard[3:] == ["opened", "answered"]

    with_judge(work)
    assert Opened.heard[5:] == ["closed"]


def with_judge(work: Callable[[ReadyJudge], Any]) -> None:
    async def whole() -> None:
        async with ready_judge(opened_judge(), {}) as ready:
            await work(ready)

    asyncio.run(whole())
