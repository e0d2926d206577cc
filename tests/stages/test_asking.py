"""Answers and judgments asked for: each once, what failed again, and what has changed only when somebody says so."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import msgspec
import pytest

from judgebench.datasets.samples import PlannedSamples
from judgebench.errors import EndpointError, ExitCode
from judgebench.identity.questions import read_identity, write_identity
from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.models.access import model_config
from judgebench.records.facts import answer_hash
from judgebench.records.flow import Failure, Reply, Request, Usage, Verdict
from judgebench.records.run import Baseline, JudgeConfig, Typed
from judgebench.stages import judge_infer
from judgebench.stages.first_replies import check_logprobs
from judgebench.stages.progress import Progress
from judgebench.stages.task import InThread, run_in_thread
from judgebench.testing import ProviderService
from tests.stages.in_one_process import ASKED, EQUAL, SAY, OneProcess, judge, model, number_in, rows, text_of

FAILED = Reply(status="failed", error=Failure(kind="server", message="gone"))
REFUSED = Reply(status="failed", error=Failure(kind="bad_request", message="no such thing"))
PAIRS = Typed(type="judgebench.judges.PairComparison", options={"aggregate": {"type": "counter", "unread": "drop"}})
DONE = {"infer:m/d": 0, "judge:m/d-j": 0, "extract:m/d-j": 0, "summarize": 0}


class Raises(JudgeMethod):
    """Asks about all items but one."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """No keys."""

    def __init__(self, config: Config) -> None:
        pass

    def identity(self) -> dict[str, Any]:
        return {"method": "raises"}

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        if case.id == 1:
            raise ValueError("not this one")
        await ask("well?")
        return Verdict(status="ok", decision="correct")


def verdicts(run: OneProcess, row: str = "d-j", name: str = "m") -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.run.verdicts(name, row).read_text().splitlines()]


def test_a_whole_run_asks_each_question_once(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(3))
    assert run.do() == DONE
    assert [number_in(one) for one in run.asked("m")] == ["0", "1", "2"]
    assert len(run.asked("j")) == 3
    assert [(one.id, one.repeat, one.prediction, one.gold) for one in run.answers()] == [
        (0, 0, "It is 0.", "0"),
        (1, 0, "It is 1.", "1"),
        (2, 0, "It is 2.", "2"),
    ]
    assert [one.gold for one in run.calls()] == [one.uuid for one in run.answers()]
    assert not list(run.run.path.rglob("*.replaced")), "nothing was replaced"
    assert run.result().metrics["accuracy"].value == 100
    said = run.last("judge:m/d-j")
    assert (said.done, said.total, said.finish, said.fail, said.unparsed, said.kept) == (3, 3, 3, 0, 0, 0)
    found = run.identity()
    assert (found.planned, found.ok, found.failed, found.served_model) == (3, 3, 0, "m")
    judged = run.identity("j")
    assert (judged.planned, judged.ok, judged.failed, judged.served_model) == (3, 3, 0, "j")


def test_repeats_of_a_sample_stand_together_and_each_is_judged(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, models=[model(generation_kwargs={"num_return_sequences": 2, "temperature": 1})])
    assert set(run.do().values()) == {0}
    assert [number_in(one) for one in run.asked("m")] == ["0", "0", "1", "1"]
    assert [one.nth for one in run.asked("m")] == [0, 1, 0, 1]
    assert [one.params for one in run.asked("m")] == [{"temperature": 1}] * 4
    assert len({one.uuid for one in run.answers()}) == 4
    assert run.result().counts.ok == 4


def test_a_second_invocation_asks_what_is_missing_and_what_failed(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(4))
    SAY["m"] = lambda request: FAILED if number_in(request) == "2" else f"It is {number_in(request)}."
    SAY["j"] = lambda request: FAILED if "is 1?" in text_of(request) else "VERDICT: A"
    run.do()
    assert run.last("infer:m/d").fail == 1
    assert (run.last("judge:m/d-j").fail, run.last("judge:m/d-j").total) == (1, 3)
    counts = run.result().counts
    assert (counts.ok, counts.prediction_failed, counts.judge_failed) == (2, 1, 1)
    SAY["m"], SAY["j"] = (lambda request: "well"), (lambda request: "VERDICT: B")
    assert run.do(retry_failed=False)["extract:m/d-j"] == 0
    assert ASKED == []
    run.do()
    assert [number_in(one) for one in run.asked("m")] == ["2"]
    assert sorted("is 1?" in text_of(one) for one in run.asked("j")) == [False, True]
    assert (run.last("infer:m/d").kept, run.last("infer:m/d").finish) == (3, 4)
    assert (run.last("judge:m/d-j").kept, run.last("judge:m/d-j").finish) == (2, 4)
    assert run.result().counts.ok == 4
    assert run.do() == {"extract:m/d-j": 0, "summarize": 0}


def test_a_file_that_was_cut_off_is_completed(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(4))
    run.do()
    for path in (run.run.predictions("m", "d"), run.run.predictions("m", "d", "j")):
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(lines[0] + lines[2] + lines[3][:20])
    assert set(run.do().values()) == {0}
    assert [number_in(one) for one in run.asked("m")] == ["1", "3"]
    assert len(run.asked("j")) == 2
    assert [one.id for one in run.answers()] == [one.id for one in run.calls()] == [0, 1, 2, 3]


def test_answers_to_another_question_are_refused_unless_they_are_asked_again(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    run.do()
    run.change(prompt="Say, {question}")
    assert run.do("infer") == {"infer:m/d": ExitCode.USAGE}
    assert "asked with other settings (prompt:" in run.last("infer:m/d").error
    assert ASKED == []
    assert run.do("infer", redo_changed=True) == {"infer:m/d": 0}
    assert len(ASKED) == 2
    aside = list(run.run.predictions("m", "d").parent.glob("d.jsonl.before-*"))
    assert len(aside) == 1


def test_another_model_behind_the_same_name_is_refused(tmp_path: Path) -> None:
    """Where the config leaves the name to the service, the service says who answers."""
    run = OneProcess(tmp_path, data=rows(2), models=[model(model="")])
    SAY["m"] = lambda request: Reply(status="ok", text="It is 0.", served_model="served")
    run.do("infer")
    path = run.run.identity("m", "d")
    found = read_identity(path)
    assert found is not None
    assert found.served_model == "served"
    path.write_text(path.read_text().replace('"served"', '"another"'))
    run.write(rows(3))
    run.do("infer")
    assert "came from the model 'another', but the service now serves 'served'" in run.last("infer:m/d").error
    assert run.do("infer", redo_changed=True) == {"infer:m/d": 0}
    found = read_identity(path)
    assert found is not None
    assert found.served_model == "served"


def test_a_judge_behind_the_same_name_that_is_another_is_refused(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, judges=[judge(model=model("j", model=""))])
    SAY["j"] = lambda request: Reply(status="ok", text="VERDICT: A", served_model="served")
    run.do()
    path = run.run.identity("m", "d", "j")
    path.write_text(path.read_text().replace('"served"', '"another"'))
    run.write(rows(3))
    run.do()
    assert "came from the model 'another', but the judge's service now serves 'served'" in run.last("judge:m/d-j").error
    assert run.do(redo_changed=True)["judge:m/d-j"] == 0


def test_foreign_answers_in_the_file_are_told_and_asked(tmp_path: Path) -> None:
    """Somebody has put the answers of another model into the file."""
    run = OneProcess(tmp_path)
    run.do()
    other = OneProcess(tmp_path / "other", models=[model(generation_kwargs={"temperature": 0.3})])
    other.do()
    run.run.predictions("m", "d").write_bytes(other.run.predictions("m", "d").read_bytes())
    SAY["m"] = lambda request: "own"
    assert run.do()["infer:m/d"] == 0
    assert len(run.asked("m")) == 2
    assert [one.prediction for one in run.answers()] == ["own", "own"]
    replaced = run.run.predictions("m", "d").with_name("d.jsonl.replaced")
    assert len(replaced.read_text().splitlines()) == 2


def test_answers_of_a_file_that_is_as_it_was_completed_are_taken_by_their_rows(tmp_path: Path) -> None:
    """To render every question of millions again would tell nothing new."""
    run = OneProcess(tmp_path, data=rows(3))
    SAY["m"] = lambda request: FAILED if number_in(request) == "2" else "It is."
    run.do("infer")
    path = run.run.predictions("m", "d")
    path.write_bytes(path.read_bytes().replace(b'"uuid":"', b'"uuid":"0'))
    found = run.identity()
    write_identity(run.run.identity("m", "d"), found, completed=path)
    run.do("infer")
    assert [number_in(one) for one in run.asked("m")] == ["2"]


def test_a_judge_that_has_nothing_recorded_reads_the_data_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look at millions of rows takes minutes; it is for items about which something is recorded."""
    run = OneProcess(tmp_path, data=rows(3))
    run.do("infer")
    read, looked = PlannedSamples.read, list[bool]()

    def noted(self: PlannedSamples, *given: Any) -> Any:
        looked.append(True)
        return read(self, *given)

    monkeypatch.setattr(PlannedSamples, "read", noted)
    run.do("judge")
    assert (len(looked), len(run.asked("j"))) == (1, 3)
    run.write(rows(4))
    run.do("infer")
    looked.clear()
    run.do("judge")
    assert (len(looked), len(run.asked("j"))) == (2, 1)


