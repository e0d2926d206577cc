"""Runs ``jb`` as its users do, against loopback services, with a small dataset of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from judgebench.testing.faultservice import FaultService, prompt_text
from tests.e2e.forking import ForkedCommand, ForkedProcess, forkable

ROOT = Path(__file__).parents[2]
JB = [sys.executable, "-m", "judgebench"]


def right(question: str) -> str:
    """The gold answer of a toy question: twice its number."""
    found = re.search(r"twice (\d+)", question)
    assert found, question
    return str(2 * int(found[1]))


def model_answer(wrong: Callable[[int], bool] = lambda number: False) -> Callable[[dict[str, Any]], str]:
    """A deterministic model: right, except for the questions that ``wrong`` names."""

    def answer(body: dict[str, Any]) -> str:
        prompt = prompt_text(body)
        if "twice" not in prompt:
            return "OK"
        number = int(re.findall(r"twice (\d+)", prompt)[-1])
        return f"I think it is {2 * number + (1 if wrong(number) else 0)} (of twice {number})"

    return answer


def judge_answer(form: str = "VERDICT: {letter}") -> Callable[[dict[str, Any]], str]:
    """A perfect judge: reads the candidate's number and the question's number out of the prompt."""

    def answer(body: dict[str, Any]) -> str:
        prompt = prompt_text(body)
        found = re.search(r"I think it is (\d+) \(of twice (\d+)\)", prompt)
        letter = "A" if found is None or int(found[1]) == 2 * int(found[2]) else "B"
        return form.format(letter=letter)

    return answer


@dataclass
class Done:
    """A finished ``jb``."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def text(self) -> str:
        """Everything that it printed."""
        return self.out + self.err


