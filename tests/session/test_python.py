"""``judgebench.run`` and ``run_async``: from a test, a thread, an event loop; nothing of the process changes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

import judgebench
from judgebench.datasets import JsonlDataset
from judgebench.errors import ConfigError, ExitCode, UnknownNameError, UsageError
from judgebench.judges import NumberEqual, ReferenceVerifier
from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.models import VLLMCustomAPIChat
from judgebench.models.contract import ModelConfig
from judgebench.plugins.held import source_hash
from judgebench.records.flow import Metric, Reply, Request, Verdict
from tests.e2e.conftest import stand
from tests.e2e.harness import JB, Bench, slower_after, wait_until
from tests.e2e.harness import run as run_jb
from tests.executors.file_executor import FileExecutor

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    for name in [name for name in os.environ if name.startswith("JB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.chdir(tmp_path)
    with stand(tmp_path) as made:
        yield made


def variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


@pytest.fixture
def untouched(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing is printed, no environment variable left, signal handlers are as before, no thread stays."""
    environment, handlers = variables(), [signal.getsignal(one) for one in SIGNALS]
    threads = set(threading.enumerate())
    capfd.readouterr()
    yield
    assert capfd.readouterr() == ("", "")
    assert variables() == environment
    assert [signal.getsignal(one) for one in SIGNALS] == handlers
    ours = [one for one in set(threading.enumerate()) - threads if one.name.startswith("judgebench")]
    for one in ours:
        one.join(60)  # it hands its result over a moment before it ends
    assert not any(one.is_alive() for one in ours)


def model(bench: Bench, abbr: str = "made", **keys: Any) -> dict[str, Any]:
    known = {"model": "m", "url": bench.model.url, "batch_size": 4, "retry": 0}
    return dict(type=VLLMCustomAPIChat, abbr=abbr, **{**known, **keys})


def judge(bench: Bench, **keys: Any) -> dict[str, Any]:
    asked = {"model": "j", "url": bench.judge.url, "batch_size": 4, "retry": 0}
    own = {"abbr": "judge", "method": {"type": ReferenceVerifier}, **keys}
    return {"judge_model": dict(type=VLLMCustomAPIChat, abbr="judge", **asked), **own}


def dataset(**keys: Any) -> dict[str, Any]:
    columns = {"input_columns": ["question"], "output_column": "answer", "id_column": "name"}
    made = {"abbr": "made-data", "path": "toy.jsonl", "prompt": "{question}", "evaluator": {"type": NumberEqual}}
    return dict(type=JsonlDataset, **{**columns, **made, **keys})


NAMES: dict[str, Any] = {"models": "toy_model", "datasets": "toy_llmjudge"}


def accuracy(outcome: judgebench.Outcome) -> float | None:
    (result,) = outcome.results
    return result.metrics["accuracy"].value


@pytest.mark.usefixtures("untouched")
def test_names_run_as_on_the_command_line(bench: Bench) -> None:
    outcome = judgebench.run(**NAMES)
    assert outcome.ok
    assert outcome.exit_code == ExitCode.DONE
    assert outcome.path == bench.run
    assert accuracy(outcome) == pytest.approx(100 * 5 / 6)
    assert outcome.summary is not None
    assert outcome.summary.with_suffix(".md").exists()
    assert (outcome.errors, outcome.interrupted, outcome.counts.ok) == ([], False, 6)


@pytest.mark.usefixtures("untouched")
def test_dicts_classes_and_objects_run(bench: Bench) -> None:
    """A key in a dict is a secret: it reaches the service and no file, nor the environment."""
    outcome = judgebench.run(
        models=model(bench, api_key="sk-of-a-test-1234567890"),
        datasets=dataset(evaluator=NumberEqual(NumberEqual.Config(tolerance="0.5"))),
        judges=[judge(bench, method=ReferenceVerifier.Config())],
        max_num_workers=2,
    )
    assert outcome.ok, outcome.errors
    rows = [(result.model, result.dataset) for result in outcome.results]
    assert rows == [("made", "made-data"), ("made", "made-data-judge")]
    assert {one.headers.get("Authorization") for one in bench.model.requests} == {"Bearer sk-of-a-test-1234567890"}
    written = [path for path in outcome.path.rglob("*") if path.is_file() and b"sk-of-a-test" in path.read_bytes()]
    assert written == []