def test_what_is_new_is_judged_before_what_failed(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(4))
    SAY["j"] = lambda request: FAILED if "is 0?" in text_of(request) else "VERDICT: A"
    run.do()
    path = run.run.predictions("m", "d", "j")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    identity = run.identity("j")
    write_identity(run.run.identity("m", "d", "j"), msgspec.structs.replace(identity, size=-1, watermark=None))
    run.do("judge")
    assert [number_in(one) for one in run.asked("j")] == ["2", "3", "0"]


def test_answers_of_which_nobody_knows_whose_they_are_are_told_by_their_questions(tmp_path: Path) -> None:
    """A file that shards of two settings made has a size of 0 in its identity: only the hash of each question tells.

    Of a file that was never completed the first answer tells, which is this model's.
    """
    run = OneProcess(tmp_path)
    run.do("infer")
    path = run.run.predictions("m", "d")
    first, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(first + b"\n" + rest.replace(b'"uuid":"', b'"uuid":"0'))
    found = run.identity()
    for size in (-1, 0, -1):
        write_identity(run.run.identity("m", "d"), msgspec.structs.replace(found, size=size, modified=0, planned=0))
        run.do("infer")
        assert [number_in(one) for one in run.asked("m")] == (["1"] if size == 0 else [])


def test_a_task_may_be_cancelled_from_another_thread(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(3))
    path = run.written(run.plan())
    thread = InThread(lambda line: None)

    def say(request: Request) -> str:
        if number_in(request) == "1":
            other = threading.Thread(target=thread.cancel)
            other.start()
            other.join()
        return "It is."

    SAY["m"] = say
    assert run_in_thread(path, "infer:m/d", thread) == ExitCode.INTERRUPTED
    early = InThread(lambda line: None)
    early.cancel()
    assert run_in_thread(path, "infer:m/d", early) == ExitCode.INTERRUPTED
    assert set(run.do().values()) == {0}
    assert len(run.answers()) == 3


