"""What holds of every shipped judge method, verdict parser and aggregation, whatever it is given.

All are enumerated from the package, so a new one is held to this without an entry here.
"""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import msgspec
import pytest

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.judges.aggregations import (
    DECISION_AGGREGATIONS,
    NO_WEIGHT,
    SCORE_AGGREGATIONS,
    WEIGHING,
    Aggregation,
    PresentationReading,
    aggregated,
    aggregation_of,
    higher_score,
)
from judgebench.judges.core.contract import Case, JudgeMethod, NotRecordedError, method_from
from judgebench.judges.methods.probe import Probe
from judgebench.judges.parsers.reading import Reading, parser_of, unparsed
from judgebench.plugins.rooms import shipped
from judgebench.records.flow import Prompt, Reply, TokenLogprob, Verdict
from tests.e2e.loopback_judge import loopback_judge
from tests.judges.test_parsers import PARSERS
from tests.judges.test_shipped_methods import CONFIGS, ITEM, RIGHT, WRONG, FileIdentity, decided, method

HALVES = "judgebench.judges.aggregations.higher_score"
"""The aggregation whose first half of presentations grades one answer, the second half another."""
AGGREGATIONS: dict[str, Aggregation] = {**DECISION_AGGREGATIONS, **SCORE_AGGREGATIONS, HALVES: higher_score}

READ = {
    **dict.fromkeys(DECISION_AGGREGATIONS, Reading(status="ok", decision="A>B", score=None)),
    **dict.fromkeys(SCORE_AGGREGATIONS, Reading(status="ok", score=3.0)),
    "logprob_mean": Reading(status="ok", decision="A", score=0.75, probabilities={"A": 0.75, "B": 0.25}),
    HALVES: Reading(status="ok", score=3.0),
}
"""What a presentation says that the aggregation can read."""

# label, score: of one presentation, of equal presentations, of a presentation and its exact contrary
DOCUMENTED: dict[str, tuple[tuple[Any, Any], tuple[Any, Any], tuple[Any, Any]]] = {
    "first": (("A>B", None), ("A>B", None), ("A>B", None)),
    "counter": (("A", None), ("A", None), ("tie", None)),
    "both_or_tie": (("A>B", None), ("A>B", None), ("tie", None)),
    "both_required": (("A>B", None), ("A>B", None), ("inconsistent", None)),
    "each_counts": (("A>B", None), ("A>B", None), ("split", None)),
    "weighted_pool": (("A", 1.0), ("A", 1.0), ("tie", 0.5)),
    "majority": (("A>B", 1.0), ("A>B", 1.0), (None, None)),
    "unanimous": (("A>B", None), ("A>B", None), (None, None)),
    "mean_score": ((None, 3.0), (None, 3.0), (None, 2.0)),
    "median_score": ((None, 3.0), (None, 3.0), (None, 2.0)),
    "min_score": ((None, 3.0), (None, 3.0), (None, 1.0)),
    "max_score": ((None, 3.0), (None, 3.0), (None, 3.0)),
    "geometric_mean": ((None, 3.0), (None, 3.0), (None, 3.0**0.5)),
    "logprob_mean": (("A", 0.75), ("A", 0.75), (None, None)),
    HALVES: ((None, None), ("tie", 0.0), ("A", 2.0)),
}
CONTRARY = {
    **dict.fromkeys(DECISION_AGGREGATIONS, Reading(status="ok", decision="B>A")),
    **dict.fromkeys(SCORE_AGGREGATIONS, Reading(status="ok", score=1.0)),
    "logprob_mean": Reading(status="ok", decision="B", score=0.25, probabilities={"A": 0.25, "B": 0.75}),
    HALVES: Reading(status="ok", score=1.0),
}


def presentations(*readings: Reading, repeats: int = 1, weight: float = 1.0) -> list[PresentationReading]:
    return [
        PresentationReading(presentation=f"v{at}", repeat=repeat, reading=reading, weight=weight)
        for at, reading in enumerate(readings)
        for repeat in range(repeats)
    ]


