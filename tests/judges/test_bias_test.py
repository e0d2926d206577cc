"""A bias test asks a judge what it always asks, once more, and about each changed item; no more and no less."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import CallFailedError, Case, NotRecordedError, method_of
from judgebench.judges.wrappers.bias_test import BiasTest
from judgebench.judges.wrappers.perturbed import shipped
from judgebench.records.findings import BiasFindings, RepeatedVerdict
from judgebench.records.flow import Failure, Prompt, Reply, Verdict
from judgebench.records.run import Typed

PAIR = {"type": "PairComparison", "aggregate": {"type": "both_or_tie", "unread": "unparsed"}}
ONE_ORDER = {**PAIR, "orders": ["AB"], "aggregate": {"type": "first", "unread": "unparsed"}}
POINT = {"type": "ReferenceVerifier"}
FIRST, SECOND = "The first of them.", "The second of them."


def item(**keys: Any) -> Case:
    base = {"id": 1, "uid": "ab" * 8, "repeat": 0, "fields": {"question": "Q?"}, "reference": "R", "answer": FIRST}
    return Case(**{**base, "baseline": SECOND, **keys})


def method(judge: dict[str, Any], *perturbations: Any, **keys: Any) -> BiasTest:
    options = {"judge": judge, "perturbations": list(perturbations), **keys}
    made = method_of(Typed(type="BiasTest", options=options))
    assert isinstance(made, BiasTest)
    return made


class FileIdentity:
    """Answers by a function of presentation and prompt; keeps presentations and numbered questions."""

    def __init__(self, answer: Callable[[str, str], str | Reply]) -> None:
        self.answer = answer
        self.presentations: list[str] = []
        self.recorded: dict[tuple[str, int], Reply] = {}

    async def __call__(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        key = json.dumps([prompt, params])
        number = sum(one == key for one, _ in self.recorded)
        self.presentations.append(presentation)
        said = self.answer(presentation, str(prompt))
        await asyncio.sleep(0)
        reply = said if isinstance(said, Reply) else Reply(status="ok", text=f"VERDICT: {said}")
        self.recorded[key, number] = reply
        if reply.status != "ok":
            raise CallFailedError(reply)
        return reply


class Replayed(FileIdentity):
    """Answers from what was recorded, and nothing else."""

    def __init__(self, recorded: dict[tuple[str, int], Reply]) -> None:
        super().__init__(lambda _presentation, _prompt: "")
        self.known = recorded

    async def __call__(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        key = json.dumps([prompt, params])
        number = sum(one == key for one, _ in self.recorded)
        if (key, number) not in self.known:
            raise NotRecordedError
        reply = self.recorded[key, number] = self.known[key, number]
        if reply.status != "ok":
            raise CallFailedError(reply)
        return reply


def decided(judge: BiasTest, ask: Any, one: Case | None = None) -> Verdict:
    return asyncio.run(judge.judge(one or item(), ask))


def by_name(verdict: Verdict) -> dict[str, dict[str, Any]]:
    assert verdict.bias is not None
    return {one.test: msgspec.to_builtins(one) for one in verdict.bias.tests}


def first_shown(_presentation: str, _prompt: str) -> str:
    return "A"


def the_first(_presentation: str, prompt: str) -> str:
    """Prefers one answer wherever it stands."""
    return "A" if SECOND in prompt.partition(FIRST)[2] or SECOND not in prompt else "B"


class TestAsking:
    def test_what_is_asked_about_an_item(self) -> None:
        asked = FileIdentity(the_first)
        verdict = decided(method(PAIR, "bandwagon", "position"), asked)
        assert asked.presentations == [
            "AB",
            "BA",
            "again-AB",
            "again-BA",
            "bandwagon-AB",
            "bandwagon-BA",
            "position-AB",
            "position-BA",
        ]
        assert (verdict.status, verdict.decision) == ("ok", "A")
        assert verdict.bias.again == [RepeatedVerdict(status="ok", decision="A")]

    def test_the_unchanged_item_is_asked_exactly_as_the_judge_alone_asks(self) -> None:
        alone, tested = FileIdentity(the_first), FileIdentity(the_first)
        inner = method_of(Typed(type="PairComparison", options={k: v for k, v in PAIR.items() if k != "type"}))
        plain = asyncio.run(inner.judge(item(), alone))
        verdict = decided(method(PAIR, "bandwagon"), tested)
        assert alone.recorded.items() <= tested.recorded.items(), "a recording of the judge serves its bias test"
        assert (verdict.decision, verdict.presentations) == (plain.decision, plain.presentations)

    def test_the_second_asking_is_the_same_question_again(self) -> None:
        asked = FileIdentity(the_first)
        decided(method(ONE_ORDER, "bandwagon", again=2), asked)
        assert [number for _, number in asked.recorded] == [0, 1, 2, 0]
        assert asked.presentations == ["AB", "again-AB", "again1-AB", "bandwagon-AB"]

    def test_no_second_asking_where_none_is_wanted(self) -> None:
        asked = FileIdentity(the_first)
        verdict = decided(method(ONE_ORDER, "bandwagon", again=0), asked)
        assert asked.presentations == ["AB", "bandwagon-AB"]
        assert verdict.bias.again == []

    def test_every_shipped_one_that_fits_by_default(self) -> None:
        pair, point = (
            decided(method(ONE_ORDER), FileIdentity(the_first)),
            decided(method(POINT), FileIdentity(first_shown), item(baseline=None)),
        )
        assert set(by_name(pair)) == set(shipped())
        assert set(by_name(pair)) - set(by_name(point)) == {"position", "option_rename"}

    def test_verdicts_can_be_derived_again(self) -> None:
        judge = method(PAIR)
        asked = FileIdentity(lambda presentation, _prompt: "B" if "verbosity" in presentation else "A")
        verdict = decided(judge, asked)
        replayed = Replayed(asked.recorded)
        assert decided(judge, replayed) == verdict
        assert replayed.recorded.keys() == asked.recorded.keys()
        json.dumps(verdict.details)

    def test_a_recording_without_a_perturbed_presentation_gives_no_verdict(self) -> None:
        asked = FileIdentity(the_first)
        decided(method(PAIR, "bandwagon"), asked)
        with pytest.raises(NotRecordedError):
            decided(method(PAIR, "bandwagon", "verbosity"), Replayed(asked.recorded))

    def test_it_goes_around_judges_that_ask_in_turn(self) -> None:
        asked = FileIdentity(lambda _presentation, prompt: "HOLDS" if "HOLDS" in prompt else "A")
        inner = {"type": "VerifiedJudge", "judge": POINT}
        verdict = decided(method(inner, "bandwagon"), asked, item(baseline=None))
        assert verdict.status == "ok"
        assert by_name(verdict)["bandwagon"]["decision"] == verdict.decision
        assert decided(method(inner, "bandwagon"), Replayed(asked.recorded), item(baseline=None)) == verdict


class TestReading:
    def test_a_preference_for_the_first_place_shows_as_a_flip_of_the_items_own_answers(self) -> None:
        verdict = decided(method(ONE_ORDER, "position"), FileIdentity(first_shown))
        assert by_name(verdict)["position"]["decision"] == "B"
        assert by_name(decided(method(ONE_ORDER, "position"), FileIdentity(the_first)))["position"]["decision"] == "A"

    def test_five_levels_are_mirrored(self) -> None:
        verdict = decided(method({**ONE_ORDER, "levels": 5}, "position"), FileIdentity(lambda *_: "A>>B"))
        assert by_name(verdict)["position"]["decision"] == "B>>A"

    def test_an_unread_perturbed_presentation_is_neither_a_verdict_nor_lost(self) -> None:
        verdict = decided(
            method(ONE_ORDER, "bandwagon"),
            FileIdentity(lambda presentation, _: "?" if "bandwagon" in presentation else "A"),
        )
        entry = by_name(verdict)["bandwagon"]
        assert (entry["status"], entry.get("decision")) == ("unparsed", None)
        assert verdict.decision == "A"

    def test_an_unread_unchanged_item_is_not_asked_about_further(self) -> None:
        asked = FileIdentity(lambda *_: "?")
        verdict = decided(method(ONE_ORDER, "bandwagon"), asked)
        assert (verdict.status, asked.presentations) == ("unparsed", ["AB"])
        assert verdict.bias == BiasFindings()

    def test_equal_answers_are_not_asked_about(self) -> None:
        asked = FileIdentity(first_shown)
        verdict = decided(method(ONE_ORDER), asked, item(baseline=FIRST))
        assert (verdict.decision, asked.presentations) == ("tie", [])

    def test_an_item_that_the_judge_cannot_be_asked_about_is_left_to_it(self) -> None:
        verdict = decided(method(POINT, "bandwagon"), FileIdentity(first_shown), item(baseline=None, reference=None))
        assert verdict.status == "not_judged"


class TestFaults:
    @staticmethod
    def failing(kind: str) -> FileIdentity:
        reply = Reply(status="failed", error=Failure(kind=kind, message="no"))
        return FileIdentity(lambda presentation, _prompt: reply if "injection" in presentation else "A")

    def test_a_fault_that_may_pass_leaves_the_item_to_be_asked_again(self) -> None:
        asked = self.failing("server")
        with pytest.raises(CallFailedError):
            decided(method(ONE_ORDER, "injection", "verbosity"), asked)
        assert "verbosity-AB" in asked.presentations, "what else was under way is recorded"

    @pytest.mark.parametrize("kind", ["content_filter", "context_length", "bad_request"])
    def test_a_presentation_that_the_service_will_always_refuse_is_counted_and_the_others_stand(
        self, kind: str
    ) -> None:
        verdict = decided(method(ONE_ORDER, "injection", "verbosity"), self.failing(kind))
        entry = by_name(verdict)["injection"]
        assert (entry["status"], entry["reason"], entry.get("decision")) == ("judge_failed", kind, None)
        assert by_name(verdict)["verbosity"]["decision"] == "A"

    def test_a_fault_about_the_unchanged_item_is_the_items(self) -> None:
        reply = Reply(status="failed", error=Failure(kind="bad_request", message="no"))
        with pytest.raises(CallFailedError):
            decided(method(ONE_ORDER, "injection"), FileIdentity(lambda *_: reply))


class TestWhatDoesNotFit:
    @pytest.mark.parametrize(
        ("judge", "names", "one", "said"),
        [
            (POINT, ["bandwagon", "position"], {"baseline": None}, "position makes no sense for single answers"),
            (POINT, ["option_rename"], {"baseline": None}, "option_rename makes no sense for single answers"),
            (
                POINT,
                [],
                {"answers": ["a", "b", "c"]},
                "a bias test makes no sense for items with more than two answers",
            ),
        ],
    )
    def test_it_is_refused_before_anything_is_asked(
        self, judge: dict[str, Any], names: list[str], one: dict[str, Any], said: str
    ) -> None:
        asked = FileIdentity(first_shown)
        with pytest.raises(ConfigError, match=said) as caught:
            decided(method(judge, *names), asked, item(**one))
        assert caught.value.hint
        assert asked.presentations == []

    def test_what_the_judge_is_not_shown_is_not_asked(self) -> None:
        blind = {**ONE_ORDER, "first": "fixed text", "second": "other text"}
        asked = FileIdentity(lambda *_: "A")
        verdict = decided(method(blind, "bandwagon", "position"), asked)
        assert asked.presentations == ["AB", "again-AB"]
        assert {one["skipped"] for one in by_name(verdict).values()} == {"not shown"}

    def test_what_does_not_apply_to_an_item_is_not_asked(self) -> None:
        asked = FileIdentity(the_first)
        verdict = decided(method(ONE_ORDER, "name_swap"), asked)
        assert by_name(verdict) == {"name_swap": {"test": "name_swap", "skipped": "does not apply"}}
        assert asked.presentations == ["AB", "again-AB"]

    @pytest.mark.parametrize(
        ("keys", "said"),
        [
            ({"again": -1}, "again"),
            ({"perturbations": ["verbosity", {"type": "verbosity", "words": 9}]}, "two have the same name"),
            ({"perturbations": [{"type": "verbosity", "name": "again"}]}, "again"),
            ({"perturbations": ["nope"]}, "nope"),
            ({"judge": {"type": "NumberEqual"}}, "never asks"),
        ],
    )
    def test_configs_that_cannot_work_are_refused(self, keys: dict[str, Any], said: str) -> None:
        with pytest.raises(ConfigError, match=said):
            method_of(Typed(type="BiasTest", options={"judge": POINT, **keys}))


def test_all_that_decides_the_figures_is_in_the_identity() -> None:
    made = [
        method(POINT, "bandwagon"),
        method(POINT, "verbosity"),
        method(POINT, {"type": "verbosity", "words": 9}),
        method(POINT, {"type": "verbosity", "words": 9, "name": "short"}),
        method(POINT, "bandwagon", again=2),
        method(POINT, "bandwagon", seed=1),
        method({**POINT, "style": "word"}, "bandwagon"),
    ]
    assert len({json.dumps(one.identity(), sort_keys=True) for one in made}) == len(made)
    assert set(method(POINT).identity()["perturbations"]) == set(shipped()), "a new one makes another version"
