"""What holds of every shipped judge method, verdict parser and aggregation, whatever it is given.

All are enumerated from the package, so a new one is held to this without an entry here.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
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
    higher_score,
)
from judgebench.judges.core.contract import Case, JudgeMethod, NotRecordedError, aggregation_of, method_from, parser_of
from judgebench.judges.parsers.reading import Reading, unparsed
from judgebench.plugins.rooms import shipped
from judgebench.records.flow import Prompt, Reply, TokenLogprob, Verdict
from tests.judges.test_parsers import PARSERS
from tests.judges.test_shipped_methods import CONFIGS, ITEM, method

HALVES = "judgebench.judges.aggregations.higher_score"
"""The aggregation whose first half of presentations grades one answer, the second half another."""
AGGREGATIONS: dict[str, Aggregation] = {**DECISION_AGGREGATIONS, **SCORE_AGGREGATIONS, HALVES: higher_score}

READ = {
    **dict.fromkeys(DECISION_AGGREGATIONS, Reading(status="ok", decision="A>B", score=None)),
    **dict.fromkeys(SCORE_AGGREGATIONS, Reading(status="ok", score=3.0)),
    "logprob_mean": Reading(status="ok", decision="A", score=0.75, values={"p": {"A": 0.75, "B": 0.25}}),
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
    "logprob_mean": (("A", 0.75), ("A", 0.75), (None, None)),
    HALVES: ((None, None), ("tie", 0.0), ("A", 2.0)),
}
CONTRARY = {
    **dict.fromkeys(DECISION_AGGREGATIONS, Reading(status="ok", decision="B>A")),
    **dict.fromkeys(SCORE_AGGREGATIONS, Reading(status="ok", score=1.0)),
    "logprob_mean": Reading(status="ok", decision="B", score=0.25, values={"p": {"A": 0.25, "B": 0.75}}),
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


def test_every_fold_has_its_documented_values() -> None:
    assert DOCUMENTED.keys() == AGGREGATIONS.keys() == READ.keys() == CONTRARY.keys()


@pytest.mark.parametrize("name", AGGREGATIONS)
class TestEveryFold:
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

    def test_no_view_and_no_readable_view_decide_nothing(self, name: str) -> None:
        silent = unparsed("it says nothing")
        choices: list[Any] = ["unparsed", "drop", "tie" if name in DECISION_AGGREGATIONS else 3.0]
        for unread in choices:
            assert combined(name, [], unread).status == "unparsed"
            assert combined(name, presentations(silent, silent), unread).reason == "it says nothing"

    def test_a_view_without_what_the_fold_reads_is_no_verdict(self, name: str) -> None:
        lacking = (
            Reading(status="ok", score=1.0) if name in DECISION_AGGREGATIONS else Reading(status="ok", decision="A")
        )
        if name != "first":  # takes whatever the first presentation says
            assert combined(name, presentations(READ[name], lacking)).status == "unparsed"

    def test_an_unread_view_leaves_the_item_unread_or_is_dropped(self, name: str) -> None:
        silent = unparsed("it says nothing")
        assert combined(name, presentations(READ[name], silent)).status == "unparsed"
        if name != HALVES:  # without a presentation of the second answer there is nothing to compare
            assert combined(name, presentations(READ[name], silent), "drop") == combined(
                name, presentations(READ[name])
            )

    def test_weights_count_where_the_fold_looks_at_them(self, name: str) -> None:
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
    assert (verdict.decision, verdict.details["outcome_weights"]) == ("A", [1000.0, 1.0])
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
    "step_list": "step_list",
}


def test_every_grammar_is_set_up() -> None:
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
def test_a_reply_that_says_nothing_is_unread_by_every_grammar_with_a_reason(name: str) -> None:
    parser = parser_of(SETUPS[name])
    for reply in EMPTY:
        reading = parser.read(reply)
        assert reading == parser.read(reply)
        if parser.guesses:
            continue  # mirrors a tool that decides all the same
        assert (reading.status, reading.decision, reading.score) == ("unparsed", None, None), reply
        assert reading.reason


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


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_method_bears_what_an_item_lacks_and_replies_that_say_nothing(path: Path) -> None:
    """No verdict is made up, and nothing raises but a sentence that names what the prompt needs."""

    async def says_nothing(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        return Reply(status="ok", text="")

    for item in LACKING:
        told = []
        for _ in range(2):
            try:
                told.append(asyncio.run(method(path).judge(item, says_nothing)))
            except ConfigError as error:
                told.append(error.message)
        assert told[0] == told[1]
        if isinstance(verdict := told[0], Verdict):
            json.dumps(msgspec.to_builtins(verdict))
            assert verdict.status == "ok" or (verdict.decision, verdict.score) == (None, None)
            assert verdict.status == "ok" or verdict.reason


@pytest.mark.parametrize("rule", sorted((one for one in shipped_methods() if not getattr(one, "asks", True)), key=str))
def test_a_rule_bears_what_an_item_lacks(rule: Any) -> None:
    if rule.__name__ in ("Panel", "Gated", "PessimisticChoice"):
        pytest.skip("is made of other judges")
    for item in LACKING:
        verdict = asyncio.run(rule().judge(item, _nobody))
        assert verdict.status in ("ok", "unparsed", "not_judged")
        assert verdict.status == "ok" or (verdict.reason and verdict.decision is None)