def combined(name: str, given: list[PresentationReading], unread: Any = "unparsed") -> Reading:
    function, config = aggregation_of({"type": name, "unread": unread})
    assert function is AGGREGATIONS[name]
    found = aggregated(given, function, config)
    if found.status == "unparsed":
        assert found.reason
        assert (found.decision, found.score) == (None, None)
    json.dumps(msgspec.to_builtins(found))
    return found


def test_every_aggregation_has_its_documented_values() -> None:
    assert DOCUMENTED.keys() == AGGREGATIONS.keys() == READ.keys() == CONTRARY.keys()


@pytest.mark.parametrize("name", AGGREGATIONS)
class TestEveryAggregation:
    def test_it_gives_the_documented_values(self, name: str) -> None:
        given = (
            presentations(READ[name]),
            presentations(READ[name], READ[name]),
            presentations(READ[name], CONTRARY[name]),
        )
        for some, (decision, score) in zip(given, DOCUMENTED[name], strict=True):
            found = combined(name, some)
            assert (found.decision, found.score) == (decision, score)
            assert found.status == ("ok" if (decision, score) != (None, None) else "unparsed")

    def test_equal_repeats_say_what_one_says(self, name: str) -> None:
        for readings in ((READ[name],), (READ[name], CONTRARY[name])):
            once, often = combined(name, presentations(*readings)), combined(name, presentations(*readings, repeats=8))
            assert (often.status, often.decision, often.score) == (once.status, once.decision, once.score)

    def test_no_presentation_and_no_readable_presentation_decide_nothing(self, name: str) -> None:
        silent = unparsed("it says nothing")
        choices: list[Any] = ["unparsed", "drop", "tie" if name in DECISION_AGGREGATIONS else 3.0]
        for unread in choices:
            assert combined(name, [], unread).status == "unparsed"
            assert combined(name, presentations(silent, silent), unread).reason == "it says nothing"

    def test_a_presentation_without_what_the_aggregation_reads_is_no_verdict(self, name: str) -> None:
        lacking = (
            Reading(status="ok", score=1.0) if name in DECISION_AGGREGATIONS else Reading(status="ok", decision="A")
        )
        if name != "first":  # takes whatever the first presentation says
            assert combined(name, presentations(READ[name], lacking)).status == "unparsed"

    def test_an_unread_presentation_leaves_the_item_unread_or_is_dropped(self, name: str) -> None:
        silent = unparsed("it says nothing")
        assert combined(name, presentations(READ[name], silent)).status == "unparsed"
        if name != HALVES:  # without a presentation of the second answer there is nothing to compare
            assert combined(name, presentations(READ[name], silent), "drop") == combined(
                name, presentations(READ[name])
            )

    def test_weights_count_where_the_aggregation_looks_at_them(self, name: str) -> None:
        heavy, light = (
            presentations(READ[name])[0],
            msgspec.structs.replace(presentations(CONTRARY[name])[0], presentation="v1", weight=1.0),
        )
        given = [msgspec.structs.replace(heavy, weight=1000.0), light]
        if name in WEIGHING:
            alone, found = combined(name, [heavy]), combined(name, given)
            assert found.decision == alone.decision
            assert found.score == pytest.approx(alone.score, abs=0.01)
            nothing = combined(name, presentations(READ[name], CONTRARY[name], weight=0.0))
            assert (nothing.status, nothing.reason) == ("unparsed", NO_WEIGHT)
        elif name != HALVES:
            assert combined(name, given) == combined(name, [heavy, light])


def declared(aggregate: str, *weights: float) -> JudgeMethod:
    parser = (
        {"type": "score_line"}
        if aggregate in SCORE_AGGREGATIONS
        else {"type": "anchored", "decisions": {"A": "A", "B": "B"}}
    )
    asked = [{"name": f"v{at}", "prompt": "?", "weight": weight} for at, weight in enumerate(weights)]
    options = {"presentations": asked, "parser": parser, "aggregate": {"type": aggregate, "unread": "drop"}}
    return method_from("judgebench.judges.core.declared.DeclaredJudge", options, where="method")


