"""Asks every service a few things before the run, and tells all that cannot be used in one error.

Several services are asked at once; it is said which one keeps the run waiting. What is asked of one address is asked
one after the other: a service that answers one call at a time must not run into the time limit of a trial call because
another one of ours came first. The requests are synchronous (``preflight/http_calls.py``).
"""

from __future__ import annotations

import difflib
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from judgebench import plugins
from judgebench.content.attachments import with_media
from judgebench.engine import framing as wire
from judgebench.engine import reach
from judgebench.errors import EndpointError, JudgebenchError
from judgebench.models.access import auth_headers, redactor_of, revealed, secret_parameters
from judgebench.models.addresses import base_url, call_url
from judgebench.models.contract import Dialect, ServiceConfig
from judgebench.models.service_errors import excerpt
from judgebench.preflight.http_calls import TRANSPORT_ERRORS, HttpReply, TrialHttp
from judgebench.records.flow import Failure, Reply, Request

PATIENCE = 30.0
"""Seconds that one trial request may take; slower services are not refused, only not tried further."""
REPLY_LIMIT = 16 << 20
"""Most bytes of a reply that are read."""


class TrialCall:
    """Asks a service a few things before the run.

    Args:
        config: The service.
        dialect: How it is spoken to.
        environ: Where keys and addresses are looked up; the process environment by default.
    """

    def __init__(self, config: ServiceConfig, dialect: Dialect, environ: Mapping[str, str] | None = None) -> None:
        self._environ = environ
        self._secrets = secret_parameters(config, environ)
        sent = revealed(config.generation_kwargs, self._secrets)
        self.config = msgspec.structs.replace(config, generation_kwargs=sent)
        self.redactor = redactor_of(config, environ)
        self.dialect = dialect
        self.base = base_url(config, environ)
        self.place = reach.shown(self.base)
        self.model = config.model
        limits = config.timeouts
        self.limit = min(one for one in (PATIENCE, limits.first_byte, limits.total) if one > 0)
        self.waiting_since: float | None = None
        """When the request on its way was sent (``time.monotonic``); another thread may look."""
        self.replies: list[Reply] = []
        """What came of the calls that may have cost something."""
        self._calls = TrialHttp(
            headers=auth_headers(config, environ),
            seconds=self.limit,
            connecting=min(5.0, self.limit),
            tls=reach.tls_of(config, environ) if self.base.startswith("https") else None,
            proxy=reach.proxy_of(self.base),
            most=REPLY_LIMIT,
        )
        self._given_up = False

    def give_up(self, since: float) -> None:
        """End the request that was sent at ``since``, if it is still on its way; for another thread to call.

        A time limit holds for each read alone, so a service that sends its headers byte by byte has no end otherwise.
        """
        if self.waiting_since == since:
            self._given_up = True
            self._calls.end()

    def check_model(self) -> list[str]:
        """Check that the service is there, and take its first model if none is named; returns findings.

        What the list of models says is a finding and no more: services list fewer names than they serve, or refuse to
        list at all. The trial call decides.

        Raises:
            EndpointError: It is not there, or no model is named and it lists none.
        """
        url = reach.listing_url(self.config, self.dialect, self._environ)
        try:
            status, _, content = self._exchange("GET", url)
        except TimeoutError:
            return []
        except TRANSPORT_ERRORS as error:
            raise EndpointError(
                f"The service of {self.config.abbr!r} at {self.place} cannot be reached: "
                f"{self.redactor.error(str(error))}.",
                hint=f"Start it, or give another address: --override '*.{self.config.abbr}.url=http://host:port'.",
            ) from None  # the library's own words may name a proxy's password
        names = self._model_names(content) if status == 200 else []
        if self.model:
            if not names or self.model in names:
                return []
            near = difflib.get_close_matches(self.model, names, n=3) or names[:5]
            said = f"it lists {', '.join(near)}; the trial call decides"
            return [f"the service of {self.config.abbr} does not list the model {self.model!r} ({said})"]
        if names:
            self.model = names[0]
            return []
        if status in {401, 403}:
            raise self._refused_key(f"HTTP {status}")
        raise EndpointError(
            f"The config {self.config.abbr!r} names no model, and the service at {self.place} lists none "
            f"(HTTP {status}).",
            hint=f"Name the model: --override '*.{self.config.abbr}.model=NAME'.",
        )

    def ask(self, request: Request) -> Reply:
        """Send one request without retries, as the run would send it: streamed where the config says so.

        Raises:
            EndpointError: The service says that it can serve nobody: wrong address, key or model, or no credit.
        """
        reply = self._reply_to(request)
        self.replies.append(reply)
        return reply

    def _reply_to(self, request: Request) -> Reply:
        params = revealed(request.params, self._secrets)
        body = self.dialect.body(self.config, with_media(msgspec.structs.replace(request, params=params)), self.model)
        url = call_url(self.config, self.dialect.call_path(self.config, self.model), self._environ)
        try:
            status, kind, content = self._exchange("POST", url, wire.encode(body))
        except TimeoutError:
            return _failed("timeout", f"no reply within {self.limit:g} s")
        except TRANSPORT_ERRORS as error:
            return _failed("connection", self.redactor.error(str(error)))
        try:
            if status == 200:
                return self.redactor.reply(self._read(kind, content))
            payload = self.redactor.value(wire.decode(content))
        except (ValueError, RecursionError):
            if status == 200:
                return _failed("bad_reply", f"not JSON: {self._words(content)}")
            payload = None
        failure = self.dialect.failure(status, payload, self._words(content))
        self._raise_if_nobody_is_served(failure, url)
        return Reply(status="failed", error=failure)

    def _read(self, kind: str, content: bytes) -> Reply:
        """Return the reply that a body holds, whole or streamed.

        Raises:
            ValueError: It is no JSON.
        """
        cut = wire.PARSERS.get(kind.partition(";")[0].strip().lower())
        if cut is None:
            return self.dialect.read(wire.decode(content))
        parser, reader, terminated = cut(), self.dialect.stream_reader(), False
        for event in [*parser.feed(content), *parser.close()]:
            if event.data.strip() == "[DONE]":
                terminated = True
                break
            decoded = wire.decode(event.data)
            if not isinstance(decoded, dict):
                raise ValueError("an event is no object")  # noqa: TRY004 - told as what is no JSON is
            reader.feed(decoded)
        return reader.finish(terminated=terminated)

    def _raise_if_nobody_is_served(self, failure: Failure, url: str) -> None:
        said = failure.message
        if failure.kind == "auth":
            raise self._refused_key(said)
        if failure.kind == "quota":
            raise EndpointError(
                f"The service of {self.config.abbr!r} at {self.place} takes the key and has no more credit for it "
                f"({said}).",
                hint="Raise the quota or the balance at the provider.",
            )
        if failure.kind == "not_found":
            raise EndpointError(
                f"{reach.shown(url)} answered the first short call of {self.config.abbr!r} with {said.rstrip('.')}.",
                hint="Check url and model of this config; the address may also be that of the whole call.",
            )

    def _refused_key(self, said: str) -> EndpointError:
        return EndpointError(
            f"The service of {self.config.abbr!r} at {self.place} refuses the key ({said}).",
            hint="Set api_key in the config to a valid key, best as '${NAME_OF_A_VARIABLE}'.",
        )

    def _exchange(self, method: str, url: str, body: bytes | None = None) -> HttpReply:
        """Send one request; the body of its reply is cut at ``REPLY_LIMIT``.

        Raises:
            TimeoutError: The reply was not complete within the limit.
        """
        self._given_up = False
        self.waiting_since = time.monotonic()
        ends = self.waiting_since + self.limit
        try:
            reply = self._calls.call(method, url, body)
        except TRANSPORT_ERRORS as error:
            if self._given_up:
                raise TimeoutError from error
            raise
        finally:
            self.waiting_since = None
        if self._given_up or time.monotonic() > ends:
            raise TimeoutError
        return reply

    def _words(self, content: bytes) -> str:
        """Return the start of the service's own words, on one line and without the key that it may repeat."""
        return excerpt(self.redactor.error(wire.clean(content[:8000].decode("utf-8", "replace"))))

    def _model_names(self, content: bytes) -> list[str]:
        try:
            listed: Any = self.redactor.value(wire.decode(content))
        except (ValueError, RecursionError):
            return []
        return self.dialect.model_names(listed)


