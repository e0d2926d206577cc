"""Every parser on any text: it never raises, reads nothing that is not there, says where, and takes linear time."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import judgebench.judges.parsers as package
from judgebench.judges.methods.json_lists import last_list
from judgebench.judges.parsers.reading import Reading, parser_of
from judgebench.records.flow import Reply, TokenLogprob

LETTERS = {"A": "A", "B": "B", "C": "tie"}
FIVE = {"A>>B": "A>>B", "A>B": "A>B", "A=B": "tie", "B>A": "B>A", "B>>A": "B>>A"}
PARSERS: dict[str, dict[str, Any]] = {
    "letters": {"type": "anchored", "decisions": LETTERS},
    "words": {"type": "anchored", "decisions": {"CORRECT": "correct", "INCORRECT": "incorrect"}},
    "five levels": {"type": "anchored", "decisions": FIVE, "words": {"TIE": "tie"}},
    "unique_decision": {"type": "unique_decision", "patterns": [r"\[\[([AB<>=]+)\]\]"], "decisions": FIVE},
    "last_match": {
        "type": "last_match",
        "patterns": [r"\[\[([AB<>=]+)\]\]", r"\[([AB<>=]+)\]"],
        "decisions": FIVE,
        "ignore_case": True,
    },
    "first_match": {"type": "first_match", "patterns": [r"\[\[(\d+\.?\d*)\]\]", r"\[(\d+\.?\d*)\]"], "high": 10},
    "boxed_last": {"type": "boxed_last", "whole": True, "low": -1},
    "boxed label": {"type": "boxed_last", "decisions": LETTERS, "ignore_case": True},
    "first_line_two_numbers": {"type": "first_line_two_numbers"},
    "last_lines_two_numbers": {"type": "last_lines_two_numbers"},
    "trailing_int": {"type": "trailing_int", "low": 1, "high": 10},
    "json_field": {"type": "json_field", "field": "verdict", "decisions": LETTERS},
    "json number": {"type": "json_field", "field": "score", "low": 0, "high": 10},
    "step_list": {"type": "step_list"},
    "score_line": {"type": "score_line", "low": 1, "high": 10},
    "regex_table": {"type": "regex_table", "table": [["A", r"\bis better\b.*\bA\b"], ["B", r"\bB\b"]]},
    "first_readable": {
        "type": "first_readable",
        "parsers": ["trailing_int", {"type": "anchored", "decisions": LETTERS}],
    },
    "score list": {"type": "score_list", "count": 2},
    "word_scale": {"type": "word_scale", "words": {"A": 1, "not": 2, "correct": 3}},
    "words anywhere": {"type": "word_scale", "words": {"A": 1, "not": 2, "correct": 3}, "published": True},
    "criteria_sums": {"type": "criteria_sums", "criteria": ["look"]},
    "aisbench_last_char": {"type": "aisbench_last_char"},
    "opencompass_first_ab": {"type": "opencompass_first_ab"},
    "logprob_of_decision": {"type": "logprob_of_decision", "decisions": {"A": "m", "B": "M"}},
}
INNER = {"chosen_by", "patterns", "reading"}
"""What only hands a reply on to another parser, and what parsers share."""
_READS = re.compile(r"^    def (?:read\(self, reply|scores\(self, text)", re.MULTILINE)
SHIPPED = {
    path.stem
    for path in Path(package.__file__).parent.glob("*.py")
    if _READS.search(text := path.read_text("utf-8")) and "(Protocol)" not in text
}
PARSERS |= {name: {"type": name} for name in sorted(SHIPPED - INNER - {spec["type"] for spec in PARSERS.values()})}
MADE = {name: parser_of(spec) for name, spec in PARSERS.items()}
"""Those with keys that must be given are listed above; all others are here by themselves."""
_PIECES = (
    "Verdict: |VERDICT: A|verdict|Final |grade: |B|A|C|CORRECT|incorrect|[[A]]|[[A>B]]|[B>>A]|[[7]]|[[7.5]]|[[11]]|[|]]"
    '|\\boxed{|\\boxed{A}|\\boxed{-1}|\\boxed{\\text{3}}|}|{|{"verdict": "A"}|{"verdict": |"score": 7}|{"score": 7'
    '|[{"correct": true}]|[{"correct": false, "error_type": "x"}]|[{|9 4|9,4|Score of answer 1: 9|Score: 8/10'
    "|Rating: **8**|8 out of 10|7-8|10|-1|1e5|nan|٣|½|or|not|if |wait, |actually|</think>|<think>|: |\n|\r\n|\r|\n\n| "
    "|\t"
    '|{"score": [6, 8]}|[7, 8]|{"score": NaN}|CAB|[A][B]'
    "|\u2028|\x00|\ud800|İ|ſ|。|？|“|”|`|**|is better A|the answer is |my verdict is |I grade this as "
)
PIECES = _PIECES.split("|")
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
ENDINGS = st.sampled_from([None, "stop", "length", "content_filter"])

everywhere = pytest.mark.parametrize("name", MADE)
thorough = settings(
    max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def tokens_of(spec: dict[str, Any], decision: str) -> list[str]:
    """Return what may be written for a label."""
    tables = [one for one in spec.get("parsers", [spec]) if isinstance(one, dict)]
    found = [
        token
        for one in tables
        for key in ("decisions", "words")
        for token, own in one.get(key, {}).items()
        if own == decision
    ]
    return [*found, decision]


@everywhere
@thorough
@given(text=TEXTS, ending=ENDINGS)
def test_no_text_makes_it_raise_and_it_says_where_it_read(name: str, text: str, ending: str | None) -> None:
    found = MADE[name].read(Reply(status="ok", text=text, finish_reason=ending))
    assert found == MADE[name].read(Reply(status="ok", text=text, finish_reason=ending))
    if found.status == "unparsed":
        assert (found.decision, found.score, found.span) == (None, None, None)
        assert found.reason
        return
    assert found.decision is not None or found.score is not None
    orders = PARSERS[name]["type"] == "letter_order"
    assert found.decision is None or orders or found.decision in MADE[name].decisions()
    if found.span is None:
        assert found.values == {"guessed": True}  # the one rule that decides where nothing is written
        return
    start, end = found.span
    assert 0 <= start < end <= len(text)
    assert stands_in(found, text[start:end], PARSERS[name]), (found, text[start:end])


def stands_in(found: Reading, written: str, spec: dict[str, Any]) -> bool:
    """Whether the place that a reading names holds what was read."""
    if found.steps:
        steps: list[dict[str, Any]] = json.loads(written, strict=False)
        return [one["correct"] for one in steps] == [one.correct for one in found.steps]
    if found.pair is not None:
        return set(found.pair) <= set(_numbers_in(written))
    if spec["type"] in ("aisbench_last_char", "opencompass_first_ab"):
        return {"A": "correct", "B": "incorrect"}[written] == found.decision
    if spec["type"] == "letter_order":
        return found.decision == "".join(re.findall("[A-Z]", written.partition(":")[2] or written))
    if spec["type"] == "word_scale":
        return {word.lower(): number for word, number in spec["words"].items()}[written.lower()] == found.score
    if spec["type"] == "viescore_list":
        value = json.loads(written, strict=False)["score"]
        share = (min(map(int, value)) if isinstance(value, list) else float(value)) / 10
        return min(1.0, max(0.0, share)) == found.score
    if spec["type"] == "regex_table":
        return any(decision == found.decision and re.search(pattern, written) for decision, pattern in spec["table"])
    if spec["type"] == "json_field":
        value = json.loads(written, strict=False)[spec["field"]]
        return (
            str(value).strip().lower() == str(found.decision).lower() if found.decision else float(value) == found.score
        )
    if found.scores:
        return set(found.scores) <= set(_numbers_in(written))
    if found.decision is None:
        plain = re.sub(r"\\\w+", "", written).strip("{} $\n\t.")
        return float(plain) == found.score
    plain = written.upper().translate({place: place - 0xFEE0 for place in range(0xFF01, 0xFF5F)})
    return any(token.upper() in plain for token in tokens_of(spec, found.decision))


def _numbers_in(text: str) -> list[float]:
    words = [word.strip(" *.[]{}\"'") for word in re.findall(r"[^\s,:]+", text)]
    return [float(word) for word in words if _is_number(word)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@everywhere
@thorough
@given(text=TEXTS, blanks=st.sampled_from([" ", "\n", " " * 60, "\n" * 60, "\t \r\n" * 60, " \n" * 300]))
def test_blanks_at_the_end_change_nothing(name: str, text: str, blanks: str) -> None:
    """Services differ in whether they send them."""
    if MADE[name].guesses:
        return  # other tools' rules look at the very last character, and are shown as they are
    before, after = (MADE[name].read(Reply(status="ok", text=one)) for one in (text, text + blanks))
    assert (before.status, before.decision, before.score) == (after.status, after.decision, after.score)
    assert name == "regex_table" or before.span == after.span


@thorough
@given(prefix=st.text(alphabet="xyz .,\n", max_size=40), decision=st.sampled_from(sorted(LETTERS)))
def test_a_stated_verdict_is_read_whatever_stands_before_it(prefix: str, decision: str) -> None:
    found = MADE["letters"].read(Reply(status="ok", text=f"{prefix}\nVERDICT: {decision}"))
    assert found.decision == LETTERS[decision]
    assert found.span == (len(prefix) + 10, len(prefix) + 11)


@everywhere
@thorough
@given(
    text=TEXTS,
    top=st.dictionaries(st.sampled_from(["m", "M", "The", ""]), st.floats(allow_nan=True), max_size=4),
    logprob=st.floats(allow_nan=True),
)
def test_no_probabilities_make_it_raise(name: str, text: str, top: dict[str, float], logprob: float) -> None:
    token = TokenLogprob(token=text[:3], logprob=logprob, top=top)
    found = MADE[name].read(Reply(status="ok", text=text, logprobs=[token]))
    if name == "logprob_of_decision" and found.status == "ok":
        assert sum(found.probabilities.values()) == pytest.approx(1.0)
        assert {"m", "M"} & {text[:3], *top}


@thorough
@given(text=TEXTS)
def test_a_list_is_read_only_where_it_stands(text: str) -> None:
    found = last_list(Reply(status="ok", text=text))
    if found is not None:
        assert json.loads(text[slice(*found.span)]) == found.values


_UNITS = (
    "\n| |x\n|A.\n|A\n|A |B |7\n|9|8 |VERDICT: |VERDICT: A\n|VERDICT: A, wait |Verdict: A or B\n|[[|[[A]] |[[A]] if "
    '|[[A>B]] |[|{|{"a":|"verdict": |{"verdict": |{"verdict":|{"verdict": "|{"verdict": 1, |[{|[{"correct": '
    '|\\boxed{|*|_|"|Score: 7-8\n|Rating: 8-|<think>|\u3000|\r|\r\n|\n \n|# |my the our final |My |final |a; |not '
    "|wait, |the answer is |I grade this answer as |The verdict is that A may be right. "
)
UNITS = _UNITS.split("|")
AROUND = [("", ""), ("A\n", "\nB"), ('{"verdict": "correct"}', ""), ("VERDICT: A\n", "")]


@everywhere
def test_a_long_text_is_read_in_linear_time(name: str) -> None:
    """Four times the text takes about four times the work on any machine; a quadratic reader needs sixteen times."""
    for unit in UNITS:
        for start, end in AROUND:
            short, long = (start + unit * (length // len(unit)) + end for length in (3_000, 12_000))
            # The garbage collector may step in, but not each time.
            assert any((taken := work(name, long)) < 0.03 or taken < 10 * work(name, short) for _ in range(4)), unit


def work(name: str, text: str) -> float:
    began = time.process_time()
    MADE[name].read(Reply(status="ok", text=text))
    return time.process_time() - began
