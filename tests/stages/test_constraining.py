"""Whether a service holds a judge's replies to a schema: what a first question finds out, and what it means."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from judgebench.errors import ConfigError, EndpointError, ReuseError
from judgebench.records.flow import Failure, Reply, Request
from judgebench.records.run import JudgeConfig
from judgebench.stages.constraining import Constraint, constraint_of, hold_of, known_for_files, without_keys
from tests.stages.in_one_process import judge, model, text_of

KEYS = ["response_format", "structured_outputs", "json_schema"]


def asking(constrain: str = "auto", **keys: Any) -> JudgeConfig:
    service = {"type": "VLLMCustomAPIChat", "abbr": "m", "model": "m", "url": "http://127.0.0.1:1", **keys}
    return judge(model=service, constrain=constrain)


class Service:
    """A service that answers a canary in one way for each key; the word that the schema allows is what it is told."""

    def __init__(self, **says: Reply | str) -> None:
        self.says = says
        self.requests: list[Request] = []

    async def ask(self, request: Request) -> Reply:
        self.requests.append(request)
        (key,) = [one for one in KEYS if one in request.params]
        said = self.says.get(key, "hello")
        return said if isinstance(said, Reply) else Reply(status="ok", text=said.replace("WORD", word_of(request)))


def word_of(request: Request) -> str:
    """The only word that the schema of a request allows."""
    return json.dumps(request.params).partition('"enum": ["')[2].partition('"')[0]


def failed(kind: Any, message: str = "no") -> Reply:
    return Reply(status="failed", error=Failure(kind=kind, message=message))


HELD = '{"word": "WORD"}'


def found(service: Service, config: JudgeConfig | None = None) -> Constraint:
    return asyncio.run(constraint_of(config or asking(), service.ask))


@pytest.mark.parametrize("at", range(3))
def test_the_first_key_that_is_heeded_is_taken(at: int) -> None:
    service = Service(**{KEYS[at]: HELD})
    assert found(service) == Constraint(KEYS[at])
    assert len(service.requests) == at + 1
    assert "hello" in text_of(service.requests[0]), "it is told to say what the schema does not allow"
    assert word_of(service.requests[0]) not in text_of(service.requests[0])


@pytest.mark.parametrize("text", [f"<think>Well.</think>{HELD}", '{"word": "WORD", "more": 1}'])
def test_the_word_of_the_schema_is_the_proof(text: str) -> None:
    assert found(Service(response_format=text)) == Constraint("response_format")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("hello", "asked with response_format, it answered 'hello'"),
        ('{"word": "hello"}', """asked with response_format, it answered '{"word": "hello"}'"""),
        ("[1]", "asked with response_format, it answered '[1]'"),
        ('"WORD"', "it answered"),
        (failed("bad_request", "unknown key"), "asked with response_format, unknown key"),
        (failed("empty_reply", "nothing"), "asked with response_format, nothing"),
        (failed("content_filter", "filtered"), "asked with response_format, filtered"),
    ],
)
def test_a_service_that_heeds_no_key_leaves_replies_free_and_the_first_answer_says_why(
    said: Reply | str, why: str
) -> None:
    service = Service(response_format=said)
    constraint = found(service)
    assert constraint.key == ""
    assert why in constraint.why
    assert len(service.requests) == 3
    assert constraint.finding() == f"its service does not hold replies to a schema ({constraint.why}), so they are free"
    with pytest.raises(EndpointError, match="judge 'j' has constrain='require', and its service does not hold replies"):
        found(service, asking("require"))
    unnamed = msgspec.structs.replace(asking("require"), abbr="")
    with pytest.raises(EndpointError, match="judge 'm' has constrain='require'"):
        found(service, unnamed)


@pytest.mark.parametrize("kind", ["server", "rate_limit", "timeout"])
def test_a_service_that_gives_no_answer_leaves_it_open(kind: str) -> None:
    service = Service(response_format=failed(kind, "it is down"), structured_outputs=HELD)
    with pytest.raises(EndpointError, match="could not be found out: it is down") as caught:
        found(service)
    assert len(service.requests) == 1
    assert "--reuse" in caught.value.hint


def test_a_failed_reply_is_no_proof_whatever_it_holds() -> None:
    broken = Reply(status="failed", text="", error=Failure(kind="bad_request", message="no"))
    assert found(Service(response_format=broken, structured_outputs=HELD)).key == "structured_outputs"


def test_the_canary_has_the_judges_own_parameters() -> None:
    service = Service(response_format=HELD)
    found(service, asking(generation_kwargs={"temperature": 0.25}))
    assert service.requests[0].params["temperature"] == 0.25


def test_what_holds_replies_puts_the_schema_beside_the_parameters() -> None:
    hold = hold_of(asking(), "response_format")
    assert hold is not None
    params = hold({"type": "object"}, {"temperature": 0})
    assert params["temperature"] == 0
    assert params["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert hold_of(asking(), "") is None
    assert hold_of(asking(), None) is None
    assert hold_of(judge(), "response_format") is None, "its type has no such key"


def test_a_model_type_without_a_key_is_known_without_asking() -> None:
    async def nobody(request: Request) -> Reply:
        raise AssertionError(request)

    for config in (judge(constrain="auto"), judge(constrain="auto", model=model("k"))):
        assert asyncio.run(constraint_of(config, nobody)) == Constraint("", "Scripted has no key for one")
    with pytest.raises(ConfigError, match="'j' has constrain='require', and its model cannot be held to a schema"):
        asyncio.run(constraint_of(judge(constrain="require"), nobody))
    assert without_keys(asking("require")) is None


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("", Constraint("tools"), "were free, and now its service holds them to it by tools"),
        ("tools", Constraint("", "it says no"), "were held to a schema by tools, and now its service does not hold"),
        ("tools", Constraint("text"), "were held to a schema by tools, and now its service holds them to it by text"),
    ],
)
def test_two_kinds_of_replies_are_not_mixed(before: str, now: Constraint, words: str) -> None:
    with pytest.raises(ReuseError, match=words):
        now.check_same(before, "m/d-j")


def test_replies_of_the_same_kind_and_the_first_ones_are_taken() -> None:
    Constraint("tools").check_same("tools", "m/d-j")
    Constraint("").check_same("", "m/d-j")
    Constraint("tools").check_same(None, "m/d-j")


def test_files_are_written_only_where_the_answer_is_known() -> None:
    known_for_files(asking(), "response_format")
    known_for_files(asking(), "")
    with pytest.raises(ConfigError, match="has to be asked whether that works"):
        known_for_files(asking(), None)