def _failed(kind: str, message: str) -> Reply:
    return Reply(status="failed", error=Failure(kind=kind, message=message))


QUIET = 2.0
"""Seconds that a service has been asked before it is said that it is waited for, be it for one reply or for many."""
_LOOK = 0.1


class TrialService(msgspec.Struct, kw_only=True):
    """What one service is asked for one purpose.

    Attributes:
        config: The service.
        ask: Asks it; returns findings.
        trial: While it is asked.
        replies: To the calls that may have cost something.
    """

    config: ServiceConfig
    ask: Callable[[TrialCall], list[str]]
    trial: TrialCall | None = None
    findings: list[str] = msgspec.field(default_factory=list)
    replies: list[Reply] = msgspec.field(default_factory=list)
    error: BaseException | None = None


def ask_all(
    services: Sequence[TrialService], report: Callable[[str], None], environ: Mapping[str, str] | None = None
) -> list[str]:
    """Ask every service; returns the findings in the order of the services.

    A service that cannot be used is asked nothing further.

    Args:
        services: What is asked.
        report: Takes the line about a service that is slow to answer; called from this thread, once per service.
        environ: Where keys and addresses are looked up; the process environment by default.

    Raises:
        JudgebenchError: Services cannot be used: all of them in one ``EndpointError``; or what else was found first.
    """
    by_address: dict[str, list[TrialService]] = {}
    for one in services:
        by_address.setdefault(base_url(one.config, environ), []).append(one)
    # not an executor: its threads would be waited for after Ctrl-C, which a hanging service makes half a minute
    threads = [
        threading.Thread(target=_ask_in_turn, args=(place, environ), daemon=True) for place in by_address.values()
    ]
    for thread in threads:
        thread.start()
    in_flight_since: dict[str, float] = {}
    for thread in threads:
        while thread.is_alive():
            _report_slow(services, in_flight_since, report)
            _give_up_late(services)
            thread.join(_LOOK)
    _raise_errors([one.error for one in services if one.error is not None])
    return [finding for one in services for finding in one.findings]


