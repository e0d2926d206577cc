"""Batches: submitted twice 0, lost 0, wherever the process is killed; and every way in which a batch may end.

The process that asks is forked from this one, so that it is really killed (SIGKILL) and costs no start.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.engine.client import BatchPlace, Traffic, open_client
from judgebench.errors import JudgebenchError
from judgebench.models.access import model_config
from judgebench.models.contract import ServiceConfig
from judgebench.records.flow import Reply, Request
from judgebench.testing import PROTOCOLS, BatchService, Fate, RefusedError
from judgebench.testing.protocol import KEY, MODEL

PROVIDERS = ["openai", "anthropic", "gemini", "responses"]
COUNT = 10


def config_of(service: BatchService, keys: dict[str, Any] | None = None, **batch: Any) -> ServiceConfig:
    raw: dict[str, Any] = {
        "type": PROTOCOLS[service.protocol.name].type,
        "abbr": "batched",
        "url": service.url,
        "api_key": KEY,
        "model": MODEL,
        "max_out_len": 20,
        "retry": 2,
        "batch": {"size": 100, "wait": 0.02, "poll": 0.02, "stay": 300, **batch},
        **(keys or {}),
    }
    config = model_config(raw)
    assert isinstance(config, ServiceConfig)
    return config


def question(number: int) -> Request:
    return Request(prompt=[{"role": "user", "content": f"question {number}"}], place=f"data/{number}/0")


class Asking:
    """What a stage does: it asks what is not recorded, and records each reply as it comes."""

    def __init__(self, service: BatchService, folder: Path, **batch: Any) -> None:
        self.service = service
        self.folder = folder
        self.record = folder / "record.jsonl"
        self.batch = batch
        self.keys: dict[str, Any] = {}
        self.traffic = Traffic()
        self.left: list[tuple[str, bool]] = []
        self.pid = 0

    def recorded(self) -> dict[int, Reply]:
        lines = self.record.read_bytes().splitlines() if self.record.exists() else []
        return dict(msgspec.json.decode(line, type=tuple[int, Reply]) for line in lines)

    async def ask(self, numbers: range = range(COUNT), *, afresh: bool = False) -> None:
        known = {number for number, reply in self.recorded().items() if reply.status == "ok"}
        self.stop = asyncio.Event()

        def left(sentence: str, by_itself: bool) -> None:
            self.left.append((sentence, by_itself))
            if by_itself:
                self.stop.set()

        place = BatchPlace(self.folder / "batches" / "batched" / "data.jsonl", self.stop, left)
        config = config_of(self.service, self.keys, **self.batch)
        async with open_client(config, self.traffic, batches=place, afresh=afresh) as client:

            async def one(number: int) -> None:
                reply = await client.ask(question(number))
                if reply.error is None or reply.error.kind != "cancelled":
                    with self.record.open("ab") as file:
                        file.write(msgspec.json.encode((number, reply)) + b"\n")

            await asyncio.gather(*[one(number) for number in numbers if afresh or number not in known])

    def run(self, **ask: Any) -> dict[int, Reply]:
        asyncio.run(asyncio.wait_for(self.ask(**ask), 200))
        return self.recorded()

    def run_in_a_process(self) -> int:
        """Ask in a process of its own; returns how it ended."""
        self.pid = os.fork()
        if not self.pid:
            try:
                asyncio.run(self.ask())
                os._exit(0)
            except BaseException:  # noqa: BLE001 - the other side of the fork must not go on with the test
                os._exit(1)
        until = time.monotonic() + 200
        while time.monotonic() < until:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError("it did not end")

    def killer(self, at: str) -> Callable[[str], bool]:
        """Return what kills the process when it comes to a step for the first time."""
        met: list[str] = []

        def interrupt(step: str) -> bool:
            if step != at or met:
                return False
            met.append(step)
            os.kill(self.pid, signal.SIGKILL)
            return True

        return interrupt


STEPS = ["upload", "uploaded", "submit", "submitted", "poll", "results"]


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini"])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_submits_nothing_twice_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str, step: str
) -> None:
    if step in {"upload", "uploaded"}:
        if provider == "anthropic":
            pytest.skip("the questions go into the call itself")
        monkeypatch.setattr("judgebench.models.gemini_batches.INLINE", 0)
    with BatchService(provider) as service:
        asking = Asking(service, tmp_path)
        service.interrupt = asking.killer(step)
        assert asking.run_in_a_process() == -signal.SIGKILL
        assert asking.run_in_a_process() == 0
        replies = asking.recorded()
        assert {number: reply.text for number, reply in replies.items()} == {n: f"question {n}" for n in range(COUNT)}
        assert len(service.submitted) == len(set(service.submitted)) == COUNT


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini"])
def test_kills_one_after_the_other_cost_nothing_either(tmp_path: Path, provider: str) -> None:
    """Killed before the answer to the submission, then while the batch is looked for, at a look, and in the results."""
    with BatchService(provider) as service:
        asking = Asking(service, tmp_path)
        for step in ("submitted", "list", "poll", "results"):
            service.interrupt = asking.killer(step)
            assert asking.run_in_a_process() == -signal.SIGKILL, step
        service.interrupt = lambda _: False
        assert asking.run_in_a_process() == 0
        assert {n: reply.text for n, reply in asking.recorded().items()} == {n: f"question {n}" for n in range(COUNT)}
        assert len(service.submitted) == len(set(service.submitted)) == COUNT


@pytest.mark.parametrize("provider", PROVIDERS)
def test_answers_come_at_half_price_and_say_so(tmp_path: Path, provider: str) -> None:
    with BatchService(provider) as service:
        asking = Asking(service, tmp_path, size=4)
        replies = asking.run()
        assert [len(batch.lines) for batch in service.batches] == [4, 4, 2]
        assert all(len(id) <= 64 for id in service.submitted)
        assert all(reply.usage and reply.usage.batch and reply.usage.prompt_tokens == 2 for reply in replies.values())
        assert asking.traffic.ok == COUNT == asking.traffic.post


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_failed_in_a_way_that_may_pass_is_asked_in_a_further_batch(tmp_path: Path, provider: str) -> None:
    """429 and 5xx are asked again, 400 is not, and the reading of each is that of the ordinary call."""
    seen: list[str] = []

    def fault(request: Any) -> str | None:
        seen.append(request.text)
        if request.text == "question 3":
            return "context_length"
        first = seen.count(request.text) == 1
        return {"question 1": "rate_limit", "question 2": "overloaded"}.get(request.text) if first else None

    with BatchService(provider, faults=fault) as service:
        asking = Asking(service, tmp_path)
        replies = asking.run()
        assert [len(batch.lines) for batch in service.batches] == [COUNT, 2]
        failed = {number: reply.error.kind for number, reply in replies.items() if reply.error}
        assert failed == {3: "context_length"}
        assert replies[1].tries == 2
        again = asking.run()  # what --reuse asks: only what has no good reply
        assert [len(batch.lines) for batch in service.batches] == [COUNT, 2, 1]
        assert again[3].status == "failed"


@pytest.mark.parametrize(("provider", "kept"), [("openai", 6), ("anthropic", 6), ("gemini", 0)])
def test_what_expired_is_kept_as_far_as_it_was_answered_and_asked_again(
    tmp_path: Path, provider: str, kept: int
) -> None:
    """Google's batches lose everything when they expire; the others give what they have."""
    fates = [Fate("expired", share=0.6), Fate()]
    with BatchService(provider, fates=lambda number: fates[number]) as service:
        asking = Asking(service, tmp_path)
        replies = asking.run()
        kinds = [reply.error.kind for reply in replies.values() if reply.error]
        assert kinds == ["not_answered"] * (COUNT - kept)
        replies = asking.run()
        assert all(reply.status == "ok" for reply in replies.values())
        assert [len(batch.lines) for batch in service.batches] == [COUNT, COUNT - kept]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_question_without_any_result_is_not_waited_for(tmp_path: Path, provider: str) -> None:
    with BatchService(provider, fates=lambda _: Fate(silent=2)) as service:
        replies = Asking(service, tmp_path).run()
        assert [n for n, reply in replies.items() if reply.error and reply.error.kind == "not_answered"] == [8, 9]


