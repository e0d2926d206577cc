"""The two ways of asking: what is sent, what is found again, and who waits for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.content.attachments import Attachments
from judgebench.datasets.samples import samples_of
from judgebench.identity.questions import FileIdentity, write_identity
from judgebench.judges.core.contract import CallFailedError, Case, NotRecordedError
from judgebench.models.contract import ModelConfig
from judgebench.records.flow import Failure, JudgeCall, Reply, Request
from judgebench.records.run import Options
from judgebench.stages import asks
from judgebench.stages.asks import (
    CallsOfCase,
    Origin,
    Questions,
    RecordingAsk,
    ReplayAsk,
    StoppedError,
    Subject,
    postprocessor_of,
)
from tests.stages.in_one_process import OneProcess, judge, model

CASE = Case(id=7, uid="u7", repeat=0, fields={}, reference=None, answer="a")


class Recorded:
    """A recording that grows."""

    def __init__(self) -> None:
        self.calls: list[JudgeCall] = []

    def get(self, id: int, repeat: int, uuid: str) -> JudgeCall | None:
        found = [one for one in self.calls if (one.id, one.repeat, one.uuid) == (id, repeat, uuid)]
        return found[-1] if found else None


class Service:
    """A judge service that says what it is let, and waits where it is to wait."""

    Config = ModelConfig

    def __init__(self, says: Callable[[Request], Reply] = lambda _: Reply(status="ok", text="said")) -> None:
        self.says = says
        self.requests: list[Request] = []
        self.began = asyncio.Event()
        self.release: asyncio.Event | None = None

    async def ask(self, request: Request) -> Reply:
        self.requests.append(request)
        self.began.set()
        if self.release is not None:
            await self.release.wait()
        return self.says(request)


class Bench:
    """Asks about cases with one recording and one service."""

    def __init__(self, service: Service | None = None, **keys: Any) -> None:
        self.recorded = Recorded()
        self.service = service or Service()
        self.questions = Questions(judge(), "chat", **keys)
        self.stopped = False

    def ask(self, case: Case = CASE, *, retry_failed: bool = True, **keys: Any) -> RecordingAsk:
        async def client() -> Any:
            return self.service

        return RecordingAsk(
            self.questions,
            case,
            self.recorded,
            client=client,
            subject=Subject("d", "key", "gold"),
            record=self.recorded.calls.append,
            retry_failed=retry_failed,
            stopped=lambda: self.stopped,
            **keys,
        )


def failed(kind: Any = "server") -> Reply:
    return Reply(status="failed", error=Failure(kind=kind, message="gone"))


def of_repeat(repeat: int) -> Case:
    return msgspec.structs.replace(CASE, repeat=repeat)


def test_a_question_is_recorded_as_it_was_sent_and_found_again() -> None:
    async def work() -> None:
        bench = Bench()
        ask = bench.ask()
        assert (await ask("well?", presentation="AB", temperature=0.5)).text == "said"
        assert (await ask("well?", presentation="AB", temperature=0.5)).text == "said"
        assert (await ask("other?", presentation="BA")).text == "said"
        first, second, third = bench.recorded.calls
        assert [(one.presentation, one.nth) for one in bench.recorded.calls] == [("AB", 0), ("AB", 1), ("BA", 0)]
        assert (first.id, first.uid, first.repeat, first.gold, first.data_abbr) == (7, "u7", 0, "gold", "d")
        assert len({one.uuid for one in (first, second, third)}) == 3
        sent = bench.service.requests
        assert [one.about for one in sent] == ["key/AB/0", "key/AB/1", "key/BA/0"]
        assert [one.nth for one in sent] == [0, 1, 0]
        assert {one.place for one in sent} == {"d/7/0"}
        assert sent[0].params["temperature"] == 0.5
        assert [came for _, came in ask.answered] == [False] * 3
        again = bench.ask()
        for text, name, keys in (("well?", "AB", {"temperature": 0.5}), ("other?", "BA", {})):
            await again(text, presentation=name, **keys)
        assert len(sent) == 3
        assert (again.answered, again.last, len(again.made)) == ([], third, 2)
        replay = ReplayAsk(bench.questions, CASE, bench.recorded)
        assert (await replay("other?", presentation="any name")).text == "said"
        assert replay.calls == [third]
        with pytest.raises(NotRecordedError):
            await replay("never put?")
        with pytest.raises(NotRecordedError):
            await replay.once("other?")

    asyncio.run(work())


@pytest.mark.parametrize("shared", [False, True])
def test_what_failed_is_asked_again_only_where_it_is_to_be(shared: bool) -> None:
    async def work() -> None:
        bench = Bench(Service(lambda _: failed()))

        async def put(ask: Any) -> Reply:
            return await (ask.once("well?") if shared else ask("well?"))  # type: ignore[no-any-return]

        ask = bench.ask()
        with pytest.raises(CallFailedError):
            await put(ask)
        assert (len(bench.recorded.calls), len(ask.made)) == (1, 1)
        with pytest.raises(CallFailedError):
            await put(ReplayAsk(bench.questions, CASE, bench.recorded))
        bench.questions.shared.clear()
        with pytest.raises(CallFailedError):
            await put(bench.ask(retry_failed=False))
        assert len(bench.service.requests) == 1
        bench.service.says = lambda _: Reply(status="ok", text="said")
        assert (await put(bench.ask())).text == "said"
        assert len(bench.service.requests) == 2

    asyncio.run(work())


@pytest.mark.parametrize("shared", [False, True])
def test_a_reply_that_is_recorded_elsewhere_is_taken_and_recorded_here(shared: bool) -> None:
    async def work() -> None:
        other, bench = Bench(), Bench()
        ask = other.ask()
        await (ask.once("well?", presentation="x") if shared else ask("well?", presentation="x"))
        known = msgspec.structs.replace(other.recorded.calls[0], gold="theirs")

        def reused(id: int, repeat: int, uuid: str) -> JudgeCall | None:
            return known if (id, repeat, uuid) == (7, 0, known.uuid) else None

        again = bench.ask(reused=reused)
        said = await (again.once("well?", presentation="AB") if shared else again("well?", presentation="AB"))
        assert (said.text, bench.service.requests) == ("said", [])
        (call,) = bench.recorded.calls
        assert (call.gold, call.presentation, call.nth, call.uuid) == ("gold", "AB", 0, known.uuid)

    asyncio.run(work())


@pytest.mark.parametrize("shared", [False, True])
def test_nothing_is_sent_after_a_stop_and_what_was_not_answered_is_not_recorded(shared: bool) -> None:
    async def work() -> None:
        bench = Bench()

        async def put() -> Reply:
            ask = bench.ask()
            return await (ask.once("well?") if shared else ask("well?"))

        bench.stopped = True
        with pytest.raises(StoppedError):
            await put()
        assert bench.service.requests == []
        bench.stopped = False
        for kind, error in (("cancelled", StoppedError), ("no_recording", NotRecordedError)):
            bench.service.says = lambda _, kind=kind: failed(kind)
            with pytest.raises(error):
                await put()
        assert bench.recorded.calls == []
        bench.service.says = lambda _: Reply(status="ok", text="said")
        assert (await put()).text == "said"

    asyncio.run(work())


def test_a_question_that_serves_all_repeats_is_asked_once_and_the_others_wait_for_it() -> None:
    async def work() -> None:
        bench = Bench()
        bench.service.release = asyncio.Event()
        waiting = [asyncio.create_task(bench.ask(of_repeat(at)).once("well?", presentation="p")) for at in range(3)]
        await bench.service.began.wait()
        bench.service.release.set()
        assert [one.text for one in await asyncio.gather(*waiting)] == ["said"] * 3
        (sent,) = bench.service.requests
        assert (sent.about, sent.place, sent.nth) == ("key/p/0", "d/7", 0)
        (call,) = bench.recorded.calls
        assert (call.repeat, call.presentation, call.nth) == (0, "p", 0)
        replay = ReplayAsk(bench.questions, of_repeat(2), bench.recorded)
        assert (await replay.once("well?")).text == "said"
        assert replay.calls == [], "it is a call of the first repeat alone"

    asyncio.run(work())


def test_where_the_one_that_asks_is_given_up_another_asks() -> None:
    async def work() -> None:
        bench = Bench()
        bench.service.release = asyncio.Event()
        first = asyncio.create_task(bench.ask(of_repeat(0)).once("well?"))
        await bench.service.began.wait()
        second = asyncio.create_task(bench.ask(of_repeat(1)).once("well?"))
        await asyncio.sleep(0)
        first.cancel()
        bench.service.release.set()
        assert (await second).text == "said"
        assert first.cancelled()
        assert len(bench.service.requests) == 2

    asyncio.run(work())


def test_a_few_thousand_shared_questions_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asks, "SHARED", 2)

    async def work() -> None:
        bench = Bench()
        for number in range(4):
            await bench.ask().once(f"well, {number}?")
        assert len(bench.questions.shared) == 2
        bench.recorded.calls.clear()
        await bench.ask().once("well, 3?")
        assert len(bench.service.requests) == 4
        await bench.ask().once("well, 0?")
        assert len(bench.service.requests) == 5

    asyncio.run(work())


def test_pictures_of_a_question_come_from_the_runs_attachments(tmp_path: Path) -> None:
    async def work() -> None:
        bench = Bench(attachments=Attachments(tmp_path))
        await bench.ask()("well?")
        assert bench.service.requests[0].attachments == str(tmp_path)
        bare = Bench()
        await bare.ask()("well?")
        assert bare.service.requests[0].attachments == ""

    asyncio.run(work())


def test_a_schema_is_sent_only_where_replies_are_held_to_it() -> None:
    questions = Questions(judge(model=model("j", generation_kwargs={"temperature": 0.5})), "chat")
    assert questions.sent({"n": 1}) == {"temperature": 0.5, "n": 1}
    assert questions.sent({"schema": {"type": "object"}, "temperature": 0.1}) == {"temperature": 0.1}
    questions.hold = lambda schema, params: {**params, "held": schema}
    assert questions.sent({"schema": {"a": 1}}) == {"temperature": 0.5, "held": {"a": 1}}


def test_a_judge_models_own_postprocessor_is_applied_to_what_methods_see() -> None:
    async def work() -> None:
        cut = {"type": "extract_non_reasoning_content"}
        bench = Bench(Service(lambda _: Reply(status="ok", text="<think>hm</think>said")))
        bench.questions = Questions(judge(model=model("j", pred_postprocessor=cut)), "chat")
        assert (await bench.ask()("well?")).text == "said"
        assert bench.recorded.calls[0].prediction == "<think>hm</think>said"

    asyncio.run(work())
    assert postprocessor_of(model("j")) is None


def test_the_last_words_of_the_calls_about_an_item() -> None:
    made = CallsOfCase()
    assert (made.last_words(), len(made)) == ("", 0)
    for at, text in enumerate(("first", "x" * 100 + "end")):
        known = {"data_abbr": "d", "id": 0, "uid": "u", "success": True, "status": "ok", "origin_prompt": "?"}
        made.put(msgspec.convert({**known, "uuid": str(at), "prediction": text}, JudgeCall))
    assert made.last_words() == "x" * 77 + "end"
    assert made.get(5, 9, "0") is not None
    assert made.get(0, 0, "2") is None


def origin(run: OneProcess, served: str = "", **keys: Any) -> Origin:
    """What knows whose the answers of a run are that was asked of a model with these keys."""
    identity = FileIdentity(settings={}, served_model=served)
    write_identity(run.run.files("m", "d").identity, identity)
    return Origin(run.run.files("m", "d"), model(**keys), run.config.datasets["d"])


def test_whose_an_answer_is_is_known_by_what_was_asked_or_by_who_served_it(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, models=[model(model="")])
    run.do("infer")
    (sample, *_) = samples_of(run.config.datasets["d"], Options(data_dir=str(tmp_path)))
    (own, *_) = run.answers()
    assert not origin(run, model="").is_foreign(sample, own)
    other = msgspec.structs.replace(own, uuid="0" + own.uuid[1:])
    assert origin(run, model="").is_foreign(sample, other)
    assert origin(run, model="", generation_kwargs={"temperature": 0.5}).is_foreign(sample, own)
    assert own.served_model == ""
    for by, file, foreign in (("s", "s", False), ("s", "t", True), ("s", "", False), ("", "t", False)):
        assert origin(run, file, model="").is_foreign(sample, msgspec.structs.replace(own, served_model=by)) == foreign
    named = OneProcess(tmp_path / "other")
    named.do("infer")
    (named_own, *_) = named.answers()
    served = msgspec.structs.replace(named_own, served_model="s")
    assert not origin(named, "t").is_foreign(sample, served), "the config names the model"
    write_identity(
        named.run.files("m", "d").identity, FileIdentity(settings={}), completed=named.run.predictions("m", "d")
    )
    trusted = Origin(named.run.files("m", "d"), model(), named.config.datasets["d"])
    assert not trusted.is_foreign(sample, other), "the file is as it was when it was completed"
