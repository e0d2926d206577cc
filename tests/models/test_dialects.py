"""One contract for every dialect, against a loopback service that speaks its protocol as its provider documents it."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from judgebench import plugins
from judgebench.content.attachments import Attachments
from judgebench.content.parts import Image, Text, ToolCall, ToolResult, typed
from judgebench.engine.client import Traffic, open_client
from judgebench.engine.worker_pool import run_pool
from judgebench.errors import EndpointError
from judgebench.judges.parsers.json_field import JsonField
from judgebench.judges.parsers.reading import parser_of
from judgebench.models.access import model_config
from judgebench.records.flow import Prompt, Reply, Request
from judgebench.testing import PROTOCOLS, ProviderService, ServiceReply, ServiceRequest
from judgebench.testing.protocol import DELAY

KEY = "test-key"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)
chat_protocols = pytest.mark.parametrize("protocol", sorted(PROTOCOLS.keys() - {"completions"}))
every_protocol = pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


def ask(
    service: ProviderService,
    prompts: Sequence[Prompt],
    attachments: str = "",
    params: dict[str, Any] | None = None,
    **keys: Any,
) -> list[Reply]:
    """Ask every prompt of one service; replies in order."""

    async def main() -> list[Reply]:
        raw = {"type": service.protocol.type, "abbr": "m", "model": "test-model", "url": service.url, "api_key": KEY}
        config = model_config({**raw, "backoff": 0.01, "patience": 1.0, "batch_size": 4, **keys})
        replies: dict[int, Reply] = {}
        async with open_client(config, Traffic()) as client:

            async def work(job: tuple[int, Prompt]) -> None:
                replies[job[0]] = await client.ask(Request(prompt=job[1], attachments=attachments, params=params or {}))

            await run_pool(enumerate(prompts), work, concurrency=config.batch_size)
        return [replies[nth] for nth in range(len(prompts))]

    return asyncio.run(main())


def second(fault: str) -> Callable[[ServiceRequest], str | None]:
    """Let the first request through, and spoil each first request for another prompt."""
    seen: set[str] = set()

    def spoil(request: ServiceRequest) -> str | None:
        if request.text == "first" or request.text in seen:
            return None
        seen.add(request.text)
        return fault

    return spoil


@every_protocol
@both_ways
def test_a_reply_is_read_in_full(protocol: str, stream: bool) -> None:
    chat = protocol != "completions"  # which has no roles, and nothing is thought before its text
    thought = "two and two" if chat else ""
    with ProviderService(protocol, lambda request: ServiceReply("It is four.", thinking=thought)) as service:
        question = "What is 2+2? " * 10
        prompt: Prompt = [{"role": "system", "content": "Be short."}, {"role": "user", "content": question}]
        (reply,) = ask(service, [prompt], stream=stream, max_out_len=77)
        (request,) = service.requests
    assert (reply.status, reply.text, reply.reasoning) == ("ok", "It is four.", thought)
    assert (reply.finish_reason, reply.served_model, reply.tries) == ("stop", "test-model", 1)
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (32, 6 if chat else 3)
    assert reply.usage.cached_tokens == (0 if protocol == "ollama" else 3)  # it says nothing of its cache
    assert reply.usage.cache_write_tokens == (6 if protocol == "anthropic" else 0)  # it alone charges for that
    assert 0 < reply.latency < 60
    assert (reply.first_token > 0) is stream
    asked = ("Be short.", [question]) if chat else ("", [f"Be short.\n\n{question}"])
    assert (request.system, request.texts, request.stream) == (*asked, stream)
    assert "77" in str(request.body)


@every_protocol
@both_ways
def test_the_end_of_a_reply_has_one_word_in_all_protocols(protocol: str, stream: bool) -> None:
    with ProviderService(protocol, lambda request: ServiceReply("It is", finish=request.text)) as service:
        cut, filtered = ask(service, ["length", "content_filter"], stream=stream)
    assert (cut.status, cut.text, cut.finish_reason) == ("ok", "It is", "length")
    own = {"anthropic": "max_tokens", "gemini": "MAX_TOKENS", "responses": "max_output_tokens"}
    assert (cut.extra or {}).get("finish_reason") == own.get(protocol), "the service's own word is kept"
    if protocol != "ollama":  # it filters nothing
        assert filtered.error is not None
        assert (filtered.status, filtered.error.kind, filtered.text) == ("failed", "content_filter", "It is")


@chat_protocols
@both_ways
def test_a_transcript_with_tools_and_an_image_arrives_in_order(protocol: str, stream: bool, tmp_path: Path) -> None:
    store = Attachments(tmp_path)
    image = Image(sha256=store.put(PNG), media_type="image/png")
    call = ToolCall(name="look", arguments={"at": "sky"}, id="c1")
    prompt: Prompt = [
        {"role": "system", "content": "Judge."},
        {"role": "user", "content": [typed(Text(text="Which colour?")), typed(image)]},
        {"role": "assistant", "content": [typed(Text(text="I look.")), typed(call)]},
        {"role": "user", "content": [typed(ToolResult(content="blue", id="c1", name="look"))]},
        {"role": "assistant", "content": "Blue."},
        {"role": "user", "content": "Is that right?"},
    ]
    with ProviderService(protocol) as service:
        (reply,) = ask(service, [prompt], attachments=str(tmp_path), stream=stream)
        (request,) = service.requests
    assert (reply.status, reply.text) == ("ok", "Is that right?")
    assert [text for text in request.texts if text] == ["Which colour?", "I look.", "Blue.", "Is that right?"]
    assert request.images == [PNG]
    assert len(request.tools) == 2
    assert request.tools[0] == "look"


@chat_protocols
@both_ways
def test_a_tool_call_is_no_answer_and_is_kept(protocol: str, stream: bool) -> None:
    with ProviderService(protocol, lambda request: ServiceReply(tool=("look", {"at": "sky"}))) as service:
        (reply,) = ask(service, ["x"], stream=stream)
    assert (reply.status, reply.text) == ("failed", "")
    (call,) = reply.parts
    assert call["name"] == "look"
    assert json.loads(call["arguments"]) == {"at": "sky"}


@every_protocol
@both_ways
@pytest.mark.parametrize("kind", ["rate_limit", "overloaded", "server"])
def test_what_passes_is_asked_again_after_the_delay_that_was_told(protocol: str, stream: bool, kind: str) -> None:
    with ProviderService(protocol, faults=second(kind)) as service:
        ask(service, ["first"])
        first, reply = ask(service, ["first", "a b"], stream=stream)
    assert (first.tries, reply.status, reply.text, reply.tries) == (1, "ok", "a b", 2)
    if kind == "rate_limit" and protocol != "ollama":  # which says nowhere when to ask again
        assert reply.waited >= DELAY


@every_protocol
@pytest.mark.parametrize("kind", ["bad_request", "context_length"])
def test_what_stays_is_asked_once_and_told_in_the_services_words(protocol: str, kind: str) -> None:
    with ProviderService(protocol, faults=second(kind)) as service:
        _, reply = ask(service, ["first", "x"], batch_size=1)
        request = len(service.requests)
    assert reply.error is not None
    assert (reply.status, reply.error.kind, reply.error.http_status, request) == ("failed", kind, 400, 2)
    assert "valid" in reply.error.message or "long" in reply.error.message or "exceeds" in reply.error.message


@every_protocol
@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"model": "another"}, "does not serve the model 'another'"),
        ({"api_key": "wrong"}, "refuses the key"),
        ({"api_key": f"{KEY}-empty"}, "has no more credit"),
    ],
    ids=["model", "key", "credit"],
)
def test_a_service_that_serves_nobody_ends_the_task(protocol: str, keys: dict[str, Any], sentence: str) -> None:
    with ProviderService(protocol) as service, pytest.raises(EndpointError, match=sentence):
        ask(service, ["x"], **keys)


@every_protocol
@pytest.mark.parametrize("fault", ["stream_error", "stream_cut"])
def test_a_stream_that_breaks_off_is_asked_again_from_the_start(protocol: str, fault: str) -> None:
    with ProviderService(protocol, faults=second(fault)) as service:
        _, reply = ask(service, ["first", "one two three four"], stream=True)
    assert (reply.status, reply.text, reply.tries) == ("ok", "one two three four", 2)


@every_protocol
@both_ways
def test_nothing_is_lost_or_doubled_with_three_faults_in_ten(protocol: str, stream: bool) -> None:
    dice = random.Random(3)
    kinds = ["rate_limit", "overloaded", "server", *(["stream_error", "stream_cut"] if stream else [])]
    prompts = [f"question number {nth}" for nth in range(60)]
    with ProviderService(protocol, faults=lambda _: dice.choice(kinds) if dice.random() < 0.3 else None) as service:
        replies = ask(service, prompts, stream=stream, retry=30, batch_size=8)
        answered = len(service.requests)
    assert [reply.text for reply in replies] == prompts
    assert answered == sum(reply.tries for reply in replies)


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS.keys() - {"anthropic"}))  # which has none
def test_log_probabilities_have_one_form(protocol: str) -> None:
    with ProviderService(protocol, lambda _: "It is A") as service:
        (reply,) = ask(service, ["x"], params={"logprobs": True, "top_logprobs": 2})
    assert reply.logprobs is not None, reply
    assert [(one.token, one.logprob) for one in reply.logprobs] == [("It", -0.25), (" is", -0.25), (" A", -0.25)]
    assert reply.logprobs[2].top == {" A": -0.25, "maybe": -1.5}


PARSER = {"type": "json_field", "decisions": {"correct": "correct", "incorrect": "incorrect"}}
SCORE = {"type": "json_field", "field": "result.score", "low": 1, "high": 5, "confidence": "sure"}
EVERY_KEY = [
    (name, key) for name, one in sorted(PROTOCOLS.items()) for key in plugins.load(one.type, "models").schema_keys
]


def held(service: ProviderService, key: str, parser: Any, prompt: str, **keys: Any) -> Reply:
    """Ask for a reply that is held to the schema of a parser."""
    dialect = plugins.load(service.protocol.type, "models")()
    params = dialect.held_to(parser.schema(), {"temperature": 0}, key)
    (reply,) = ask(service, [prompt], params=params, **keys)
    return reply


@pytest.mark.parametrize(("protocol", "key"), EVERY_KEY)
@both_ways
def test_a_reply_is_held_to_the_schema_of_a_parser_which_reads_it(protocol: str, key: str, stream: bool) -> None:
    for spec, text, read in [
        (PARSER, "Well. That is incorrect, I say.", ("ok", "incorrect", None)),
        (SCORE, "A good 4 of 5", ("ok", None, 4.0)),
        (PARSER, "I had rather not say.", ("ok", "correct", None)),  # held to a schema, it must say something
    ]:
        with ProviderService(protocol, lambda _, text=text: text) as service:
            reply = held(service, key, parser_of(spec), "x", stream=stream)
        reading = parser_of(spec).read(reply)
        assert (reading.status, reading.decision, reading.score) == read, reply


@pytest.mark.parametrize(("protocol", "key"), EVERY_KEY)
def test_a_reply_that_is_cut_off_stays_unread_under_a_schema(protocol: str, key: str) -> None:
    parser = parser_of(PARSER)
    with ProviderService(protocol, lambda _: ServiceReply("Clearly correct.", finish="length")) as service:
        reply = held(service, key, parser, "x")
    assert (reply.status, reply.finish_reason, parser.read(reply).status) == ("ok", "length", "unparsed")


@pytest.mark.parametrize(("protocol", "key"), EVERY_KEY)
def test_a_schema_that_a_service_would_not_take_is_refused_in_its_words(protocol: str, key: str) -> None:
    class Bounded(JsonField):
        def schema(self) -> dict[str, Any]:
            return {"type": "object", "properties": {"n": {"type": "number", "minimum": 1}}, "required": ["n"]}

    with ProviderService(protocol) as service:
        reply = held(service, key, Bounded(JsonField.Config()), "x")
    assert reply.error is not None
    assert (reply.error.kind, reply.error.http_status) == ("bad_request", 400)
    assert "minimum" in reply.error.message or "additionalProperties" in reply.error.message


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS.keys() - {"openai", "completions"}))  # these take any, as vLLM
def test_an_unknown_name_goes_to_the_service_which_refuses_it_in_its_words(protocol: str) -> None:
    with ProviderService(protocol) as service:
        (reply,) = ask(service, ["x"], generation_kwargs={"temprature": 0})
    assert reply.error is not None
    assert reply.error.kind == "bad_request"
    assert "temprature" in reply.error.message


@every_protocol
def test_common_names_of_parameters_are_those_of_the_protocol_and_none_takes_one_out(protocol: str) -> None:
    kwargs = {"temperature": 0.5, "top_p": None, "max_tokens": 33}
    with ProviderService(protocol) as service:
        (reply,) = ask(
            service, ["x"], generation_kwargs={**kwargs, **({} if protocol == "responses" else {"stop": ["Z"]})}
        )
        body = str(service.requests[0].body)
    assert reply.status == "ok"
    assert "0.5" in body
    assert "33" in body
    assert "top_p" not in body
    assert "topP" not in body


def test_what_responses_keeps_in_parts_of_its_own_stands_beside_the_schema() -> None:
    kwargs = {"reasoning_effort": "low", "verbosity": "low"}
    with ProviderService("responses") as service:
        reply = held(service, "text", parser_of(PARSER), "correct", generation_kwargs=kwargs)
        body = service.requests[0].body
    assert reply.status == "ok"
    assert (body["reasoning"], body["text"]["verbosity"]) == ({"effort": "low"}, "low")
    assert body["text"]["format"]["type"] == "json_schema"


@every_protocol
def test_an_empty_model_takes_the_first_that_is_listed(protocol: str) -> None:
    with ProviderService(protocol) as service:
        (reply,) = ask(service, ["x"], model="")
        assert reply.status == "ok"
        assert service.requests[0].model.removesuffix(":latest") == "test-model"
