"""Services as people meet them: other protocols and addresses, odd lists of models, refusals, empty accounts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from judgebench.testing import PROTOCOLS, Failed, ProviderService, RefusedError, ServiceRequest
from judgebench.testing.openai import OpenAIChatProtocol
from tests.e2e.harness import JB, Bench, Done, run

KEY = "test-key"
MODEL = "test-model"


def answer(request: ServiceRequest) -> str:
    """Answers a toy question rightly, and judges by what the prompt shows."""
    if "VERDICT" in request.text:
        reply = re.search(r"I think it is (\d+) \(of twice (\d+)\)", request.text)
        return "VERDICT: A" if reply is None or int(reply[1]) == 2 * int(reply[2]) else "VERDICT: B"
    number = re.search(r"twice (\d+)", request.text)
    return f"I think it is {2 * int(number[1])} (of twice {number[1]})" if number else "OK"


def judged(bench: Bench, service: ProviderService, *flags: str, url: str = "", env: Any = None, **keys: Any) -> Done:
    """Run the judged toy benchmark with one service as model and judge."""
    given = {
        "type": service.protocol.type,
        "model": MODEL,
        "url": url or service.url,
        "api_key": KEY,
        "retry": 0,
        **keys,
    }
    config = bench.folder / "configs" / "models" / "odd.py"
    config.write_text(f"models = [dict(abbr='toy-model', **{given!r})]\n")
    path = bench.folder / "configs" / "datasets" / "toy_llmjudge.py"
    path.write_text(
        re.sub(r"judge_model=dict\(.*\),\n", f"judge_model=dict(abbr='judge', **{given!r}),\n", path.read_text())
    )
    return bench.jb(*flags, models=("odd",), env=env)


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_a_judged_run_in_every_protocol(bench: Bench, protocol: str) -> None:
    with ProviderService(protocol, answer) as service:
        done = judged(bench, service, stream=protocol not in {"openai", "completions"})
        request = len(service.requests)
    assert done.code == 0, done.text
    assert "preflight:" not in done.text
    assert bench.result()["metrics"]["accuracy"]["value"] == 100.0
    assert request == 2 * bench.n + 2, "each question once, and two trial calls"


class _OddList(OpenAIChatProtocol):
    """A service whose list of models is of no use."""

    def __init__(self, listed: Any) -> None:
        self._listed = listed

    def listed(self, path: str) -> Any:
        if isinstance(self._listed, int):
            raise RefusedError(Failed(self._listed, {"error": {"message": "You may not list.", "code": "no"}}))
        return self._listed


@pytest.mark.parametrize(
    "listed",
    [
        401,
        403,
        404,
        500,
        {"data": None},
        {"data": []},
        {"models": []},
        [],
        {"data": [{"id": "org/*"}, {"id": "x:latest"}]},
    ],
    ids=str,
)
def test_what_the_list_of_models_says_stops_no_run(bench: Bench, listed: Any) -> None:
    with ProviderService(_OddList(listed), answer) as service:
        done = judged(bench, service)
    assert done.code == 0, done.text
    assert bench.result()["counts"]["ok"] == bench.n
    lacks = isinstance(listed, dict) and bool(listed.get("data"))
    assert (
        "does not list the model 'test-model' (it lists org/*, x:latest; the trial call decides)" in done.text
    ) is lacks


def test_a_model_that_is_neither_named_nor_listed_is_asked_for_in_one_sentence(bench: Bench) -> None:
    with ProviderService(_OddList({"data": []}), answer) as service:
        done = judged(bench, service, model="")
    assert done.code == 3, done.text
    assert "names no model, and the service at" in done.text
    assert ".model=NAME" in done.text


@pytest.mark.parametrize("prefix", ["/api/v3", "/v1beta/openai", "/api/paas/v4", "/v1"])
def test_any_base_path_is_reached(bench: Bench, prefix: str) -> None:
    with ProviderService("openai", answer, prefix=prefix) as service:
        done = judged(bench, service)
        paths = {request.path for request in service.requests}
    assert done.code == 0, done.text
    assert paths == {f"{prefix}/chat/completions"}


def test_the_address_of_the_whole_call_and_its_query_are_kept(bench: Bench) -> None:
    call = "/openai/deployments/d/chat/completions?api-version=2024-10-21"
    with ProviderService("openai", answer) as service:
        done = judged(bench, service, url=service.url + call)
        paths = {request.path for request in service.requests}
    assert done.code == 0, done.text
    assert paths == {call}


class _NoTemperature(OpenAIChatProtocol):
    """A service that takes no temperature, as reasoning models do."""

    def request_of(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> ServiceRequest:
        request = super().request_of(path, headers, body)
        if "temperature" in body:
            raise self.refuse("Unsupported parameter: 'temperature' is not supported with this model.")
        return request


def test_a_refusal_that_will_never_change_is_told_before_anything_is_paid_for(bench: Bench) -> None:
    with ProviderService(_NoTemperature(), answer) as service:
        refused = judged(bench, service, generation_kwargs={"temperature": 0})
        assert refused.code == 3, refused.text
        assert "Unsupported parameter: 'temperature' is not supported with this model." in refused.text
        assert "--override '*.toy-model.generation_kwargs.temperature=None'" in refused.text
        assert not service.requests
        taken_out = ("--override", "*.toy-model.generation_kwargs.temperature=None")
        judge_too = ("--override", "*.judge.generation_kwargs.temperature=None")
        done = judged(bench, service, *taken_out, *judge_too, generation_kwargs={"temperature": 0})
        assert done.code == 0, done.text
        of_method = ("--override", "judges.judge.method.params.temperature=1")
        own = judged(bench, service, *taken_out, *judge_too, *of_method, generation_kwargs={"temperature": 0})
        assert own.code == 3, own.text
        assert "--override 'judges.judge.method.params.temperature=None'" in own.text
        all_the_same = judged(bench, service, "--go-on", generation_kwargs={"temperature": 0})
        assert all_the_same.code == 4, all_the_same.text


class _ReasoningModel(OpenAIChatProtocol):
    """A service that wants the limit under another name, and a temperature that is a number."""

    def request_of(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> ServiceRequest:
        if "max_tokens" in body:
            raise self.refuse("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        if not isinstance(body.get("temperature", 0), int | float):
            raise self.refuse("Invalid type for 'temperature': expected a decimal, but got a string instead.")
        return super().request_of(path, headers, body)


def test_the_words_of_a_refusal_lead_to_the_key_that_mends_it(bench: Bench) -> None:
    with ProviderService(_ReasoningModel(), answer) as service:
        limit = judged(bench, service)
        assert limit.code == 3, limit.text
        assert "Use 'max_completion_tokens' instead." in limit.text
        assert "--override '*.toy-model.type=OpenAIChat'" in limit.text
        hot = judged(bench, service, type="OpenAIChat", generation_kwargs={"temperature": "hot"})
        assert hot.code == 3, hot.text
        assert "Invalid type for 'temperature'" in hot.text
        assert "--override '*.toy-model.generation_kwargs.temperature=None'" in hot.text
        assert not service.requests, "nothing was taken"
        done = judged(bench, service, type="OpenAIChat")
    assert done.code == 0, done.text


def test_an_empty_account_is_not_taken_for_a_wrong_key(bench: Bench) -> None:
    with ProviderService("openai", answer) as service:
        done = judged(bench, service, api_key=f"{KEY}-empty")
        wrong = judged(bench, service, api_key="wrong")
        assert not service.requests
    assert (done.code, wrong.code) == (3, 3)
    assert "no more credit" in done.text
    assert "Raise the quota or the balance" in done.text
    assert "refuses the key" not in done.text
    assert "refuses the key" in wrong.text


class _StreamsAlone(OpenAIChatProtocol):
    """A service that answers streamed requests alone."""

    def request_of(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> ServiceRequest:
        if not body.get("stream"):
            raise self.refuse("Only streamed requests are served.")
        return super().request_of(path, headers, body)


def test_a_service_that_only_streams_is_tried_as_the_run_asks_it(bench: Bench) -> None:
    with ProviderService(_StreamsAlone(), answer) as service:
        done = judged(bench, service, stream=True)
    assert done.code == 0, done.text
    assert "preflight:" not in done.text


def test_a_misspelt_parameter_is_named_with_the_one_that_was_meant(bench: Bench) -> None:
    with ProviderService("openai", answer) as service:
        done = judged(bench, service, generation_kwargs={"temprature": 0, "my_own_key": 1})
    assert "models.toy-model.generation_kwargs.temprature is sent as it is; did you mean temperature?" in done.text
    assert "my_own_key" not in done.text


def test_a_users_judge_model_takes_the_place_of_the_shipped_one(bench: Bench) -> None:
    with ProviderService("anthropic", answer) as service:
        own = {"type": "AnthropicChat", "model": MODEL, "url": service.url, "api_key": KEY, "max_out_len": 77}
        (bench.folder / "configs/judges/_judge_model.py").write_text(f"judge_model = dict(**{own!r})\n")
        done = bench.jb("--judges", "correctness_letter", dataset="toy_gen")
        asked = [request.body["max_tokens"] for request in service.requests]
    assert done.code == 0, done.text
    assert asked == [77] * (bench.n + 1)
    for name in ("correctness_letter", "aime2025_llmjudge"):
        shown = run([*JB, "show", name], bench.folder)
        assert f"url = '{service.url}'" in shown.out, shown.text
    (bench.folder / "configs/judges/_judge_model.py").write_text("model = dict()\n")
    refused = bench.jb("--judges", "correctness_letter", dataset="toy_gen")
    assert refused.code == 2
    assert "_judge_model.py has no dict named 'judge_model'" in refused.err


def test_four_variables_set_the_judge_of_all_shipped_configs(bench: Bench) -> None:
    with ProviderService("anthropic", answer) as service:
        env = {
            "JB_JUDGE_URL": service.url,
            "JB_JUDGE_MODEL": MODEL,
            "JB_JUDGE_KEY": KEY,
            "JB_JUDGE_TYPE": "AnthropicChat",
        }
        done = bench.jb("--judges", "correctness_letter", dataset="toy_gen", env=env)
        request = len(service.requests)
    assert done.code == 0, done.text
    assert request == bench.n + 1
    written = [path for path in bench.folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert not written
