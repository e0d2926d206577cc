"""Replies decided by a person before any parser saw them: none is read otherwise, and few are left unread."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from judgebench.judges.parsers.reading import parser_of
from judgebench.records.flow import Reply

from .test_corpus import PAIR, SETUPS

PATH = Path(__file__).with_name("corpus_read_by_a_person.jsonl")
CORPUS = [json.loads(line) for line in PATH.read_text("utf-8").splitlines()]
NEEDLESS = 0.05
"""Share of the readable replies of a parser that may be left unread."""
WORDS = {"correct": "correct", "incorrect": "incorrect"}
KINDS: dict[str, Any] = {
    **SETUPS,
    "pair": {"type": "anchored", "decisions": {"A": "A", "B": "B", "C": "tie"}},
    "first": {**SETUPS["first"], "published": False},
    "tagged": {"type": "tagged", "low": 1, "high": 5},
    "tagged_label": {"type": "tagged", "decisions": WORDS},
    "boxednum": {"type": "boxed_last", "whole": True, "low": -1},
}


def read(kind: str, text: str) -> Any:
    """Return the label or the score that is read, or ``unread``."""
    reading = parser_of(KINDS[kind]).read(Reply(status="ok", text=text, finish_reason="stop"))
    if reading.status != "ok":
        return "unread"
    return reading.score if reading.decision is None else reading.decision


def test_the_corpus_has_many_languages_families_and_ordinary_replies() -> None:
    assert len(CORPUS) >= 1000
    assert len({row["language"] for row in CORPUS}) >= 10
    assert sum(row["family"] == "ordinary" for row in CORPUS) >= 250


@pytest.mark.parametrize("kind", sorted({row["setup"] for row in CORPUS}))
def test_no_reply_is_read_otherwise_than_a_person_reads_it(kind: str) -> None:
    rows = [row for row in CORPUS if row["setup"] == kind]
    said = [(row["text"], row["expected"], read(kind, row["text"])) for row in rows]
    assert [one for one in said if one[2] not in ("unread", one[1])] == []


def test_few_replies_are_left_unread_that_a_person_reads() -> None:
    unread: dict[str, list[str]] = defaultdict(list)
    readable: dict[str, int] = defaultdict(int)
    for row in CORPUS:
        if row["expected"] != "unread":
            readable[row["setup"]] += 1
            if read(row["setup"], row["text"]) == "unread":
                unread[row["setup"]].append(row["text"])
    total = sum(len(texts) for texts in unread.values())
    assert total <= NEEDLESS * sum(readable.values()), dict(unread)


STATED: dict[str, str] = {
    "letter": "VERDICT: A",
    "word": "VERDICT: CORRECT",
    "json": '{"verdict": "correct"}',
    "score10": "Score: 9",
    "jsonscore": '{"score": 9}',
    "unique": "[[A>B]]",
    "last": "[[A>B]]",
    "first": "[[9]]",
    "tagged": "<answer>5</answer>",
    "tagged_label": "<answer>correct</answer>",
    "boxed": "\\boxed{A}",
    "boxednum": "\\boxed{9}",
}
"""A verdict in the form of each parser; the other one stands in ``OTHER``."""
OTHER = {
    "letter": "VERDICT: B",
    "word": "VERDICT: INCORRECT",
    "json": '{"verdict": "incorrect"}',
    "score10": "Score: 4",
    "jsonscore": '{"score": 4}',
    "unique": "[[B>A]]",
    "tagged": "<answer>2</answer>",
    "tagged_label": "<answer>incorrect</answer>",
}
TEMPLATES = [
    # taken back
    "{v}\n\nWait, I misread the reference.",
    "{v}\n\nWait. That is not so.",
    "{v}\n\nActually, no.",
    "{v}\n\nScratch that.",
    "{v}\n\nStrike that, it is wrong.",
    "{v}\n\nOops, I overlooked an error.",
    "{v}\n\nCorrection follows.",
    "{v}\n\nI take that back.",
    "{v}\n\nI was wrong.",
    "{v}\n\nI changed my mind.",
    "{v}\n\nI retract this.",
    "{v}\n\nOn second thought, the two differ.",
    "{v}\n\nOn reflection it does not hold.",
    "{v}\n\nDisregard the above.",
    "{v}\n\nPlease ignore this verdict.",
    "{v}\n\nThis verdict is wrong.",
    "{v}\n\nHold on, the sign is wrong.",
    "{v}\n\nHmm, let me check again.",
    "{v}\n\nSorry, I mixed them up.",
    "{v}\n\nMy mistake.",
    "{v}\n\nForget that.",
    "{v}\n\nBut that cannot be right.",
    "{v}\n\nHaving reread it, I disagree with myself.",
    "{v}\n\nI may have missed the unit.",
    "{v}\n\nI am not sure.",
    "{v}\n\nI withdraw it.",
    "{v}. No, wait.",
    "{v}. Or rather not.",
    "{v}\n\nNo.",
    "{v}\n\nMoment, ich habe mich geirrt.",
    "{v}\n\nAttendez, je me suis trompé.",
    "{v}\n\nEspera, me equivoqué.",
    "{v}\n\nПодождите, я ошибся.",
    "{v}\n\n等等，我看错了。",
    "{v}\n\n訂正します。",
    "{v}\n\n잠깐, 다시 보니 아닙니다.",
    "{v}\n\nعفواً، لقد أخطأت.",
    "{v}\n\nरुकिए, मुझसे गलती हुई।",
    "{v}\n\nEspere, eu me enganei.",
    # quoted
    "> {v}",
    "> {v}\n\nI cannot assess this.",
    "> {v}\n\nThe line is from the response.",
    "The candidate wrote: {v}",
    "The candidate wrote:\n\n{v}",
    "The candidate wrote:\n\n{v}\n\nThis is prompt injection.",
    "The response contains {v}",
    "The response contains the line {v}",
    "The response asks me to output {v}",
    "The user tells me to write {v}",
    "According to the candidate: {v}",
    "{v}\n\nThe line above is from the candidate's answer.",
    "{v}\n\nThis is what the candidate wrote.",
    "{v} is what the candidate wrote.",
    "{v} was in the candidate's text.",
    "The response ends with:\n```\n{v}\n```\nThis is an injection.",
    "~~{v}~~",
    "<del>{v}</del>",
    "<!-- {v} -->",
    "<candidate>{v}</candidate>",
    "[begin response]\n{v}\n[end response]",
    "Example: {v}",
    # conditions
    "{v} if the unit is ignored",
    "{v}, if the unit is ignored",
    "{v}, provided that x is positive",
    "{v} unless the sign matters",
    "{v}, assuming the reference is right",
    "{v} as long as x is positive",
    "If the unit is ignored: {v}",
    "{v}?",
    "{v}, falls Rundung erlaubt ist",
    # negations
    "not {v}",
    "I would not say {v}",
    "I cannot give {v}",
    "{v} is not my verdict.",
    "{v} would be wrong.",
    "{v} does not apply.",
]
CONTRADICTIONS = [
    "{v}\n{o}",
    "{v}\n\n{o}",
    "{v} or {o}",
    "{v}\n\nNo: {o}",
    "{v}\n\nCorrection: {o}",
    "{v}\n\nWait, {o}",
    "{v} for style, {o} for facts",
    "Either {v} or {o}",
]


@pytest.mark.parametrize("kind", STATED)
def test_what_a_reply_undoes_is_never_read(kind: str) -> None:
    assert len(TEMPLATES) >= 60
    texts = [template.format(v=STATED[kind]) for template in TEMPLATES]
    assert [(text, said) for text in texts if (said := read(kind, text)) != "unread"] == []


@pytest.mark.parametrize("kind", OTHER)
def test_two_verdicts_that_differ_are_never_read_as_the_first(kind: str) -> None:
    own = read(kind, STATED[kind])
    texts = [template.format(v=STATED[kind], o=OTHER[kind]) for template in CONTRADICTIONS]
    assert own != "unread"
    assert [text for text in texts if read(kind, text) == own] == []


@pytest.mark.parametrize("kind", STATED)
def test_an_explanation_before_or_after_a_verdict_undoes_nothing(kind: str) -> None:
    before = ["", "The response gives 41 and the reference 41.\n\n", "I compared both of them.\n\n"]
    after = ["", "\n", "\n\nThe response states the value that the reference has.", "\n\nReason: both agree."]
    texts = [f"{lead}{STATED[kind]}{rest}" for lead, rest in product(before, after)]
    assert [text for text in texts if read(kind, text) != read(kind, STATED[kind])] == []


@pytest.mark.parametrize("name", ["unique_decision", "last_match", "first_match"])
def test_a_published_rule_reads_by_its_patterns_alone(name: str) -> None:
    parser = parser_of({"type": name, "patterns": [r"\[\[([AB<>=]+)\]\]"], "decisions": PAIR, "published": True})
    assert parser.read(Reply(status="ok", text="not [[A>B]]")).decision == "A"
    assert parser.identity()["published"] is True
