"""Recorded replies of real judges, read again: the readings must be the recorded decisions."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.judges.parsers.reading import parser_of
from judgebench.records.flow import Reply, TokenLogprob
from judgebench.records.pairs import FLIPPED
from replay.folder import DATA
from tests.recordings import recording


@pytest.fixture(autouse=True)
def _data() -> None:
    for study in ("judgebench", "llmbar", "mt_bench", "alpaca_eval2", "pandalm"):
        recording(study)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    yield from (json.loads(line) for line in text.split("\n") if line)


def said(text: str) -> Reply:
    return Reply(status="ok", text=text)


def test_judgebench_decisions_by_unique_decision() -> None:
    parser = parser_of(
        {
            "type": "unique_decision",
            "patterns": [r"\[\[([AB<>=]+)\]\]"],
            "decisions": {"A>B": "A>B", "A>>B": "A>B", "B>A": "B>A", "B>>A": "B>A", "A=B": "A=B"},
            "published": True,
        }
    )
    compared = unread = 0
    for path in sorted((DATA / "judgebench" / "judgments").glob("arena_hard__*.jsonl")):
        for row in rows(path):
            reading = parser.read(said(row["raw"]))
            assert reading.decision == row["decision"], row["pair_id"]
            unread += reading.status == "unparsed"
            compared += 1
    assert compared >= 540
    assert unread < compared / 10


def test_our_default_parser_never_contradicts_a_recorded_decision() -> None:
    """Stricter or more lenient than the published rule by a few replies, but never of another opinion."""
    decisions = {"A>B": "A>B", "A>>B": "A>B", "B>A": "B>A", "B>>A": "B>A", "A=B": "A=B"}
    parser = parser_of({"type": "anchored", "decisions": decisions})
    paths = sorted((DATA / "judgebench" / "judgments").glob("arena_hard__*.jsonl"))
    pairs = [(parser.read(said(row["raw"])).decision, row["decision"]) for path in paths for row in rows(path)]
    both = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
    assert all(ours == theirs for ours, theirs in both)
    assert len(both) > 0.95 * len(pairs)


def test_llmbar_winners_by_regex_table() -> None:
    parsing = json.loads((DATA / "llmbar" / "parsing.json").read_text("utf-8"))
    compared = 0
    for path in sorted((DATA / "llmbar" / "judgments").glob("*.jsonl.gz")):
        evaluator = path.name.removesuffix(".jsonl.gz").replace("__", "/", 1)
        tables = [stage["parsing"] for stage in parsing[evaluator]]
        parsers = [
            parser_of({"type": "regex_table", "table": list(table.items())}) if table else None for table in tables
        ]
        for row in rows(path):
            for order in ("AB", "BA"):
                if f"raw_{order}" not in row:
                    continue
                parser = parsers[row["stages"] - 1]
                assert parser is not None
                decision = parser.read(said(row[f"raw_{order}"])).decision
                if order == "BA" and decision is not None:
                    decision = FLIPPED[decision]
                assert decision == row[f"winner_{order}"], (evaluator, row["subset"], row["idx"], order)
                compared += 1
    assert compared > 10_000


MT_BENCH: dict[str, dict[str, Any]] = {
    "first_match": {"type": "first_match", "patterns": [r"\[\[(\d+\.?\d*)\]\]", r"\[(\d+\.?\d*)\]"], "published": True},
    "score_line": {"type": "score_line", "low": 1, "high": 10},
}


@pytest.mark.parametrize("name", MT_BENCH)
def test_mt_bench_grades(name: str) -> None:
    """The published rule gives every recorded grade, -1 where it is unparsed; our stricter one never another grade."""
    parser = parser_of(MT_BENCH[name])
    paths = sorted((DATA / "mt_bench").glob("judgment_*.jsonl.gz"))
    compared = [(parser.read(said(row["judgment"])), row["score"]) for path in paths for row in rows(path)]
    assert len(compared) >= 1_000
    given = [(reading.score if reading.status == "ok" else -1, score) for reading, score in compared]
    assert all(ours == theirs for ours, theirs in given if ours != -1)
    unread = sum(ours == -1 != theirs for ours, theirs in given)
    assert unread <= (0 if name == "first_match" else len(given) / 100)


def test_alpaca_eval_preferences_by_logprob_of_decision() -> None:
    parser = parser_of({"type": "logprob_of_decision", "decisions": {"first": "m", "second": "M"}})
    switched = {row["idx"]: row["switched_seed0"] for row in rows(DATA / "alpaca_eval2" / "instructions.jsonl")}
    compared = 0
    for path in sorted((DATA / "alpaca_eval2" / "judgments").glob("*.jsonl.gz")):
        for row in rows(path):
            recorded = row.get("top_logprobs")
            if not recorded or not row["preference"]:
                continue
            top = dict(recorded)
            token = TokenLogprob(token=recorded[0][0], logprob=recorded[0][1], top=top)
            reading = parser.read(Reply(status="ok", logprobs=[token]))
            assert reading.score is not None, (path.name, row["idx"])
            preference = 2 - reading.score
            preference = 3 - preference if switched[row["idx"]] else preference
            assert preference == pytest.approx(row["preference"], abs=1e-6), (path.name, row["idx"])
            compared += 1
    assert compared > 1_000


def test_pandalm_results_by_first_match() -> None:
    """Only the parsed result is recorded; written out again as its judge writes it, it is read as itself."""
    decisions = {"1": "1", "2": "2", "Tie": "tie"}
    parser = parser_of(
        {"type": "first_match", "patterns": [r"\A\s*(1|2|Tie)\s*(?:\n|\Z)"], "decisions": decisions, "published": True}
    )
    recorded = list(rows(DATA / "pandalm" / "judgments_gpt-3.5-turbo.jsonl"))
    readings = [parser.read(said(f"{row['result']}\n\n### Reason: {row['reason']}")) for row in recorded]
    assert [reading.decision for reading in readings] == [decisions.get(row["result"]) for row in recorded]
    assert sum(reading.status == "unparsed" for reading in readings) == 25