@pytest.mark.parametrize("provider", ["openai", "gemini"])
def test_a_batch_that_is_refused_as_a_whole_fails_with_the_services_words(tmp_path: Path, provider: str) -> None:
    with BatchService(provider, fates=lambda _: Fate("failed")) as service:
        replies = Asking(service, tmp_path).run()
        assert {reply.error.kind for reply in replies.values() if reply.error} == {"bad_request"}
        said = {"openai": "The file cannot be used", "gemini": "Invalid request"}[provider]
        assert all(reply.error and said in reply.error.message for reply in replies.values())
        assert len(service.batches) == 1


def test_questions_that_were_refused_because_of_others_are_asked_without_those(tmp_path: Path) -> None:
    fates = [Fate("failed", bad=(4,)), Fate()]
    with BatchService("openai", fates=lambda number: fates[number]) as service:
        replies = Asking(service, tmp_path).run()
        assert {n: reply.error.kind for n, reply in replies.items() if reply.error} == {4: "bad_request"}
        assert [len(batch.lines) for batch in service.batches] == [COUNT, COUNT - 1]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("first", ["busy", "full"])
def test_a_provider_that_is_full_is_asked_again_later(tmp_path: Path, provider: str, first: str) -> None:
    if provider == "anthropic" and first == "full":
        pytest.skip("told when it is submitted")
    with BatchService(provider, fates=lambda number: Fate(first if not number else "done")) as service:
        replies = Asking(service, tmp_path).run()
        assert all(reply.status == "ok" for reply in replies.values())
        assert len(service.submitted) == COUNT


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_submission_that_is_refused_is_not_repeated(tmp_path: Path, provider: str) -> None:
    with BatchService(provider, fates=lambda _: Fate("refused")) as service:
        replies = Asking(service, tmp_path).run()
        assert {reply.error.kind for reply in replies.values() if reply.error} == {"bad_request"}
        assert (service.offers, len(service.batches)) == (1, 0)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("step", ["submitted", "poll", "results", "list"])
