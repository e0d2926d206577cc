"""Small mistakes of parsers and rules that a reader of verdicts would notice."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from judgebench import plugins
from judgebench.content.vectors import array_part
from judgebench.judges.core.contract import method_of
from judgebench.judges.methods.probe import Probe
from judgebench.judges.parsers.reading import Reading, parser_of
from judgebench.judges.probe_file import ProbeFacts, probe_bytes, read_probe, self_check
from judgebench.judges.probes import LinearProbe
from judgebench.judges.rules.answers import normalised
from judgebench.judges.rules.instructions import loose_forms
from judgebench.judges.rules.short_reference import kind_of
from judgebench.judges.rules.spans import compared
from judgebench.judges.rules.surrogate import FEATURES, features_of
from judgebench.plugins.rooms import shipped
from judgebench.records.flow import Reply
from judgebench.records.represent import Represent, StatesFacts
from judgebench.records.run import Typed
from tests.judges.test_contract import RULES, rule_of
from tests.judges.test_methods import Judge, item, judge
from tests.rules.items import judge as ruled
from tests.rules.items import judge_all

LETTERS = {"type": "anchored", "decisions": {"A": "correct", "B": "incorrect"}}
SCORE = {"type": "score_line", "low": 1, "high": 10}
WORDS = {"type": "word_scale", "words": {"Poor": 1, "Good": 2}}


def read(spec: Any, text: str) -> Reading:
    return parser_of(spec).read(Reply(status="ok", text=text))


def test_a_second_letter_in_the_same_breath_contradicts_the_first() -> None:
    assert read(LETTERS, "VERDICT: A (B)").status == "unparsed"
    assert read(LETTERS, "VERDICT: A (b)").decision == "correct", "as a letter is written it is declared"
    assert read(LETTERS, "A (incorrect)").status == "unparsed"


def test_a_sentence_that_is_the_whole_reply_may_name_the_better_answer() -> None:
    assert read(LETTERS, "B is the better one").decision == "incorrect"
    assert read(LETTERS, "**A** is the best answer").decision == "correct"


def test_what_is_struck_out_is_no_verdict() -> None:
    found = read(LETTERS, "~~VERDICT: A~~\nVERDICT: B")
    assert (found.decision, found.span) == ("incorrect", (24, 25))
    assert read(LETTERS, "~~VERDICT: A\nVERDICT: B").status == "unparsed", "what is not closed is not struck out"


def test_a_score_may_open_the_only_line() -> None:
    assert read(SCORE, "8 - it is clear and right").score == 8
    assert read(SCORE, "8/10 – Good work overall").score == 8
    assert read(SCORE, "8 - if the sources hold").status == "unparsed"
    assert read(SCORE, "8 - it is clear\nand right").status == "unparsed"


def test_another_score_after_a_box_takes_it_back() -> None:
    box = {"type": "boxed_last", "low": 1, "high": 10}
    assert read(box, r"\boxed{7}. It covers 3 of the 4 points.").score == 7
    assert read(box, r"\boxed{7}. So 8/10 overall.").status == "unparsed"
    assert read(box, r"\boxed{7}. Style 8/10.").status == "unparsed"


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Rating: Good", 2),
        ("**My rating is**: Good", None),
        ("I would say: Good", 2),
        ("I would not say: Good", None),
        ("I wouldn't say: Good", None),
        ("Never: Good", None),
        ("Note: Good", 2),
        ("Good\nNot: Good", None),
        ("Good\nPoor", None),
        ("Good\nRating: good", 2),
        ("If so: Good", None),
    ],
)
def test_a_label_that_denies_the_word_of_a_scale_leaves_it_unread(text: str, score: float | None) -> None:
    assert read(WORDS, text).score == score


def test_a_list_of_steps_may_begin_the_reply_and_hold_brackets() -> None:
    steps = [{"correct": True, "why": "see [1"}, {"correct": False, "why": "[2] and [3"}]
    found = read({"type": "step_list"}, json.dumps(steps))
    assert (found.score, [one.correct for one in found.steps]) == (1, [True, False])
    assert read({"type": "step_list"}, f"So: {json.dumps(steps)}").score == 1


def test_a_list_that_stops_at_a_first_step_that_is_wrong_says_enough() -> None:
    judged = item(fields={"question": "2+2?", "steps": ["one", "two", "three"]})
    found = judge("EveryStep", {}, judged, Judge(lambda *_: json.dumps([{"step": 0, "correct": False}])))
    assert (found.status, found.score, found.decision) == ("ok", 0, "incorrect")


def test_sums_that_differ_by_the_margin_are_a_tie() -> None:
    spec = {"type": "criteria_sums", "criteria": ["x"], "margin": 1}
    for first, second, decision in ((4, 3, "tie"), (3, 4, "tie"), (5, 3, "A"), (3, 5, "B"), (3, 3, "tie")):
        assert read(spec, json.dumps({"x": {"A": first, "B": second}})).decision == decision


def test_a_list_of_scores_ends_at_ten_unless_a_config_says_otherwise() -> None:
    assert read("score_list", "[10, 0]").score == 0
    assert read("score_list", "[10.5, 1]").status == "unparsed"
    assert read({"type": "score_list", "high": 20}, "[10.5, 11]").score == 10.5


CONFIGURED = [(room, name) for room in ("judges", "parsers", "perturbations") for name in sorted(shipped(room))]


@pytest.mark.parametrize(("room", "name"), CONFIGURED)
def test_a_misspelt_key_is_refused(room: Any, name: str) -> None:
    config = getattr(plugins.load(name, room), "Config", None)
    assert config is not None
    assert config.__struct_config__.forbid_unknown_fields


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("page-5", "page 5"),
        ("10-5", "10 5"),
        ("-5", "-5"),
        (".5", ".5"),
        ("x .5", "x .5"),
        ("v.5", "v 5"),
        ("3.5", "3.5"),
    ],
)
def test_a_sign_and_a_decimal_point_belong_to_their_number_alone(text: str, said: str) -> None:
    assert normalised(text) == said


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_says_what_decided(name: str) -> None:
    """Else two tables with other rules would look comparable."""
    found = rule_of(name).identity()
    assert {"rule", "revision"} <= found.keys() or "method" in found
    assert json.dumps(found) == json.dumps(rule_of(name).identity())


def test_a_span_with_other_numbers_is_another_span() -> None:
    assert compared(["3 dogs"], ["3 cats"]) == (False, 0.5)
    assert compared(["3 dogs"], ["4 dogs"]) == (False, 0.0)
    assert compared(["dogs"], ["4 dogs"]) == (False, 0.0)
    assert compared(["dogs", "3 cats"], ["3 cats", "dogs"]) == (True, 1.0)


def test_markdown_marks_are_counted_together() -> None:
    plain, marked = features_of("a b c", "q"), features_of("# a\n- b\n- **c**", "q")
    place = FEATURES.index("markdown")
    assert plain[place] == 0
    assert marked[place] == pytest.approx(np.log1p(1 + 2 + 1))


def test_a_short_reference_of_a_script_without_blanks_has_twelve_signs() -> None:
    assert kind_of("巴" * 12) == "words"
    assert kind_of("巴" * 13) == "text"


def test_an_answer_has_eight_loose_forms() -> None:
    assert loose_forms("a\n*b*\nc\nd") == [
        "a\n*b*\nc\nd", "*b*\nc\nd", "a\n*b*\nc", "*b*\nc",
        "a\nb\nc\nd", "b\nc\nd", "a\nb\nc", "b\nc",
    ]  # fmt: skip


class NeedsData:
    """A checker whose data are not installed."""

    def __init__(self, name: str) -> None:
        pass

    def build_description(self, **arguments: Any) -> None:
        pass

    def get_instruction_args(self) -> dict[str, Any]:
        return {}

    def check_following(self, answer: str) -> bool:
        raise LookupError("Resource punkt_tab not found.")


NEEDY = {"is": NeedsData}


def test_an_instruction_that_cannot_be_checked_is_unread_and_says_what_is_missing() -> None:
    rule = method_of(Typed(type="InstructionsFollowed", options={"checks": f"{__name__}.NEEDY"}))
    case = msgspec.structs.replace(item(), answer="text", meta={"instructions": [["is", {}]]})
    (found,) = judge_all(rule, [case])
    assert (found.status, found.decision) == ("unparsed", None)
    assert "is cannot be checked: NLTK's data punkt_tab are missing" in found.reason


@pytest.mark.parametrize(
    ("answer", "reference", "decision", "said"),
    [
        ("It's 5 pears", "5 apples", None, "It's 5 pears"),
        ("Seven pears", "5 apples", "incorrect", "Seven pears"),
        ("It is raining. The capital is Paris", "Paris", "correct", "Paris"),
        ("The capital is called Rome. The capital of France is Paris.", "Paris", "correct", "Paris"),
    ],
)
def test_words_are_compared_where_the_answer_states_them(
    answer: str, reference: str, decision: str | None, said: str
) -> None:
    rule = method_of(Typed(type="FinalAnswerEqual", options={}))
    found = ruled(rule, answer, reference)
    assert (found.decision, found.answer) == (decision, said)
    assert found.span is not None
    assert answer[slice(*found.span)] == said


def votes(classes: list[str]) -> LinearProbe:
    """A probe of pairs of classes: each feature is one pair's margin."""
    pairs = len(classes) * (len(classes) - 1) // 2
    return LinearProbe("linear_svm", np.zeros(pairs), np.ones(pairs), np.eye(pairs), np.zeros(pairs), np.array(classes))


