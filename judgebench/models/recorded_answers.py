"""The answers of a file of ``--predictions`` as a tested model: nobody is asked, and the rest of a run is as ever."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Literal, NamedTuple

import msgspec

from judgebench import plugins
from judgebench.content.image_files import image_type
from judgebench.content.media import MediaSource
from judgebench.content.parts import Image, typed
from judgebench.content.spool import Span, Spool
from judgebench.errors import ConfigError, DataError
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
    free = True
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"
    takes: ClassVar[frozenset[str]] = frozenset({"image", "tool_call", "tool_result"})
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


class _RowAnswer(NamedTuple):
    """What a row holds: a text, where the row stands, and where its images are."""

    text: str | None
    place: str
    images: list[MediaSource | Span]


class _Answers:
    def __init__(self, config: RecordedAnswersConfig) -> None:
        self.model = config.model
        self._abbr = config.abbr
        self._column = config.source.get("answer_column", "")
        where = f"models.{config.abbr}.source"
        name, options = plugins.split(config.source, where=where)
        rows = plugins.make(name, options, "datasets", where=where)
        wanted = config.model if options.get("model_column") else ""
        self._spool: Spool | None = None
        self._answers = {
            f"{one.name}//0": _RowAnswer(one.answer, one.row.place, [self._held(image) for image in one.images])
            for one in rows.answered()
            if one.model == wanted
        }

    async def ask(self, request: Request) -> Reply:
        """Return the answer to a sample; a row without one, and a sample without a row, are failed replies."""
        answer = self._answers.get(request.about)
        if answer is None:
            return _failed("no_recording", f"the file has no row of {self._abbr} about this question")
        if answer.text is None:
            return _failed("empty_reply", f"the column {self._column!r} is empty ({answer.place})")
        reply = Reply(status="ok", text=answer.text, served_model=self.model, tries=0)
        return self._with_images(reply, answer.images) if answer.images else reply

    def _held(self, image: MediaSource) -> MediaSource | Span:
        """Return where an image is: bytes that stand in a row wait in a file, not in memory."""
        if image.path() is not None:
            return image
        self._spool = self._spool or Spool()
        data = image.read()
        image.media_type(data)  # raises for what is no image, with its place
        return self._spool.put(data)

    def _with_images(self, reply: Reply, images: Sequence[MediaSource | Span]) -> Reply:
        parts, media = [], {}
        for image in images:
            try:
                data = image.read() if isinstance(image, MediaSource) else self._spooled(image)
                kind = image.media_type(data) if isinstance(image, MediaSource) else image_type(data)
            except DataError as error:  # the file was there when the rows were read
                return _failed("local", error.message)
            sha256 = hashlib.sha256(data).hexdigest()
            parts.append(typed(Image(sha256=sha256, media_type=kind)))
            media[sha256] = data
        return msgspec.structs.replace(reply, parts=parts, media=media)

    def _spooled(self, span: Span) -> bytes:
        assert self._spool is not None
        return self._spool.get(span)


def _failed(kind: str, message: str) -> Reply:
    return Reply(status="failed", error=Failure(kind=kind, message=message), tries=0)