def test_a_connection_that_breaks_off_costs_nothing_twice(tmp_path: Path, provider: str, step: str) -> None:
    """The batch whose making was not answered is looked for before it is offered again."""
    broken: list[str] = []

    def interrupt(at: str) -> bool:
        wanted = {step, "submitted"} if step == "list" else {step}
        if at in wanted and at not in broken:
            broken.append(at)
            return True
        return False

    with BatchService(provider, interrupt=interrupt) as service:
        replies = Asking(service, tmp_path).run()
        assert all(reply.status == "ok" for reply in replies.values())
        assert len(service.submitted) == COUNT
        assert step in broken


@pytest.mark.parametrize("provider", PROVIDERS)
def test_answers_that_were_lost_on_their_way_to_the_record_are_fetched_again(tmp_path: Path, provider: str) -> None:
    with BatchService(provider) as service:
        asking = Asking(service, tmp_path)
        first = asking.run()
        asking.record.unlink()
        assert {n: reply.text for n, reply in asking.run().items()} == {n: reply.text for n, reply in first.items()}
        assert len(service.submitted) == COUNT
        asking.run(afresh=True)  # --rejudge
        assert len(service.submitted) == 2 * COUNT


def test_a_batch_that_does_not_end_is_cancelled_and_what_it_has_is_kept(tmp_path: Path) -> None:
    with BatchService("openai", fates=lambda _: Fate(looks=10**6, share=0.5)) as service:
        asking = Asking(service, tmp_path, give_up=0.2)
        replies = asking.run()
        assert sum(reply.status == "ok" for reply in replies.values()) == COUNT // 2
        assert service.batches[0].cancelled


def test_what_goes_on_at_the_provider_is_left_and_fetched_later(tmp_path: Path) -> None:
    """A second process looks once, says how far it is, and ends; the third finds it done."""
    with BatchService("openai", fates=lambda _: Fate(looks=10**6)) as service:
        asking = Asking(service, tmp_path, stay=None)

        async def stopped() -> None:
            task = asyncio.create_task(asking.ask())
            while not service.batches or not service.batches[0].looked:  # noqa: ASYNC110 - another thread's
                await asyncio.sleep(0.01)
            asking.stop.set()
            await task

        asyncio.run(stopped())
        assert asking.run() == {}
        said, by_itself = asking.left[-1]
        assert (said.partition(":")[0], by_itself) == ("1 batch is still working at the provider", False)
        assert ("0 % of 10 questions are answered" in said, True) in {(True, flag) for _, flag in asking.left}
        service.batches[0].fate = Fate(looks=0)

        def slow(step: str) -> bool:
            time.sleep(0.5 if step == "results" else 0.0)  # much longer than questions are gathered: nobody leaves then
            return False

        service.interrupt = slow
        assert len(asking.run()) == COUNT == len(service.submitted)


