"""What a reply of the OpenAI protocol becomes, whole and streamed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.engine.framing import decode, encode
from judgebench.models.contract import Dialect
from judgebench.models.openai import VLLMCustomAPI, VLLMCustomAPIChat
from judgebench.models.openai_replies import LEAST_LOGPROB, read_plain, read_whole
from judgebench.records.flow import Reply, TokenLogprob, Usage
from judgebench.testing.faultservice.replies import Answer, chunks, whole

CHAT = {"messages": [{"role": "user", "content": "q"}], "stream_options": {"include_usage": True}}
TEXT = {"prompt": "q", "stream_options": {"include_usage": True}}


def message(content: Any = "B", finish: str | None = "stop", **more: Any) -> dict[str, Any]:
    return {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content, **more}, "finish_reason": finish}]
    }


def streamed(events: list[dict[str, Any]], *, terminated: bool = True) -> Reply:
    reader = VLLMCustomAPIChat().stream_reader()
    for event in events:
        reader.feed(event)
    return reader.finish(terminated=terminated)


def delta(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def kind(reply: Reply) -> str | None:
    return reply.error.kind if reply.error else None


def test_of_several_choices_the_one_of_index_0_is_taken_wherever_it_stands() -> None:
    first, second = (message(text)["choices"][0] for text in ("first", "second"))
    reply = read_whole({"choices": [{**second, "index": 1}, {**first, "index": 0}]})
    assert (reply.text, reply.extra) == ("first", {"choices": 2})
    assert read_whole({"choices": [{**second, "index": 1}]}).text == "second"


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<\0"), min_size=1, max_size=40)


@given(text=texts, reasoning=texts | st.just(""), finish=st.sampled_from(["stop", "length"]), chat=st.booleans())
def test_a_stream_reads_as_the_whole_reply(text: str, reasoning: str, finish: str, chat: bool) -> None:
    body = CHAT if chat else TEXT
    answer = Answer(text, reasoning if chat else "", finish)
    dialect: Dialect = VLLMCustomAPIChat() if chat else VLLMCustomAPI()
    reader = dialect.stream_reader()
    carried = [reader.feed(event) for event in chunks(body, answer, "m")]
    reply = reader.finish(terminated=True)
    assert reply == dialect.read(whole(body, answer, "m"))
    assert (reply.status, reply.text, reply.reasoning) == ("ok", text, answer.reasoning_content)
    assert any(carried)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "choices",
                        "message",
                        "content",
                        "error",
                        "usage",
                        "delta",
                        "text",
                        "logprobs",
                        "finish_reason",
                        "tokens",
                        "token_logprobs",
                        "detail",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_whatever_json_comes_the_reader_never_crashes_nor_invents(payload: Any) -> None:
    reply = read_whole(payload)
    assert reply.status in {"ok", "failed"}
    assert (reply.error is None) == (reply.status == "ok")
    reader = VLLMCustomAPIChat().stream_reader()
    if isinstance(payload, dict):
        reader.feed(payload)
    assert reader.finish(terminated=True).status in {"ok", "failed"}
    msgspec.json.decode(msgspec.json.encode(reply), type=Reply)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ([], "bad_reply"),
        ("text", "bad_reply"),
        ({}, "bad_reply"),
        ({"choices": None}, "bad_reply"),
        ({"choices": ["x"]}, "bad_reply"),
        ({"choices": [{}]}, "bad_reply"),
        (message(7), "bad_reply"),
        ({"choices": []}, "empty_reply"),
        (message(None), "empty_reply"),
        (message(""), "empty_reply"),
        (message("", None), "empty_reply"),
        (message(None, "tool_calls", tool_calls=[{"id": "1"}]), "empty_reply"),
        (message("half an ans", "content_filter"), "content_filter"),
        (message(None, refusal="I cannot help"), "content_filter"),
        ({"error": {"message": "boom", "code": 500}}, "server"),
        ({"error": {"message": "slow down", "type": "rate_limit_error"}}, "rate_limit"),
        ({"error": "something broke"}, "server"),
        (message("half an ans", "error"), "server"),
        (message("half an ans", "abort"), "server"),
        ({"choices": [{**message("half")["choices"][0], "error": {"message": "died", "code": 502}}]}, "server"),
        ({"choices": [{**message("half")["choices"][0], "error": {"message": "slow", "code": 429}}]}, "rate_limit"),
        ({"object": "error", "message": "This model's maximum context length is 10", "code": 400}, "context_length"),
        ({"error": {"message": "the model `m` does not exist", "code": "model_not_found"}}, "not_found"),
    ],
)
def test_what_is_no_answer_is_a_failure_of_its_kind(payload: Any, expected: str) -> None:
    reply = read_whole(payload)
    assert (reply.status, kind(reply)) == ("failed", expected)


def test_a_failure_keeps_what_was_said() -> None:
    assert read_whole(message("half an ans", "content_filter")).text == "half an ans"
    tools = read_whole(message(None, "tool_calls", tool_calls=[{"id": "1"}]))
    assert tools.extra == {"tool_calls": [{"id": "1"}]}


@pytest.mark.parametrize(
    ("payload", "text", "reasoning"),
    [
        (message("", "length"), "", ""),
        (message(None, "length", reasoning_content="hmm"), "", "hmm"),
        (message(None, reasoning_content="hmm"), "", "hmm"),
        (message("B", reasoning="hmm"), "B", "hmm"),
        (message("<think>hmm</think>\n\nB"), "B", "hmm"),
        (message("<think>never closed", "length"), "", "never closed"),
        (message("hmm</think>B", reasoning_content="before"), "B", "before\nhmm"),
        (message([{"type": "text", "text": "B"}, {"type": "text", "text": "C"}]), "BC", ""),
        (message("B", function_call=None, audio=None, annotations=[]), "B", ""),
        ({"choices": [{"text": " Paris", "finish_reason": "stop"}]}, " Paris", ""),
    ],
)
def test_what_is_an_answer(payload: Any, text: str, reasoning: str) -> None:
    reply = read_whole(payload)
    assert (reply.status, reply.text, reply.reasoning, reply.extra) == ("ok", text, reasoning, None)


def test_usage_and_the_rest() -> None:
    payload = message("B", citations=["a"])
    payload["choices"][0]["stop_reason"] = 7
    payload["usage"] = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "completion_tokens_details": {"reasoning_tokens": 3},
        "prompt_tokens_details": {"cached_tokens": 8},
    }
    reply = read_whole(payload)
    assert reply.usage == Usage(prompt_tokens=10, completion_tokens=5, reasoning_tokens=3, cached_tokens=8)
    assert reply.extra == {"citations": ["a"], "stop_reason": 7}


def test_logprobs_of_both_formats() -> None:
    expected = [
        TokenLogprob(token="A", logprob=-0.1, top={"A": -0.1, "B": -2.5}),
        TokenLogprob(token=".", logprob=LEAST_LOGPROB),
    ]
    chat = message("A.")
    chat["choices"][0]["logprobs"] = {
        "content": [
            {
                "token": "A",
                "logprob": -0.1,
                "top_logprobs": [{"token": t, "logprob": p} for t, p in (("A", -0.1), ("B", -2.5))],
            },
            {"token": ".", "logprob": float("-inf"), "top_logprobs": []},
        ]
    }
    legacy = {
        "choices": [
            {
                "text": "A.",
                "finish_reason": "stop",
                "logprobs": {
                    "tokens": ["A", "."],
                    "token_logprobs": [-0.1, float("-inf")],
                    "top_logprobs": [{"A": -0.1, "B": -2.5}, None],
                },
            }
        ]
    }
    assert read_whole(chat).logprobs == expected
    assert read_whole(legacy).logprobs == expected


@pytest.mark.parametrize("value", [10**400, -(10**400), float("inf"), float("nan"), 1e300])
def test_a_logprob_beyond_every_number_is_the_least(value: float) -> None:
    payload = message("A")
    payload["choices"][0]["logprobs"] = {
        "content": [{"token": "A", "logprob": value, "top_logprobs": [{"token": "A", "logprob": value}]}]
    }
    assert read_whole(payload).logprobs == [TokenLogprob(token="A", logprob=LEAST_LOGPROB, top={"A": LEAST_LOGPROB})]


def test_stream_pieces_are_put_together() -> None:
    tool = {"index": 0, "id": "c"}
    logprobs = {"content": [{"token": "a", "logprob": -1.0}]}
    first = delta(content="a", tool_calls=[tool])
    first["choices"][0]["logprobs"] = logprobs
    second = delta("stop", content="b", tool_calls=[tool])
    second["choices"][0]["logprobs"] = logprobs
    usage: dict[str, Any] = {"choices": [], "usage": {"completion_tokens": 2}}
    reply = streamed([first, second, usage, usage])
    assert (reply.text, reply.finish_reason) == ("ab", "stop")
    assert reply.usage == Usage(completion_tokens=2)
    assert len(reply.logprobs or []) == 2
    assert reply.extra == {"tool_calls": [tool, tool]}


def test_a_stream_must_end() -> None:
    assert kind(streamed([], terminated=False)) == "truncated_stream"
    assert kind(streamed([delta(content="a")], terminated=False)) == "truncated_stream"
    assert streamed([delta(content="a")], terminated=False).text == "a"
    assert streamed([delta(content="a"), delta("stop")], terminated=False).status == "ok"
    assert streamed([delta(content="a")], terminated=True).status == "ok"
    assert kind(streamed([], terminated=True)) == "empty_reply"


def test_only_the_first_choice_of_a_stream_counts() -> None:
    other = {"choices": [{"index": 1, "delta": {"content": "x"}}]}
    assert streamed([delta(content="a"), other, delta("stop")]).text == "a"


def test_an_error_event_fails_the_stream() -> None:
    reply = streamed([delta(content="a"), {"error": {"message": "died", "code": 503}}, delta("stop", content="b")])
    assert (kind(reply), reply.text) == ("server", "a")


@pytest.mark.parametrize("finish", ["error", "abort"])
def test_an_answer_that_the_service_broke_off_is_none(finish: str) -> None:
    reply = streamed([delta(content="a"), delta(finish)])
    assert (kind(reply), reply.text) == ("server", "a")
    last = delta("stop")
    last["choices"][0]["error"] = {"message": "upstream died", "code": 502}
    assert kind(streamed([delta(content="a"), last])) == "server"


plain_messages = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["assistant", None, 3]),
        "content": st.sampled_from(["B", "", None, 7, "<think>x</think>B", "a</think>b", "\0", [{"text": "x"}]]),
        "reasoning_content": st.sampled_from([None, "", "hm", 3]),
        "reasoning": st.sampled_from([None, "hm"]),
        "refusal": st.sampled_from([None, "no"]),
        "tool_calls": st.sampled_from([None, [], [{"id": "1"}]]),
        "annotations": st.sampled_from([None, [], ["x"]]),
        "unknown": st.sampled_from([None, 1]),
    },
)
plain_choices = st.fixed_dictionaries(
    {"message": plain_messages},
    optional={
        "index": st.sampled_from([0, 1, None]),
        "finish_reason": st.sampled_from(["stop", "length", "content_filter", "tool_calls", None]),
        "logprobs": st.sampled_from([None, {"content": [{"token": "B", "logprob": -1.0}]}]),
        "stop_reason": st.sampled_from([None, 5]),
        "text": st.sampled_from(["x"]),
    },
)
plain_bodies = st.fixed_dictionaries(
    {"choices": st.lists(plain_choices, max_size=2)},
    optional={
        "model": st.sampled_from(["m", "", None, 3]),
        "system_fingerprint": st.sampled_from(["f", None]),
        "object": st.sampled_from(["chat.completion", "error", None]),
        "error": st.sampled_from([None, "bad", {"message": "m"}, {}]),
        "detail": st.sampled_from([None, "", "x"]),
        "usage": st.sampled_from(
            [
                None,
                {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
                {"prompt_tokens": -1},
                {"prompt_tokens": None},
                {"prompt_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 4, "x": 1}},
                {"prompt_tokens": 2, "prompt_tokens_details": {"cached_tokens": None}},
                {"prompt_tokens": 2, "prompt_tokens_details": None},
            ]
        ),
    },
)


@settings(max_examples=500)
@given(plain_bodies)
def test_the_short_cut_reads_what_the_careful_reader_reads(payload: dict[str, Any]) -> None:
    body = encode(payload)
    short = read_plain(body)
    if short is not None:
        assert short == read_whole(decode(body))


def test_the_short_cut_takes_the_replies_of_common_services() -> None:
    nulls: dict[str, Any] = {
        "refusal": None,
        "annotations": None,
        "audio": None,
        "function_call": None,
        "tool_calls": [],
    }
    payload = message("B", **nulls, reasoning_content=None)
    payload["choices"][0] |= {"logprobs": None, "stop_reason": None, "token_ids": None}
    payload |= {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "service_tier": None}
    payload["usage"] = {"prompt_tokens": 1, "total_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": None}
    reply = read_plain(encode(payload))
    assert reply is not None
    assert reply == read_whole(payload)
    assert read_plain(b"{") is None
    assert read_plain(b'"\xff"') is None