def test_judging_again_finds_out_anew_whether_replies_are_held_to_a_schema(tmp_path: Path) -> None:
    method = Typed(type="judgebench.judges.ReferenceVerifier", options={"style": "json"})
    with ProviderService("openai", lambda request: '{"verdict": "correct"}') as service:
        asked = {"type": "judgebench.models.VLLMCustomAPIChat", "abbr": "j", "model": "test-model", "url": service.url,
                 "api_key": "test-key"}  # fmt: skip
        run = OneProcess(tmp_path, judges=[judge(method=method, model=asked, constrain="auto")])
        run.do()
        assert run.result().identity["constrained"] == "response_format"
        service.heeds = ()
        assert run.do()["extract:m/d-j"] == 0
        assert run.result().identity["constrained"] == "response_format"
        run.do(rejudge=True)
    result = run.result()
    assert (result.identity["constrained"], result.counts.ok) == ("no", 2)


def held_to_schema(folder: Path, url: str, **keys: Any) -> OneProcess:
    method = Typed(type="judgebench.judges.ReferenceVerifier", options={"style": "json"})
    asked = {"type": "judgebench.models.VLLMCustomAPIChat", "abbr": "j", "model": "test-model", "url": url,
             "api_key": "test-key"}  # fmt: skip
    return OneProcess(folder, judges=[judge(method=method, model=asked, constrain="auto")], **keys)


def test_questions_go_to_a_file_only_where_it_is_known_whether_replies_are_held_to_a_schema(tmp_path: Path) -> None:
    run = held_to_schema(tmp_path, "http://127.0.0.1:1")
    run.do("infer")
    assert run.do("judge", requests=str(tmp_path / "out"))["judge:m/d-j"] == ExitCode.USAGE
    assert "has to be asked whether that works" in run.last("judge:m/d-j").error


@pytest.mark.parametrize(("line", "code"), [("limit-reached", ExitCode.BUDGET_REACHED), ("stop", ExitCode.INTERRUPTED)])
def test_a_first_question_of_a_judge_that_may_not_be_sent_any_more_ends_the_task_as_any_other(
    tmp_path: Path, line: str, code: int
) -> None:
    with ProviderService("openai", lambda request: '{"verdict": "correct"}') as service:
        run = held_to_schema(tmp_path, service.url)
        run.do("infer")
        ended, said = limited_task(run, "judge:m/d-j", lambda _: line)
    assert (ended, said[-1].state) == (code, "error")
    assert not run.calls()
    assert service.requests == []


