"""The JSON schemas that parsers give: of the form that all services take, and read by the parser that gives them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from judgebench.judges.parsers.reading import parser_of
from judgebench.records.flow import Reply
from judgebench.testing.schemas import allowed, mistake_in

TRUTH = {"type": "json_field", "field": "match", "decisions": {"true": "correct", "false": "incorrect"}}
SCALE = {"type": "json_field", "field": "rating.score", "low": 1, "high": 5, "confidence": "confidence"}


@pytest.mark.parametrize(
    ("spec", "said", "field"),
    [
        (TRUTH, "false", {"type": "string", "enum": ["true", "false"]}),
        (SCALE, "4", {"type": "integer", "enum": [1, 2, 3, 4, 5]}),
        ({"type": "json_field", "field": "score", "low": 0, "high": 1}, "1", {"type": "number"}),
        ({"type": "json_field", "field": "score"}, "7", {"type": "number"}),
        (
            {"type": "score_list", "field": "score", "count": 1, "low": 1, "high": 3},
            "2",
            {"type": "array", "items": {"type": "integer", "enum": [1, 2, 3]}},
        ),
        (
            {"type": "first_readable", "parsers": [TRUTH, "trailing_int"]},
            "true",
            {"type": "string", "enum": ["true", "false"]},
        ),
    ],
)
def test_a_schema_holds_a_reason_and_then_what_the_parser_reads(spec: Any, said: str, field: dict[str, Any]) -> None:
    parser = parser_of(spec)
    schema = parser.schema()
    assert schema is not None
    assert mistake_in(schema) == ""
    reason, verdict, *_ = schema["properties"]
    assert reason == "reason"
    found = schema["properties"][verdict]
    assert (found["properties"]["score"] if found["type"] == "object" else found) == field
    reply = json.dumps(allowed(schema, said))
    assert parser.read(Reply(status="ok", text=reply)).status == "ok", reply
    for end in range(len(reply)):
        assert parser.read(Reply(status="ok", text=reply[:end], finish_reason="length")).status == "unparsed", reply[
            :end
        ]


@pytest.mark.parametrize("name", ["anchored", "score_line", "trailing_int"])
def test_a_parser_of_plain_text_has_none(name: str) -> None:
    decisions = {"decisions": {"A": "A", "B": "B"}} if name == "anchored" else {}
    assert parser_of({"type": name, **decisions}).schema() is None