@pytest.mark.usefixtures("untouched")
def test_a_model_named_as_a_judge_judges_by_the_dataset_s_method(bench: Bench) -> None:
    outcome = judgebench.run(
        models="toy_model", datasets="toy_llmjudge", judges=model(bench, "other", model="j", url=bench.judge.url)
    )
    assert [result.dataset for result in outcome.results] == ["toy-other"]


@pytest.mark.usefixtures("untouched")
def test_two_runs_after_each_other_in_one_process(bench: Bench) -> None:
    first, second = judgebench.run(**NAMES), judgebench.run(**NAMES)
    assert first.path != second.path
    assert accuracy(first) == accuracy(second)


@pytest.mark.usefixtures("untouched")
def test_inside_of_a_running_event_loop(bench: Bench) -> None:
    """Both twins; beside the asynchronous one the loop goes on."""

    async def cell() -> tuple[judgebench.Outcome, judgebench.Outcome, int]:
        turns = 0

        async def other_work() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.01)
                turns += 1

        beside = asyncio.create_task(other_work())
        awaited = await judgebench.run_async(**NAMES)
        beside.cancel()
        return awaited, judgebench.run(**NAMES), turns

    awaited, blocking, turns = asyncio.run(cell())
    assert awaited.ok
    assert blocking.ok
    assert turns > 10


@pytest.mark.usefixtures("untouched")
def test_in_a_thread(bench: Bench) -> None:
    outcomes: list[judgebench.Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(judgebench.run(**NAMES)))
    thread.start()
    thread.join(100)
    assert [outcome.ok for outcome in outcomes] == [True]


@pytest.mark.usefixtures("untouched")
def test_two_runs_at_once_in_one_event_loop(bench: Bench) -> None:
    async def both() -> list[judgebench.Outcome]:
        return await asyncio.gather(
            judgebench.run_async(**NAMES, work_dir="outputs/a"), judgebench.run_async(**NAMES, work_dir="outputs/b")
        )

    assert [outcome.ok for outcome in asyncio.run(both())] == [True, True]


