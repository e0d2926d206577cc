"""The pure parts of the engine: waiting, limits, breaker, what a fault means, what goes over the wire."""

from __future__ import annotations

import asyncio
import random
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from judgebench.engine import framing as wire
from judgebench.engine import reach
from judgebench.engine.aiohttp_internals import Deadlines
from judgebench.engine.faults import Fault, RetryPolicy, fault_of, retry_after_seconds, retry_delay
from judgebench.engine.limits import HARD, REFUSALS, AdaptiveLimit, Breaker, ConcurrencyLimit
from judgebench.errors import ConfigError
from judgebench.models.access import model_config
from judgebench.records.flow import Failure
from tests.engine.simulated_time import run_simulated


class TestWaiting:
    """Backoff between attempts."""

    def test_full_jitter_below_a_bound_that_doubles(self) -> None:
        policy, dice = RetryPolicy(base=1.0, cap=10.0), random.Random(1)
        for repeat, bound in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 10.0), (500, 10.0)]:
            waits = [policy.wait(repeat, None, dice) for _ in range(2000)]
            assert 0 <= min(waits) < 0.02 * bound
            assert 0.98 * bound < max(waits) <= bound
            assert abs(sum(waits) / 2000 - bound / 2) < 0.05 * bound

    def test_retry_after_is_waited_for_in_full_up_to_its_cap(self) -> None:
        policy, dice = RetryPolicy(base=0.5, retry_after_cap=60.0), random.Random(1)
        assert all(20.0 <= policy.wait(1, 20.0, dice) <= 20.5 for _ in range(100))
        assert all(60.0 <= policy.wait(9, 3600.0, dice) <= 60.5 for _ in range(100))

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("5", 5.0),
            ("0.25", 0.25),
            ("-3", 0.0),
            ("", None),
            (None, None),
            ("soon", None),
            ("inf", None),
            ("nan", None),
        ],
    )
    def test_retry_after_in_seconds(self, header: str | None, seconds: float | None) -> None:
        assert retry_after_seconds(header) == seconds

    @pytest.mark.parametrize(
        ("headers", "payload", "seconds"),
        [
            ({"retry-after-ms": "1500", "Retry-After": "9"}, None, 1.5),
            ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0.5s"}, None, 360.5),
            ({"x-ratelimit-remaining-tokens": "3", "x-ratelimit-reset-tokens": "6m0s"}, None, None),
            (
                {
                    "anthropic-ratelimit-requests-remaining": "0",
                    "anthropic-ratelimit-requests-reset": "2026-11-30T00:00:20Z",
                    "anthropic-ratelimit-tokens-remaining": "0",
                    "anthropic-ratelimit-tokens-reset": "2026-11-30T00:00:10Z",
                },
                None,
                20.0,
            ),
            ({}, {"error": {"details": [{"reason": "x"}, {"retryDelay": "34.5s"}]}}, 34.5),
            ({}, {"error": {"message": "Rate limit reached. Please try again in 1m2.5s."}}, 62.5),
            ({}, {"error": "busy"}, None),
        ],
    )
    def test_a_delay_is_read_wherever_a_service_tells_it(
        self, headers: dict[str, str], payload: Any, seconds: float | None
    ) -> None:
        now = datetime(2026, 11, 30, tzinfo=UTC).timestamp()
        found = retry_delay(CIMultiDict(headers), payload, now=now)
        assert found == (pytest.approx(seconds) if seconds is not None else None)

    def test_retry_after_as_a_date(self) -> None:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        text = format_datetime(now + timedelta(seconds=90), usegmt=True)
        assert retry_after_seconds(text, now=now.timestamp()) == 90.0
        assert retry_after_seconds(text, now=now.timestamp() + 1000) == 0.0