def test_a_batch_of_somebody_else_with_the_same_size_and_time_is_told_apart(tmp_path: Path) -> None:
    """Anthropic's batches carry no name: only their results tell whose they are."""
    with BatchService("anthropic") as service:
        asking = Asking(service, tmp_path)
        service.interrupt = asking.killer("submit")
        assert asking.run_in_a_process() == -signal.SIGKILL
        other = Asking(service, tmp_path / "other")
        (tmp_path / "other").mkdir()

        async def foreign() -> None:
            await other.ask(range(100, 100 + COUNT))

        asyncio.run(foreign())
        replies = asking.run()
        assert {number: reply.text for number, reply in replies.items()} == {n: f"question {n}" for n in range(COUNT)}
        assert len(service.submitted) == 2 * COUNT


def test_a_batch_that_may_be_somebody_elses_is_neither_waited_for_alone_nor_cancelled(tmp_path: Path) -> None:
    """It fits better by its time, and never ends; the own one, which ended, is found beside it."""
    with BatchService("anthropic", fates=lambda number: Fate(looks=1 if number else 10**6)) as service:
        other = Asking(service, tmp_path / "other")
        (tmp_path / "other").mkdir()
        asking = Asking(service, tmp_path, give_up=0.1)
        for one in (other, asking):
            service.interrupt = one.killer("submitted")
            assert one.run_in_a_process() == -signal.SIGKILL
        stranger, own = service.batches
        stranger.created, own.created = own.created, own.created + 9
        assert all(reply.status == "ok" for reply in asking.run().values())
        assert len(service.batches) == 2
        assert not stranger.cancelled


class _Lying(BatchService):
    """A service whose answers are changed on their way."""

    def change(self, payload: Callable[[Any], Any] = lambda it: it, file: Callable[[Any], Any] = lambda it: it) -> None:
        """Change each payload of a look or a list, and each line of a file of results."""
        told = self._protocol.handle

        async def handle(service: BatchService, http: Any) -> Any:
            answer = await told(service, http)
            if answer is None or (answer.file is None and http.method != "GET"):
                return answer
            if answer.file is None:
                return dataclasses.replace(answer, payload=payload(answer.payload))
            lines = [file(json.loads(line)) for line in answer.file.data.splitlines()]
            data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
            return dataclasses.replace(answer, file=dataclasses.replace(answer.file, data=data))

        self._protocol.handle = handle  # type: ignore[method-assign]


def _of_another(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "custom_id": "foreign", "metadata": {"key": "foreign"}}


def _results_of_another(batch: dict[str, Any]) -> dict[str, Any]:
    if (response := batch.get("response")) is not None:
        inside = response["inlinedResponses"]
        inside["inlinedResponses"] = [_of_another(one) for one in inside["inlinedResponses"]]
    return batch


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_submitted_batch_that_brings_foreign_results_is_not_submitted_for_ever(tmp_path: Path, provider: str) -> None:
    """It is the batch that was made for these questions, so its results are not taken for those of somebody else."""
    with _Lying(provider) as service:
        service.change(payload=_results_of_another, file=_of_another)
        replies = Asking(service, tmp_path).run()
        assert [reply.error.kind for reply in replies.values() if reply.error] == ["not_answered"] * COUNT
        assert len(service.batches) == 1


_DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("gemini", {"metadata": {"state": "BATCH_STATE_SUCCEEDED", "batchStats": None}}),
        ("gemini", {"metadata": {"state": "BATCH_STATE_SUCCEEDED", "batchStats": {"requestCount": _DIGITS}}}),
        ("gemini", {"metadata": "text", "state": "JOB_STATE_SUCCEEDED"}),
        ("openai", {"request_counts": {"total": _DIGITS}}),
        ("anthropic", {"request_counts": [_DIGITS]}),
    ],
)
def test_what_a_service_says_of_a_batch_may_have_any_form(tmp_path: Path, provider: str, said: dict[str, Any]) -> None:
    with _Lying(provider, fates=lambda _: Fate(looks=0)) as service:
        service.change(payload=lambda batch: {**batch, **said})
        assert all(reply.status == "ok" for reply in Asking(service, tmp_path).run().values())