@pytest.mark.usefixtures("untouched")
def test_a_run_whose_await_is_cancelled_stops_and_goes_on_later(bench: Bench) -> None:
    slower_after(3, bench.model, then=3.0)

    async def cancelled() -> None:
        running = asyncio.create_task(judgebench.run_async(**NAMES))
        await asyncio.to_thread(wait_until, lambda: len(bench.model.requests) > 3)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancelled())
    recorded = judgebench.load(bench.run)
    assert recorded.state == "unfinished"
    kept = sum(one.success for one in recorded.predictions())
    assert kept > 0
    bench.model.latency = lambda: 0.0
    asked = len(bench.model.requests)
    outcome = judgebench.run(reuse=bench.run)
    assert outcome.ok
    assert len(bench.model.requests) - asked <= 6 - kept + 2  # two more for the trial calls


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_stops_a_script_gracefully_and_the_second_at_once(bench: Bench, times: int) -> None:
    slower_after(3, bench.model, then=3.0 if times == 1 else 60.0)
    script = "import judgebench; judgebench.run(models='toy_model', datasets='toy_llmjudge'); print('went on')"
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=bench.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        start_new_session=True,
    )
    wait_until(lambda: len(bench.model.requests) > 3)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)  # two that come sooner are one wish; how soon the second ends it: tests/executors/test_local.py
    out, err = process.communicate(timeout=200)
    assert out == ""
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert sum(one.success for one in judgebench.load(bench.run).predictions()) > 0


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("gate", "exit_code", "decision"),
    [
        ("toy-judge.accuracy>=30", ExitCode.DONE, "pass"),
        (["toy-judge.accuracy>=30", "toy-judge.unparsed<=0"], ExitCode.DONE, "pass"),
        ({"min": ["toy-judge.accuracy>=84"], "on": "value"}, ExitCode.GATE_FAILED, "fail"),
        (Path("gate.toml"), ExitCode.GATE_UNDECIDED, "cannot tell"),
        ("gate.toml", ExitCode.GATE_UNDECIDED, "cannot tell"),
    ],
)
def test_a_gate_decides_in_the_outcome(bench: Bench, gate: Any, exit_code: ExitCode, decision: str) -> None:
    Path("gate.toml").write_text("min = ['toy-judge.accuracy>=70']\n")
    outcome = judgebench.run(**NAMES, gate=gate)
    assert outcome.gate is not None
    assert (outcome.exit_code, outcome.ok, outcome.gate.decision) == (exit_code, decision == "pass", decision)
    again = judgebench.gate(outcome, gate)
    assert (
        again
        == outcome.gate
        == judgebench.gate(judgebench.load(outcome.path), gate)
        == judgebench.gate(bench.run, gate)
    )
    assert [check.row for check in again.checks][:1] == ["toy-judge"]


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ([], "no condition"),
        ({}, "no condition"),
        ("toy-judge.accuracy=>80", "'=>' is not an operator"),
        ("toy-judge.accuracy>=0.8", "0.8 percent"),
        ({"minimum": []}, "minimum"),
        ([3], "3 of the gate is no text"),
        ("no_such.toml", "no_such.toml cannot be used"),
    ],
)
def test_a_gate_that_cannot_be_used_is_told_before_the_run(bench: Bench, gate: Any, said: str) -> None:
    with pytest.raises((UsageError, ConfigError)) as caught:
        judgebench.run(**NAMES, gate=gate)
    assert said in caught.value.message
    assert not bench.asked()


@pytest.mark.usefixtures("untouched")
def test_an_executor_and_listeners_are_chosen(bench: Bench) -> None:
    outcome = judgebench.run(**NAMES, executor={"type": "LocalExecutor"}, listeners=[])
    assert outcome.ok
    assert judgebench.run(**NAMES, executor="local").ok
    with pytest.raises(ConfigError, match=r"executor.queue is not a known key"):
        judgebench.run(**NAMES, executor={"type": "LocalExecutor", "queue": "long"})
    with pytest.raises(UsageError, match="one executor"):
        judgebench.run(**NAMES, executor=["local", "local"])
    events = [json.loads(line)["event"] for line in (outcome.path / "events.jsonl").read_text().splitlines()]
    assert (events[0], events[-1]) == ("launch", "done")


class Heard(judgebench.Listener):
    def __init__(self) -> None:
        self.words: list[str] = []

    def start(self, run: Any, rows: Any) -> None:
        self.words.append(f"start {len(rows)}")

    def task(self, row: Any) -> None:
        if row.over:
            self.words.append(f"{row.stage} {row.status}")

    def done(self, *, exit_code: int, scores: Any, next_command: str) -> None:
        self.words.append(f"done {exit_code} {scores[0].name}")


@pytest.mark.usefixtures("untouched")
def test_a_listener_hears_the_run(bench: Bench) -> None:
    heard = Heard()
    judgebench.run(**NAMES, listener=heard)
    assert heard.words == [
        "start 4", "infer finish", "judge finish", "extract finish", "summarize finish",
        "done 0 toy-model:toy-judge.accuracy",
    ]  # fmt: skip


@pytest.mark.usefixtures("untouched")
def test_a_listener_that_raises_ends_the_run(bench: Bench) -> None:
    class Broken(judgebench.Listener):
        def task(self, row: Any) -> None:
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        judgebench.run(**NAMES, listener=Broken())


