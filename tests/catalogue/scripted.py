"""A local model that judges as a simulated judge does, in the form of one benchmark's parser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Literal

from judgebench.models.contract import Client, ModelConfig
from judgebench.records.flow import Prompt, Reply, Request
from tests.catalogue.judging import datasets, judge_of


class ScriptedConfig(ModelConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of the model.

    Attributes:
        config: Name of a config of datasets.
        dataset: Abbr of one of them.
        extreme: What the judge always does.
    """

    config: str
    dataset: str
    extreme: str = "right"


class ScriptedModel:
    """Reads the prompt that it is sent, and nothing else."""

    Config: ClassVar[type[ModelConfig]] = ScriptedConfig
    free = True
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"
    takes: ClassVar[frozenset[str]] = frozenset({"image"})

    @asynccontextmanager
    async def open(self, config: Any) -> AsyncIterator[Client]:
        """Give a client that answers in the form of the benchmark."""
        data = datasets(config.config)[config.dataset]
        yield _Scripted(judge_of(data, config.extreme))


class _Scripted:
    def __init__(self, judge: Callable[[Prompt, int], Reply]) -> None:
        self.model = "scripted"
        self._judge = judge

    async def ask(self, request: Request) -> Reply:
        """Return what the judge says."""
        return self._judge(request.prompt, 0)
