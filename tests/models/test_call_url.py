"""Where a call goes, for every form in which an address is given."""

from __future__ import annotations

import pytest

from judgebench.errors import ConfigError
from judgebench.models.access import expand, model_config
from judgebench.models.addresses import call_url
from judgebench.models.contract import ServiceConfig


def config(kind: str, url: str) -> ServiceConfig:
    found = model_config({"type": kind, "abbr": "m", "url": url, "model": "M"})
    assert isinstance(found, ServiceConfig)
    return found


@pytest.mark.parametrize(
    ("url", "call"),
    [
        ("http://h:1", "http://h:1/v1/chat/completions"),
        ("http://h:1/", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1/", "http://h:1/v1/chat/completions"),
        ("https://h/api", "https://h/api/v1/chat/completions"),
        ("https://h/api/v1", "https://h/api/v1/chat/completions"),
        ("https://h/api/v3", "https://h/api/v3/chat/completions"),
        ("https://h/api/paas/v4", "https://h/api/paas/v4/chat/completions"),
        ("https://h/v1beta/openai", "https://h/v1beta/openai/chat/completions"),
        ("https://h/v1/account/gateway/openai", "https://h/v1/account/gateway/openai/chat/completions"),
        ("https://h/inference/chat/completions", "https://h/inference/chat/completions"),
        ("https://h/chat/completions", "https://h/chat/completions"),
        ("https://h/v1/chat/completions?code=1", "https://h/v1/chat/completions?code=1"),
        ("https://h/v1?code=1", "https://h/v1/chat/completions?code=1"),
        (
            "https://h/openai/deployments/M?api-version=2024-10-21",
            "https://h/openai/deployments/M/chat/completions?api-version=2024-10-21",
        ),
        (
            "https://h/openai/deployments/M/chat/completions?api-version=2024-10-21",
            "https://h/openai/deployments/M/chat/completions?api-version=2024-10-21",
        ),
    ],
)
def test_a_chat_call_goes_where_the_address_says(url: str, call: str) -> None:
    assert call_url(config("VLLMCustomAPIChat", url), "v1/chat/completions") == call


def test_the_list_of_models_stands_beside_the_call() -> None:
    assert call_url(config("VLLMCustomAPIChat", "https://h/api/v3"), "v1/models") == "https://h/api/v3/models"
    whole = config("VLLMCustomAPIChat", "https://h/inference/chat/completions?api-version=1")
    assert call_url(whole, "v1/models") == "https://h/inference/models?api-version=1"


@pytest.mark.parametrize(
    ("kind", "url", "call"),
    [
        ("AnthropicChat", "https://h", "https://h/v1/messages"),
        ("AnthropicChat", "https://h/anthropic/v1/messages", "https://h/anthropic/v1/messages"),
        ("OllamaChat", "http://h:11434", "http://h:11434/api/chat"),
        ("OllamaChat", "http://h:11434/api", "http://h:11434/api/chat"),
        ("GeminiChat", "https://h", "https://h/v1beta/models/M:generateContent"),
        ("GeminiChat", "https://h/v1", "https://h/v1/models/M:generateContent"),
        ("GeminiChat", "https://h/v1beta/models/other:generateContent", "https://h/v1beta/models/M:generateContent"),
        ("OpenAIResponses", "https://h/v1", "https://h/v1/responses"),
    ],
)
def test_every_protocol_has_its_own_call(kind: str, url: str, call: str) -> None:
    service = config(kind, url)
    from judgebench import plugins

    assert call_url(service, plugins.load(service.type, "models")().call_path(service, "M")) == call


def test_the_call_of_another_protocol_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConfigError, match="ends in /chat/completions, and VLLMCustomAPI sends to v1/completions"):
        call_url(config("VLLMCustomAPI", "https://h/v1/chat/completions"), "v1/completions")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://h/docs#chat", "holds a '#'"),
        ("https://h/v1/chat/completions#x", "holds a '#'"),
        ("https://h/a/../v1", "as a step of its path"),
        ("https://h/./v1", "as a step of its path"),
        ("https://h/v1\nX: y", "is not an http"),
        ("https://h/v\t1", "is not an http"),
    ],
)
def test_an_address_that_libraries_read_in_different_ways_is_refused(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        call_url(config("VLLMCustomAPIChat", url), "v1/chat/completions")


@pytest.mark.parametrize(("value", "found"), [(None, "d"), ("", "d"), ("v", "v")])
def test_the_default_stands_for_a_variable_that_is_not_set_or_set_to_nothing(value: str | None, found: str) -> None:
    environ = {} if value is None else {"NAME": value}
    assert expand("${NAME:-d}", environ) == found
