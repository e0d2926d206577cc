"""The answers of a file of ``--predictions`` as a tested model: nobody is asked, and the rest of a run is as ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Literal

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.models.contract import Client, ModelConfig
from judgebench.records.flow import Failure, Reply, Request


class RecordedAnswersConfig(ModelConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=RecordedAnswers``; ``model`` is the name by which the file knows the model.

    Attributes:
        source: The dataset that the file makes, ``dict(type="AnsweredRows", ...)``.
    """

    source: dict[str, Any]


class RecordedAnswers:
    """A model whose answers stand in the rows of the dataset itself."""

    Config: ClassVar[type[ModelConfig]] = RecordedAnswersConfig
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"
    recorded: ClassVar[bool] = True
    """Equal questions may have different answers here, so none may be taken from a cache."""

    @asynccontextmanager
    async def open(self, config: ModelConfig) -> AsyncIterator[Client]:
        """Read the file and give a client.

        Raises:
            ConfigError: The source is no dataset of answers.
            DataError: A row is not what was declared.
            MissingDataError: The file is not there.
        """
        if not isinstance(config, RecordedAnswersConfig):
            raise ConfigError(f"models.{config.abbr} is no RecordedAnswers config.")
        yield await asyncio.to_thread(_Answers, config)


class _Answers:
    def __init__(self, config: RecordedAnswersConfig) -> None:
        self.model = config.model
        self._abbr = config.abbr
        self._column = config.source.get("answer_column", "")
        where = f"models.{config.abbr}.source"
        name, options = plugins.split(config.source, where=where)
        rows = plugins.make(name, options, "datasets", where=where)
        wanted = config.model if options.get("model_column") else ""
        self._replies = {
            f"{one.name}//0": self._reply(one.answer, one.row.place) for one in rows.answered() if one.model == wanted
        }

    async def ask(self, request: Request) -> Reply:
        """Return the answer to a sample; a row without one, and a sample without a row, are failed replies."""
        reply = self._replies.get(request.about)
        return reply or _failed("no_recording", f"the file has no row of {self._abbr} about this question")

    def _reply(self, answer: str | None, place: str) -> Reply:
        if answer is None:
            return _failed("empty_reply", f"the column {self._column!r} is empty ({place})")
        return Reply(status="ok", text=answer, served_model=self.model, tries=0)


def _failed(kind: str, message: str) -> Reply:
    return Reply(status="failed", error=Failure(kind=kind, message=message), tries=0)