class TestAdaptiveLimit:
    """Additive increase, multiplicative decrease."""

    def test_starts_low_doubles_then_creeps(self) -> None:
        limit = AdaptiveLimit(1000, first=4)
        for _ in range(4):
            limit.succeeded(in_flight=limit.limit)
        assert limit.limit == 8
        assert limit.overloaded(sent_at=0.0, now=1.0)
        assert limit.limit == 4
        for _ in range(5):
            limit.succeeded(in_flight=limit.limit)
        assert limit.limit == 5

    def test_one_wave_of_refusals_decreases_once(self) -> None:
        limit = AdaptiveLimit(64, first=64)
        assert [limit.overloaded(sent_at=0.5, now=1.0 + nth / 100) for nth in range(64)] == [True] + [False] * 63
        assert limit.limit == 32
        assert limit.overloaded(sent_at=2.0, now=2.5)
        assert limit.limit == 16

    def test_does_not_grow_while_it_is_not_used(self) -> None:
        limit = AdaptiveLimit(64, first=8)
        for _ in range(100):
            limit.succeeded(in_flight=3)
        assert limit.limit == 8

    @given(st.integers(1, 200), st.lists(st.booleans(), max_size=300))
    def test_stays_within_bounds(self, most: int, events: list[bool]) -> None:
        limit = AdaptiveLimit(most)
        for now, good in enumerate(events):
            if good:
                limit.succeeded(in_flight=limit.limit)
            else:
                limit.overloaded(sent_at=now - 0.5, now=now)
            assert 1 <= limit.limit <= most

    @pytest.mark.parametrize("capacity", [3, 10, 40])
    def test_settles_near_what_a_service_bears(self, capacity: int) -> None:
        """Simulated rounds of a service that refuses what exceeds its capacity."""
        limit, wasted, used = AdaptiveLimit(256), 0, 0
        for now in range(400):
            sent = limit.limit
            for nth in range(sent):
                if nth < capacity:
                    limit.succeeded(in_flight=sent)
                else:
                    limit.overloaded(sent_at=now + 0.1, now=now + 0.9)
            if now >= 50:
                wasted += max(0, sent - capacity)
                used += min(sent, capacity)
        assert used / (350 * capacity) > 0.6
        assert wasted / used < 0.15


class TestConcurrencyLimit:
    """Waiting for a place."""

    def test_first_come_first_served_and_cancellation_gives_the_place_on(self) -> None:
        async def main() -> list[int]:
            gate, order = ConcurrencyLimit(1), []

            async def hold(nth: int) -> None:
                await gate.enter()
                order.append(nth)
                await asyncio.sleep(0)
                gate.leave()

            await gate.enter()
            tasks = [asyncio.ensure_future(hold(nth)) for nth in range(5)]
            await asyncio.sleep(0)
            tasks[1].cancel()
            gate.leave()  # hands the place to task 0
            tasks[0].cancel()  # ... which is cancelled in the same moment
            await asyncio.gather(*tasks, return_exceptions=True)
            assert gate.in_flight == 0
            return order

        assert asyncio.run(main()) == [2, 3, 4]


def broken(kind: str = "connection", reach: Any = "refused") -> Fault:
    return Fault(Failure(kind=kind, message="m"), "always", None, reach)


def is_gone(breaker: Breaker) -> bool:
    return breaker.gone is not None


