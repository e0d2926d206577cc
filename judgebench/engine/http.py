"""Asks a service over HTTP: one session with kept-alive connections, time limits per phase, repeats, a breaker.

A dialect (``judgebench.models``) says which body goes where and reads the reply; everything between is here. Redirects
are not followed, because the key would travel with them.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, NoReturn

import aiohttp
import msgspec
from aiohttp.payload import BytesPayload
from yarl import URL

from judgebench.content.attachments import is_resized, with_media
from judgebench.content.parts import is_text
from judgebench.engine import endpoint, reach
from judgebench.engine import framing as wire
from judgebench.engine.aiohttp_internals import Connector, Deadlines, limit_reads
from judgebench.engine.client import Traffic
from judgebench.engine.faults import Fault, Repeat, RetryPolicy, fault_of, fault_of_exception, retry_delay
from judgebench.engine.framing import PARSERS, EventParser, LineParser
from judgebench.engine.limits import AdaptiveLimit, Breaker, ConcurrencyLimit
from judgebench.engine.replicas import ELSEWHERE, Replica, least_busy
from judgebench.errors import DataError, out_of_files
from judgebench.models.access import check_takes, redactor_of, revealed, secret_parameters
from judgebench.models.addresses import at_address, base_urls, call_url
from judgebench.models.contract import Dialect, ServiceConfig, StreamReader
from judgebench.models.service_errors import excerpt
from judgebench.records.flow import Failure, Reply, Request

REPLY_LIMIT = 64 * 1024 * 1024
"""Most bytes of one reply."""

KEEP_ALIVE = 4.0
"""Seconds that an idle connection is kept: fewer than the 5 s after which uvicorn closes it under the next request."""

AFTER_DONE = 1.0
"""Seconds that a stream may take to end after ``[DONE]``, for the connection to be used again."""


class RequestOutcome(NamedTuple):
    """One attempt: the reply, and what a failed one means."""

    reply: Reply
    fault: Fault | None = None


class HttpClient:
    """A client of one service; made by ``open_http``.

    Attributes:
        model: The model's name as it is sent.
        url: Where requests go; of several replicas the first.
    """

    def __init__(
        self,
        config: ServiceConfig,
        dialect: Dialect,
        session: aiohttp.ClientSession,
        traffic: Traffic,
        model: str,
        replicas: Sequence[Replica],
    ) -> None:
        self.model = model
        self.url = replicas[0].url
        self._replicas = replicas
        self._only = replicas[0] if len(replicas) == 1 else None
        self._config = config
        self._secrets = secret_parameters(config)
        if self._secrets:
            sent = revealed(config.generation_kwargs, self._secrets)
            self._config = msgspec.structs.replace(config, generation_kwargs=sent)
        self._redactor = redactor_of(config)
        self._dialect = dialect
        self._session = session
        self._traffic = traffic
        self._gate = ConcurrencyLimit(
            AdaptiveLimit(config.batch_size) if config.adaptive else max(1, config.batch_size)
        )
        self._policy = RetryPolicy(repeats=max(0, config.retry), base=config.backoff)
        self._changed = asyncio.Event()
        self._dice = random.Random()
        self._first_byte = Deadlines(config.timeouts.first_byte)
        self._total = Deadlines(config.timeouts.total)
        self._between_bytes = config.timeouts.between_bytes or None
        traffic.limit = self._gate.limit

    async def ask(self, request: Request) -> Reply:
        """Return the reply after at most ``retry`` repeats; faults of the service are a failed ``Reply``.

        Raises:
            EndpointError: The service can serve nobody: refused or unknown on the first request, or gone for good.
        """
        if self._secrets:
            request = msgspec.structs.replace(request, params=revealed(request.params, self._secrets))
        sent = request
        if not is_text(request.prompt):
            check_takes(self._config, request.prompt, where="A question")
            try:
                if is_resized(request.prompt):  # it takes some 30 ms, in which other requests go on
                    sent = await asyncio.to_thread(with_media, request)
                else:
                    sent = with_media(request)
            except DataError as error:
                self._traffic.fault("local", error.message)
                return Reply(status="failed", error=Failure(kind="local", message=error.message), tries=0)
        body = wire.encode(self._dialect.body(self._config, sent, self.model))
        traffic, policy = self._traffic, self._policy
        tries = repeats = moved = 0
        waited = 0.0
        failed: Replica | None = None
        while True:
            replica = (
                self._only if self._only is not None and self._only.breaker.works else await self._admitted(failed)
            )
            trying = replica.breaker.open
            tries += 1
            outcome = await self._try(body, replica)
            fault = outcome.fault
            if fault is None:
                break
            failed = replica
            traffic.fault(fault.failure.kind, fault.failure.message)
            if (trying or fault.reach == "refused") and fault.repeat != "never":
                continue  # says nothing about this request, which waits at the open breaker: patience bounds it
            if moved + 1 < len(self._replicas) and (fault.reach != "answered" or fault.failure.kind in ELSEWHERE):
                moved += 1
                continue  # another replica may answer
            allowed = policy.repeats if fault.repeat == "always" else min(1, policy.repeats)
            if fault.repeat == "never" or repeats >= allowed:
                break
            repeats += 1
            wait = policy.wait(repeats, fault.retry_after, self._dice)
            if waited + wait > policy.budget:
                break
            await self._back_off(wait, fault)
            waited += wait
            traffic.retries += 1
        reply = outcome.reply
        if tries > 1:
            reply = msgspec.structs.replace(reply, tries=tries, waited=round(waited, 3))
        traffic.answered(reply)
        return reply

    def close(self) -> None:
        """Let go of the client's timer; the session is closed by ``open_http``."""
        self._first_byte.close()
        self._total.close()

    async def _admitted(self, failed: Replica | None) -> Replica:
        """Return where a request goes, and wait as long as nobody answers; to an open breaker it goes to try it.

        Args:
            failed: The replica that failed it last.

        Raises:
            EndpointError: The service is gone.
        """
        while True:
            if self._all_gone():
                self._raise_gone(self._replicas[0])
            replica, pause = least_busy(self._replicas, time.monotonic(), failed)
            if replica is not None:
                return replica
            failures = max(one.breaker.failures for one in self._replicas)
            self._traffic.note = f"waiting for the service ({failures} failures in a row)"
            self._changed.clear()  # what it told is known by now
            try:
                async with asyncio.timeout(pause):  # wait_for may lose a cancellation before Python 3.12
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _try(self, body: bytes, replica: Replica) -> RequestOutcome:
        gate, traffic = self._gate, self._traffic
        replica.in_flight += 1  # from now on: those that wait at the gate are on their way
        try:
            await gate.enter()
        except BaseException:
            replica.in_flight -= 1
            raise
        if replica.breaker.gone is not None and self._all_gone():
            gate.leave()
            self._raise_gone(replica)
        sent_at = time.monotonic()
        traffic.post += 1
        traffic.in_flight += 1
        try:
            outcome = await self._exchange(body, replica.target)
            self._judge(replica, outcome.fault, sent_at)
        finally:
            replica.in_flight -= 1
            traffic.in_flight -= 1
            gate.leave()
        return outcome

    def _judge(self, replica: Replica, fault: Fault | None, sent_at: float) -> None:
        """Tell breaker and limiter what became of an attempt."""
        gate, breaker = self._gate, replica.breaker
        was_open = breaker.open
        if fault is None:
            breaker.succeeded()
            gate.succeeded()
        else:
            now = time.monotonic()
            breaker.failed(fault, now)
            if fault.overload:
                gate.overloaded(sent_at=sent_at, now=now)
        self._traffic.limit = gate.limit
        if breaker.open and not was_open:
            self._changed.clear()
        elif breaker.gone is not None or (was_open and not breaker.open):
            self._changed.set()
            self._traffic.note = ""
        if breaker.gone is not None and self._all_gone():
            self._raise_gone(replica)

    def _all_gone(self) -> bool:
        return all(one.breaker.gone is not None for one in self._replicas)

    async def _exchange(self, body: bytes, target: URL) -> RequestOutcome:
        """Send once and read the reply; never raises for what the service or the network does."""
        start = time.perf_counter()
        first, total = self._first_byte.enter(), self._total.enter()
        try:
            data = BytesPayload(body, content_type="application/json")
            response = await self._session.post(target, data=data, allow_redirects=False)
            self._first_byte.leave(first)
            try:
                outcome = await self._read(response, start)
            except BaseException:
                response.close()
                raise
        except _UnreadableError as problem:
            return self._broken(problem.fault, start)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if (lacking := out_of_files(error)) is not None:
                raise lacking from error  # neither the service's fault nor the item's
            return self._broken(fault_of_exception(error, seconds=time.perf_counter() - start), start)
        except asyncio.CancelledError:
            silent, late = self._first_byte.timed_out(first), self._total.timed_out(total)
            if not silent and not late:
                raise
            limit = aiohttp.SocketTimeoutError() if silent else TimeoutError()
            return self._broken(fault_of_exception(limit, seconds=time.perf_counter() - start), start)
        finally:
            self._first_byte.leave(first)
            self._total.leave(total)
        self._traffic.recv += 1
        return outcome

    def _broken(self, fault: Fault, start: float) -> RequestOutcome:
        return self._outcome(Reply(status="failed", error=fault.failure), time.perf_counter() - start, fault)

    async def _read(self, response: aiohttp.ClientResponse, start: float) -> RequestOutcome:
        limit_reads(response, self._between_bytes)  # the headers are here, the body is not yet
        status = response.status
        if status == 200 and (streamed := PARSERS.get(response.content_type)) is not None:
            reply = await self._read_events(response, streamed(), self._dialect.stream_reader(), start)
            return self._outcome(reply, time.perf_counter() - start)
        payload = await _bounded(response)
        latency = time.perf_counter() - start
        if status != 200:
            return self._refused(response, payload, latency)
        plain = self._dialect.read_plain(payload)
        if plain is not None:
            return self._outcome(plain, latency)
        try:
            decoded = self._decoded(wire.as_utf8(payload, response.charset))
        except ValueError:
            kind = response.content_type
            said = excerpt(self._words_of(payload))
            failure = Failure(kind="bad_reply", message=f"The reply is not JSON ({kind}): {said}")
            return self._outcome(Reply(status="failed", error=failure), latency)
        return self._outcome(self._dialect.read(decoded), latency)

    async def _read_events(
        self, response: aiohttp.ClientResponse, parser: EventParser | LineParser, reader: StreamReader, start: float
    ) -> Reply:
        terminated, first, size = False, 0.0, 0
        try:
            async for piece in response.content.iter_any():
                if terminated:
                    continue
                size += len(piece)
                if size > REPLY_LIMIT:
                    raise _UnreadableError(_too_large(), "never")
                for event in parser.feed(piece):
                    if event.data.strip() == "[DONE]":
                        terminated = True
                        limit_reads(response, AFTER_DONE)
                        break
                    if self._take(reader, event.data, event.type) and not first:
                        first = time.perf_counter() - start
            for event in () if terminated else parser.close():
                if event.data.strip() == "[DONE]":
                    terminated = True
                elif self._take(reader, event.data, event.type) and not first:
                    first = time.perf_counter() - start
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            response.close()
            reply = reader.finish(terminated=terminated)
            if reply.error is not None and reply.error.kind == "truncated_stream" and isinstance(error, TimeoutError):
                failure = fault_of_exception(error, seconds=time.perf_counter() - start).failure
                reply = msgspec.structs.replace(reply, error=failure)
        else:
            reply = reader.finish(terminated=terminated)
        return msgspec.structs.replace(reply, first_token=first)

    def _outcome(self, reply: Reply, latency: float, fault: Fault | None = None) -> RequestOutcome:
        """Return what an attempt gave: all of it passes here, and from here on it holds no secret."""
        reply = self._redactor.reply(msgspec.structs.replace(reply, latency=latency))
        if reply.error is None:
            return RequestOutcome(reply)
        return RequestOutcome(reply, fault_of(reply.error) if fault is None else fault._replace(failure=reply.error))

    def _refused(self, response: aiohttp.ClientResponse, payload: bytes, latency: float) -> RequestOutcome:
        try:
            decoded = self._decoded(payload)
        except ValueError:
            decoded = None
        status = response.status
        if status < 400:
            place = response.headers.get("Location", "")
            said = f"HTTP {status}: the service redirects to another address ({reach.shown(place)})"
            failure = Failure(kind="not_found", message=said, http_status=status)
        else:
            failure = self._dialect.failure(status, decoded, self._words_of(payload))
        fault = fault_of(failure, retry_after=retry_delay(response.headers, decoded))
        return self._outcome(Reply(status="failed", error=failure), latency, fault)

    async def _back_off(self, seconds: float, fault: Fault) -> None:
        traffic = self._traffic
        traffic.waiting += 1
        traffic.waited += seconds
        traffic.note = f"backing off {seconds:.1f} s ({fault.failure.http_status or fault.failure.kind})"
        try:
            await asyncio.sleep(seconds)
        finally:
            traffic.waiting -= 1
            if not traffic.waiting:
                traffic.note = ""

    def _words_of(self, payload: bytes) -> str:
        """Return the start of a body for a message; secrets go first, as a cut could hide but half of one."""
        return self._redactor.error(wire.clean(payload[:8000].decode("utf-8", "replace")))

    def _decoded(self, body: bytes | str) -> Any:
        """Return the decoded JSON of a body or an event without secrets.

        Raises:
            ValueError: It is no JSON.
        """
        decoded = wire.decode(body)
        if not self._redactor.suspects(body):
            return decoded
        try:
            return self._redactor.value(decoded)
        except RecursionError as error:
            raise ValueError("the JSON is nested too deeply") from error

    def _take(self, reader: StreamReader, data: str, kind: str) -> bool:
        if not kind and (carried := reader.feed_plain(data)) is not None:
            return carried
        try:
            event = self._decoded(data)
        except ValueError:
            said = self._redactor.error(wire.clean(data[:8000]))
            if kind != "error":
                raise _UnreadableError(f"An event of the stream is not JSON: {excerpt(said)}") from None
            event = said
        if kind == "error" and not (isinstance(event, dict) and "error" in event):
            event = {"error": event}
        if not isinstance(event, dict):
            said = self._redactor.error(wire.clean(data[:8000]))
            raise _UnreadableError(f"An event of the stream is not a JSON object: {excerpt(said)}")
        return reader.feed(event)

    def _raise_gone(self, replica: Replica) -> NoReturn:
        breaker = replica.breaker
        assert breaker.gone is not None
        raise endpoint.gone(
            self._config, replica.url, self.model, breaker.gone, failures=breaker.failures, seconds=breaker.gone_for
        )


