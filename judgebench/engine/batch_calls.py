"""The HTTP of batch APIs: control calls, uploads, and files of results that are read line by line.

As everywhere in the engine redirects are not followed, because the key would travel with them, and what comes back has
lost every secret before anybody sees it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
from aiohttp.payload import BytesPayload
from yarl import URL

from judgebench.engine import framing as wire
from judgebench.engine import reach
from judgebench.engine.endpoint import session_with
from judgebench.engine.faults import RetryPolicy, fault_of, fault_of_exception, retry_delay
from judgebench.errors import out_of_files
from judgebench.models.access import redactor_of
from judgebench.models.addresses import base_url, call_url
from judgebench.models.batches import CallAnswer, CallError
from judgebench.models.contract import Dialect, ServiceConfig
from judgebench.models.service_errors import excerpt
from judgebench.records.flow import Failure

LINE_LIMIT = 64 * 1024 * 1024
"""Most bytes of one line of results."""
REPEATS = 4
"""Repeats of a call that may be sent again, beside those of the config: a batch is not to be lost to a short outage."""


@asynccontextmanager
async def open_session(config: ServiceConfig) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session with the model's credentials.

    Raises:
        PrerequisiteError: A secret is to come from an environment variable that is not set.
        ConfigError: The address or the file of certificates cannot be used.
    """
    base = base_url(config)
    silence = max(config.timeouts.first_byte, config.timeouts.between_bytes) or None
    connector = aiohttp.TCPConnector(ssl=reach.tls_of(config) if base.startswith("https") else True)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=config.timeouts.connect or None, sock_read=silence)
    async with session_with(config, connector, timeout) as session:
        yield session


class HttpCalls:
    """Sends the calls of a batch API (``models.batches.Calls``)."""

    def __init__(self, config: ServiceConfig, dialect: Dialect, session: aiohttp.ClientSession) -> None:
        self._config = config
        self._dialect = dialect
        self._session = session
        self._redactor = redactor_of(config)
        self._policy = RetryPolicy(repeats=max(REPEATS, config.retry), base=config.backoff)
        self._dice = random.Random()

    async def call(
        self,
        method: Literal["GET", "POST", "PUT"],
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        again: bool = True,
    ) -> CallAnswer:
        """Send a call and return its answer; see ``models.batches.Calls``."""
        repeat = 0
        while True:
            try:
                return await self._once(method, path, body, headers or {})
            except CallError as error:
                repeat += 1
                if not again or repeat > self._policy.repeats or fault_of(error.failure).repeat == "never":
                    raise
                await asyncio.sleep(self._policy.wait(repeat, error.retry_after, self._dice))

    async def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> CallAnswer:
        start = time.monotonic()
        data = (
            None if body is None else BytesPayload(body, content_type=headers.get("Content-Type", "application/json"))
        )
        try:
            async with self._session.request(
                method, self._address(path), data=data, headers=headers, allow_redirects=False
            ) as response:
                payload = await response.read()
                if response.status // 100 != 2:
                    raise self._refused(response, payload)
                decoded = self._decoded(payload) if payload else {}
                # a header may name where the rest of an upload goes; it is used at once and never kept
                return CallAnswer(decoded, response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._broken(error, start) from None

    async def lines(self, path: str) -> AsyncIterator[Any]:
        """Yield the decoded lines of a JSONL answer; see ``models.batches.Calls``."""
        start = time.monotonic()
        try:
            async with self._session.get(self._address(path), allow_redirects=False) as response:
                if response.status // 100 != 2:
                    raise self._refused(response, await response.read())
                rest = bytearray()
                async for piece in response.content.iter_any():
                    *lines, last = piece.split(b"\n")
                    for line in lines:
                        rest += line
                        if rest.strip() and (decoded := self._line(bytes(rest))) is not None:
                            yield decoded
                        rest.clear()
                    rest += last
                    if len(rest) > LINE_LIMIT:
                        raise CallError(
                            Failure(kind="bad_reply", message="a line of results is too large"), reached=True
                        )
                if rest.strip() and (decoded := self._line(bytes(rest))) is not None:
                    yield decoded
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._broken(error, start) from None

    def _line(self, line: bytes) -> Any:
        try:
            decoded = self._decoded(line)
        except CallError:
            return None
        return decoded if isinstance(decoded, dict) else None

    def _address(self, path: str) -> URL:
        """Return where a call goes; one that the service named must be one of its own, as the key goes there too.

        Raises:
            CallError: It is not.
        """
        base = base_url(self._config)
        if "://" in path:
            try:
                own = urlsplit(path)[:2] == urlsplit(base)[:2]
            except ValueError:  # no address at all
                own = False
            if not own:
                raise CallError(
                    Failure(kind="bad_reply", message=f"The service names an address elsewhere: {reach.shown(path)}"),
                    reached=False,
                )
            return URL(path, encoded=True)
        before, colon, below = path.partition(":")
        if not colon or "/" in before:
            return URL(call_url(self._config, path), encoded=True)
        version = f"/{below.partition('/')[0]}/"
        return URL(call_url(self._config, below).replace(version, f"/{before}{version}", 1), encoded=True)

    def _decoded(self, body: bytes) -> Any:
        try:
            decoded = wire.decode(body)
            return self._redactor.value(decoded) if self._redactor.suspects(body) else decoded
        except (ValueError, RecursionError):
            said = excerpt(self._redactor.error(wire.clean(body[:8000].decode("utf-8", "replace"))))
            message = f"The answer of the batch API is not JSON: {said}"
            raise CallError(Failure(kind="bad_reply", message=message), reached=True) from None

    def _refused(self, response: aiohttp.ClientResponse, payload: bytes) -> CallError:
        try:
            decoded = self._decoded(payload)
        except CallError:
            decoded = None
        said = self._redactor.error(wire.clean(payload[:8000].decode("utf-8", "replace")))
        status = response.status
        if status < 400:
            place = reach.shown(response.headers.get("Location", ""))
            message = f"HTTP {status}: the service redirects to another address ({place})"
            return CallError(Failure(kind="not_found", message=message, http_status=status), reached=False)
        failure = self._redactor.failure(self._dialect.failure(status, decoded, said))
        return CallError(failure, reached=status >= 500, retry_after=retry_delay(response.headers, decoded))

    def _broken(self, error: BaseException, start: float) -> CallError:
        if (lacking := out_of_files(error)) is not None:
            raise lacking from error
        fault = fault_of_exception(error, seconds=time.monotonic() - start)
        return CallError(self._redactor.failure(fault.failure), reached=fault.reach != "refused")
