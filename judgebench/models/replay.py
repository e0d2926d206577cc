"""A recording as a model: answers from a JSONL file, no network.

Two kinds of recording are read:

- our own lines (``predictions/**/*.jsonl``): an answer is found by the prompt; the same prompt asked several times is
  answered by the recorded repeats in turn;
- other people's lines, for which the config says by which columns a row names its item and its presentation, and which
  column holds what the model said. An answer is found by what the question is about (``Request.about``): the item's
  name, the presentation, and the repetition number.

What a recording holds as scores, decisions or log-probabilities is written out as it stands, for a declared parser to
read; nothing is put into words that were never said. A question that the recording does not hold is a failed reply of
the kind ``no_recording``, never a guess.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec

from judgebench import plugins
from judgebench.content.prompts import fit
from judgebench.errors import DAMAGED, ConfigError, DataError, MissingDataError
from judgebench.models.contract import Client, ModelConfig
from judgebench.models.openai_replies import read_logprobs
from judgebench.records.flow import Exchange, Failure, Prompt, Reply, Request, TokenLogprob

_READ_AS_DATASETS = frozenset({".json", ".csv", ".tsv", ".parquet"})
"""Endings of files that are read by the loader of benchmarks; all others hold an object a line."""
_COLUMN = re.compile(r"\{([^{}]+)\}")


class ReplayConfig(ModelConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of a recorded model; ``path`` is its file: JSONL, or what a benchmark's rows may be in.

    That is a JSON list (``.json``), a table of text (``.csv``, ``.tsv``) or Parquet; all but the last may be compressed
    (``.gz``). The number of a row, from 0, is the column ``row`` where a file has none of that name.

    A *column* is a name in a row, or a path into it: ``judgment.response``, ``scores.0``; ``grades.*`` means the items
    of a list, the n-th of which answers the question when it is asked for the n-th time.

    Attributes:
        item: Template of the item's name over the columns, such as ``"{subset}-{idx}"``; it must be the name that the
            dataset gives the item (its key, else its row number). Empty for our own lines, which are found by prompt.
        presentation: Template of the presentation's name over the columns, such as ``"{order}"``; empty for the only
            presentation.
        text: Column that holds what the model said, or such a column by presentation name where a row holds several
            presentations. A list is written with spaces between its parts, a truth value as ``true`` or ``false``.
            Empty for recordings of log-probabilities alone.
        logprobs: Column of the first token's alternatives: ``[[token, logarithm], ...]`` or ``{token: logarithm}``; or
            the log-probabilities of all tokens as an OpenAI-compatible service gives them: the ``logprobs`` of a
            choice, of a chat or of a completion, or the list ``content`` in it.
        finish_reason: Column of the finish reason.
        keep: Columns that go into the reply's ``extra``, by which a parser may choose how to read it.
        where: Only rows whose columns hold these values.
        repeated: What a second row about the same presentation is: an error (``refuse``), the reply of an item of its
            own, named ``<item>#2`` (``number``), or a correction of the first (``last``).
        null_text: What a row without text is: no recording (``missing``), or a judge that was asked and said nothing
            (``empty``), whose reply no parser can read.
    """

    item: str = ""
    presentation: str = ""
    text: str | dict[str, str] = "raw"
    logprobs: str = ""
    finish_reason: str = ""
    keep: list[str] = msgspec.field(default_factory=list)
    where: dict[str, Any] = msgspec.field(default_factory=dict)
    repeated: Literal["refuse", "number", "last"] = "refuse"
    null_text: Literal["missing", "empty"] = "missing"


class ReplayModel:
    """A model whose answers were recorded before."""

    Config: ClassVar[type[ModelConfig]] = ReplayConfig
    free = True
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"
    takes: ClassVar[frozenset[str]] = frozenset({"image", "tool_call", "tool_result"})

    @asynccontextmanager
    async def open(self, config: ModelConfig) -> AsyncIterator[Client]:
        """Read the recording and give a client.

        Raises:
            MissingDataError: The file is not there.
            DataError: A line of it is not what the config says.
        """
        if not isinstance(config, ReplayConfig):
            raise ConfigError(f"models.{config.abbr} is not a ReplayModel config.")
        yield await asyncio.to_thread(_ByPresentation if config.item else _ByPrompt, config)


class _ByPrompt:
    """Answers from lines of our own."""

    def __init__(self, config: ReplayConfig) -> None:
        self.model = config.model or Path(config.path).name
        self._path = config.path
        self._replies: dict[bytes, list[Reply]] = {}
        self._seen: dict[bytes, int] = {}
        for place, line in _lines(config):
            try:
                exchange = msgspec.json.decode(line, type=Exchange)
            except DAMAGED as error:
                raise DataError(f"{place}: {error}.") from error
            if exchange.success:
                self._replies.setdefault(prompt_key(exchange.origin_prompt), []).append(exchange.reply())

    async def ask(self, request: Request) -> Reply:
        """Return the recorded reply to a prompt, or a failed one of kind ``no_recording``."""
        key = prompt_key(request.prompt)
        replies = self._replies.get(key, [])
        number = self._seen.get(key, 0)
        self._seen[key] = number + 1
        if not replies:
            return _nothing(f"{self._path} holds no reply for this prompt")
        if len(replies) > 1 and number >= len(replies):
            return _nothing(f"{self._path} holds {len(replies)} replies for this prompt, and {number + 1} were asked")
        return replies[min(number, len(replies) - 1)]