def test_what_a_service_did_before_is_what_it_has_to_do_again(tmp_path: Path) -> None:
    with ProviderService("openai", lambda request: '{"verdict": "correct"}') as service:
        run = held_to_schema(tmp_path, service.url)
        run.do()
        service.heeds = ()
        run.write(rows(3))
        run.do("infer_judge")
        said = run.last("judge:m/d-j")
        assert "were held to a schema by response_format, and now its service does not hold" in said.error
        assert run.do("infer_judge", redo_changed=True)["judge:m/d-j"] == 0
    assert run.last("judge:m/d-j").finish == 3
    found = run.identity("j")
    assert found.constrained == ""


def test_a_judgment_of_foreign_answers_says_so(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    run.do("infer")
    path = run.run.predictions("m", "d")
    path.write_bytes(path.read_bytes().replace(b'"uuid":"', b'"uuid":"0'))
    assert set(run.do("eval").values()) == {0}
    assert "2 of the judged answers are another model's" in run.last("judge:m/d-j").note
    assert any("answers of another model" in note and ": 2 (" in note for note in run.result().notes)


def test_a_judge_asked_otherwise_asks_anew_and_finds_the_old_again(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    run.do()
    first = run.calls()
    warm = judge(model=model("j", generation_kwargs={"temperature": 0.5}))
    run.change(judges=[warm])
    run.do()
    assert len(run.asked("j")) == 2
    assert {one.uuid for one in run.calls()}.isdisjoint({one.uuid for one in first})
    run.change(judges=[judge()])
    run.do()
    assert ASKED == []
    assert run.calls() == first


def test_judging_again_asks_everything_and_keeps_what_was(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    run.do()
    SAY["j"] = lambda request: "VERDICT: B"
    run.do(rejudge=True)
    assert len(run.asked("j")) == 2
    assert run.result().metrics["accuracy"].value == 0
    (aside,) = run.run.predictions("m", "d", "j").parent.glob("d-j.jsonl.before-*")
    assert len(aside.read_text().splitlines()) == 2


def test_replies_that_cannot_be_read_are_counted_and_never_a_number(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(3))
    SAY["j"] = lambda request: "who knows" if "is 1?" in text_of(request) else "VERDICT: A"
    run.do()
    said = run.last("judge:m/d-j")
    assert (said.finish, said.unparsed, said.fail) == (3, 1, 0)
    counts = run.result().counts
    assert (counts.planned, counts.ok, counts.unparsed) == (3, 2, 1)
    assert [(one["status"], one.get("decision")) for one in verdicts(run)] == [
        ("ok", "correct"), ("unparsed", None), ("ok", "correct"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "abbr", "words"),
    [
        ("infer:m/d", "m", "the first 50 answers were refused"),
        ("judge:m/d-j", "j", "the first 50 judge calls were refused"),
    ],
)
def test_a_task_whose_first_requests_are_all_refused_ends(tmp_path: Path, stage: str, abbr: str, words: str) -> None:
    run = OneProcess(tmp_path, data=rows(52))
    SAY[abbr] = lambda request: REFUSED
    assert run.do("infer_judge")[stage] == ExitCode.PREREQUISITE
    assert words in run.last(stage).error
    assert len(run.asked(abbr)) == 50
    run.do("infer_judge", go_on=True)
    assert run.last(stage).fail == 52


@pytest.mark.parametrize(("stage", "abbr"), [("infer:m/d", "m"), ("judge:m/d-j", "j")])
def test_it_ends_however_many_kinds_of_refusal_there_were_and_not_over_other_faults(
    tmp_path: Path, stage: str, abbr: str
) -> None:
    kinds = ["bad_request", "context_length", "content_filter"]

    def failing(request: Request) -> Reply:
        number = int(text_of(request).rpartition("what is ")[2].partition("?")[0])
        return Reply(status="failed", error=Failure(kind=kinds[number % len(kinds)], message="no"))  # type: ignore[arg-type]

    run = OneProcess(tmp_path, data=rows(51))
    SAY[abbr] = failing
    assert run.do("infer_judge")[stage] == ExitCode.PREREQUISITE
    assert len(run.asked(abbr)) == 50
    kinds.append("server")
    run.do("infer_judge")
    assert run.last(stage).fail == 51


@pytest.mark.parametrize(("stage", "abbr"), [("infer:m/d", "m"), ("judge:m/d-j", "j")])
def test_refusals_do_not_end_a_task_that_has_had_an_answer(tmp_path: Path, stage: str, abbr: str) -> None:
    run = OneProcess(tmp_path, data=rows(54))
    SAY[abbr] = lambda request: REFUSED if int(number_in(request)) else "VERDICT: A"
    run.do("infer_judge")
    assert (run.last(stage).finish, run.last(stage).fail) == (1, 53)


@pytest.mark.parametrize("retry_failed", [True, False])
def test_who_waits_for_verdicts_hears_of_answers_that_failed_now_and_before(tmp_path: Path, retry_failed: bool) -> None:
    """Those that are asked again are told when they have ended once more."""
    run = OneProcess(tmp_path, data=rows(4))
    SAY["m"] = lambda request: FAILED if number_in(request) in "02" else "It is."
    waited: dict[str, Any] = {"in_random_order": True, "shuffle": 1}

    def heard() -> list[tuple[int, str]]:
        return sorted((one.id, one.status) for said in run.reports["infer:m/d"] for one in said.verdicts)

    run.do("infer", **waited)
    assert heard() == [(0, "prediction_failed"), (2, "prediction_failed")]
    SAY["m"] = lambda request: FAILED if number_in(request) == "0" else "It is."
    run.write(rows(5))
    run.do("infer", retry_failed=retry_failed, **waited)
    assert heard() == [(0, "prediction_failed"), (2, "prediction_failed")][: 1 if retry_failed else 2]
    assert [int(number_in(one)) for one in run.asked("m")].count(4) == 1


def test_who_waits_for_verdicts_hears_what_became_of_each_judgment(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(4))
    says = {"0": "VERDICT: A", "1": "VERDICT: B", "2": "who knows"}
    SAY["j"] = lambda request: says.get(number_in(request), FAILED)
    run.do("infer_judge", in_random_order=True, shuffle=1)
    told = {one.id: one for said in run.reports["judge:m/d-j"] for one in said.verdicts}
    assert {id_: (one.status, one.decision) for id_, one in told.items()} == {
        0: ("ok", "correct"), 1: ("ok", "incorrect"), 2: ("unparsed", None), 3: ("judge_failed", None),
    }  # fmt: skip
    assert told[0].answer_hash == answer_hash("It is 0.")
    run.do("judge")
    assert not any(said.verdicts for said in run.reports["judge:m/d-j"])


def test_a_task_whose_first_replies_are_all_unread_ends(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(52))
    SAY["j"] = lambda request: "I would rather not say"
    run.do("infer_judge")
    assert "the first 50 replies could not be read, all of them" in run.last("judge:m/d-j").error
    assert "rather not say" in run.last("judge:m/d-j").error


@pytest.mark.parametrize(("rate", "ends"), [(0.2, True), (0.3, False), (0.5, False), (None, False)])
def test_a_task_gives_up_where_more_failed_than_is_allowed(tmp_path: Path, rate: float | None, ends: bool) -> None:
    run = OneProcess(tmp_path, data=rows(10))
    SAY["m"] = lambda request: FAILED if int(number_in(request)) < 3 else "It is."
    codes = run.do("infer", max_fail_rate=rate)
    assert (codes["infer:m/d"] != 0) == ends
    if ends:
        assert "3 of 10 items failed, more than --max-fail-rate 0.2 allows" in run.last("infer:m/d").error


def test_what_a_method_raises_about_one_item_is_that_items_failure(tmp_path: Path) -> None:
    method = Typed(type="tests.stages.test_asking.Raises")
    run = OneProcess(tmp_path, data=rows(3), judges=[judge(method=method)])
    assert set(run.do().values()) == {0}
    assert (run.last("judge:m/d-j").finish, run.last("judge:m/d-j").fail) == (2, 1)
    counts = run.result().counts
    assert (counts.ok, counts.judge_failed) == (2, 1)
    assert [one.get("reason", "") for one in verdicts(run)] == ["", "ValueError: not this one", ""]
    codes = run.do(max_fail_rate=0.1)
    assert "first fault: ValueError: not this one" in run.last("judge:m/d-j").error
    assert codes["judge:m/d-j"] != 0


class Counting(JudgeMethod):
    """Notes how often it judges each item; what it asks and what it raises may change from one time to the next."""

    times: ClassVar[dict[int, int]] = {}
    asks_anew: ClassVar[bool] = False
    raises_anew: ClassVar[bool] = False

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """No keys."""

    def __init__(self, config: Config) -> None:
        pass

    def identity(self) -> dict[str, Any]:
        return {"method": "counting"}

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        time = self.times[case.id] = self.times.get(case.id, 0) + 1
        await ask(f"what is {case.id}?" + (f" ({time})" if self.asks_anew else ""))
        if self.raises_anew and time == 2:
            raise ValueError("not again")
        return Verdict(status="ok", decision="correct")


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> JudgeConfig:
    monkeypatch.setattr(Counting, "times", {})
    monkeypatch.setattr(Counting, "asks_anew", False)
    monkeypatch.setattr(Counting, "raises_anew", False)
    return judge(method=Typed(type=f"{__name__}.Counting"), model=model("j", batch_size=1))


def test_the_first_items_are_judged_twice_where_replies_came(tmp_path: Path, counting: JudgeConfig) -> None:
    run = OneProcess(tmp_path, data=rows(5), judges=[counting])
    run.do("infer_judge")
    assert Counting.times == {0: 2, 1: 2, 2: 2, 3: 1, 4: 1}
    assert len(run.asked("j")) == 5
    Counting.times.clear()
    run.write(rows(6))
    run.do("infer_judge")
    assert Counting.times == {**dict.fromkeys(range(5), 1), 5: 2}, "what is recorded is not"


def test_a_method_that_asks_otherwise_the_second_time_ends_the_task(tmp_path: Path, counting: JudgeConfig) -> None:
    """No verdict could be derived from what is recorded, and each further attempt would pay for all."""
    Counting.asks_anew = True
    run = OneProcess(tmp_path, data=rows(5), judges=[counting])
    assert run.do("infer_judge")["judge:m/d-j"] == ExitCode.USAGE
    said = run.last("judge:m/d-j")
    assert said.error.startswith("The method of 'j' asks other questions when it judges item 0 once more")
    assert "no random numbers" in said.hint
    assert len(run.asked("j")) == 1


def test_a_method_that_raises_the_second_time_is_logged_and_goes_on(
    tmp_path: Path, counting: JudgeConfig, caplog: pytest.LogCaptureFixture
) -> None:
    Counting.raises_anew = True
    run = OneProcess(tmp_path, data=rows(2), judges=[counting])
    assert run.do("infer_judge")["judge:m/d-j"] == 0
    assert "item 1: judged once more, the method raised ValueError('not again')" in caplog.text
    assert run.last("judge:m/d-j").finish == 2


@pytest.mark.parametrize(
    ("service", "reads", "answered", "ends"),
    [
        (True, True, [({"logprobs": 5}, False)], True),
        (True, True, [({"logprobs": 5}, False), ({"logprobs": 5}, True)], False),
        (True, True, [({}, False)], False),
        (True, False, [({"logprobs": 5}, False)], False),
        (False, True, [({"logprobs": 5}, False)], False),
    ],
)
def test_a_service_that_gives_none_of_the_log_probabilities_that_a_method_reads_ends_the_task(
    service: bool, reads: bool, answered: list[tuple[dict[str, Any], bool]], ends: bool
) -> None:
    asked = {"type": "VLLMCustomAPIChat", "abbr": "j", "model": "j", "url": "http://127.0.0.1:1"}
    method, ask = SimpleNamespace(needs_logprobs=reads, parsers=[]), SimpleNamespace(answered=answered)
    config = model_config(asked if service else model("j"))
    with pytest.raises(EndpointError, match="The judge of m/d-j reads log-probabilities") if ends else nullcontext():
        check_logprobs(method, config, ask, "m/d-j")  # type: ignore[arg-type]


def cutting(text: str) -> str:
    """A postprocessor that cannot cope with one answer."""
    if "1" in text:
        raise ValueError("not this one")
    return text.upper()


def test_what_a_postprocessor_raises_about_one_answer_is_that_items_failure(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(3), models=[model(pred_postprocessor={"type": f"{__name__}.cutting"})])
    assert set(run.do(in_random_order=True, shuffle=1).values()) == {0}
    assert (run.last("judge:m/d-j").finish, run.last("judge:m/d-j").fail) == (2, 1)
    told = [(one.id, one.status) for said in run.reports["judge:m/d-j"] for one in said.verdicts]
    assert sorted(told) == [(0, "ok"), (1, "judge_failed"), (2, "ok")]
    assert all("IT IS" in text_of(one) for one in run.asked("j"))
    assert (run.result().counts.ok, run.result().counts.judge_failed) == (2, 1)
    assert [one.get("reason", "") for one in sorted(verdicts(run), key=lambda one: one["id"])] == [
        "", "ValueError: not this one", "",
    ]  # fmt: skip


def test_judgments_of_other_weights_are_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = OneProcess(tmp_path)
    run.do()
    first = run.run.predictions("m", "d", "j").read_bytes()
    run.write(rows(3))
    monkeypatch.setattr(judge_infer, "others_weights", lambda *_: True)
    run.do("infer_judge")
    assert len(run.asked("j")) == 3
    (aside,) = run.run.predictions("m", "d", "j").parent.glob("d-j.jsonl.before-*")
    assert aside.read_bytes() == first


def limited_task(run: OneProcess, task: str, says: Callable[[int], str]) -> tuple[int, list[Progress]]:
    """How a task ends whose run has a limit, and all that it said; it is told this whenever it waits for allowances."""
    path = run.written(run.plan(max_calls=9))
    said: list[Progress] = []

    def heard(line: bytes) -> None:
        said.append(msgspec.json.decode(line, type=Progress))
        state = said[-1].spending
        if state is not None and state.waiting:
            thread.tell(says(state.seen))

    thread = InThread(heard)
    return int(run_in_thread(path, task, thread)), said


@pytest.mark.parametrize("calls", [1, 2])
def test_no_more_is_asked_than_a_task_is_allowed(tmp_path: Path, calls: int) -> None:
    run = OneProcess(tmp_path, data=rows(4), models=[model(batch_size=1)])
    code, said = limited_task(run, "infer:m/d", lambda seen: "limit-reached" if seen else f"allowance 1 {calls} 0 0")
    assert code == ExitCode.BUDGET_REACHED
    assert len(run.asked("m")) == len(run.answers()) == calls
    assert (said[-1].done, said[-1].total, said[-1].finish) == (calls, 4, calls)


def test_a_comparison_looks_at_both_answers(tmp_path: Path) -> None:
    run = OneProcess(
        tmp_path, data=rows(3), models=[model("m"), model("n")], judges=[judge(method=PAIRS, compare_with="n")]
    )
    SAY["n"] = lambda request: FAILED if number_in(request) == "2" else f"N says {number_in(request)}"
    SAY["j"] = lambda request: "VERDICT: A"
    run.do()
    assert all("N says" in text_of(one) and "It is" in text_of(one) for one in run.asked("j"))
    counts = run.result().counts
    assert (counts.planned, counts.prediction_failed) == (3, 1)
    found = verdicts(run)
    assert found[2]["reason"].startswith("no answer of n to compare with: gone")
    assert run.run.comparisons("m", "d-j").exists()
    assert all(
        one.gold == [a.uuid, b.uuid]
        for one, a, b in zip(run.calls()[::2], run.answers(), run.answers("n"), strict=False)
    )


def test_a_file_of_answers_stands_for_the_second_model(tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text('{"output": "of the file"}\n')
    run = OneProcess(tmp_path, judges=[judge(method=PAIRS, baseline=Baseline(path="other.jsonl", name="other"))])
    run.do()
    assert all("of the file" in text_of(one) for one in run.asked("j"))
    found = verdicts(run)
    assert found[1]["status"] == "not_judged"
    assert found[1]["reason"] == "other has no answer to compare with"


def test_a_stop_keeps_what_is_there_and_says_so(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    assert run.do("infer", told=("stop",)) == {"infer:m/d": ExitCode.INTERRUPTED}
    assert run.last("infer:m/d").error.startswith("stopped before the end")
    assert ASKED == []
    assert run.do("infer") == {"infer:m/d": 0}


@pytest.mark.parametrize(("stage", "abbr", "row"), [("infer:m/d", "m", ""), ("judge:m/d-j", "j", "j")])
def test_a_stop_in_the_middle_says_how_far_it_came_of_all(tmp_path: Path, stage: str, abbr: str, row: str) -> None:
    run = OneProcess(
        tmp_path, data=rows(6), models=[model(batch_size=1)], judges=[judge(model=model("j", batch_size=1))]
    )
    if row:
        run.do("infer")
    path = run.written(run.plan())
    said: list[Progress] = []
    thread = InThread(lambda line: said.append(msgspec.json.decode(line, type=Progress)))

    async def say(request: Request) -> str | Reply:
        number = int(number_in(request))
        if number == 3:
            thread.tell("stop")
            await asyncio.sleep(0)
        return FAILED if number == 1 else "VERDICT: A"

    SAY[abbr] = say
    assert run_in_thread(path, stage, thread) == ExitCode.INTERRUPTED
    last = said[-1]
    assert (last.done, last.total, last.finish, last.fail) == (4, 6, 3, 1)
    assert last.hint == "Continue with --reuse."
    found = run.identity(row)
    assert (found.planned, found.ok, found.failed, found.size) == (4, 3, 1, -1)
    assert run.do("infer_judge")[stage] == 0
    assert sorted(number_in(one) for one in run.asked(abbr)) == ["1", "4", "5"]


def test_the_log_names_a_few_of_the_items_that_a_recording_lacks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = OneProcess(tmp_path, data=rows(5))
    SAY["j"] = lambda request: Reply(status="failed", error=Failure(kind="no_recording", message="not there"))
    run.do("infer_judge")
    assert [record.getMessage() for record in caplog.records if "is not judged" in record.getMessage()] == [
        f"item {at} is not judged: not there" for at in range(3)
    ]
    assert (run.last("judge:m/d-j").done, run.last("judge:m/d-j").total) == (5, 5)


def test_a_gate_that_needs_no_more_ends_a_task_well(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    assert run.do("infer", told=("decided",)) == {"infer:m/d": 0}
    assert ASKED == []
    assert run.graph("infer").kept == []


def test_the_end_of_something_else_is_not_the_end_of_the_answers(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    assert run.do("infer", told=("upstream-done infer:other", "allowance 1 1 1 1", "")) == {"infer:m/d": 0}


def test_where_nobody_knows_how_many_items_there_are_the_total_is_told_when_it_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlannedSamples, "count", lambda _: None)
    run = OneProcess(tmp_path, data=rows(3))
    run.do("infer_judge")
    for stage in ("infer:m/d", "judge:m/d-j"):
        first = next(one for one in run.reports[stage] if one.state == "running")
        assert (first.total, run.last(stage).total, run.last(stage).done) == (0, 3, 3)


def test_a_first_question_warms_the_service_and_is_not_recorded(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(3))
    run.do("infer", num_warmups=2)
    assert [number_in(one) for one in run.asked("m")] == ["0", "1", "0", "1", "2"]
    assert [one.nth for one in run.asked("m")] == [0] * 5
    assert len(run.answers()) == 3
    OneProcess(tmp_path / "other", data=rows(1)).do("infer", num_warmups=5)
    assert len(ASKED) == 2


def test_what_was_spent_is_counted_by_side(tmp_path: Path) -> None:
    price = {"input": 1.0, "output": 2.0}
    run = OneProcess(tmp_path, models=[model(price=price)], judges=[judge(model=model("j", price=price))])
    usage = Usage(prompt_tokens=100, completion_tokens=10)
    SAY["m"] = lambda request: Reply(status="ok", text="It is 0.", usage=usage, tries=3, waited=1.5)
    SAY["j"] = lambda request: Reply(status="ok", text="VERDICT: A", usage=usage, tries=1)
    run.do()
    used = run.result().usage
    assert (used["model"]["calls"], used["model"]["prompt_tokens"], used["model"]["completion_tokens"]) == (2, 200, 20)
    assert (used["model"]["extra_requests"], used["model"]["seconds_waited"]) == (4, 3.0)
    assert (used["judge"]["calls"], used["judge"]["extra_requests"]) == (2, 0)
    assert not used["judge"].get("unmeasured")
    assert used["judge"]["cost"] == pytest.approx(2 * (100 * 1 + 10 * 2) / 1_000_000)


def test_a_rule_measures_the_judge_beside_it(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(3), evaluator=EQUAL)
    SAY["m"] = lambda request: "It is 1."
    run.do(dump_details=True)
    found = verdicts(run)
    assert [one["rule"]["decision"] for one in found] == ["incorrect", "correct", "incorrect"]
    result = run.result()
    assert result.diagnostics.rule_accuracy == pytest.approx(100 / 3)
    assert [one.why for one in result.diagnostics.doubtful] == ["judge says correct, rule says incorrect"] * 2
    assert result.details is not None
    assert [(one["id"], one["correct"], one["judge_reply"]) for one in result.details] == [
        (at, True, "VERDICT: A") for at in range(3)
    ]
    assert all("answers" not in one for one in result.details)
    assert run.result("d").metrics["accuracy"].value == pytest.approx(100 / 3)


def test_a_rule_that_calls_every_answer_wrong_is_pointed_at(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(5), evaluator=EQUAL, judges=[])
    SAY["m"] = lambda request: "It is 99."
    run.do()
    assert any("calls every answer wrong, all 5" in note for note in run.result("d").notes)
    few = OneProcess(tmp_path / "other", data=rows(4), evaluator=EQUAL, judges=[])
    SAY["m"] = lambda request: "It is 99."
    few.do()
    assert not any("calls every answer wrong" in note for note in few.result("d").notes)
