"""What a failed attempt means for the next one: try again or not, wait how long, is the service gone.

=======================================================  ===========================================
kind                                                     repeated
=======================================================  ===========================================
``rate_limit`` ``server`` ``timeout`` ``connection``     up to ``retry`` times
``truncated_stream`` ``bad_reply``
``empty_reply``                                          once (a model may simply have nothing to say)
``bad_request`` ``context_length`` ``auth``              never
``not_found`` ``content_filter`` ``local`` ``quota``
=======================================================  ===========================================

The waits are exponential backoff with full jitter, bounded in number and time (M. Brooker, "Exponential Backoff And
Jitter", AWS Architecture Blog, 2015): each is uniform between 0 and the bound, so that requests which failed together
do not come back together. ``docs/decisions`` says why no library does it.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NamedTuple

import aiohttp
import msgspec
from aiohttp.http_exceptions import ContentEncodingError

from judgebench.models.service_errors import excerpt
from judgebench.records.flow import Failure

Repeat = Literal["never", "once", "always"]
Reach = Literal["refused", "cut", "answered"]

_REPEATED = frozenset({"rate_limit", "server", "timeout", "connection", "truncated_stream", "bad_reply"})


class Fault(NamedTuple):
    """A failed attempt.

    Attributes:
        failure: Its kind and sentence.
        repeat: Whether asking again may help.
        retry_after: Seconds that the service asked to wait; ``None`` where it did not.
        reach: How far the request got: no connection at all, a connection that was cut, or an answer.
        overload: Whether it says that the service has too much to do.
    """

    failure: Failure
    repeat: Repeat
    retry_after: float | None = None
    reach: Reach = "answered"
    overload: bool = False


def fault_of(failure: Failure, *, retry_after: float | None = None) -> Fault:
    """Return what an answer of the service that carries a failure means."""
    kind = failure.kind
    repeat: Repeat = "always" if kind in _REPEATED else "once" if kind == "empty_reply" else "never"
    overload = kind in {"rate_limit", "timeout"} or failure.http_status in {503, 529}
    return Fault(failure, repeat, retry_after, "answered", overload)


def fault_of_exception(error: BaseException, *, seconds: float) -> Fault:
    """Return what a failed exchange means.

    Args:
        error: A ``aiohttp.ClientError``, ``TimeoutError`` or ``OSError``.
        seconds: How long the attempt took, for the sentence.
    """
    if isinstance(error.__cause__, ContentEncodingError):  # the whole reply is there, and the service is too
        return _fault("bad_reply", f"The reply is not in the encoding that its header names: {error.__cause__.message}")
    reason = _reason(error)
    for kind, fault in _EXCEPTIONS:
        if isinstance(error, kind):
            message = fault.failure.message.format(seconds=seconds, reason=reason)
            return fault._replace(failure=Failure(kind=fault.failure.kind, message=message))
    return _fault("connection", f"The exchange failed: {type(error).__name__}: {reason}", reach="cut")


def retry_after_seconds(value: str | None, *, now: float | None = None) -> float | None:
    """Return the seconds of a ``Retry-After`` header, in its seconds or its date form (RFC 9110, 10.2.3).

    Args:
        value: The header's value; ``None`` where there is none.
        now: Unix time to which a date is compared.

    Returns:
        Seconds, never negative; ``None`` where the header is missing or unreadable.
    """
    text = (value or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, OverflowError):  # OverflowError: an offset of a million years
            return None
        moment = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = moment.timestamp() - (time.time() if now is None else now)
    return _bounded(seconds)


def _bounded(seconds: float) -> float | None:
    """Return a delay that can be compared and waited for; ``None`` for one that is endless or no number."""
    return max(0.0, seconds) if seconds < float("inf") else None


_DELAY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_TRY_AGAIN = re.compile(r"(?:try again|retry) in ((?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+)", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def retry_delay(headers: Mapping[str, str], payload: Any, *, now: float | None = None) -> float | None:
    """Return the seconds that a service asks to wait, wherever it says so.

    In this order: ``retry-after-ms``; ``Retry-After``; the reset of a limit of which nothing remains
    (``x-ratelimit-*`` of OpenAI, ``anthropic-ratelimit-*``); ``RetryInfo`` in the body (Google); "try again in 1.2s" in
    the service's sentence.

    Args:
        headers: Of the reply, looked up without regard to case.
        payload: The decoded body; anything else than a dict says nothing.
        now: Unix time to which dates are compared.
    """
    milliseconds = headers.get("retry-after-ms", "")
    if milliseconds.isdecimal():
        return _bounded(float(milliseconds) / 1000)
    if (delay := retry_after_seconds(headers.get("Retry-After"), now=now)) is not None:
        return delay
    resets = [_reset(headers, kind, now) for kind in ("requests", "tokens", "input-tokens", "output-tokens")]
    if known := [seconds for seconds in resets if seconds is not None]:
        return max(known)
    error = payload.get("error") if isinstance(payload, dict) else None
    if not isinstance(error, dict):
        return None
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and isinstance(detail.get("retryDelay"), str):
            return _duration(detail["retryDelay"])
    said = _TRY_AGAIN.search(str(error.get("message", "")))
    return _duration(said[1]) if said else None


def _reset(headers: Mapping[str, str], kind: str, now: float | None) -> float | None:
    if headers.get(f"x-ratelimit-remaining-{kind}") == "0":
        return _duration(headers.get(f"x-ratelimit-reset-{kind}", ""))
    if headers.get(f"anthropic-ratelimit-{kind}-remaining") != "0":
        return None
    try:
        moment = datetime.fromisoformat(headers.get(f"anthropic-ratelimit-{kind}-reset", ""))
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, aware.timestamp() - (time.time() if now is None else now))


def _duration(text: str) -> float | None:
    """Return the seconds of a duration such as ``6m0s``, ``20ms`` or ``34.07s``."""
    found = _DELAY.findall(text)
    if not found or "".join(number + unit for number, unit in found) != text.strip():
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in found)


def _fault(
    kind: str, message: str, *, repeat: Repeat = "always", reach: Reach = "answered", overload: bool = False
) -> Fault:
    return Fault(Failure(kind=kind, message=message), repeat, None, reach, overload)


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return excerpt(str(error.certificate_error))
    if isinstance(error, aiohttp.ClientResponseError):
        return excerpt(f"{error.status} {error.message}")
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    text = getattr(inner, "strerror", None) or str(inner) or type(error).__name__
    return excerpt(text)


_EXCEPTIONS: tuple[tuple[type[BaseException], Fault], ...] = (
    (aiohttp.ConnectionTimeoutError, _fault("timeout", "No connection within {seconds:.1f} s", reach="refused")),
    (
        aiohttp.SocketTimeoutError,
        _fault("timeout", "The service was silent for too long; given up after {seconds:.1f} s", overload=True),
    ),
    (TimeoutError, _fault("timeout", "The reply was not complete within {seconds:.1f} s", overload=True)),
    (
        aiohttp.ClientConnectorCertificateError,
        _fault("connection", "The certificate is not trusted: {reason}", repeat="never", reach="refused"),
    ),
    (aiohttp.ClientConnectorDNSError, _fault("connection", "The host name is not known: {reason}", reach="refused")),
    (aiohttp.ClientConnectorError, _fault("connection", "No connection: {reason}", reach="refused")),
    (aiohttp.ClientHttpProxyError, _fault("connection", "The proxy refused: {reason}", reach="refused")),
    (aiohttp.ClientPayloadError, _fault("connection", "The reply broke off in the middle", reach="cut")),
    (
        aiohttp.ClientConnectionError,
        _fault("connection", "The connection broke before the reply: {reason}", reach="cut"),
    ),
    (ConnectionError, _fault("connection", "The connection broke before the reply: {reason}", reach="cut")),
    (aiohttp.ClientResponseError, _fault("bad_reply", "The reply is not HTTP: {reason}")),
)
"""The first row that fits, the most special classes first."""


class RetryPolicy(msgspec.Struct, frozen=True):
    """Bounds of the waiting between attempts, in seconds.

    Attributes:
        repeats: Attempts after the first.
        base: Bound of the first wait; doubles with each repeat.
        cap: Bound of any computed wait.
        retry_after_cap: Most that a ``Retry-After`` header is honoured for.
        budget: Most that one request waits in all.
    """

    repeats: int = 2
    base: float = 0.5
    cap: float = 30.0
    retry_after_cap: float = 120.0
    budget: float = 900.0

    def wait(self, repeat: int, retry_after: float | None, dice: random.Random) -> float:
        """Return the seconds to wait before a repeat.

        Args:
            repeat: Number of the repeat, from 1.
            retry_after: What the service asked for; it is waited for in full (up to the cap), and the jitter is added.
            dice: Source of the jitter.
        """
        bound = min(self.cap, self.base * 2.0 ** min(repeat - 1, 60))
        jitter = dice.uniform(0.0, bound)
        if retry_after is None:
            return jitter
        return min(retry_after, self.retry_after_cap) + min(jitter, self.base)