class _UnreadableError(Exception):
    """A reply that is given up while it is read."""

    def __init__(self, message: str, repeat: Repeat = "always") -> None:
        super().__init__(message)
        self.fault = Fault(Failure(kind="bad_reply", message=message), repeat)


def _too_large() -> str:
    return f"The reply is larger than {REPLY_LIMIT / 1024 / 1024:.0f} MiB"


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """Return the body; one that is larger than ``REPLY_LIMIT`` is given up."""
    length = response.content_length
    if length is not None and length <= REPLY_LIMIT and "Content-Encoding" not in response.headers:
        return await response.read()
    pieces, size = [], 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > REPLY_LIMIT:
            raise _UnreadableError(_too_large(), "never")
        pieces.append(piece)
    return b"".join(pieces)


@asynccontextmanager
async def open_http(config: ServiceConfig, dialect: Dialect, traffic: Traffic) -> AsyncIterator[HttpClient]:
    """Open a session, resolve the model's name once, and give a client.

    Raises:
        EndpointError: The name has to be asked for, and the service does not tell.
        PrerequisiteError: A secret is to come from an environment variable that is not set.
        ConfigError: The address or the file of certificates cannot be used.
    """
    several = [at_address(config, url) for url in base_urls(config)]
    # The other limits are kept by ``Deadlines``, which costs a fraction of the library's timers.
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=config.timeouts.connect or None)
    breakers = [Breaker(patience=config.patience, soft=max(30, 2 * config.batch_size)) for _ in several]
    secure = any(str(one.url).startswith("https") for one in several)
    connector = Connector(
        breakers[0].reached if len(several) == 1 else lambda: None,  # which of several it was, nobody says
        limit=0,  # the gate bounds the requests in flight
        ttl_dns_cache=300,
        keepalive_timeout=KEEP_ALIVE,
        ssl=reach.tls_of(config) if secure else True,
    )
    async with endpoint.session_with(config, connector, timeout) as session:
        model = config.model or await endpoint.model_of_all(session, several, dialect)
        urls = [call_url(one, dialect.call_path(one, model)) for one in several]
        replicas = [Replica(url, breaker) for url, breaker in zip(urls, breakers, strict=True)]
        client = HttpClient(config, dialect, session, traffic, model, replicas)
        try:
            yield client
        finally:
            client.close()
