"""Structured output: decided once by a canary, the same for all items, shown beside what could be read."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from judgebench.testing import ProviderService, ServiceRequest
from tests.e2e.harness import Bench, Done
from tests.e2e.test_odd_services import answer


def prose(request: ServiceRequest) -> str:
    """A judge that writes no JSON of its own accord, and finds one answer wrong."""
    if "verdict" in request.text:
        return "I find it incorrect." if "(of twice 4)" in request.text else "I find it correct."
    return answer(request)


def with_json(request: ServiceRequest) -> str:
    """A judge that writes JSON whether it must or not, to a canary too."""
    if "hello" in request.text:
        return '{"word": "hello"}'
    return f'{prose(request)}\n{{"verdict": "correct"}}'


def judged(bench: Bench, judge: ProviderService, constrain: str, *flags: str, **method: Any) -> Done:
    """Run the toy benchmark with a judge that is to answer in JSON."""
    model = {"type": judge.protocol.type, "abbr": "j", "model": "test-model", "url": judge.url, "api_key": "test-key"}
    keys = {"type": "ReferenceVerifier", "style": "json", **method}
    (bench.folder / "configs/judges/held.py").write_text(
        f"judges = [dict(abbr='judge', constrain={constrain!r}, judge_model={model!r}, method={keys!r})]\n"
    )
    return bench.jb("--judges", "held", *flags, dataset="toy_gen")


def questions(judge: ProviderService) -> list[ServiceRequest]:
    """What the judge was asked, but for canaries and trial questions."""
    return [request for request in judge.requests if "(of twice" in request.text]


@pytest.mark.parametrize(
    ("protocol", "heeds", "key"),
    [("openai", {"structured_outputs"}, "structured_outputs"), ("anthropic", {"tools"}, "tools")],
    ids=["key of another version", "tool"],
)
def test_a_service_that_holds_replies_to_a_schema_leaves_none_unread(
    bench: Bench, protocol: str, heeds: Collection[str] | None, key: str
) -> None:
    with ProviderService(protocol, prose, heeds=heeds) as judge:
        done = judged(bench, judge, "require")
        assert done.code == 0, done.text
        assert done.text.replace("\n", " ").count("the service held the judge's replies to a JSON schema") == 1
        assert f"held to a schema by {key}" in done.text.replace("\n", " ")
        first = bench.result()
        assert first["metrics"]["accuracy"]["value"] == pytest.approx(100 * 5 / 6)
        assert first["diagnostics"]["read"]["constrained"] == first["identity"]["constrained"] == key
        for flags in (("--reuse",), ("--reuse", "--mode", "eval")):
            again = judged(bench, judge, "require", *flags)
            assert again.code == 0, again.text
            assert bench.result()["metrics"] == first["metrics"]
        assert len(questions(judge)) == bench.n, "nothing is asked twice"


def test_a_service_that_heeds_no_schema_is_found_out_and_its_replies_are_free(bench: Bench) -> None:
    with ProviderService("openai", with_json, heeds=()) as judge:
        done = judged(bench, judge, "auto")
        assert done.code == 0, done.text
        assert "its service does not hold replies to a schema (asked with response_format, it answered" in done.text
        assert bench.result()["diagnostics"]["read"]["constrained"] == "no"
        assert not [request for request in questions(judge) if judge.protocol.schemas(request.body)]


def test_require_is_an_error_before_anything_is_paid_for(bench: Bench) -> None:
    with ProviderService("openai", with_json, heeds=()) as judge:
        done = judged(bench, judge, "require")
        assert len(judge.requests) == 3, "one canary for each key"
    assert done.code == 3, done.text
    assert "has constrain='require', and its service does not hold replies to a schema" in done.text
    assert not bench.asked()
    assert not bench.runs


def test_two_kinds_of_replies_are_not_mixed(bench: Bench) -> None:
    with ProviderService("openai", with_json) as judge:
        done = judged(bench, judge, "auto", "--num-prompts", "2", "--no-preflight")
        assert done.code == 0, done.text
        assert bench.result()["diagnostics"]["read"]["constrained"] == "response_format"
        judge.heeds = ()
        flags = ("--num-prompts", "none", "--no-preflight", "--reuse")
        more = judged(bench, judge, "auto", *flags)
        assert more.code == 2, more.text
        assert "were held to a schema by response_format, and now its service does not" in more.text
        anew = judged(bench, judge, "auto", *flags, "--redo-changed")
        assert anew.code == 0, anew.text
        result = bench.result()
    assert (result["counts"]["ok"], result["diagnostics"]["read"]["constrained"]) == (bench.n, "no")


def test_what_a_schema_could_not_hold_or_would_spoil_is_refused_in_one_sentence(bench: Bench) -> None:
    with ProviderService("openai", prose) as judge:
        for method, said in [
            ({"style": "letter"}, "constrain is 'auto', but no parser of this judge reads JSON"),
            (
                {"parser": {"type": "logprob_of_decision", "decisions": {"correct": ["A"], "incorrect": ["B"]}}},
                "constrain is 'auto', but the judge reads log-probabilities, which a schema would change.",
            ),
        ]:
            done = judged(bench, judge, "auto", **method)
            assert done.code == 2, done.text
            assert f"held.py: judges.judge.{said}" in done.err
        assert "constrain is 'yes', but must be one of off, auto, require." in judged(bench, judge, "yes").err
        assert not judge.requests