@pytest.mark.usefixtures("untouched")
def test_tasks_that_fail_are_an_outcome(bench: Bench) -> None:
    bench.judge.stop()
    outcome = judgebench.run(**NAMES, preflight=False)
    assert outcome.exit_code == ExitCode.PREREQUISITE
    assert not outcome.ok
    assert outcome.errors


@pytest.mark.usefixtures("untouched")
def test_what_keeps_a_run_from_starting_is_raised(bench: Bench) -> None:
    with pytest.raises(UnknownNameError, match="toy_mdel"):
        judgebench.run(models="toy_mdel", datasets="toy_llmjudge")
    with pytest.raises(UsageError, match="no 'num_promts'") as caught:
        judgebench.run(**NAMES, num_promts=3)
    assert "num_prompts" in caught.value.hint
    with pytest.raises(UsageError, match="num_prompts"):
        judgebench.run(**NAMES, num_prompts="three")
    with pytest.raises(UsageError, match="Nothing to run"):
        judgebench.run()
    assert not Path("outputs").exists()


class Closed:
    """Keeps no ``config``."""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"type": Closed()}, "it has no prompt_kind"),
        ({"type": lambda: None}, "it has no Config and no prompt_kind"),
        (3, "expected a name, a dict or an object"),
        (object(), "it has no prompt_kind"),
    ],
)
def test_what_is_no_model_is_refused(bench: Bench, given: object, said: str) -> None:
    with pytest.raises((ConfigError, UsageError)) as caught:
        judgebench.run(models=given, datasets="toy_llmjudge")
    assert said in caught.value.message
    assert not bench.asked()


def made_here() -> type[JudgeMethod]:
    """A judge method that no other process can import."""

    class Mine(JudgeMethod):
        class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
            word: str = "right"

        def __init__(self, config: Config) -> None:
            self.config = config

        def identity(self) -> dict[str, Any]:
            return {"method": "mine", "word": self.config.word}

        async def judge(self, case: Case, ask: Ask) -> Verdict:
            reply = await ask([{"role": "user", "content": f"{case.fields['question']} {case.answer}"}])
            ran_in.add(os.getpid())
            return Verdict(status="ok", decision="correct" if "VERDICT: A" in reply.text else "incorrect")

    return Mine


ran_in: set[int] = set()


class Answering:
    """A model that holds what no config can say: here a function."""

    Config = ModelConfig
    prompt_kind = "text"

    def __init__(self, answer: Callable[[str], str]) -> None:
        self.answer = answer

    @asynccontextmanager
    async def open(self, config: ModelConfig) -> AsyncIterator[Answering]:
        yield self

    model = "answering"

    async def ask(self, request: Request) -> Reply:
        return Reply(status="ok", text=self.answer(str(request.prompt)), finish_reason="stop")


@pytest.mark.usefixtures("untouched")
def test_objects_that_no_other_process_can_make_run_in_this_one(bench: Bench) -> None:
    """With the hash of their source as identity; a key in a dict is a secret here too."""
    ran_in.clear()
    token = "sk-of-a-test-1234567890"
    judged = judge(
        bench,
        method={"type": made_here()},
        judge_model=model(bench, "j", model="j", url=bench.judge.url, api_key=token, senders=2),
    )
    outcome = judgebench.run(
        models={"type": Answering(lambda prompt: "I think it is 2 (of twice 1)"), "abbr": "here"},
        datasets=dataset(metrics=["accuracy", lambda tally: Metric(value=1.0, n=tally.counts().ok)]),
        judges=judged,
    )
    assert outcome.ok, outcome.errors
    assert ran_in == {os.getpid()}
    result = next(one for one in outcome.results if one.judge)
    assert result.metrics["accuracy"].value == 100.0
    (kind,) = result.identity["types"].values()
    assert kind == f"judgebench.plugins.held.Mine_{source_hash(made_here())}"
    assert {one.headers.get("Authorization") for one in bench.judge.requests} == {f"Bearer {token}"}
    written = [path for path in outcome.path.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]
    assert written == []
    assert {path.read_text() for path in outcome.path.glob("logs/*/*/*.out")}


