"""What a service sends in another encoding than its headers say, or in none that is known, is never read silently."""

from __future__ import annotations

import gzip
import json
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from judgebench.testing.faultservice.faults import Call
from tests.e2e.harness import Bench


def sent(charset: str = "utf-8", content_type: str = "application/json", **headers: str) -> Callable[..., object]:
    """A good reply with an umlaut, in a character set and with headers."""

    async def fault(call: Call) -> web.StreamResponse:
        reply = call.reply()
        reply["choices"][0]["message"]["content"] += " Zürich"
        body = json.dumps(reply, ensure_ascii=False).encode(charset)
        return web.Response(body=body, headers={"Content-Type": content_type, **headers})

    return fault


async def cut(call: Call) -> web.StreamResponse:
    """A good reply, compressed and cut off."""
    body = gzip.compress(json.dumps(call.reply()).encode())
    return web.Response(body=body[:-12], headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})


def test_plain_bytes_that_are_said_to_be_compressed_are_a_bad_reply_and_no_silence(bench: Bench) -> None:
    lie = sent(**{"Content-Encoding": "gzip"})
    bench.model.set_faults(lambda seen: lie if "twice 3?" in seen.prompt and not seen.nth else None)
    done = bench.jb("--no-preflight")
    assert done.code == 4, done.text
    (failed,) = [row for row in bench.rows() if not row["success"]]
    assert failed["error"]["kind"] == "bad_reply"
    assert "not in the encoding that its header names" in failed["error"]["message"]
    assert bench.jb("--reuse", "--no-preflight").code == 0


@pytest.mark.parametrize("fault", [sent(**{"Content-Encoding": "gzip"}), cut])
def test_a_service_that_lies_about_all_of_them_is_no_service_that_is_gone(
    bench: Bench, fault: Callable[[Call], Awaitable[web.StreamResponse]]
) -> None:
    bench.model.set_faults(lambda seen: fault)
    done = bench.jb("--no-preflight")
    assert done.code == 4, done.text
    assert "no longer answers" not in done.text
    assert {row["error"]["kind"] for row in bench.rows()} == {"bad_reply"}


def test_another_character_set_is_read_where_the_header_names_it(bench: Bench) -> None:
    fault = sent("iso-8859-1", "application/json; charset=iso-8859-1")
    bench.model.set_faults(lambda seen: fault)
    assert bench.jb("--no-preflight").code == 0
    assert all(row["prediction"].endswith(" Zürich") for row in bench.rows())
    assert bench.result()["notes"] == []


def test_bytes_that_are_no_text_are_counted_and_noted(bench: Bench) -> None:
    fault = sent("iso-8859-1")
    bench.model.set_faults(lambda seen: fault if "twice 3?" in seen.prompt else None)
    done = bench.jb("--no-preflight")
    assert done.code == 0
    assert "of the model's replies 1 hold U+FFFD" in done.text
    assert bench.result()["counts"]["ok"] == bench.n
