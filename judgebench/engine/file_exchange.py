"""Asks by files: questions go into one instead of to a service, and the answers that came back in another are known.

For any farm that answers files: ``vllm run-batch``, Ray Data, OpenAI's console, a colleague. A line is one of
OpenAI's batch files (``custom_id``, ``method``, ``url``, ``body``); the id of a question is the same whenever it is
asked, so the answers find their places in whatever order and number they come.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from judgebench.engine import framing as wire
from judgebench.engine.batch_questions import STOPPED, body_maker, custom_id, question_identity
from judgebench.engine.client import BatchPlace, Traffic
from judgebench.errors import ConfigError, DataError, how_many
from judgebench.models import anthropic_batches, gemini_batches, openai_batches
from judgebench.models.access import dialect_of, redactor_of
from judgebench.models.batches import BatchLine, LineResult, reply_of, text_of
from judgebench.models.contract import Dialect, ServiceConfig
from judgebench.records.flow import Reply, Request
from judgebench.store.journal import disk_error, make_folder, open_descriptor, open_file

logger = logging.getLogger(__name__)


class RequestPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line of what one task asks: of which model, and by which call."""

    model: str
    endpoint: str


class WrittenQuestions(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the run's list of questions that have been written into a file."""

    ids: list[str]


class KnownReply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that came back in a file."""

    id: str
    status: int
    payload: Any


class FileClient:
    """A client that answers from the replies that are known, and writes down every other question.

    Attributes:
        model: The model's name as it is written into the file.
    """

    def __init__(self, config: ServiceConfig, dialect: Dialect, traffic: Traffic, place: BatchPlace) -> None:
        self.model = config.model
        self._dialect = dialect
        self._traffic = traffic
        self._place = place
        self._identity = question_identity(config, config.model)
        self._body = body_maker(config, dialect, config.model)
        self._endpoint = f"/{dialect.call_path(msgspec.structs.replace(config, stream=False), config.model)}"
        self._redactor = redactor_of(config)
        self._known = KnownReplies(place.replies)
        self._file: BinaryIO | None = None
        self._written: set[str] = set()
        self._path = (place.requests or Path()) / f"{place.path.parent.name}--{place.path.name}"
        traffic.limit = config.batch_size

    async def ask(self, request: Request) -> Reply:
        """Return the reply that is known; a question without one is written down, and its reply is ``cancelled``."""
        id = custom_id(request, self._identity, self._place.scope)
        if (result := self._known.get(id)) is not None:
            reply = self._redactor.reply(reply_of(self._dialect, result))
            if reply.error is None:
                self._traffic.recv += 1
                self._traffic.answered(reply)
                return reply
            logger.warning("the reply to %s is of no use, and is asked for again: %s", id, reply.error.message)
        if id not in self._written:
            self._written.add(id)
            self._write(BatchLine(id, self._body(request)))
        return STOPPED

    def _write(self, line: BatchLine) -> None:
        path = self._path
        try:
            if self._file is None:
                self._file = open_file(path, "ab")
                part = RequestPart(model=self.model, endpoint=self._endpoint)
                self._file.write(msgspec.json.encode(part) + b"\n")
            self._file.write(openai_batches.line_of(line, self._endpoint) + b"\n")
        except OSError as error:
            raise disk_error(path, error) from error

    def close(self) -> None:
        """See what was written on disk, and say how many answers are waited for."""
        self._known.close()
        if self._file is not None:
            self._file.close()
            waiting = how_many(len(self._written), "question waits", "questions wait")
            self._place.left(f"{waiting} for an answer from a file", True)


@asynccontextmanager
async def open_files(config: ServiceConfig, traffic: Traffic, place: BatchPlace) -> AsyncIterator[FileClient]:
    """Give a client that asks by files.

    Raises:
        ConfigError: The config leaves the model's name to the service, which is not asked here.
    """
    if not config.model:
        raise ConfigError(
            f"models.{config.abbr}.model is empty, and a file of requests must name the model.",
            hint=f"Name it: --override '*.{config.abbr}.model=NAME'",
        )
    client = FileClient(config, dialect_of(config), traffic, place)
    try:
        yield client
    finally:
        client.close()


class KnownReplies:
    """The replies that came back in files, kept in the run until it is complete; only their places are in memory.

    Args:
        path: The run's file of them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._spans: dict[str, tuple[int, int]] = {}
        self._descriptor = -1
        self._decode = msgspec.json.Decoder(KnownReply).decode
        try:
            self._descriptor = open_descriptor(path, os.O_RDONLY)
        except FileNotFoundError:
            return
        except OSError as error:
            raise disk_error(path, error) from error
        start = 0
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    self._spans[self._decode(line).id] = (start, len(line))
                start += len(line)

    def __contains__(self, id: str) -> bool:
        return id in self._spans

    def get(self, id: str) -> LineResult | None:
        """Return the reply to a question; ``None`` where it is not known."""
        if (place := self._spans.get(id)) is None:
            return None
        found = self._decode(os.pread(self._descriptor, place[1], place[0]))
        return LineResult(found.id, found.status, found.payload)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Imported(NamedTuple):
    """What a file of replies held.

    Attributes:
        taken: How many replies are known now. ``replaced``: Of these, what an earlier file had brought too.
        double: Ids of lines for which the file holds another line, which counts. ``foreign``: that the run never asked.
        failed: By id what a line reports instead of a reply; these questions are still to be asked.
    """

    taken: int
    replaced: int
    double: list[str]
    foreign: list[str]
    failed: dict[str, str]


def take_replies(file: Path, run: Path) -> Imported:
    """Keep the replies of a file in a run.

    Args:
        file: JSONL: lines of results of OpenAI (and ``vllm run-batch``), Anthropic or Google.
        run: The run's folder of batches.

    Raises:
        DataError: The file cannot be read, or a line is none of these.
        DiskError: The replies cannot be kept.
    """
    wanted = written_by(run)
    known = KnownReplies(replies_of(run))
    known.close()
    seen: set[str] = set()
    double: list[str] = []
    foreign: list[str] = []
    failed: dict[str, str] = {}
    taken: list[bytes] = []
    for result in _results_in(file):
        if result.id not in wanted:
            foreign.append(result.id)
        elif result.id in seen:
            double.append(result.id)
        elif result.status != 200 or (isinstance(result.payload, dict) and result.payload.get("error")):
            failed[result.id] = _words(result)
        else:
            seen.add(result.id)
            failed.pop(result.id, None)
            reply = KnownReply(id=result.id, status=result.status, payload=result.payload)
            taken.append(msgspec.json.encode(reply) + b"\n")
    _append(replies_of(run), b"".join(taken))
    return Imported(len(taken), sum(id in known for id in seen), double, foreign, failed)


def remember_written(run: Path, ids: list[str]) -> None:
    """Write down that questions have been written into a file, so that strange answers can be told."""
    _append(_written_file(run), msgspec.json.encode(WrittenQuestions(ids=ids)) + b"\n")


def written_by(run: Path) -> set[str]:
    """Return the ids of all questions of a run that have been written into a file."""
    decode = msgspec.json.Decoder(WrittenQuestions).decode
    try:
        with open_file(_written_file(run), "rb") as file:
            return {id for line in file if line.endswith(b"\n") for id in decode(line).ids}
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise disk_error(_written_file(run), error) from error


def replies_of(run: Path) -> Path:
    """Return the file of the replies that came back in files."""
    return run / "replies.jsonl"


def _written_file(run: Path) -> Path:
    return run / "requests.jsonl"


def _append(path: Path, data: bytes) -> None:
    if not data:
        return
    make_folder(path.parent)
    try:
        with open_file(path, "ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise disk_error(path, error) from error


def _results_in(file: Path) -> Iterator[LineResult]:
    hint = (
        "A line is a result of OpenAI or vllm run-batch (custom_id, response), Anthropic (custom_id, result) or Google."
    )
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    decoded = wire.decode(line)
                except ValueError:
                    raise DataError(f"{file}:{number}: the line is not JSON.", hint=hint) from None
                if (result := _result_of(decoded)) is None:
                    raise DataError(f"{file}:{number}: the line is no result of a batch.", hint=hint)
                yield result
    except OSError as error:
        raise DataError(
            f"The file of replies {str(file)!r} cannot be read: {error.strerror}.", hint="Name the file that came back."
        ) from error


def _result_of(line: Any) -> LineResult | None:
    if not isinstance(line, dict):
        return None
    if "result" in line:
        return anthropic_batches.result_of(line)
    if "key" in line or "metadata" in line:
        return gemini_batches.result_of(line)
    return openai_batches.result_of(line) if "response" in line or "error" in line else None


def _words(result: LineResult) -> str:
    error = result.payload.get("error") if isinstance(result.payload, dict) else result.payload
    said = text_of(error, "message") or text_of(error, "error", "message") or str(error)
    return f"HTTP {result.status}: {said}" if result.status >= 400 else said


class RequestFile(NamedTuple):
    """The questions to one model.

    Attributes:
        model: Its name. ``endpoint``: The call that each stands for.
        ids: Of the questions. ``lines``: The lines of the file.
    """

    model: str
    endpoint: str
    ids: list[str]
    lines: list[bytes]


def gathered(folder: Path) -> list[RequestFile]:
    """Return what the tasks of a run have written into a folder, a file for each model and call."""
    found: dict[tuple[str, str], RequestFile] = {}
    decode = msgspec.json.Decoder(RequestPart).decode
    for path in sorted(folder.glob("*.jsonl")):
        current: RequestFile | None = None
        with path.open("rb") as lines:
            for line in lines:
                if current is None or line.startswith(b'{"model":'):
                    part = decode(line)
                    key = (part.model, part.endpoint)
                    current = found.setdefault(key, RequestFile(part.model, part.endpoint, [], []))
                else:
                    current.ids.append(_id_of(line))
                    current.lines.append(line)
    return list(found.values())


class _RequestLine(msgspec.Struct, frozen=True):
    custom_id: str


def _id_of(line: bytes) -> str:
    return _DECODE(line).custom_id


_DECODE = msgspec.json.Decoder(_RequestLine).decode
