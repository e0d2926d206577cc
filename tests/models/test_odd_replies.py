"""Replies that no protocol allows: each is an answer, or a failure with a sentence, in a run and in a trial call."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from judgebench import plugins
from judgebench.engine.client import Traffic, open_client
from judgebench.models.access import model_config
from judgebench.models.contract import ServiceConfig
from judgebench.preflight.trial_calls import TrialCall
from judgebench.records.flow import Reply, Request
from tests.models.raw_service import RawService, events

SAID = "VERDICT: A"
ANTHROPIC = [
    {"type": "message_start", "message": {"model": "m", "content": [], "usage": {"input_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": SAID}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}},
    {"type": "message_stop"},
]
OLLAMA = [{"message": {"content": SAID}, "done": False}, {"message": {"content": ""}, "done": True}]
RESPONSE = {"status": "completed", "output": [{"type": "message", "content": [{"text": SAID}]}]}
RESPONSES = [
    {"type": "response.output_text.delta", "delta": SAID},
    {"type": "response.completed", "response": RESPONSE},
]
CHAT = {"choices": [{"index": 0, "message": {"content": SAID}, "finish_reason": "stop"}]}
GEMINI = {"content": {"parts": [{"text": SAID}]}, "finishReason": "STOP"}


def config(kind: str, url: str, **keys: Any) -> ServiceConfig:
    raw = {"type": kind, "abbr": "m", "model": "M", "url": url, "api_key": "sk-Abcdefgh12345678", "backoff": 0.01}
    found = model_config({**raw, "patience": 1.0, "retry": 0, **keys})
    assert isinstance(found, ServiceConfig)
    return found


async def asked(service: ServiceConfig) -> Reply:
    async with open_client(service, Traffic()) as client:
        return await client.ask(Request(prompt="x"))


def replies(kind: str, service: RawService, **keys: Any) -> list[Reply]:
    """What a run and a trial call make of it; both can be recorded."""
    found = config(kind, service.url, **keys)
    trial = TrialCall(found, plugins.load(kind, "models")())
    both = [asyncio.run(asked(found)), trial.ask(Request(prompt="x"))]
    for reply in both:
        msgspec.json.encode(reply)
    return both


@pytest.mark.parametrize("depth", [120, 300, 700, 940, 100_000])
@pytest.mark.parametrize("place", ["tool", "unknown", "content"])
def test_deep_nesting_ends_no_task(place: str, depth: int) -> None:
    """A tool call whose arguments are nested, with a secret to look for in all of it."""
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    field = {"tool": b'"tool_calls":[{"function":{"name":"f","arguments":DEEP}}],', "unknown": b'"x":DEEP,'}
    said = b"[DEEP]" if place == "content" else b'"VERDICT: A"'
    message = b"{" + field.get(place, b"") + b'"content":' + said + b"}"
    body = b'{"choices":[{"index":0,"finish_reason":"stop","message":' + message + b"}]}"
    with RawService(body.replace(b"DEEP", deep)) as service:
        for reply in replies("VLLMCustomAPIChat", service):
            if depth > 128:
                assert reply.error is not None
                assert reply.error.kind == "bad_reply"
            else:
                assert place == "content" or reply.text == SAID


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("OpenAIResponses", {**RESPONSE, "status": ["completed"]}),
        (
            "GeminiChat",
            {"candidates": [{**GEMINI, "logprobsResult": {"chosenCandidates": [{}], "topCandidates": [0]}}]},
        ),
        (
            "GeminiChat",
            {
                "candidates": [
                    {
                        **GEMINI,
                        "logprobsResult": {
                            "chosenCandidates": [{"token": "A", "logProbability": -1}],
                            "topCandidates": ["A"],
                        },
                    }
                ]
            },
        ),
        ("VLLMCustomAPIChat", {**CHAT, "usage": {"prompt_tokens": "12", "completion_tokens": -3}}),
    ],
)
def test_a_field_of_another_type_takes_nothing_from_the_answer(kind: str, body: Any) -> None:
    with RawService(body) as service:
        assert [reply.text for reply in replies(kind, service)] == [SAID, SAID]


def test_a_block_whose_index_is_no_number_is_read_all_the_same() -> None:
    tool = {"type": "content_block_start", "index": [1], "content_block": {"type": "tool_use", "id": "t", "name": "f"}}
    piece = {"type": "content_block_delta", "index": [1], "delta": {"partial_json": "{}"}}
    with RawService(events(*ANTHROPIC[:3], tool, piece, *ANTHROPIC[3:]), kind="text/event-stream") as service:
        for reply in replies("AnthropicChat", service, stream=True):
            assert reply.text == SAID
            assert [part["name"] for part in reply.parts] == ["f"]


@pytest.mark.parametrize(
    ("kind", "sent"),
    [("AnthropicChat", ANTHROPIC), ("OllamaChat", OLLAMA), ("OpenAIResponses", RESPONSES)],
    ids=["anthropic", "ollama", "responses"],
)
def test_what_comes_after_the_end_is_no_part_of_the_reply(kind: str, sent: list[dict[str, Any]]) -> None:
    other = [msgspec.json.decode(msgspec.json.encode(one).replace(b"VERDICT: A", b"VERDICT: B")) for one in sent]
    with RawService(events(*sent, *other), kind="Text/Event-Stream; charset=utf-8") as service:
        assert [reply.text for reply in replies(kind, service, stream=True)] == [SAID, SAID]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("OllamaChat", {"message": {"content": ""}, "done": True}),
        ("AnthropicChat", {"content": [{"type": "thinking", "thinking": ""}], "stop_reason": "end_turn"}),
        (
            "GeminiChat",
            {"candidates": [{"content": {"parts": [{"text": "", "thought": True}]}, "finishReason": "STOP"}]},
        ),
        ("OpenAIResponses", {"status": "completed", "output": [{"type": "reasoning", "content": [{"text": ""}]}]}),
    ],
)
def test_an_empty_thought_makes_no_answer_of_nothing(kind: str, body: Any) -> None:
    with RawService(body) as service:
        for reply in replies(kind, service):
            assert reply.error is not None
            assert reply.error.kind == "empty_reply"


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_response_that_is_not_finished_is_no_answer(status: str) -> None:
    with RawService({**RESPONSE, "status": status}) as service:
        for reply in replies("OpenAIResponses", service):
            assert reply.error is not None
            assert f"has not finished (status={status})" in reply.error.message


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after-ms": "9" * 400},
        {"retry-after-ms": "9" * 5000},
        {"Retry-After": "1e9"},
        {"Retry-After": "nan"},
        {"Retry-After": "Mon, 01 Jan 2024 00:00:00 +9999999999999"},
        {"anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": "0001-01-01T00:00+23:59"},
        {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "9" * 5000 + "h"},
    ],
)
def test_a_delay_beyond_all_numbers_is_a_failed_reply_like_any_other(headers: dict[str, str]) -> None:
    with RawService({"error": {"message": "slow down"}}, status="429 Slow", headers=headers) as service:
        for reply in replies("VLLMCustomAPIChat", service):
            assert reply.error is not None
            assert reply.error.kind == "rate_limit"


@pytest.mark.parametrize("path", ["/a b", "/ü", "/?q=ü x", '/"<{\\^`', "/a%2Fb//c", "/v1?a=%20+"])
def test_a_run_and_its_trial_call_send_to_one_address_which_is_one(path: str) -> None:
    with RawService(CHAT) as service:
        found = config("VLLMCustomAPIChat", service.url + path)
        trial = TrialCall(found, plugins.load(found.type, "models")())
        assert (asyncio.run(asked(found)).text, trial.ask(Request(prompt="x")).text) == (SAID, SAID)
    first, second = service.calls
    assert first == second
    assert first.isascii()
    assert len(first.split(" ")) == 3
