"""Reply shapes and what a careful reader takes from them: no parser may read one silently in another way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgebench.judges.parsers.reading import parser_of
from judgebench.records.flow import Reply

CORPUS = [json.loads(line) for line in Path(__file__).with_name("corpus.jsonl").read_text("utf-8").splitlines()]
PAIR = {"A>B": "A", "A>>B": "A", "B>A": "B", "B>>A": "B", "A=B": "tie"}
SETUPS: dict[str, Any] = {
    "letter": {"type": "anchored", "decisions": {"A": "correct", "B": "incorrect"}},
    "word": {"type": "anchored", "words": {"CORRECT": "correct", "INCORRECT": "incorrect"}},
    "three": {"type": "anchored", "decisions": {"A": "correct", "B": "incorrect", "C": "invalid"}},
    "json": {"type": "json_field", "decisions": {"correct": "correct", "incorrect": "incorrect"}},
    "match": {"type": "json_field", "field": "match", "decisions": {"true": "correct", "false": "incorrect"}},
    "hle": {
        "type": "json_field",
        "field": "correct",
        "decisions": {"yes": "correct", "no": "incorrect"},
        "confidence": "confidence",
    },
    "jsonscore": {"type": "json_field", "field": "score", "low": 1, "high": 10},
    "score10": {"type": "score_line", "low": 1, "high": 10},
    "score5": {"type": "score_line", "low": 1, "high": 5, "whole": True},
    "two": "first_line_two_numbers",
    "lastlines": "last_lines_two_numbers",
    "trailing": "trailing_int",
    "boxed": {"type": "boxed_last", "decisions": {"A": "correct", "B": "incorrect"}},
    "unique": {"type": "unique_decision", "patterns": [r"\[\[([AB<>=]+)\]\]"], "decisions": PAIR},
    "last": {
        "type": "last_match",
        "patterns": [r"\[\[([AB<>=]+)\]\]", r"\[([AB<>=]+)\]"],
        "decisions": PAIR,
        "after": "</think>",
    },
    "first": {
        "type": "first_match",
        "patterns": [r"\[\[(\d+\.?\d*)\]\]", r"\[(\d+\.?\d*)\]"],
        "low": 1,
        "high": 10,
        "published": True,
    },
    "table": {
        "type": "regex_table",
        "table": [["1", r"(?:^|\n) ?Output \(a\)"], ["2", r"(?:^|\n) ?Output \(b\)"]],
    },
    "aisbench": "aisbench_last_char",
    "opencompass": "opencompass_first_ab",
}


def test_the_corpus_is_large_and_names_no_unknown_setup() -> None:
    assert len(CORPUS) >= 200
    assert {row["setup"] for row in CORPUS} == set(SETUPS)
    assert [row for row in CORPUS if ("label" in row or "score" in row) != (row["status"] == "ok")] == []


@pytest.mark.parametrize("setup", SETUPS)
def test_every_reply_is_read_as_a_careful_reader_reads_it(setup: str) -> None:
    parser = parser_of(SETUPS[setup])
    wrong = []
    for row in (row for row in CORPUS if row["setup"] == setup):
        reading = parser.read(Reply(status="ok", text=row["text"], finish_reason=row.get("finish_reason")))
        read = {"label": reading.decision, "score": reading.score}
        if reading.status != row["status"] or any(read[key] != row[key] for key in read if key in row):
            wrong.append((row["about"], row["text"], row.get("label", row.get("score")), reading))
        if reading.status == "unparsed":
            assert reading.reason, row
            assert (reading.decision, reading.score, reading.span) == (None, None, None), row
        elif reading.span:
            start, end = reading.span
            assert 0 <= start < end <= len(row["text"]), row
    assert not wrong


def test_confidence_is_kept_as_a_share() -> None:
    parser = parser_of(SETUPS["hle"])
    texts = ['{"correct": "no", "confidence": "80%"}', '{"correct": "no", "confidence": 80}']
    assert [parser.read(Reply(status="ok", text=text)).values for text in texts] == [{"confidence": 0.8}] * 2