def test_pairs_of_classes_vote_and_the_first_with_most_votes_is_taken() -> None:
    probe = votes(["a", "b", "c", "d"])
    # pairs: ab ac ad bc bd cd; above 0 votes for the first of the two
    rows = np.array([[1, 1, 1, 0, 0, 0], [-1, -1, -1, 1, 1, 1], [-1, -1, -1, -1, -1, 1], [-1, -1, -1, -1, -1, -1]])
    assert probe.predict(rows.astype(float)) == ["a", "b", "c", "d"]
    assert probe.predict(np.array([[1.0, -1.0, 1.0, 1.0, -1.0, -1.0]])) == ["a"]  # a 2, b 1, c 1, d 2
    assert probe.probabilities(rows.astype(float)) == [{}] * 4


def test_a_probe_that_predicts_otherwise_than_its_file_says_is_found_out(tmp_path: Path) -> None:
    probe = votes(["a", "b", "c"])
    facts = ProbeFacts(
        name="x", kind="linear_svm", prompt="{text}", represent=Represent(), states=StatesFacts(), self_check=["z"]
    )
    path = tmp_path / "x.probe.npz"
    path.write_bytes(probe_bytes(facts, probe))
    said = self_check(msgspec.structs.replace(read_probe(path), facts=facts))
    assert said is not None
    assert said.startswith("it predicts [")
    assert said.endswith("where the file says ['z']")