@pytest.mark.usefixtures("untouched")
def test_such_a_run_is_stopped_and_goes_on(bench: Bench) -> None:
    slower_after(3, bench.judge, then=3.0)
    given: dict[str, Any] = {**NAMES, "judges": judge(bench, method={"type": made_here()})}

    async def cancelled() -> None:
        running = asyncio.create_task(judgebench.run_async(**given))
        await asyncio.to_thread(wait_until, lambda: len(bench.judge.requests) > 3)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancelled())
    bench.judge.latency = lambda: 0.0
    answered = len(bench.model.requests)
    outcome = judgebench.run(**given, reuse=bench.run, preflight=False)
    assert outcome.ok, outcome.errors
    assert len(bench.model.requests) == answered
    assert accuracy(outcome) == pytest.approx(100 * 5 / 6)


def test_an_executor_of_other_processes_refuses_them(bench: Bench) -> None:
    with pytest.raises(ConfigError, match=r"Mine_\w+ lives in this process alone, and the tasks of FileExecutor"):
        judgebench.run(**NAMES, judges=judge(bench, method={"type": made_here()}), executor={"type": FileExecutor})
    assert not bench.asked()


def test_another_process_says_that_they_are_gone(bench: Bench) -> None:
    outcome = judgebench.run(**NAMES, judges=judge(bench, method={"type": made_here()}))
    done = run_jb([*JB, "--reuse", outcome.path.name, "--mode", "eval"], bench.folder)
    assert done.code == 2
    assert "was made in Python, in a process that is gone or is another one" in done.text


def test_a_changed_source_is_another_identity() -> None:
    names: dict[str, Any] = {}
    for version in (1, 2):
        exec(
            f"def f(tally):\n    return {version}\nclass C:\n    def g(self):\n        return [{version} for _ in 'a']",
            names,
        )
        names[f"hashes{version}"] = source_hash(names["f"]), source_hash(names["C"])
    assert not set(names["hashes1"]) & set(names["hashes2"])
    exec("def f(tally):\n    return 1", names)
    assert source_hash(names["f"]) == names["hashes1"][0]


def test_what_is_public_is_there_and_costs_nothing_before_it_is_named() -> None:
    assert all(getattr(judgebench, name) for name in judgebench.__all__)
    assert set(judgebench.__all__) <= set(dir(judgebench))
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        _ = judgebench.runn
    code = "import sys, judgebench; print([name for name in sys.modules if name.startswith('judgebench')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['judgebench']"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"num_prompts": -1}, ">= 1"),
        ({"num_prompts": 0}, ">= 1"),
        ({"num_warmups": -1}, ">= 0"),
        ({"shuffle": -1}, ">= 0"),
        ({"max_num_workers": 0}, ">= 1"),
        ({"max_fail_rate": 2}, "<= 1"),
        ({"max_fail_rate": float("nan")}, ">= 0"),
        ({"min_scored": 101}, "<= 100"),
        ({"reuse": 3}, "expected `str"),
        ({"work_dir": 3}, "expected `str"),
    ],
)
def test_what_no_flag_would_take_is_refused_by_its_name(bench: Bench, option: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        judgebench.run(**{**NAMES, **option})
    assert said.lower() in caught.value.message.lower()
    assert next(iter(option)) in caught.value.message
    assert bench.model.requests == []


def test_the_config_of_an_inherited_method_names_the_method_that_it_was_taken_from(bench: Bench) -> None:
    class Mine(ReferenceVerifier):
        """Keeps the keys of the method that it is made from."""

    given = judge(bench, method=Mine.Config(style="word"))
    with pytest.raises(ConfigError, match=r"names .*Mine.*, which task processes cannot import"):
        judgebench.run(models="toy_model", datasets=dataset(), judges=given)
    assert ReferenceVerifier.Config(style="word") == ReferenceVerifier.Config(style="word")
    assert bench.judge.requests == []
