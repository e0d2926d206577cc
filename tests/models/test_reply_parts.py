"""What services send beside a text: tool calls and bytes are kept as typed parts, and nothing in a reply is opened."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.models.gemini import GeminiChat
from judgebench.models.openai import EventReader
from judgebench.models.openai_replies import read_whole
from judgebench.models.openai_responses import OpenAIResponses
from judgebench.models.redaction import Redactor
from judgebench.records.flow import Reply

PNG = b"\x89PNG\r\n\x1a\n and so on"
WAV = b"RIFF1234WAVEfmt "
SHA = hashlib.sha256(PNG).hexdigest()
IMAGE = {"type": "image", "sha256": SHA, "media_type": "image/png"}
BASE64 = base64.b64encode(PNG).decode()
URI = f"data:image/png;base64,{BASE64}"
CALL = {"type": "tool_call", "name": "add", "arguments": '{"n": [1, 2]}', "id": "c1"}


def whole(**message: Any) -> Reply:
    """The reply that a service gives as one JSON body."""
    message = {"role": "assistant", "content": "Here it is.", **message}
    return read_whole({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


def streamed(*deltas: dict[str, Any]) -> Reply:
    """The reply that a service gives piece by piece."""
    reader = EventReader()
    for delta in deltas:
        reader.feed({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    reader.feed({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    return reader.finish(terminated=True)


def recorded(reply: Reply) -> bytes:
    """All that a record could hold of a reply."""
    return msgspec.json.encode(msgspec.structs.replace(reply, media={}))


@pytest.mark.parametrize(
    "message",
    [
        {"images": [{"type": "image_url", "image_url": {"url": URI}}]},
        {"images": [{"type": "image_url", "index": 0, "image_url": {"url": URI, "detail": "low"}}]},
        {"images": [{"b64_json": BASE64}]},
        {"images": [{"b64_json": BASE64.rstrip("=")}]},
        {"content": [{"type": "text", "text": "Here it is."}, {"type": "image_url", "image_url": {"url": URI}}]},
        {
            "content": [
                {"type": "text", "text": "Here it is."},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BASE64}},
            ]
        },
        {"content": [{"text": "Here it is."}, {"inlineData": {"mimeType": "image/jpeg", "data": BASE64}}]},
    ],
)
def test_an_image_that_came_with_a_text_is_a_reference_and_its_bytes(message: dict[str, Any]) -> None:
    reply = whole(**message)
    assert (reply.status, reply.text) == ("ok", "Here it is.")
    assert (reply.parts, reply.media, reply.extra) == ([IMAGE], {SHA: PNG}, None)  # the bytes say what they are


def test_bytes_in_any_other_place_become_references_there() -> None:
    reply = whole(images=[{"url": URI}, {"url": URI}], thoughts={"sketch": [URI, "a text"]})
    assert reply.extra == {"thoughts": {"sketch": [IMAGE, "a text"]}}
    assert (reply.parts, reply.media) == ([IMAGE], {SHA: PNG})  # once, however often it was sent
    assert BASE64.encode() not in recorded(reply)


@pytest.mark.parametrize(
    "address",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1:9/x.png",
        "../x.png",
        "data:image/png;base64,no base64!",
        "data:text/html;base64,PGI+",
    ],
)
def test_an_address_in_a_reply_stays_a_text(address: str) -> None:
    images = [{"type": "image_url", "image_url": {"url": address}}]
    reply = whole(images=images)
    assert (reply.parts, reply.media, reply.extra) == ([], {}, {"images": images})
    assert whole(content=[{"text": "a"}, *images]).extra == {"content": images}


def test_a_path_beside_bytes_is_no_part_of_them() -> None:
    mixed = [{"type": "image_url", "image_url": {"url": URI}, "path": "/etc/passwd"}]
    reply = whole(images=mixed)
    assert reply.media == {SHA: PNG}
    assert reply.extra == {"images": [{"type": "image_url", "image_url": {"url": IMAGE}, "path": "/etc/passwd"}]}


def test_a_sound_and_what_is_said_in_it() -> None:
    data = base64.b64encode(WAV).decode()
    part = {"type": "audio", "sha256": hashlib.sha256(WAV).hexdigest(), "media_type": "audio/wav"}
    reply = whole(audio={"id": "a", "data": data, "transcript": "Four."})
    assert (reply.parts, list(reply.media.values())) == ([part], [WAV])
    assert reply.extra == {"audio": {"id": "a", "data": part, "transcript": "Four."}}
    first, second = base64.b64encode(WAV[:5]).decode(), base64.b64encode(WAV[5:]).decode()
    pieces = streamed(
        {"content": "x", "audio": {"id": "a", "data": first}},
        {"audio": {"id": "a", "data": second, "transcript": "Fo"}},
        {"audio": {"transcript": "ur."}},
    )
    assert (pieces.parts, pieces.media, pieces.extra) == (reply.parts, reply.media, reply.extra)


def test_images_of_a_stream_are_all_kept() -> None:
    other = base64.b64encode(PNG + b"!").decode()
    reply = streamed({"content": "x", "images": [{"b64_json": BASE64}]}, {"images": [{"b64_json": other}]})
    assert list(reply.media.values()) == [PNG, PNG + b"!"]
    assert [part["sha256"] for part in reply.parts] == list(reply.media)


def test_tool_calls_are_parts_whole_or_in_pieces() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"n": [1, 2]}'}}
    more = {"id": "c2", "type": "custom", "custom": {"name": "say", "input": "4"}}
    said = [CALL, {"type": "tool_call", "name": "say", "arguments": "4", "id": "c2"}]
    assert (whole(tool_calls=[call, more]).parts, whole(tool_calls=[call, more]).extra) == (said, None)
    reply = streamed(
        {"content": "Here", "tool_calls": [{"index": 0, "id": "c1", "function": {"name": "add", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"n": '}}]},
        {"tool_calls": [{"index": 1, "id": "c2", "custom": {"name": "say", "input": "4"}}]},
        {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "add", "arguments": "[1, 2]}"}}]},
    )
    assert (reply.parts, reply.extra) == (said, None)
    old = {"name": "add", "arguments": '{"n": [1, 2]}'}
    assert whole(function_call=old).parts == [{key: CALL[key] for key in ("type", "name", "arguments")}]
    pieces = streamed(
        {"content": "x", "function_call": {**old, "arguments": '{"n"'}}, {"function_call": {"arguments": ": [1, 2]}"}}
    )
    assert pieces.parts == whole(function_call=old).parts


@pytest.mark.parametrize(
    "calls", [[{"id": "1"}], ["add"], "add", [{"function": {"arguments": "{}"}}], [{"function": 5}]]
)
def test_what_is_no_tool_call_is_kept_as_it_came(calls: Any) -> None:
    reply = whole(tool_calls=calls)
    assert (reply.status, reply.parts, reply.extra) == ("ok", [], {"tool_calls": calls})


def test_a_picture_without_a_text_is_an_answer_and_a_tool_call_is_none() -> None:
    called = whole(content=None, tool_calls=[{"function": {"name": "f"}}])
    assert called.error is not None
    assert (called.error.kind, len(called.parts)) == ("empty_reply", 1)
    drawn = whole(content=None, images=[{"url": URI}])
    assert (drawn.status, drawn.text, drawn.parts) == ("ok", "", [IMAGE])
    text = whole(content=None, reasoning_content="hm", images=[{"url": URI}])
    assert (text.status, text.text, text.parts) == ("ok", "", [IMAGE])


def test_pictures_come_in_the_words_of_other_protocols() -> None:
    item = {"type": "image_generation_call", "status": "completed", "result": BASE64}
    made = OpenAIResponses().read({"status": "completed", "output": [item]})
    parts = [{"inlineData": {"mimeType": "image/png", "data": BASE64}}]
    drawn = GeminiChat().read({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]})
    for reply in (made, drawn):
        assert (reply.status, reply.parts, reply.media) == ("ok", [IMAGE], {SHA: PNG})


def test_a_reply_however_deep_is_read() -> None:
    deep: Any = URI
    for _ in range(900):
        deep = [deep]
    assert whole(thoughts=deep).status == "ok"


KEYS = st.sampled_from(
    ["type", "data", "b64_json", "format", "media_type", "mimeType", "sha256", "function", "name", "id", "index", "url"]
)
TEXTS = st.sampled_from(["", "image", "audio", "wav", "image/png", "base64", "custom", BASE64, URI, "=", "f"])
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
PLACES = st.sampled_from(["tool_calls", "function_call", "images", "audio", "annotations", "content"])


@settings(max_examples=400, deadline=None)
@given(st.lists(st.dictionaries(PLACES, ANY, max_size=3), min_size=1, max_size=3))
def test_whatever_a_service_sends_is_read_and_no_bytes_stay_in_the_record(messages: list[dict[str, Any]]) -> None:
    for reply in (whole(**messages[0]), streamed({"content": "x"}, *messages)):
        held = msgspec.json.encode([reply.parts, reply.extra])
        assert URI.encode() not in held
        assert msgspec.json.decode(recorded(reply), type=Reply).parts == reply.parts
        assert {part["sha256"] for part in reply.parts if "sha256" in part} == set(reply.media)


def test_secrets_go_out_of_parts_too() -> None:
    call = {"id": "c1", "function": {"name": "f", "arguments": '{"key": "sk-test-7f3b1c9d5e"}'}}
    (part,) = Redactor(["sk-test-7f3b1c9d5e"]).reply(whole(tool_calls=[call])).parts
    assert part["arguments"] == '{"key": "***"}'