@dataclass
class Bench:
    """A folder with configs and data of a toy benchmark, and the two services.

    Attributes:
        folder: Working directory of ``jb``.
        model: The tested model's service. ``judge``: the judge's.
    """

    folder: Path
    model: FaultService
    judge: FaultService
    n: int = 6
    model_keys: dict[str, Any] = field(default_factory=dict)
    judge_keys: dict[str, Any] = field(default_factory=dict)

    def write(self) -> None:
        """Write configs and data."""
        configs = self.folder / "configs"
        for kind in ("models", "datasets", "judges"):
            (configs / kind).mkdir(parents=True, exist_ok=True)
        rows = [{"question": f"What is twice {i}?", "answer": str(2 * i), "name": f"q-{i}"} for i in range(self.n)]
        (self.folder / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        model = {"model": "m", "url": self.model.url, "batch_size": 4, "retry": 0, **self.model_keys}
        judge = {"model": "j", "url": self.judge.url, "batch_size": 4, "retry": 0, **self.judge_keys}
        imports = "from judgebench.models import VLLMCustomAPIChat\n"
        (configs / "models" / "toy_model.py").write_text(
            f"{imports}models = [dict(type=VLLMCustomAPIChat, abbr='toy-model', **{model!r})]\n"
        )
        (configs / "models" / "other_model.py").write_text(
            f"{imports}models = [dict(type=VLLMCustomAPIChat, abbr='other-model', **{model!r})]\n"
        )
        dataset = (
            "abbr='toy', type=JsonlDataset, path='toy.jsonl', input_columns=['question'], output_column='answer', "
            "id_column='name', prompt='{question}'"
        )
        data_imports = (
            imports
            + "from judgebench.datasets import JsonlDataset\n"
            + "from judgebench.judges import NumberEqual, ReferenceVerifier\n"
        )
        (configs / "datasets" / "toy_gen.py").write_text(
            f"{data_imports}toy_datasets = [dict({dataset}, evaluator=dict(type=NumberEqual))]\n"
        )
        (configs / "datasets" / "toy_llmjudge.py").write_text(
            f"{data_imports}toy_datasets = [dict({dataset}, judge_infer_cfg=dict(\n"
            f"    judge_model=dict(type=VLLMCustomAPIChat, abbr='judge', **{judge!r}),\n"
            "    method=dict(type=ReferenceVerifier)))]\n"
        )

    def command(self, *flags: str, dataset: str = "toy_llmjudge", models: Sequence[str] = ("toy_model",)) -> list[str]:
        """Return the command line of a run."""
        return [*JB, "--models", *models, "--datasets", dataset, *flags]

    def jb(self, *flags: str, timeout: float = 250, env: dict[str, str] | None = None, **names: Any) -> Done:
        """Run ``jb`` on the toy benchmark to its end."""
        return run(self.command(*flags, **names), self.folder, timeout=timeout, env=env)

    def start(self, *flags: str, env: dict[str, str] | None = None, **names: Any) -> subprocess.Popen[str]:
        """Start ``jb`` on the toy benchmark in a session of its own."""
        return subprocess.Popen(
            self.command(*flags, **names),
            cwd=self.folder,
            env=environment(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def fork(
        self, *flags: str, env: dict[str, str] | None = None, **names: Any
    ) -> ForkedProcess | subprocess.Popen[str]:
        """Do as ``start`` does, with a process that is forked: for what is to be seen after a kill, not of it."""
        if not forkable(env or {}):
            return self.start(*flags, env=env, **names)
        return ForkedProcess(self.command(*flags, **names)[len(JB) :], self.folder, environment(env))

    @property
    def runs(self) -> list[Path]:
        """The run folders, oldest first."""
        return sorted((self.folder / "outputs" / "default").glob("2*"))

    @property
    def run(self) -> Path:
        """The only run folder."""
        (only,) = self.runs
        return only

    def result(self, row: str = "toy-judge", model: str = "toy-model") -> dict[str, Any]:
        """Return a result file's content."""
        found: dict[str, Any] = json.loads((self.run / "results" / model / f"{row}.json").read_text())
        return found

    def rows(self, name: str = "toy", model: str = "toy-model") -> list[dict[str, Any]]:
        """Return the lines of a file of predictions."""
        path = self.run / "predictions" / model / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def asked(self) -> Counter[int]:
        """Return how often the model was asked each question."""
        prompts = [prompt_text(one.body) for one in self.model.requests]
        return Counter(int(found[1]) for prompt in prompts if (found := re.search(r"twice (\d+)\?", prompt)))

    def judged(self) -> Counter[int]:
        """Return how often the judge was shown an answer to each question (trial questions aside)."""
        prompts = [prompt_text(one.body) for one in self.judge.requests]
        return Counter(int(found[1]) for prompt in prompts if (found := re.search(r"\(of twice (\d+)\)", prompt)))


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a test's ``jb``."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("JB_")}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**kept, "PYTHONPATH": path, "NO_PROXY": "*", **(extra or {})}


def run(command: Sequence[str], folder: Path, *, timeout: float = 250, env: dict[str, str] | None = None) -> Done:
    """Run a command to its end; everything it started is ended with it."""
    began = time.monotonic()
    if list(command[: len(JB)]) == JB and forkable(env or {}):
        return _forked(command[len(JB) :], folder, timeout=timeout, env=env)
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"jb did not end within {timeout} s:\n{out}\n{err}") from None
    return Done(process.returncode, out, err, time.monotonic() - began)


def _forked(arguments: Sequence[str], folder: Path, *, timeout: float, env: dict[str, str] | None) -> Done:
    began = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = ForkedCommand(arguments, folder, environment(env), out.fileno(), err.fileno())
        late = threading.Timer(timeout, os.killpg, (process.pid, signal.SIGKILL))
        late.start()
        code = process.wait()
        in_time = time.monotonic() - began < timeout
        late.cancel()
        for one in (out, err):
            one.seek(0)
        done = Done(code, out.read().decode(), err.read().decode(), time.monotonic() - began)
    assert in_time, f"jb did not end within {timeout} s:\n{done.text}"
    return done


def slower_after(requests: int, service: FaultService, *, first: float = 0.05, then: float = 20.0) -> None:
    """Answer so many requests quickly and the others late: what is to happen in the middle of a run has time to."""
    service.latency = lambda: first if len(service.requests) <= requests else then


def wait_until(condition: Callable[[], bool], *, timeout: float = 200) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "the awaited condition did not come"
        time.sleep(0.01)