class _ByPresentation:
    """Answers from other people's rows."""

    def __init__(self, config: ReplayConfig) -> None:
        self.model = config.model or Path(config.path).name
        self._config = config
        self._replies: dict[str, Reply] = {}
        rows: dict[str, int] = {}
        for place, row in _rows(config):
            if all(column_of(row, name, place) == wanted for name, wanted in config.where.items()):
                self._take(row, place, rows)

    async def ask(self, request: Request) -> Reply:
        """Return the recorded reply to a presentation of an item, or a failed one of kind ``no_recording``."""
        reply = self._replies.get(request.about)
        return reply or _nothing(f"{self._config.path} holds no reply about {request.about!r}")

    def _take(self, row: Mapping[str, Any], place: str, rows: dict[str, int]) -> None:
        config = self._config
        item = _named(config.item, row, place)
        presentation = _named(config.presentation, row, place) if config.presentation else ""
        key = f"{item}/{presentation}"
        count = rows[key] = rows.get(key, 0) + 1
        if count > 1 and config.repeated == "refuse":
            raise DataError(
                f"{place}: a previous row is about {key!r} too.",
                hint="If that is meant, set repeated='number' or repeated='last' in the config of the recording.",
            )
        if count > 1 and config.repeated == "number":
            item = f"{item}#{count}"
        columns = config.text if isinstance(config.text, dict) else {presentation: config.text}
        for name, column in columns.items():
            for number, reply in enumerate(self._replies_of(row, column, place)):
                if reply is not None:
                    self._replies[f"{item}/{name}/{number}"] = reply

    def _replies_of(self, row: Mapping[str, Any], column: str, place: str) -> Iterator[Reply | None]:
        config = self._config
        logprobs = _logprobs(column_of(row, config.logprobs, place, optional=True), place) if config.logprobs else None
        finish = column_of(row, config.finish_reason, place, optional=True) if config.finish_reason else None
        extra = {name: column_of(row, name, place, optional=True) for name in config.keep} or None
        head, every, _ = column.partition(".*")
        said = column_of(row, head, place, optional=bool(config.logprobs)) if column else ""
        for value in said if every and isinstance(said, list) else [said]:
            text = as_written(value)
            if text is None and logprobs is None and config.null_text == "missing":
                yield None
                continue
            yield Reply(status="ok", text=text or "", finish_reason=finish, logprobs=logprobs, extra=extra)


def prompt_key(prompt: Prompt) -> bytes:
    """Return the key under which our own recordings keep a prompt (a text equals its one user message)."""
    form = msgspec.json.encode(fit(prompt, "chat"), order="deterministic")
    return hashlib.blake2b(form, digest_size=16).digest()


def as_written(value: Any) -> str | None:
    """Return a recorded value as the text that a parser reads; ``None`` where nothing was recorded."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(as_written(one) or "" for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else msgspec.json.encode(value).decode()


def column_of(row: Mapping[str, Any], column: str, place: str, *, optional: bool = False) -> Any:
    """Return what a column, or a path into one, holds.

    Raises:
        DataError: The row has no such column.
    """
    if column in row:
        return row[column]
    value: Any = row
    for part in column.split("."):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif optional:
            return None
        else:
            raise DataError(f"{place}: there is no column {column!r} (columns found: {', '.join(map(str, row))}).")
    return value


def _named(template: str, row: Mapping[str, Any], place: str) -> str:
    return _COLUMN.sub(lambda match: as_written(column_of(row, match[1], place)) or "", template)


def _logprobs(value: Any, place: str) -> list[TokenLogprob] | None:
    if value is None:
        return None
    if isinstance(value, list) and value and all(isinstance(token, dict) for token in value):
        value = {"content": value}
    if isinstance(value, dict) and any(isinstance(value.get(name), list) for name in ("content", "tokens")):
        if not (tokens := read_logprobs(value)):
            raise DataError(f"{place}: log-probabilities of a service were expected, and no token of them has any.")
        return tokens
    pairs = list(value.items()) if isinstance(value, dict) else value
    try:
        top = {str(token): float(logarithm) for token, logarithm in pairs}
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{place}: log-probabilities were expected as [[token, logarithm], ...].") from error
    if not top:
        return None
    likeliest = max(top, key=lambda token: top[token])
    return [TokenLogprob(token=likeliest, logprob=top[likeliest], top=top)]


def _nothing(message: str) -> Reply:
    return Reply(status="failed", error=Failure(kind="no_recording", message=message))


def _rows(config: ReplayConfig) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield place and columns of every row."""
    kinds = [suffix for suffix in Path(config.path).suffixes if suffix != ".gz"]
    if kinds[-1:] and kinds[-1] in _READ_AS_DATASETS and _found(config):
        where = f"models.{config.abbr}"
        for row in plugins.make("JudgeSamples", {"path": config.path}, "datasets", where=where).rows(None):
            yield row.place, row.values
        return
    for number, (place, line) in enumerate(_lines(config)):
        try:
            yield place, {"row": number, **msgspec.json.decode(line, type=dict[str, Any])}
        except DAMAGED as error:
            raise DataError(f"{place}: {error}.") from error


def _lines(config: ReplayConfig) -> Iterator[tuple[str, bytes]]:
    path = _found(config)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as source:
            for number, line in enumerate(source, 1):
                if line.strip():
                    yield f"{path}:{number}", line
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file: {error}.") from error


def _found(config: ReplayConfig) -> Path:
    path = Path(config.path).expanduser()
    if not path.is_file():
        raise MissingDataError(
            f"The recording {config.path!r} of models.{config.abbr} is not there.",
            hint=f"Set models.{config.abbr}.path to a file of recorded replies.",
        )
    return path