@pytest.mark.parametrize(
    ("aggregate", "weights", "words"),
    [
        ("mean_score", (0.0, 0.0), "all weights are 0"),
        ("weighted_pool", (0.0,), "all weights are 0"),
        ("mean_score", (-1.0, 2.0), "a weight must be a number from 0, not -1.0"),
        ("mean_score", (float("nan"), 1.0), "a weight must be a number from 0"),
        ("majority", (2.0, 1.0), "majority ignore weights"),
    ],
)
def test_weights_that_mean_nothing_are_refused_before_anything_is_asked(
    aggregate: str, weights: tuple[float, ...], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        declared(aggregate, *weights)


def panel(**options: Any) -> JudgeMethod:
    return method_from("judgebench.judges.wrappers.panel.Panel", options, where="method")


def test_a_panel_weighs_its_members_and_refuses_weights_that_nothing_looks_at() -> None:
    pool = {"type": "weighted_pool", "unread": "drop"}
    said = {name: Verdict(status="ok", decision=name) for name in ("A", "B")}
    item = msgspec.structs.replace(ITEM, verdicts=said)
    verdict = asyncio.run(panel(aggregate=pool, weights={"A": 1000.0}).judge(item, _nobody))
    assert (verdict.decision, [one.weight for one in verdict.outcomes]) == ("A", [1000.0, 1.0])
    nothing = asyncio.run(panel(aggregate=pool, weights={"A": 0.0, "B": 0.0}).judge(item, _nobody))
    assert (nothing.status, nothing.reason) == ("unparsed", NO_WEIGHT)
    with pytest.raises(ConfigError, match="majority ignore weights"):
        panel(aggregate={"type": "majority", "unread": "drop"}, weights={"A": 2.0})
    panel(
        aggregate={"type": "majority", "unread": "drop"},
        scores={"type": "mean_score", "unread": "drop"},
        weights={"A": 2.0},
    )


LETTERS = {"type": "anchored", "decisions": {"A": "A", "B": "B"}}
SETUPS: dict[str, Any] = {
    **PARSERS,
    "chosen_by": {"type": "chosen_by", "field": "form", "parsers": {"x": LETTERS}},
    "first_readable": {"type": "first_readable", "parsers": [LETTERS, "trailing_int"]},
    **{name: name for name in ("step_list", "score_list", "viescore_list", "letter_order", "aisbench_int_list")},
    "word_scale": {"type": "word_scale", "words": {"poor": 1, "good": 2}},
    "criteria_sums": {"type": "criteria_sums", "criteria": ["look"]},
}


def test_every_parser_is_set_up() -> None:
    known = {plugins.split(spec, where="parser")[0] for spec in SETUPS.values()}
    assert known >= shipped("parsers").keys(), "a new parser needs a setup"


EMPTY = [
    Reply(status="ok"),
    Reply(status="ok", text=" \n\t "),
    Reply(status="ok", text="", finish_reason="length"),
    Reply(status="ok", text="", reasoning="Surely A. VERDICT: A, [[A]], 7"),
    Reply(status="ok", text="", logprobs=[]),
    Reply(status="ok", text="", logprobs=[TokenLogprob(token="", logprob=0.0)]),
    Reply(status="ok", text="", extra={"form": "x"}),
]


@pytest.mark.parametrize("name", SETUPS)
def test_a_reply_that_says_nothing_is_unread_by_every_parser_with_a_reason(name: str) -> None:
    parser = parser_of(SETUPS[name])
    for reply in EMPTY:
        reading = parser.read(reply)
        assert reading == parser.read(reply)
        if parser.guesses:
            continue  # mirrors a tool that decides all the same
        assert (reading.status, reading.decision, reading.score) == ("unparsed", None, None), reply
        assert reading.reason


# a reply and the decision and score that it states
SAID_SO: dict[str, tuple[Reply, str | None, float | None]] = {
    "score_list": (Reply(status="ok", text='{"reasoning": "ok", "score": [6, 8]}'), None, 6),
    "viescore_list": (Reply(status="ok", text='{"score": [6, 8.9]}'), None, 0.6),
    "letter_order": (Reply(status="ok", text="The best one first: [[C, A, B]]"), "CAB", None),
    "aisbench_int_list": (Reply(status="ok", text="Scores: [7, 4]."), None, 4),
    "word_scale": (Reply(status="ok", text="It is fine.\nRating: Good"), None, 2),
    "letter": (Reply(status="ok", text="Reasons.\n\nVERDICT: B"), "incorrect", None),
    "word": (Reply(status="ok", text="VERDICT: CORRECT"), "correct", None),
    "three": (Reply(status="ok", text="C"), "invalid", None),
    "json": (Reply(status="ok", text='{"verdict": "correct"}'), "correct", None),
    "match": (Reply(status="ok", text='{"match": false}'), "incorrect", None),
    "hle": (Reply(status="ok", text='{"correct": "yes", "confidence": 80}'), "correct", None),
    "nested": (Reply(status="ok", text='{"a": {"b": "x"}}'), "x", None),
    "jsonscore": (Reply(status="ok", text='{"score": 7.5}'), None, 7.5),
    "score10": (Reply(status="ok", text="Reasons.\n\nScore: 7/10"), None, 7.0),
    "score5": (Reply(status="ok", text="SCORE: 4"), None, 4.0),
    "threshold": (Reply(status="ok", text="SCORE: 6"), "good", 6.0),
    "two": (Reply(status="ok", text="8 7.5\nReasons."), "A", 0.5),
    "lastlines": (Reply(status="ok", text="Score of answer 1: 4\nScore of answer 2: 9"), "B", -5.0),
    "numbers": (Reply(status="ok", text="8 9 7\nReasons."), None, 9.0),
    "trailing": (Reply(status="ok", text="I grade this as 6"), None, 6.0),
    "boxed": (Reply(status="ok", text="So \\boxed{A}."), "correct", None),
    "unique": (Reply(status="ok", text="It is [[A>>B]]."), "A", None),
    "last": (Reply(status="ok", text="[[A>B]]</think>It is [[B>A]]"), "B", None),
    "first": (Reply(status="ok", text="Rating: [[9]]"), None, 9.0),
    "table": (Reply(status="ok", text="Output (b) is better."), "2", None),
    "tagged": (Reply(status="ok", text="<answer>4</answer>"), None, 4.0),
    "tagged_pair": (Reply(status="ok", text="<answer>4, 2</answer>"), "A", 2.0),
    "tagged_label": (Reply(status="ok", text="<answer>b</answer>"), "B", None),
    "logprob": (
        Reply(
            status="ok",
            text=" yes",
            logprobs=[TokenLogprob(token=" yes", logprob=-0.1, top={" yes": math.log(0.9), " no": math.log(0.1)})],
        ),
        "yes",
        0.9,
    ),
    "chosen_by": (Reply(status="ok", text="A", extra={"form": "x"}), "A", None),
    "first_readable": (Reply(status="ok", text="I grade this as 6"), None, 6.0),
    "step_list": (Reply(status="ok", text='[{"step": 0, "correct": true}, {"step": 1, "correct": false}]'), None, 1.0),
    "aisbench": (Reply(status="ok", text="The answer is B"), "incorrect", None),
    "opencompass": (Reply(status="ok", text="A, not B"), "correct", None),
    "criteria_sums": (Reply(status="ok", text='{"look": {"A": 4, "B": 2}}'), "A", 2.0),
}


def test_every_parser_has_its_documented_reading() -> None:
    assert SAID_SO.keys() == SETUPS.keys()


@pytest.mark.parametrize("name", SETUPS)
def test_a_parser_gives_its_documented_reading_and_equal_replies_one(name: str) -> None:
    reply, decision, score = SAID_SO[name]
    parser = parser_of(SETUPS[name])
    reading = parser.read(reply)
    assert (reading.status, reading.decision) == ("ok", decision), reading
    assert reading.score == (None if score is None else pytest.approx(score))
    for same in (parser, parser_of(SETUPS[name])):
        assert [same.read(msgspec.structs.replace(reply)) for _ in range(5)] == [reading] * 5


async def _nobody(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
    raise NotRecordedError


def shipped_methods() -> set[type]:
    """Return every class of the package that is a judge method of its own, rules among them."""
    return {plugins.load(name, "judges") for name in shipped("judges")}


LACKING: list[Case] = [
    msgspec.structs.replace(ITEM, answer=""),
    msgspec.structs.replace(ITEM, reference=None),
    msgspec.structs.replace(ITEM, baseline=None),
    msgspec.structs.replace(ITEM, meta={}),
    msgspec.structs.replace(ITEM, meta=dict.fromkeys(ITEM.meta, 7)),
    msgspec.structs.replace(ITEM, answer="", reference=None, baseline="", meta={}, answers=[], truncated=True),
    Case(id=0, uid="0" * 16, repeat=0, fields={}, reference=None, answer=""),
    msgspec.structs.replace(ITEM, baseline=ITEM.answer),
]


LABELLED = {"type": "unique_decision", "patterns": [r"VERDICT: (\w+)"], "decisions": {"A": "A", "B": "B"}}
ADDED: dict[str, dict[str, Any]] = {
    "bias_test": {"type": "BiasTest", "judge": {"type": "ReferenceVerifier"}, "perturbations": ["bandwagon"]},
    "continued": {
        "type": "ContinuedJudge",
        "presentations": [{"name": "one", "prompt": "{answer}\n\nVERDICT: A or VERDICT: B?"}],
        "parser": LABELLED,
        "aggregate": {"type": "first", "unread": "unparsed"},
    },
    "critiqued": {"type": "Critiqued", "judge": {"type": "ReferenceVerifier"}, "critiques": ["malicious"]},
    "criteria_met": {
        "type": "CriteriaMet",
        "prompts": {
            "criterion": '{question}\n{fence}\n{answer}\n{fence}\n[{points}] {criterion}\nSay {{"criteria_met": true}}'
        },
    },
    "parts_in_order": {
        "type": "PartsInOrder",
        "prompts": {"part": '{part}{previous}{official}\n{fence}\n{candidate}\n{fence}\nSay {{"verdict": "correct"}}'},
    },
    "own_scale": {
        "type": "OwnScale",
        "prompt": [{"role": "user", "content": "{answer}\n\nLet me think. VERDICT: A or VERDICT: B? {scale}"}],
    },
}
"""Methods that no shipped judge config is made of."""
MADE = {path.stem: path for path in CONFIGS}


def judge_of(name: str) -> JudgeMethod:
    if name in MADE:
        return method(MADE[name])
    kind, options = plugins.split(ADDED[name], where="method")
    return method_from(kind, options, where="method")


# decision and score where the answer is right, and where it is wrong; judged by one who sees which it is
VERDICTS: dict[str, tuple[tuple[str | None, float | None], tuple[str | None, float | None]]] = {
    **dict.fromkeys(
        ("bias_checked", "bias_test", "cascade_math", "consultancy", "correctness_json", "correctness_letter",
         "correctness_threeway", "correctness_word", "critiqued", "debate", "direct", "think_longer", "validators",
         "verified"),
        (("correct", None), ("incorrect", None)),
    ),
    **dict.fromkeys(("deliberation", "repeat_vote"), (("correct", 1.0), ("incorrect", 1.0))),
    **dict.fromkeys(
        ("pair_compare", "pair_contextual", "pair_debate", "pair_prepared", "pair_round_robin", "pair_swap_resolved"),
        (("A", None), ("B", None)),
    ),
    **dict.fromkeys(("pair_baseline", "pair_levels"), (("A", 1.0), ("B", 0.0))),
    "pair_scores": (("A", 7.0), ("B", -7.0)),
    "score_criteria": ((None, 100.0), (None, 0.0)),
    "score_precompared": ((None, 300.0), (None, 100.0)),
    "score_reference": ((None, 10.0), (None, 1.0)),
    **dict.fromkeys(("aspects_roscoe", "score_rubric", "score_tagged"), ((None, 5.0), (None, 1.0))),
    "score_weighted": (("5", 5.0), ("1", 1.0)),
    "short_answers": (("correct", 1.0), ("incorrect", 0.0)),
    "gated_score": ((None, 6.0), (None, 1.0)),
    **dict.fromkeys(("steps_first_wrong", "steps_list"), (("correct", -1.0), ("incorrect", 0.0))),
    # what these judge stands in further columns
    "choose_solution": (("correct", None), ("correct", None)),
    "conversation_pair": (("A", None), ("A", None)),
    "conversation_score": ((None, 10.0), (None, 10.0)),
    "list_scores": (("2", 9.0), ("2", 9.0)),
    "continued": (("A", None), ("B", None)),
    "own_scale": (("A", None), ("B", None)),
    "criteria_met": ((None, 0.6), (None, 0.0)),
    "parts_in_order": ((None, 1.0), (None, 0.0)),
}  # fmt: skip
FURTHER: dict[str, dict[str, Any]] = {
    "choose_solution": {"solutions": [f"{WRONG}: 7", f"{RIGHT}: 6"]},
    "own_scale": {"kind": "categorical", "labels": ["A", "B"]},
    "parts_in_order": {"proof_parts": [{"problem": "Which is it?", "solution": ""}]},
    "criteria_met": {
        "rubrics": [{"criterion": "It is right.", "points": 5}, {"criterion": "It says which.", "points": -2}]
    },
}
"""What an item needs beside what all have."""


def test_every_method_is_judged_with_and_has_its_documented_verdicts() -> None:
    made = {type(judge_of(name)) for name in [*MADE, *ADDED]}
    made |= {Probe}  # it is made of a file; tests/training/test_probes.py judges with one
    assert made | {one for one in shipped_methods() if not one.asks} == shipped_methods()  # type: ignore[attr-defined]
    assert VERDICTS.keys() == {*MADE, *ADDED}


@pytest.mark.parametrize("name", VERDICTS)
def test_a_method_gives_its_documented_verdict_and_equal_items_and_repeats_one(name: str) -> None:
    meta = {**ITEM.meta, **FURTHER.get(name, {})}
    for (answer, other), stated in zip(((RIGHT, WRONG), (WRONG, RIGHT)), VERDICTS[name], strict=True):
        item = msgspec.structs.replace(ITEM, answer=answer, baseline=other, meta=meta)
        verdicts = [
            decided(judge_of(name), FileIdentity(_sees), one)
            for one in (
                item,
                msgspec.structs.replace(item, repeat=1),
                msgspec.structs.replace(item, id=4, uid="99112233445566aa"),
            )
        ]
        found = [(one.status, one.decision, one.score) for one in verdicts]
        assert found == [("ok", stated[0], pytest.approx(stated[1]) if stated[1] is not None else None)] * 3


def _sees(body: dict[str, Any]) -> Any:
    text = json.dumps(body["messages"])
    if "VERDICT: A or VERDICT: B?" not in text:
        return loopback_judge(body)
    if "Let me think." not in text:
        return "Let me think."
    return "VERDICT: A" if RIGHT in text else "VERDICT: B"


@pytest.mark.parametrize("name", ADDED)
def test_replies_that_state_nothing_are_no_verdict_of_any_method(name: str) -> None:
    """Those of shipped configs are held to it beside what else they must keep."""
    item = msgspec.structs.replace(ITEM, meta={**ITEM.meta, **FURTHER.get(name, {})})
    verdict = decided(judge_of(name), FileIdentity(lambda _body: "That is hard to say."), item)
    assert (verdict.status, verdict.decision, verdict.score) == ("unparsed", None, None)
    assert verdict.reason


@pytest.mark.parametrize("name", [*MADE, *ADDED])
def test_a_method_bears_what_an_item_lacks_and_replies_that_say_nothing(name: str) -> None:
    """No verdict is made up, and nothing raises but a sentence that names what the prompt needs."""

    async def says_nothing(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        return Reply(status="ok", text="")

    for item in LACKING:
        told = []
        for _ in range(2):
            try:
                told.append(asyncio.run(judge_of(name).judge(item, says_nothing)))
            except ConfigError as error:
                told.append(error.message)
        assert told[0] == told[1]
        if isinstance(verdict := told[0], Verdict):
            json.dumps(msgspec.to_builtins(verdict))
            assert verdict.status == "ok" or (verdict.decision, verdict.score) == (None, None)
            assert verdict.status == "ok" or verdict.reason


class IsText:
    """Checks one instruction, as the programs that are published for them do: the answer is one text."""

    def __init__(self, name: str) -> None:
        self.name = name

    def build_description(self, text: str) -> None:
        self.text = text

    def get_instruction_args(self) -> dict[str, Any]:
        return {}

    def check_following(self, answer: str) -> bool:
        return answer == self.text


CHECKS = {"is": IsText}
RULES: dict[str, dict[str, Any]] = {
    "AcceptedForms": {},
    "ChoiceEqual": {},
    "ExactMatch": {},
    "FinalAnswerEqual": {},
    "InstructionsFollowed": {"checks": f"{__name__}.CHECKS"},
    "MathEqual": {},
    "NumberEqual": {},
    "PatternEqual": {"patterns": [r"(\w+)"]},
    "SpansEqual": {},
    "Surrogate": {"weights": {"characters": 1.0}},
    "Panel": {"aggregate": {"type": "majority", "unread": "drop"}},
}


def rule_of(name: str) -> JudgeMethod:
    return method_from(name, RULES[name], where="evaluator")


def ruled(name: str, item: Case) -> Verdict:
    async def by_rule() -> Verdict:
        rule = rule_of(name)
        try:
            return await rule.judge(item, _nobody)
        finally:
            await rule.aclose()

    return asyncio.run(by_rule())


def test_every_rule_is_scored_with() -> None:
    assert {type(rule_of(name)) for name in RULES} == {one for one in shipped_methods() if not one.asks}  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_bears_what_an_item_lacks(name: str) -> None:
    for item in LACKING:
        verdict = ruled(name, item)
        assert verdict.status in ("ok", "unparsed", "not_judged")
        assert verdict.status == "ok" or (verdict.reason and verdict.decision is None)


@pytest.mark.parametrize("name", [name for name in RULES if name != "Surrogate"])  # which prefers, and checks nothing
def test_a_rule_gives_its_documented_verdict_and_equal_items_and_repeats_one(name: str) -> None:
    fields = {"question": "Which?", "A": "six", "B": "seven"}
    reference, other = ("7", "6") if name in ("MathEqual", "NumberEqual", "FinalAnswerEqual") else ("B", "A")
    for answer, decision in ((reference, "correct"), (other, "incorrect")):
        members = {str(at): Verdict(status="ok", decision=decision) for at in range(3)}
        item = msgspec.structs.replace(ITEM, fields=fields, answer=answer, reference=reference, verdicts=members)
        item = msgspec.structs.replace(item, meta={**ITEM.meta, "instructions": [["is", {"text": reference}]]})
        for one in (item, item, msgspec.structs.replace(item, repeat=1), msgspec.structs.replace(item, id=4)):
            verdict = ruled(name, one)
            assert (verdict.status, verdict.decision) == ("ok", decision), verdict


def test_a_panel_of_no_member_and_one_of_which_nothing_was_read_decide_nothing() -> None:
    for members in ({}, {"a": Verdict(status="unparsed", reason="no verdict")}):
        verdict = ruled("Panel", msgspec.structs.replace(ITEM, verdicts=members))
        assert (verdict.status, verdict.decision, verdict.score) == ("unparsed", None, None)
        assert verdict.reason


def test_criteria_without_points_to_be_had_are_not_judged() -> None:
    item = msgspec.structs.replace(ITEM, meta={**ITEM.meta, "rubrics": [{"criterion": "It is rude.", "points": -2}]})
    verdict = asyncio.run(judge_of("criteria_met").judge(item, _nobody))
    assert (verdict.status, verdict.reason) == ("not_judged", "no criterion of the item has points above 0")