class TestBreaker:
    """When a service counts as gone."""

    def test_refused_on_the_first_request_is_final(self) -> None:
        breaker = Breaker(patience=60, soft=30)
        breaker.failed(broken(), 0.0)
        assert is_gone(breaker)

    def test_a_reset_on_the_first_request_is_not(self) -> None:
        breaker = Breaker(patience=60, soft=30)
        breaker.failed(broken(reach="cut"), 0.0)
        assert not is_gone(breaker)

    @pytest.mark.parametrize("kind", ["auth", "not_found"])
    def test_a_refusal_is_final_at_first_and_later_only_in_a_row(self, kind: str) -> None:
        fresh = Breaker(patience=60, soft=30)
        fresh.failed(fault_of(Failure(kind=kind, message="m")), 0.0)
        assert is_gone(fresh)
        served = Breaker(patience=60, soft=30)
        served.succeeded()
        for _ in range(REFUSALS - 1):
            served.failed(fault_of(Failure(kind=kind, message="m")), 0.0)
        assert not is_gone(served)
        served.failed(fault_of(Failure(kind=kind, message="m")), 0.0)
        assert is_gone(served)

    def test_opens_tries_and_closes(self) -> None:
        breaker = Breaker(patience=60, soft=30)
        breaker.succeeded()
        for _ in range(HARD):
            assert not breaker.open
            breaker.failed(broken(reach="cut"), 100.0)
        assert breaker.open
        assert breaker.admit(100.0) > 0
        assert breaker.admit(101.0) == 0.0  # the probe
        assert breaker.admit(101.0) > 0  # the others wait
        breaker.succeeded()
        assert breaker.admit(101.0) == 0.0

    def test_opens_at_once_where_no_connection_can_be_made(self) -> None:
        breaker = Breaker(patience=60, soft=30)
        breaker.succeeded()
        breaker.failed(broken(), 100.0)
        assert breaker.open
        assert not is_gone(breaker)

    def test_gives_up_after_its_patience(self) -> None:
        breaker = Breaker(patience=60, soft=30)
        breaker.succeeded()
        for at in range(0, 60, 5):
            breaker.failed(broken(), float(at))
        assert not is_gone(breaker)
        breaker.failed(broken(), 60.0)
        assert is_gone(breaker)
        assert breaker.gone_for == 60.0

    def test_server_errors_open_it_only_in_a_long_row(self) -> None:
        breaker = Breaker(patience=60, soft=30)
        server = fault_of(Failure(kind="server", message="m", http_status=503))
        for _ in range(29):
            breaker.failed(server, 0.0)
        assert not breaker.open
        breaker.failed(server, 0.0)
        assert breaker.open

    def test_rate_limits_and_bad_items_say_that_it_lives(self) -> None:
        breaker = Breaker(patience=0, soft=1000)
        breaker.succeeded()
        for kind in ("rate_limit", "bad_request", "context_length", "empty_reply") * 50:
            breaker.failed(broken(), 0.0)
            breaker.failed(fault_of(Failure(kind=kind, message="m")), 0.0)
        assert not breaker.open


class TestDeadlines:
    """One limit for many waits."""

    def test_expires_the_slow_and_spares_the_fast(self) -> None:
        async def main() -> list[str]:
            deadlines = Deadlines(0.1)

            async def wait(seconds: float) -> str:
                ticket = deadlines.enter()
                try:
                    await asyncio.sleep(seconds)
                except asyncio.CancelledError:
                    return "late" if deadlines.timed_out(ticket) else "cancelled"
                finally:
                    deadlines.leave(ticket)
                return "done"

            first = [asyncio.ensure_future(wait(seconds)) for seconds in (0.01, 5.0, 0.02, 5.0)]
            await asyncio.sleep(0.05)
            second = [asyncio.ensure_future(wait(seconds)) for seconds in (5.0, 0.07, 5.0)]
            await asyncio.sleep(0.01)
            second[2].cancel()
            return await asyncio.gather(*first, *second)

        assert run_simulated(main()) == ["done", "late", "done", "late", "late", "done", "cancelled"]

    def test_no_limit(self) -> None:
        async def main() -> None:
            deadlines = Deadlines(0)
            assert deadlines.enter() is None
            assert not deadlines.timed_out(None)

        asyncio.run(main())


