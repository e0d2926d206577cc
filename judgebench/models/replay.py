"""A recording as a model: answers from a JSONL file, no network.

Two kinds of recording are read:

- our own lines (``predictions/**/*.jsonl``): an answer is found by what was asked, the prompt and, where the request's
  parameters name it, the view; the same question asked several times is answered by the recorded repeats in turn;
- other people's lines, for which the config says which columns hold the key and the text. An answer is found by the
  *view key*: the values of the key columns, which the request carries in the parameter ``view_key``.

A question that the recording does not hold is a failed reply of the kind ``no_recording``, never a guess.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec

from judgebench.errors import ConfigError, DataError, MissingDataError
from judgebench.models.contract import Client, ModelConfig
from judgebench.models.prompt_kind import fit
from judgebench.records import Exchange, Failure, Prompt, Reply, Request

VIEW_KEY = "view_key"
"""Request parameter that carries the key of a view: a list of texts, in the order of ``key_fields``."""


class ReplayConfig(ModelConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of a recorded model; ``path`` is the JSONL file (``.gz`` is read too).

    Attributes:
        key_fields: Columns that together name a view; empty for our own lines, which are found by their prompt.
        text_field: Column that holds the reply's text, for other people's lines.
        values: Values of a key column in the recording, for the value that the view key has
            (``{"order": {"AB": "original"}}``).
    """

    key_fields: list[str] = msgspec.field(default_factory=list)
    text_field: str = "raw"
    values: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)


class ReplayModel:
    """A model whose answers were recorded before."""

    Config: ClassVar[type[ModelConfig]] = ReplayConfig
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"

    @asynccontextmanager
    async def open(self, config: ModelConfig) -> AsyncIterator[Client]:
        """Read the recording and give a client.

        Raises:
            MissingDataError: The file is not there.
            DataError: A line of it is not what the config says.
        """
        if not isinstance(config, ReplayConfig):
            raise ConfigError(f"models.{config.abbr} is no ReplayModel config.")
        recording = await asyncio.to_thread(_read, config)
        yield _Player(recording, config)


class _Player:
    """Answers from a recording."""

    def __init__(self, recording: dict[bytes, list[Reply]], config: ReplayConfig) -> None:
        self.model = config.model or Path(config.path).name
        self._recording = recording
        self._config = config
        self._asked: dict[bytes, int] = {}

    async def ask(self, request: Request) -> Reply:
        """Return the recorded reply to a question, or a failed one of kind ``no_recording``."""
        if self._config.key_fields:
            key, name = self._view_key(request)
        else:
            key, name = prompt_key(request.prompt), "this prompt"
        replies = self._recording.get(key)
        if not replies:
            message = f"{self._config.path} holds no reply for {name}"
            return Reply(status="failed", error=Failure(kind="no_recording", message=message))
        nth = self._asked.get(key, 0)
        self._asked[key] = nth + 1
        if len(replies) > 1 and nth >= len(replies):
            message = f"{self._config.path} holds {len(replies)} replies for {name}, and {nth + 1} were asked for"
            return Reply(status="failed", error=Failure(kind="no_recording", message=message))
        return replies[min(nth, len(replies) - 1)]

    def _view_key(self, request: Request) -> tuple[bytes, str]:
        given = request.params.get(VIEW_KEY)
        if not isinstance(given, list | tuple) or len(given) != len(self._config.key_fields):
            fields = ", ".join(self._config.key_fields)
            raise ConfigError(
                f"models.{self._config.abbr} is keyed by {fields}; the request carries {given!r} instead."
            )
        values = self._config.values
        pairs = zip(self._config.key_fields, map(str, given), strict=True)
        parts = [values.get(field, {}).get(part, part) for field, part in pairs]
        return _digest(parts), f"the view {' / '.join(map(str, given))}"


def prompt_key(prompt: Prompt) -> bytes:
    """Return the key under which our own recordings keep a prompt (a text equals its one user message)."""
    return _digest(fit(prompt, "chat"))


def _digest(value: Any) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(value, order="deterministic"), digest_size=16).digest()


def _read(config: ReplayConfig) -> dict[bytes, list[Reply]]:
    path = Path(config.path).expanduser()
    if not path.is_file():
        raise MissingDataError(
            f"The recording {config.path!r} of models.{config.abbr} is not there.",
            hint=f"Set models.{config.abbr}.path to a JSONL file of recorded replies.",
        )
    recording: dict[bytes, list[Reply]] = {}
    for number, line in _lines(path):
        try:
            key, reply = _foreign(line, config) if config.key_fields else _own(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DataError(f"{path}, line {number}: {error}.") from error
        except KeyError as error:
            raise DataError(f"{path}, line {number} has no column {error.args[0]!r}.") from error
        if reply is not None:
            recording.setdefault(key, []).append(reply)
    return recording


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as source:
        for number, line in enumerate(source, 1):
            if line.strip():
                yield number, line


def _own(line: bytes) -> tuple[bytes, Reply | None]:
    exchange = msgspec.json.decode(line, type=Exchange)
    return prompt_key(exchange.origin_prompt), exchange.reply() if exchange.success else None


def _foreign(line: bytes, config: ReplayConfig) -> tuple[bytes, Reply | None]:
    row = msgspec.json.decode(line, type=dict[str, Any])
    key = _digest([str(row[field]) for field in config.key_fields])
    text = row[config.text_field]
    if text is None:
        return key, None
    return key, Reply(status="ok", text=text if isinstance(text, str) else msgspec.json.encode(text).decode())
