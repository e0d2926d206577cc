"""What a provider's batch API is, for the engine that asks through it.

A ``BatchApi`` only says which call goes where and reads what comes back; ``judgebench.engine.batches`` decides when,
keeps what must survive a kill, and does the HTTP. Each is named by its dialect (``Dialect.batches``).
"""

from __future__ import annotations

import abc
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import msgspec

from judgebench.models.contract import Dialect, ServiceConfig
from judgebench.models.service_errors import excerpt
from judgebench.records.flow import Failure, Reply

_LONGEST_NUMBER = 18
"""Digits; Python refuses to read thousands of them, and no batch holds so many questions."""


class BatchLine(NamedTuple):
    """One question of a batch: its ``custom_id`` and the JSON body of the ordinary call."""

    id: str
    body: bytes


class LineResult(NamedTuple):
    """What came back for one question.

    Attributes:
        id: Its ``custom_id``.
        status: HTTP status of the call in the batch; 0 where it was never made (expired, cancelled).
        payload: The decoded body, as of the ordinary call; a sentence where the call was never made.
    """

    id: str
    status: int
    payload: Any


class BatchState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a batch stands.

    Attributes:
        word: The provider's own word for it; empty where it says none, which is no answer.
        ended: Whether it will not change any more.
        done: Questions that are through, with a reply or without. ``total``: All of them; 0 while the provider counts.
        answered: Questions of which the provider says that they have a reply, where the results come in files of
            their own: fewer lines than these are not all of them.
        refused: Why the provider took none of its questions.
        refused_lines: Sentences about single questions because of which it took none, by their number from 0.
        payload: All that the provider says of it, for ``BatchApi.results``.
    """

    word: str
    ended: bool
    done: int = 0
    total: int = 0
    answered: int = 0
    refused: Failure | None = None
    refused_lines: dict[int, str] = {}
    payload: Any = None


class BatchIntent(NamedTuple):
    """A batch that was about to be submitted when the process ended.

    Attributes:
        name: The name that it was given.
        size: How many questions it holds.
        at: When it was about to be submitted, in seconds since 1970.
    """

    name: str
    size: int
    at: float


class CallAnswer(NamedTuple):
    """The decoded body of a good answer, and its headers."""

    payload: Any
    headers: Mapping[str, str]


class CallError(Exception):
    """A call of the batch API failed.

    Attributes:
        failure: What the provider said, or what happened on the way.
        reached: Whether the call may have been carried out all the same: it got no answer, or one of the 5xx.
        retry_after: Seconds that the provider asked to wait; ``None`` where it did not.
    """

    def __init__(self, failure: Failure, *, reached: bool, retry_after: float | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.reached = reached
        self.retry_after = retry_after


class Calls(Protocol):
    """How a batch API is called; the engine's part."""

    async def call(
        self,
        method: Literal["GET", "POST", "PUT"],
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        again: bool = True,
    ) -> CallAnswer:
        """Send a call and return its answer.

        Args:
            method: Of HTTP.
            path: Below the base address, with the version first (``v1/batches``); what stands before the version
                (``upload:v1beta/files``) goes before it in the address. A whole address must be the service's own.
            body: Of the request; JSON unless the headers say otherwise.
            headers: Further headers.
            again: Whether a call that failed on the way may be sent again: it changes nothing, or nothing that matters.

        Raises:
            CallError: There is no good answer.
        """
        ...

    def lines(self, path: str) -> AsyncIterator[Any]:
        """Yield the decoded lines of a JSONL answer; one that is no JSON is passed over.

        Raises:
            CallError: There is no good answer, or it broke off.
        """
        ...


class BatchApi(abc.ABC):
    """One provider's batch API.

    Args:
        calls: Sends its calls.
        config: The service.
        dialect: The protocol of its ordinary calls.
        model: The model's name.
    """

    has_names: ClassVar[bool] = True
    """Whether a batch carries the name that it was given, so that what ``find`` finds is the batch for certain."""
    most_lines: ClassVar[int] = 50_000
    most_bytes: ClassVar[int] = 100 * 1024 * 1024
    """Bytes of all bodies together; well below what providers allow, as they are in memory while they are sent."""

    def __init__(self, calls: Calls, config: ServiceConfig, dialect: Dialect, model: str) -> None:
        self.calls = calls
        self.config = config
        self.dialect = dialect
        self.model = model

    @abc.abstractmethod
    async def submit(self, name: str, lines: Sequence[BatchLine]) -> str:
        """Submit a batch and return the provider's id of it.

        Raises:
            CallError: It was not taken, or it is not known whether it was (``reached``).
        """

    @abc.abstractmethod
    async def find(self, intent: BatchIntent) -> list[str]:
        """Return the ids of batches that may be the one of an intent, the likeliest first; the newest at the provider.

        Raises:
            CallError: The list of batches cannot be had.
        """

    @abc.abstractmethod
    async def state(self, batch: str) -> BatchState:
        """Return where a batch stands.

        Raises:
            CallError: It cannot be had; of kind ``not_found`` where the provider knows no such batch.
        """

    @abc.abstractmethod
    def results(self, state: BatchState) -> AsyncIterator[LineResult]:
        """Yield what an ended batch brought, in any order.

        Raises:
            CallError: It cannot be had, or broke off.
        """

    @abc.abstractmethod
    async def cancel(self, batch: str) -> None:
        """Ask for a batch to be ended before its time; what it has answered is kept where the provider keeps it.

        Raises:
            CallError: It was not taken.
        """


def reply_of(dialect: Dialect, result: LineResult) -> Reply:
    """Return the reply that a result holds, read as that of an ordinary call."""
    if not result.status:
        return not_answered(str(result.payload))
    if result.status >= 400:
        failure = dialect.failure(result.status, result.payload, excerpt(str(result.payload)))
        return Reply(status="failed", error=failure)
    return dialect.read(result.payload)


def not_answered(why: str) -> Reply:
    """Return the reply to a question that a batch left without one; ``--reuse`` asks it again."""
    return Reply(status="failed", error=Failure(kind="not_answered", message=f"The batch gave no answer: {why}"))


def listed(payload: Any, key: str) -> list[dict[str, Any]]:
    """Return the objects under a key of an answer."""
    found = payload.get(key) if isinstance(payload, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def value_of(payload: Any, *path: str) -> Any:
    """Return what stands at a path of keys; ``None`` where there is nothing."""
    for key in path:
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload


def text_of(payload: Any, *path: str) -> str:
    """Return the text at a path of keys; empty where there is none."""
    payload = value_of(payload, *path)
    return payload if isinstance(payload, str) else ""


def number_of(payload: Any, *path: str) -> int:
    """Return the whole number at a path of keys, which some providers write as text; 0 where there is none."""
    payload = value_of(payload, *path)
    if isinstance(payload, str) and payload.isdecimal() and len(payload) <= _LONGEST_NUMBER:
        return int(payload)
    return payload if isinstance(payload, int) and not isinstance(payload, bool) else 0


def unusable(what: str, payload: Any) -> CallError:
    """Return the error about an answer that lacks what the protocol promises."""
    message = f"The answer of the batch API names no {what}: {excerpt(str(payload))}"
    return CallError(Failure(kind="bad_reply", message=message), reached=True)