def test_an_address_for_an_upload_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("judgebench.models.gemini_batches.INLINE", 0)
    with BatchService("gemini") as service:
        told = service._protocol.handle

        async def handle(at: BatchService, http: Any) -> Any:
            answer = await told(at, http)
            headers = {"X-Goog-Upload-URL": "http://["} if http.path == "/upload/v1beta/files" else {}
            return answer and dataclasses.replace(answer, headers=headers)

        service._protocol.handle = handle  # type: ignore[method-assign]
        asking = Asking(service, tmp_path)
        asking.keys = {"backoff": 0.001}
        errors = [reply.error for reply in asking.run().values()]
        assert all(error and "an address elsewhere" in error.message for error in errors)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_results_that_the_provider_keeps_no_longer_are_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    """At once after the end they may only be late, and nothing is paid twice; later they are gone."""
    with BatchService(provider) as service:
        asking = Asking(service, tmp_path)
        asking.run()
        asking.record.unlink()
        told = service._protocol.handle

        async def gone(at: BatchService, http: Any) -> Any:
            answer = await told(at, http)
            if answer is not None and answer.file is not None and len(at.batches) == 1:
                raise RefusedError(at.protocol.error("not_found"))
            return answer

        service._protocol.handle = gone  # type: ignore[method-assign]
        with pytest.raises(JudgebenchError, match="does not give the results of the batch 'batch_1', which has ended"):
            asking.run()
        monkeypatch.setattr("judgebench.engine.batch_provider.YOUNG", 0.0)
        replies = asking.run()
        assert {reply.error.message for reply in replies.values() if reply.error} == {
            "The batch gave no answer: its results are gone (HTTP 404: There is no such model.)"
        }
        assert all(reply.status == "ok" for reply in asking.run().values())
        assert len(service.batches) == 2


def test_large_batches_of_google_go_through_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("judgebench.models.gemini_batches.INLINE", 100)
    with BatchService("gemini") as service:
        replies = Asking(service, tmp_path).run()
        assert all(reply.status == "ok" for reply in replies.values())
        assert not service.batches[0].inside


def test_equal_questions_of_different_places_are_different_lines(tmp_path: Path) -> None:
    async def ask(service: BatchService) -> list[Reply]:
        place = BatchPlace(tmp_path / "m" / "d.jsonl", asyncio.Event(), lambda *_: None)
        request = question(0)
        others = [msgspec.structs.replace(request, place="data/1/0"), msgspec.structs.replace(request, nth=1)]
        async with open_client(config_of(service), Traffic(), batches=place) as client:
            return await asyncio.gather(*[client.ask(one) for one in (request, *others)])

    with BatchService("anthropic") as service:
        assert [reply.text for reply in asyncio.run(ask(service))] == ["question 0"] * 3
        assert len(set(service.submitted)) == 3


def test_keys_are_on_no_disk_and_in_no_reply(tmp_path: Path) -> None:
    secret = "s3cr3t-9f8e7d6c5b"
    with BatchService("openai", answer=lambda _: f"the key is {secret}") as service:
        asking = Asking(service, tmp_path)
        asking.keys = {"headers": {"X-Token": secret}, "generation_kwargs": {"user_token": secret}}
        replies = asking.run()
        sent = service.requests[0].body["user_token"]
        written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert sent == secret
    assert secret.encode() not in written
    assert replies[0].text == "the key is ***"


class _WithoutBatches(BatchService):
    """A service that takes files and makes no batches of them."""

    def fate(self) -> Fate:
        raise RefusedError(self.protocol.error("not_found"))


def test_a_wrong_key_and_a_service_without_batches_end_the_task_in_one_sentence(tmp_path: Path) -> None:
    with BatchService("openai") as service:
        asking = Asking(service, tmp_path)
        config = msgspec.structs.replace(config_of(service), api_key="another")

        async def ask(config: ServiceConfig) -> None:
            place = BatchPlace(tmp_path / "m" / "d.jsonl", asyncio.Event(), lambda *_: None)
            async with open_client(config, Traffic(), batches=place) as client:
                await client.ask(question(1))

        with pytest.raises(JudgebenchError, match="refuses the key"):
            asyncio.run(ask(config))
        with pytest.raises(JudgebenchError, match="OllamaChat has no batch API"):
            asyncio.run(ask(msgspec.structs.replace(config, type="judgebench.models.ollama.OllamaChat")))
        assert asking.recorded() == {}
    with _WithoutBatches("openai") as service, pytest.raises(JudgebenchError) as raised:
        asyncio.run(ask(config_of(service)))
    assert "takes no batch for the model 'test-model' of the config 'batched' (HTTP 404" in raised.value.message
    assert "leave batch out" in raised.value.hint


