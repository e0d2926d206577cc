"""A run whose tasks are carried out here, one after the other: a model and a judge that say what the test lets them."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from judgebench.identity.questions import FileIdentity, read_identity
from judgebench.models.contract import ModelConfig
from judgebench.plan.graph import Graph, build_graph
from judgebench.records.flow import JudgeCall, Prediction, Reply, Request, TaskResult
from judgebench.records.request import RunRequest, Selection
from judgebench.records.run import DatasetConfig, JudgeConfig, Options, Plan, RunConfig, SummarizerConfig, Typed
from judgebench.report.results import read_result
from judgebench.session.prepare import make_plan
from judgebench.stages.progress import Progress
from judgebench.stages.task import InThread, run_in_thread
from judgebench.store.run_folder import RunFolder

Said = Callable[[Request], str | Reply | Awaitable[str | Reply]]
SAY: dict[str, Said] = {}
"""What each model says, by its abbr."""
ASKED: list[tuple[str, Request]] = []
"""What was asked since the run was made."""


class Scripted:
    """A model of this process."""

    Config = ModelConfig
    prompt_kind = "chat"

    def __init__(self) -> None:
        self.model = ""
        self._abbr = ""

    @asynccontextmanager
    async def open(self, config: ModelConfig) -> AsyncIterator[Scripted]:
        self._abbr, self.model = config.abbr, config.model or "served"
        yield self

    async def ask(self, request: Request) -> Reply:
        ASKED.append((self._abbr, request))
        said = SAY[self._abbr](request)
        if inspect.isawaitable(said):
            said = await said
        return said if isinstance(said, Reply) else Reply(status="ok", text=said, finish_reason="stop")


def model(abbr: str = "m", **keys: Any) -> dict[str, Any]:
    return {"type": "tests.stages.in_one_process.Scripted", "abbr": abbr, "model": abbr, **keys}


VERIFIER = Typed(type="judgebench.judges.ReferenceVerifier")
EQUAL = Typed(type="judgebench.judges.NumberEqual")


def judge(abbr: str = "j", method: Typed = VERIFIER, **keys: Any) -> JudgeConfig:
    return JudgeConfig(abbr=abbr, method=method, **{"model": model(abbr), **keys})


def rows(count: int) -> list[dict[str, Any]]:
    return [{"question": f"what is {at}?", "answer": str(at)} for at in range(count)]


class OneProcess:
    """A run of two questions to the model ``m``, which the judge ``j`` looks at; keys replace those of the dataset."""

    def __init__(
        self,
        folder: Path,
        *,
        data: list[dict[str, Any]] | None = None,
        models: list[dict[str, Any]] | None = None,
        **dataset: Any,
    ) -> None:
        SAY.clear()
        ASKED.clear()
        SAY["m"] = lambda request: f"It is {number_in(request)}."
        SAY["j"] = lambda request: "VERDICT: A"
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.data = rows(2) if data is None else data
        self.write(self.data)
        keys = {"path": "data.jsonl", "input_columns": ["question"], "output_column": "answer"}
        known = {
            "abbr": "d",
            "loader": Typed(type="judgebench.datasets.JsonlDataset", options=keys),
            "prompt": "{question}",
            "judges": [judge()],
        }
        models = [model()] if models is None else models
        self.config = RunConfig(
            models={one["abbr"]: one for one in models},
            datasets={"d": DatasetConfig(**{**known, **dataset})},
            summarizer=SummarizerConfig(),
            combinations=[(one["abbr"], "d") for one in models],
        )
        self.run = RunFolder(folder / "run")
        self.reports: dict[str, list[Progress]] = {}
        self._invocations = 0

    def write(self, data: list[dict[str, Any]]) -> None:
        (self.folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in data))

    def change(self, **keys: Any) -> None:
        """Change the dataset's config."""
        changed = msgspec.structs.replace(self.config.datasets["d"], **keys)
        self.config = msgspec.structs.replace(self.config, datasets={"d": changed})

    def change_model(self, abbr: str = "m", **keys: Any) -> None:
        """Change a tested model's config."""
        models = {**self.config.models, abbr: {**self.config.models[abbr], **keys}}
        self.config = msgspec.structs.replace(self.config, models=models)

    def request(self, mode: str = "all", *, merge: bool = False, **options: Any) -> RunRequest:
        given = {"data_dir": str(self.folder), **options}
        return msgspec.convert(
            {"selection": Selection(), "mode": mode, "merge_datasets": merge, "options": Options(**given)}, RunRequest
        )

    def graph(self, mode: str = "all", *, merge: bool = False, **options: Any) -> Graph:
        return build_graph(self.config, self.request(mode, merge=merge, **options), self.run)

    def do(self, mode: str = "all", *, told: tuple[str, ...] = (), **options: Any) -> dict[str, int]:
        """Carry out what is to be done; returns the exit code of each task.

        Args:
            mode: Stages, as on the command line.
            told: Lines that each task is told at its beginning, beside the end of what it follows.
            options: As on the command line.
        """
        ASKED.clear()
        self.reports = {}
        self._invocations += 1
        return self.carry_out(self.plan(f"20260101_00000{self._invocations}_1", mode, **options), told=told)

    def plan(self, name: str = "20260102_000001_1", mode: str = "all", **options: Any) -> Plan:
        """The plan of what is to be done, which no task has seen."""
        request, graph = self.request(mode, **options), self.graph(mode, **options)
        return make_plan(self.config, request, graph, self.run, name=name, stamp=name[:15], command=["jb"])

    def written(self, plan: Plan) -> Path:
        """Write a plan where its tasks look for it."""
        self.run.configs.mkdir(parents=True, exist_ok=True)
        path = self.run.configs / f"{plan.name}.json"
        path.write_bytes(msgspec.json.encode(plan))
        return path

    def carry_out(self, plan: Plan, *, told: tuple[str, ...] = ()) -> dict[str, int]:
        path = self.written(plan)
        codes: dict[str, int] = {}
        for task in plan.tasks:
            reports = self.reports[task.id] = []
            thread = InThread(lambda line, to=reports: to.append(msgspec.json.decode(line, type=Progress)))
            for upstream in task.follows:
                thread.tell(f"upstream-done {upstream}")
            for line in told:
                thread.tell(line)
            codes[task.id] = int(run_in_thread(path, task.id, thread))
        return codes

    def last(self, task: str) -> Progress:
        """What a task said at its end."""
        return self.reports[task][-1]

    def asked(self, abbr: str) -> list[Request]:
        """What a model was asked in this invocation."""
        return [request for name, request in ASKED if name == abbr]

    def identity(self, judge: str = "") -> FileIdentity:
        """What is known of the file of answers, or of a judge's, and has to be."""
        found = read_identity(self.run.identity("m", "d", judge))
        assert found is not None
        return found

    def answers(self, name: str = "m") -> list[Prediction]:
        return records(self.run.predictions(name, "d"), Prediction)

    def calls(self, name: str = "m", judge: str = "j") -> list[JudgeCall]:
        return records(self.run.predictions(name, "d", judge), JudgeCall)

    def result(self, row: str = "d-j", name: str = "m") -> TaskResult:
        return read_result(self.run.result(name, row))


def records(path: Path, kind: type[Any]) -> list[Any]:
    return [msgspec.json.decode(line, type=kind) for line in path.read_bytes().splitlines()] if path.exists() else []


def text_of(request: Request) -> str:
    """All text of a prompt."""
    prompt = request.prompt
    return prompt if isinstance(prompt, str) else "\n".join(str(message["content"]) for message in prompt)


def number_in(request: Request) -> str:
    """The number that a question of ``rows`` asks for."""
    return text_of(request).rpartition("what is ")[2].partition("?")[0]
