"""Replies and errors lose the secrets that they repeat, in whatever form, and nothing else."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

import pytest

from judgebench.models.redaction import Redactor
from judgebench.records.flow import Failure, Reply, TokenLogprob

KEY = 'sk/test+7f3b"1c9d&5e=='
PAIR = "someone:pa55/word+9"


@pytest.mark.parametrize(
    "form",
    [
        KEY,
        json.dumps(KEY)[1:-1],
        json.dumps(json.dumps(KEY)),
        KEY.replace("/", "\\/"),
        KEY.replace("+", "\\u002B").replace("&", "\\u0026"),
        quote(KEY, safe=""),
        quote(quote(KEY, safe=""), safe=""),
        quote(KEY, safe="").replace("%2F", "%2f"),
        html.escape(KEY),
        KEY.replace('"', "&#x22;").replace("&5", "&#38;5"),
    ],
)
@pytest.mark.parametrize("sent", [KEY, f"Bearer {KEY}", f"Token {KEY}", f"id=7; key={KEY}", f"name {KEY}"])
def test_every_form_of_a_secret_is_taken_out(form, sent):
    redactor = Redactor([sent])
    assert redactor.suspects(form)
    assert redactor.suspects(form.encode())
    for said in (redactor.reply(Reply(status="ok", text=f"so {form} it is")).text, redactor.error(f"so {form} it is")):
        assert "7f3b" not in said
        assert said.startswith("so ")
        assert said.endswith(" it is")


@pytest.mark.parametrize("sent", [PAIR, quote(PAIR, safe=":"), f"Basic {base64.b64encode(PAIR.encode()).decode()}"])
@pytest.mark.parametrize("back", [PAIR, PAIR.partition(":")[2], base64.b64encode(PAIR.encode()).decode()])
def test_a_basic_pair_is_known_in_base64_and_in_clear(sent, back):
    assert back.rstrip("=") not in Redactor([sent]).reply(Reply(status="ok", text=f"<{back}>")).text


def test_every_place_of_a_reply_is_looked_at():
    key = "sk-test-7f3b1c9d5e"
    reply = Reply(
        status="failed",
        text=f"t {key}",
        reasoning=f"r {key}",
        finish_reason=key,
        served_model=f"m-{key}",
        fingerprint=key,
        logprobs=[TokenLogprob(token=part, logprob=-1.0, top={part: -1.0}) for part in ("a", "sk-test", "-7f3b1c9d5e")],
        error=Failure(kind="server", message=f"no {key}"),
        extra={key: [{"arguments": "sk-test-7f"}, {"arguments": "3b1c9d5e!"}], "n": 1},
    )
    clean = Redactor([key]).reply(reply)
    assert "7f3b" not in repr(clean)
    assert "sk-test" not in repr(clean)
    assert clean.logprobs is not None
    assert [one.token for one in clean.logprobs] == ["a", "***", ""]
    assert clean.extra == {"***": [{"arguments": "***"}, {"arguments": "!"}], "n": 1}
    assert (clean.text, clean.reasoning, clean.served_model) == ("t ***", "r ***", "m-***")


@pytest.mark.parametrize("secret", ["EMPTY", "none", "not-needed", "correct", "12345678", "2023-06-01", "placeholder"])
def test_a_placeholder_for_a_key_changes_no_answer(secret):
    reply = Reply(status="ok", text=f"The answer is {secret}.")
    assert Redactor([f"Bearer {secret}", secret]).reply(reply) is reply


def test_ordinary_headers_are_taken_out_of_errors_alone():
    redactor = Redactor([], ["application/json"])
    assert redactor.reply(Reply(status="ok", text="application/json")).text == "application/json"
    assert redactor.error("no application/json") == "no ***"


def test_the_first_half_of_a_secret_at_a_cut_end_goes_too():
    redactor = Redactor(["sk-test-7f3b1c9d5e"])
    assert redactor.error("it says sk-test-7f3…") == "it says ***…"
    assert redactor.reply(Reply(status="ok", text="it says sk-test-7f3", finish_reason="length")).text == "it says ***"
    assert redactor.error("it says sk-tex") == "it says sk-tex"


def test_a_reply_without_secrets_stays_the_same_object():
    reply = Reply(status="ok", text="A", logprobs=[TokenLogprob(token="A", logprob=0.0)], served_model="m")
    assert Redactor(["sk-test-7f3b1c9d5e"]).reply(reply) is reply
    assert Redactor([]).reply(reply) is reply