@pytest.mark.parametrize("step", ["created", "closed"])
def test_a_clock_that_was_set_back_hides_no_batch(tmp_path: Path, step: str) -> None:
    """The lines of a file are in the order in which they were written, whatever the clock said then."""
    with BatchService("openai") as service:
        asking = Asking(service, tmp_path)
        asking.run()
        asking.record.unlink()
        file = tmp_path / "batches" / "batched" / "data.jsonl"
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        at = next(nth for nth, line in enumerate(lines) if line["step"] == step)
        for line in lines[at:]:
            line["at"] -= 3600
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        assert len(asking.run()) == COUNT == len(service.submitted)


def test_an_intent_of_the_future_is_looked_for_as_long_as_any_other(tmp_path: Path) -> None:
    """The clock was set back after a batch was about to be submitted: the wait does not last until it is back there."""
    with BatchService("openai") as service:
        asking = Asking(service, tmp_path)
        service.interrupt = asking.killer("submit")
        assert asking.run_in_a_process() == -signal.SIGKILL
        file = tmp_path / "batches" / "batched" / "data.jsonl"
        intent = json.loads(file.read_text())
        file.write_text(json.dumps({**intent, "at": intent["at"] + 10**6}) + "\n")
        assert len(asking.run()) == COUNT == len(service.submitted)


class _Cutting(BatchService):
    """A service whose results come wrong at first, with 200: a proxy in between cuts or replaces them."""

    def first(self, change: Callable[[bytes], bytes]) -> None:
        told, done = self._protocol.handle, set[str]()

        async def handle(service: BatchService, http: Any) -> Any:
            answer = await told(service, http)
            if answer is None or answer.file is None or http.path in done:
                return answer
            done.add(http.path)
            return dataclasses.replace(answer, file=dataclasses.replace(answer.file, data=change(answer.file.data)))

        self._protocol.handle = handle  # type: ignore[method-assign]


@pytest.mark.parametrize("provider", ["openai", "anthropic", "responses"])
@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: b"".join(data.splitlines(keepends=True)[:4]),
        lambda data: data[: len(data) // 2],
        lambda data: b'{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}\n',
        lambda data: b"<html>502 Bad Gateway</html>",
    ],
    ids=["empty", "fewer lines", "cut in a line", "an error with 200", "a page with 200"],
)
def test_results_that_come_incomplete_are_fetched_again_and_not_paid_again(
    tmp_path: Path, provider: str, change: Callable[[bytes], bytes]
) -> None:
    with _Cutting(provider) as service:
        service.first(change)
        asking = Asking(service, tmp_path)
        asking.keys = {"backoff": 0.001}
        replies = asking.run()
        assert {reply.status for reply in replies.values()} == {"ok"}
        assert len(replies) == COUNT == len(service.submitted)


def test_results_that_stay_incomplete_are_paid_again_only_when_they_cannot_be_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _Lying("anthropic") as service:
        service.change(
            payload=lambda batch: {**batch, "request_counts": {"succeeded": COUNT + 1}},
            file=lambda line: _of_another(line) if "question 3" in json.dumps(line) else line,
        )
        asking = Asking(service, tmp_path, poll=0.001)
        with pytest.raises(JudgebenchError, match=r"batch_1', which has ended \(10 results came of 11 that it says"):
            asking.run()
        monkeypatch.setattr("judgebench.engine.batch_provider.YOUNG", 0.0)
        assert [number for number, reply in asking.run().items() if reply.status != "ok"] == [3]
        assert len(service.batches) == 1


def test_a_service_that_tells_no_state_is_given_up(tmp_path: Path) -> None:
    """An error body with 200 in the place of the batch, for ever."""
    with _Lying("anthropic") as service:
        service.change(payload=lambda _: {"type": "error", "error": {"type": "api_error", "message": "no"}})
        asking = Asking(service, tmp_path)
        asking.keys = {"patience": 0.1}
        with pytest.raises(JudgebenchError, match="names no state"):
            asking.run()
        assert len(service.batches) == 1