@pytest.mark.parametrize(("states", "status"), [({"span": "prompt"}, "ok"), ({}, "judge_failed")])
def test_a_probe_reads_no_states_but_those_of_its_training(tmp_path: Path, states: dict[str, str], status: str) -> None:
    probe = LinearProbe("lr", np.zeros(2), np.ones(2), np.ones((1, 2)), np.zeros(1), np.array([0, 1]))
    trained = StatesFacts(span="prompt")
    facts = ProbeFacts(name="x", kind="lr", prompt="{question}", represent=Represent(), states=trained)
    path = tmp_path / "x.probe.npz"
    path.write_bytes(probe_bytes(facts, probe))
    part, media = array_part(np.ones(2, dtype=np.float32))
    reply = Reply(status="ok", text="", parts=[part], media=media, extra={"represent": states})

    class Answers:
        """Gives the states, whatever it is asked."""

        async def __call__(self, prompt: Any, *, presentation: str = "", **params: Any) -> Reply:
            return reply

    verdict = asyncio.run(Probe(Probe.Config(probes=[str(path)])).judge(item(), Answers()))
    assert verdict.status == status
    if status == "ok":
        assert (verdict.score, sum(verdict.probabilities.values())) == (1, pytest.approx(1))
    else:
        assert "the states are of the span service, and the probe 'x' was trained on prompt" in verdict.reason
