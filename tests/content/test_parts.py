"""Typed parts: how they stand in a record, in a text for a judge, and in the body of a request."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from judgebench.content.parts import (
    Array,
    Audio,
    Image,
    Part,
    Text,
    ToolCall,
    ToolResult,
    Video,
    in_words,
    media_in,
    transcript_of,
    typed,
)
from judgebench.content.prompts import fields_of, render
from judgebench.errors import ConfigError
from judgebench.models.access import dialect_of, model_config
from judgebench.models.openai import on_the_wire
from judgebench.records.flow import Request

SHA = "a" * 64
IMAGE = Image(sha256=SHA, media_type="image/png")
PART = {"type": "image", "sha256": SHA, "media_type": "image/png"}

TRANSCRIPT: list[dict[str, Any]] = [
    {"role": "user", "content": "What is the weather in Oslo?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "4 degrees, rain"},
    {"role": "assistant", "content": "It is 4 degrees and raining."},
]
SHOWN = """[user]
What is the weather in Oslo?

[assistant calls the tool get_weather, call c1]
{"city":"Oslo"}

[the tool get_weather answers call c1]
4 degrees, rain

[assistant]
It is 4 degrees and raining."""


@pytest.mark.parametrize(
    "part",
    [
        Text(text="a"),
        IMAGE,
        Audio(sha256=SHA, media_type="audio/wav"),
        Video(sha256=SHA, media_type="video/mp4"),
        Array(dtype="float32", shape=[2], values=[1.0, 2.0]),
        ToolCall(name="f", arguments={"a": 1}, id="c"),
        ToolResult(content="1", id="c"),
    ],
)
def test_every_part_is_told_by_its_type_and_comes_back_from_json(part: Part) -> None:
    assert msgspec.json.decode(msgspec.json.encode(part), type=Part) == part
    assert msgspec.convert(typed(part), Part) == part


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "image": "{picture}"},
        {"type": "image_url", "image_url": "{picture}"},
        {"type": "image_url", "image_url": {"url": "{picture}"}},
    ],
)
def test_an_image_part_becomes_a_reference(part: dict[str, Any]) -> None:
    template = [{"role": "user", "content": [part, {"type": "text", "text": "{question}"}]}]
    assert fields_of(template) == ["picture", "question"]
    prompt = render(template, {"picture": IMAGE, "question": "q"})
    assert prompt == [{"role": "user", "content": [PART, {"type": "text", "text": "q"}]}]
    assert media_in(prompt) == [SHA]
    assert in_words(prompt) == f"[image {SHA[:12]}]\nq"


def test_an_image_stands_in_no_text_and_a_text_in_no_image_part() -> None:
    with pytest.raises(ConfigError, match=r"the field \{picture\}, which is an image, in a text"):
        render("Look: {picture}", {"picture": IMAGE})  # of a message it may stand in the text
    assert render([{"role": "user", "content": "Look: {picture}"}], {"picture": IMAGE}) == [
        {"role": "user", "content": [{"type": "text", "text": "Look: "}, PART]}
    ]
    with pytest.raises(ConfigError, match=r"that field is no image"):
        render([{"role": "user", "content": [{"type": "image", "image": "{a}"}]}], {"a": "/etc/passwd"})
    with pytest.raises(ConfigError, match=r"that field is no image"):  # a row's own JSON is no reference
        render([{"role": "user", "content": [{"type": "image", "image": "{a}"}]}], {"a": PART})
    with pytest.raises(ConfigError, match=r"only texts, images and tool parts are filled in"):
        render([{"role": "user", "content": [{"type": "image", "image": "shots/{a}.png"}]}], {"a": IMAGE})


def test_how_closely_to_look_is_sent_where_there_is_a_place_for_it() -> None:
    prompt = [{"role": "user", "content": [{**PART, "detail": "low"}]}]
    request = Request(prompt=prompt, media={SHA: b"\x89PNG"})
    kinds = {"anthropic.AnthropicChat": 0, "gemini.GeminiChat": 0, "ollama.OllamaChat": 0}
    for name, times in {**kinds, "openai_responses.OpenAIResponses": 1, "openai.OpenAIChat": 1}.items():
        config = model_config({"type": f"judgebench.models.{name}", "abbr": "m", "model": "m"})
        body = dialect_of(config).body(config, request, "m")
        assert str(body).count("'detail': 'low'") == times, name


def test_references_become_data_uris_in_the_body_alone() -> None:
    data = b"\x89PNG"
    prompt = [{"role": "user", "content": [{**PART, "detail": "low"}, {"type": "text", "text": "q"}]}]
    uri = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    image = {"type": "image_url", "image_url": {"url": uri, "detail": "low"}}
    assert on_the_wire(prompt, {SHA: data}) == [{"role": "user", "content": [image, {"type": "text", "text": "q"}]}]
    assert prompt[0]["content"][0] == {**PART, "detail": "low"}


def test_tool_parts_become_the_messages_that_services_know() -> None:
    call = {"type": "tool_call", "name": "get_weather", "arguments": '{{"city":"{city}"}}', "id": "c1"}
    result = {"type": "tool_result", "content": "{said}", "id": "c1"}
    template = [{"role": "assistant", "content": [call]}, {"role": "tool", "content": [result]}]
    assert fields_of(template) == ["city", "said"]
    assert on_the_wire(render(template, {"city": "Oslo", "said": "4 degrees, rain"}), {}) == TRANSCRIPT[1:3]


def test_a_transcript_is_shown_as_blocks_in_their_order() -> None:
    assert transcript_of(TRANSCRIPT) == SHOWN
    parts: list[dict[str, Any]] = [
        {"role": "user", "content": [typed(Text(text="What is the weather in Oslo?"))]},
        {"role": "assistant", "content": [typed(ToolCall(name="get_weather", arguments={"city": "Oslo"}, id="c1"))]},
        {"role": "tool-runner", "content": [typed(ToolResult(content="4 degrees, rain", id="c1"))]},
        {"role": "assistant", "content": "It is 4 degrees and raining."},
    ]
    assert transcript_of(parts) == SHOWN


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": [{"type": "picture"}]},
        {"role": "user", "content": [PART]},
        {"role": "user", "content": 5},
        {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"arguments": "{}"}}]},
        {"role": "assistant", "tool_calls": ["f"]},
        {"role": "tool", "content": [{"type": "image"}]},
    ],
)
def test_what_is_no_transcript_is_refused_by_its_message(message: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="message 1 is no message of a transcript"):
        transcript_of([{"role": "user", "content": "q"}, message])
