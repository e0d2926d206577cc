"""What is sent to a service."""

from __future__ import annotations

from typing import Any

import pytest

from judgebench.content.prompts import fit, render
from judgebench.errors import ConfigError
from judgebench.models.access import model_config
from judgebench.models.contract import ServiceConfig
from judgebench.models.openai import OpenAIChat, VLLMCustomAPI, VLLMCustomAPIChat, VLLMCustomAPIChatStream
from judgebench.records.flow import Message, Request

MESSAGES: list[Message] = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "q"}]


def config(kind: str = "VLLMCustomAPIChat", **keys: Any) -> ServiceConfig:
    found = model_config({"type": kind, "abbr": "m", **keys})
    assert isinstance(found, ServiceConfig)
    return found


def test_chat_body_holds_parameters_untouched_and_none_of_ours() -> None:
    declared = config(
        generation_kwargs={"temperature": 0.6, "num_return_sequences": 5, "top_k": 3, "chat_template_kwargs": {"a": 1}},
        max_out_len=99,
    )
    body = VLLMCustomAPIChat().body(declared, Request(prompt=MESSAGES, params={"temperature": 0.0}), "name")
    assert body == {
        "model": "name",
        "messages": MESSAGES,
        "temperature": 0.0,
        "top_k": 3,
        "chat_template_kwargs": {"a": 1},
        "max_tokens": 99,
    }


def test_completion_body_holds_text() -> None:
    body = VLLMCustomAPI().body(config("VLLMCustomAPI"), Request(prompt="Q: 1+1\nA:"), "m")
    assert body == {"model": "m", "prompt": "Q: 1+1\nA:", "max_tokens": 4096}


def test_a_completion_service_is_asked_for_logprobs_in_its_own_words() -> None:
    asked = Request(prompt="Score:", params={"logprobs": True, "top_logprobs": 20, "max_tokens": 1})
    body = VLLMCustomAPI().body(config("VLLMCustomAPI"), asked, "m")
    assert body == {"model": "m", "prompt": "Score:", "logprobs": 20, "max_tokens": 1}
    own = VLLMCustomAPI().body(config("VLLMCustomAPI"), Request(prompt="Score:", params={"logprobs": 5}), "m")
    assert own["logprobs"] == 5


@pytest.mark.parametrize(
    ("declared", "asked", "expected"),
    [
        ({}, {}, {"max_tokens": 4096}),
        ({}, {"max_out_len": 7}, {"max_tokens": 7}),
        ({"max_tokens": 5}, {}, {"max_tokens": 5}),
        ({"max_tokens": 5}, {"max_tokens": 6}, {"max_tokens": 6}),
        ({"max_completion_tokens": 5}, {"max_out_len": 7}, {"max_completion_tokens": 5}),
        ({"max_completion_tokens": 5}, {"max_tokens": 4096}, {"max_completion_tokens": 5}),
    ],
)
def test_one_token_limit_is_sent(declared: dict[str, Any], asked: dict[str, Any], expected: dict[str, Any]) -> None:
    body = VLLMCustomAPIChat().body(config(generation_kwargs=declared), Request(prompt="q", params=asked), "m")
    assert {name: value for name, value in body.items() if "max" in name} == expected


def test_streams_ask_for_usage() -> None:
    body = VLLMCustomAPIChatStream().body(config("VLLMCustomAPIChatStream"), Request(prompt="q"), "m")
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    own = config(stream=True, generation_kwargs={"stream_options": {"x": 1}})
    assert VLLMCustomAPIChat().body(own, Request(prompt="q"), "m")["stream_options"] == {"x": 1}


def test_openai_itself() -> None:
    declared = config("OpenAIChat")
    assert (declared.url, declared.api_key) == ("https://api.openai.com", "${OPENAI_API_KEY}")
    body = OpenAIChat().body(declared, Request(prompt="q"), "gpt")
    assert body == {"model": "gpt", "messages": [{"role": "user", "content": "q"}], "max_completion_tokens": 4096}
    asked = OpenAIChat().body(declared, Request(prompt="q", params={"max_tokens": 9}), "gpt")
    assert asked == {**body, "max_completion_tokens": 9}, "as every question of a run says it"


def test_prompts_are_fitted_to_the_service() -> None:
    assert fit("q", "chat") == [{"role": "user", "content": "q"}]
    assert fit(MESSAGES, "chat") == MESSAGES
    assert fit("q", "text") == "q"
    assert fit(MESSAGES, "text") == "be brief\n\nq"
    assert (
        fit([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}], "text")
        == "ab"
    )


def test_an_image_is_never_dropped_for_a_service_that_takes_text() -> None:
    prompt = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]}]
    assert fit(prompt, "chat") == prompt
    with pytest.raises(ConfigError, match="a part of type 'image_url', and the model takes text alone"):
        fit(prompt, "text")


def test_a_placeholder_outside_a_text_part_is_refused_and_never_sent() -> None:
    parts = [{"type": "image_url", "image_url": {"url": "{image}"}}, {"type": "text", "text": "{question}"}]
    with pytest.raises(ConfigError, match=r"names the field \{image\} in a part of type 'image_url'"):
        render([{"role": "user", "content": parts}], {"image": "https://x/y.png", "question": "q"})


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"abbr": "m"}, "models.m has no type"),
        ({"abbr": "m", "type": "VLLMCustomAPIChad"}, "VLLMCustomAPIChad"),
        ({"abbr": "m", "type": "VLLMCustomAPIChat", "batchsize": 3}, "batchsize"),
        ({"abbr": "m", "type": "VLLMCustomAPIChat", "batch_size": "many"}, "batch_size"),
        ({"abbr": "m", "type": "judgebench.models.postprocess.first_line"}, "no model type"),
    ],
)
def test_bad_configs_are_refused_by_name(raw: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        model_config(raw)
    assert named in caught.value.message


def test_types_of_other_runners_are_known_by_their_last_name() -> None:
    found = model_config({"abbr": "m", "type": "ais_bench.benchmark.models.VLLMCustomAPIChat"})
    assert found.type == "judgebench.models.openai.VLLMCustomAPIChat"