def _ask_in_turn(services: Sequence[TrialService], environ: Mapping[str, str] | None) -> None:
    unusable: set[tuple[str, str]] = set()
    for one in services:
        served = (one.config.abbr, one.config.model)
        if served in unusable:
            continue
        try:
            dialect = plugins.load(one.config.type, "models")()
            one.trial = TrialCall(one.config, dialect, environ)
            one.replies = one.trial.replies
            one.findings = one.ask(one.trial)
        except BaseException as error:  # noqa: BLE001 -- raised again by the thread that waits for this one
            one.error = error
            unusable.add(served)
        finally:
            one.trial = None


def _report_slow(
    services: Sequence[TrialService], in_flight_since: dict[str, float], report: Callable[[str], None]
) -> None:
    for one in services:
        trial = one.trial
        since = trial.waiting_since if trial is not None else None
        if trial is None or since is None or time.monotonic() - in_flight_since.setdefault(trial.place, since) < QUIET:
            continue
        in_flight_since[trial.place] = math.inf  # told
        report(
            f"preflight: waiting for the service of {trial.config.abbr!r} at {trial.place}, "
            f"at most {trial.limit:g} s for each trial request (--no-preflight asks none)"
        )


def _give_up_late(services: Sequence[TrialService]) -> None:
    for one in services:
        trial = one.trial
        since = trial.waiting_since if trial is not None else None
        if trial is not None and since is not None and time.monotonic() - since > trial.limit:
            trial.give_up(since)


def _raise_errors(errors: list[BaseException]) -> None:
    """Raise the error that tells of all.

    Raises:
        JudgebenchError: There are errors.
    """
    for error in errors:
        if not isinstance(error, EndpointError):
            raise error
    different = {str(error): error for error in errors if isinstance(error, JudgebenchError)}
    if len(different) == 1:
        raise errors[0]
    if different:
        said = "\n".join(f"  {error.message}\n    {error.hint}".rstrip() for error in different.values())
        raise EndpointError(f"{len(different)} services cannot be used:\n{said}")