class TestWire:
    """Bytes to values and back."""

    @pytest.mark.parametrize(
        ("body", "value"),
        [
            (b'{"a": "x"}', {"a": "x"}),
            (rb'"a\ud800b"', "a\ufffdb"),
            (rb'"\ud83d\ude00"', "\U0001f600"),
            (rb'{"\u0000k": ["\u0000"]}', {"\ufffdk": ["\ufffd"]}),
            (b'"\xff"', "\ufffd"),
            (b'{"a": Infinity}', {"a": float("inf")}),
        ],
    )
    def test_decodes_what_services_send(self, body: bytes, value: Any) -> None:
        assert wire.decode(body) == value

    @pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"{'a': 1}", b"[" * 100_000])
    def test_refuses_what_is_no_json(self, body: bytes) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 whatever the decoder says, callers rely on the class
            wire.decode(body)

    @given(st.text(st.characters(), max_size=30))
    def test_whatever_text_is_sent_can_be_sent_and_stored(self, text: str) -> None:
        sent = wire.encode({"prompt": text})
        received = wire.decode(sent)["prompt"]
        assert received == wire.clean(text)
        received.encode("utf-8")
        assert "\0" not in received


class TestReach:
    """Proxy and TLS settings."""

    @pytest.mark.parametrize(
        ("url", "proxy"),
        [
            ("http://model.example:8000", "http://p:1"),
            ("https://model.example", "http://q:2"),
            ("http://localhost:8000", None),
            ("http://a.internal:8000", None),
        ],
    )
    def test_proxies_come_from_the_environment(
        self, url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", "p:1")
        monkeypatch.setenv("HTTPS_PROXY", "http://q:2")
        monkeypatch.setenv("NO_PROXY", "localhost,.internal")
        assert reach.proxy_of(url) == proxy

    def test_certificates_are_verified_by_default(self) -> None:
        config: Any = model_config({"type": "VLLMCustomAPIChat", "abbr": "m"})
        assert reach.tls_of(config, {}).verify_mode == ssl.CERT_REQUIRED
        lax: Any = model_config({"type": "VLLMCustomAPIChat", "abbr": "m", "verify_tls": False})
        assert reach.tls_of(lax, {}).verify_mode == ssl.CERT_NONE

    def test_a_missing_bundle_is_named(self, tmp_path: Path) -> None:
        config: Any = model_config({"type": "VLLMCustomAPIChat", "abbr": "m", "ca_file": str(tmp_path / "ca.pem")})
        with pytest.raises(ConfigError, match=r"models\.m\.ca_file"):
            reach.tls_of(config, {})
        with pytest.raises(ConfigError, match="SSL_CERT_FILE"):
            reach.tls_of(model_config({"type": "VLLMCustomAPIChat", "abbr": "m"}), {"SSL_CERT_FILE": "/none"})  # type: ignore[arg-type]

    def test_addresses_are_shown_without_credentials(self) -> None:
        assert reach.shown("https://user:pass@host:1/v1?x") == "https://host:1/v1"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert)]
    more = ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run([*command, *more], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"openssl cannot make a certificate here: {error}")
    return cert, key


def test_tls_is_checked_against_the_named_bundle(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from judgebench.errors import EndpointError
    from judgebench.testing.faultservice import FaultService
    from tests.engine.test_http import ask_all

    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*certificate)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with FaultService(tls=server) as service:
        with pytest.raises(EndpointError, match="certificate is not trusted"):
            ask_all(service.url, ["a"])
        assert ask_all(service.url, ["a"], verify_tls=False)[0].text == "a"
        assert ask_all(service.url, ["a"], ca_file=str(certificate[0]))[0].text == "a"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        assert ask_all(service.url, ["a"])[0].text == "a"


def test_requests_go_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request through a plain HTTP proxy names the whole address in its first line; the service answers it itself."""
    from judgebench.testing.faultservice import FaultService
    from tests.engine.test_http import ask_all

    with FaultService() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("NO_PROXY", "")
        assert ask_all("http://model.example:1234", ["a"])[0].text == "a"
        assert proxy.requests[0].headers["Host"] == "model.example:1234"
