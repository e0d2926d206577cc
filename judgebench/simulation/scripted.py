"""A simulated world in the real pipeline: models that answer and judge in this process as a simulation says.

Their replies are texts, which stages record, parsers read and metrics count. So a run has the very verdicts that
``judge_answers`` gives, if every stage does what it should.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec
import numpy as np

from judgebench.errors import ConfigError
from judgebench.models.contract import Client, ModelConfig
from judgebench.records.flow import Reply, Request
from judgebench.simulation.verdicts import judge_answers
from judgebench.simulation.worlds import (
    Flags,
    Numbers,
    SimulatedAnswers,
    SimulatedJudge,
    SimulatedModel,
    draw_answers,
    draw_items,
    drop_to,
)
from judgebench.store.journal import make_folder
from judgebench.store.run_folder import RunFolder
from judgebench.trust.judged import JudgedAnswer, judged_rows


class ScriptedWorld(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A world, and which run of it this is.

    Attributes:
        items: Questions. ``seed``, ``spread``: as of ``draw_items``.
        quality: Of the tested model in the first run.
        second: Whether this is the second run, in which a part of the answers is given anew.
        drop: Points by which it is worse then. ``reworded``, ``churn``: as of ``drop_to``.
        date: Of the run, for judges that drift.
        judge: Keys of ``SimulatedJudge``.
    """

    items: int
    seed: int = 0
    spread: float = 1.0
    quality: float = 0.7
    second: bool = False
    drop: float = 0.0
    reworded: float = 0.3
    churn: float = 0.0
    date: str = ""
    judge: dict[str, Any] = {}

    def answers(self) -> SimulatedAnswers:
        """Return the answers of this run."""
        items = draw_items(self.items, seed=self.seed, spread=self.spread)
        before = draw_answers(items, SimulatedModel(self.quality), seed=self.seed)
        if not self.second:
            return before
        return drop_to(before, self.drop, reworded=self.reworded, churn=self.churn, seed=self.seed)

    def verdicts(self) -> Numbers:
        """Return the judge's verdicts in this run."""
        return judge_answers(self.answers(), SimulatedJudge(**self.judge), date=self.date, seed=self.seed)


class ScriptedConfig(ModelConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``ScriptedModel`` and ``ScriptedJudge``.

    Attributes:
        world: What is simulated.
        says: What the judge writes for ``correct``, ``incorrect`` and ``unread``, where that is not ``SAYS``.
    """

    world: ScriptedWorld
    says: dict[str, str] = msgspec.field(default_factory=dict)


SAYS = {"correct": "VERDICT: A", "incorrect": "VERDICT: B", "unread": "I would rather not say."}
"""What the judge writes for each decision, as ``ReferenceVerifier`` asks for it."""


def question(number: int) -> str:
    """Return the text of a question."""
    return f"Question {number}: what is {number} plus {number}?"


def write_questions(world: ScriptedWorld, file: Path) -> None:
    """Write the questions of a world with their answers, as JSON lines."""
    rows = [{"question": question(number), "answer": str(2 * number)} for number in range(world.items)]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


_ABOUT = re.compile(r"Question (\d+): what is")


class ScriptedModel:
    """Answers right or wrong as the world says."""

    Config: ClassVar[type[ModelConfig]] = ScriptedConfig
    free = True
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"

    @asynccontextmanager
    async def open(self, config: ModelConfig) -> AsyncIterator[Client]:
        """Give a client."""
        answers = _checked(config).world.answers()

        def said(number: int) -> str:
            value = 2 * number + (0 if answers.right[number] else 1)
            return f"Let me think. The sum is {value}." + " In other words, as before." * int(answers.wording[number])

        yield _ScriptedClient(said)


class ScriptedJudge:
    """Decides as the world says."""

    Config: ClassVar[type[ModelConfig]] = ScriptedConfig
    free = True
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"

    @asynccontextmanager
    async def open(self, config: ModelConfig) -> AsyncIterator[Client]:
        """Give a client."""
        own = _checked(config)
        verdicts, says = own.world.verdicts(), {**SAYS, **own.says}

        def said(number: int) -> str:
            value = verdicts[number]
            return says["unread" if math.isnan(value) else "correct" if value else "incorrect"]

        yield _ScriptedClient(said)


def _checked(config: ModelConfig) -> ScriptedConfig:
    if not isinstance(config, ScriptedConfig):
        raise ConfigError(f"models.{config.abbr} is no config of a scripted model.")
    return config


class _ScriptedClient:
    """Answers by the number of the question that a prompt holds."""

    model = "scripted"

    def __init__(self, said: Callable[[int], str]) -> None:
        self._said = lru_cache(maxsize=None)(said)

    async def ask(self, request: Request) -> Reply:
        """Return the reply about the question in the prompt."""
        found = _ABOUT.search(request.prompt if isinstance(request.prompt, str) else json.dumps(_plain(request)))
        text = self._said(int(found[1])) if found is not None else "OK"
        return Reply(status="ok", text=text, finish_reason="stop", served_model=self.model)


def _plain(request: Request) -> Any:
    return msgspec.to_builtins(request.prompt)


def run_world(world: ScriptedWorld, folder: Path) -> Path:
    """Run a world through the whole pipeline; returns the folder of the run.

    Args:
        world: What is simulated.
        folder: Where the questions and the runs are kept.

    Raises:
        JudgebenchError: What kept the run from starting.
    """
    from judgebench.session.python import run

    make_folder(folder)
    file = folder / f"questions_{world.items}.jsonl"
    write_questions(world, file)
    keys = {"world": msgspec.to_builtins(world), "batch_size": 64}
    judge = {"type": "judgebench.simulation.scripted.ScriptedJudge", "abbr": "scripted-judge", **keys}
    outcome = run(
        models=[{"type": "judgebench.simulation.scripted.ScriptedModel", "abbr": "scripted-model", **keys}],
        datasets=[
            {
                "abbr": "sums",
                "type": "JsonlDataset",
                "path": str(file),
                "input_columns": ["question"],
                "output_column": "answer",
                "prompt": "{question}",
                "judge_infer_cfg": {"abbr": "judge", "judge_model": judge, "method": {"type": "ReferenceVerifier"}},
            }
        ],
        work_dir=folder / "runs",
        preflight=False,
        go_on=True,
    )
    return outcome.path


def verdicts_of_runs(world: ScriptedWorld, folder: Path) -> tuple[Numbers, Numbers, Flags]:
    """Run a world twice, and return the verdicts of both runs and which answers are the same in both.

    Args:
        world: The first run; the second is of the same world.
        folder: Where the runs are kept.
    """
    from judgebench.simulation.gates import FIRST_DAY, SECOND_DAY

    first = msgspec.structs.replace(world, second=False, date=FIRST_DAY)
    second = msgspec.structs.replace(world, second=True, date=SECOND_DAY)
    rows = []
    for one in (first, second):
        (row,) = judged_rows(RunFolder(run_world(one, folder)))
        rows.append([answer for _, answer in sorted(row.answers.items())])
    before, after = (np.array([_worth(answer) for answer in answers], dtype=np.float64) for answers in rows)
    same = np.array([one.answer_hash == other.answer_hash for one, other in zip(*rows, strict=True)])
    return before, after, same


def _worth(answer: JudgedAnswer) -> float:
    return math.nan if answer.status != "ok" else float(answer.decision == "correct")
