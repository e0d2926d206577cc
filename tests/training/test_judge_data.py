"""The training data of the embedded judge: made of nothing that is measured with it."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchmarks.embedded_judge import ADAPTER, ALIASES, FACTS, ROWS, alias_pairs, development_pairs, made_of
from benchmarks.judge_data.pairs import core, first, pairs
from judgebench.config.files import load_file
from judgebench.models.llama_cpp import file_sha256

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "judgebench/configs/datasets/demo/demo_facts.py"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    """What benchmarks/embedded_judge.py trains on."""
    return first(pairs(1), ROWS)


def lines(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ROOT / path).read_text("utf-8").splitlines()]


def within(form: str, text: str) -> bool:
    """Whether a form stands in a text, alone or among other words; case, articles, accents and marks aside."""
    return _padded(form) in _padded(text)


@cache
def _padded(text: str) -> str:
    return f" {core(text)} "


def test_no_question_answer_or_alias_of_demo_facts_is_in_it(rows: list[dict[str, Any]]) -> None:
    facts = lines("judgebench/datasets/data/demo_facts.jsonl")
    assert len(facts) == 50
    questions = {core(fact["question"]) for fact in facts}
    assert not {core(row["question"]) for row in rows} & questions
    forms = {form for fact in facts for form in [fact["answer"], *fact["accepted"]]}
    assert len(forms) > 80
    assert within("red", "The Red Mirror")
    assert not within("red", "a reddish mirror")
    texts = {row[name] for row in rows for name in ("question", "gold", "answer")}
    assert not [(form, text) for form in forms for text in texts if within(form, text)]


def test_no_worked_example_of_the_prompt_is_in_it(rows: list[dict[str, Any]]) -> None:
    prompt = load_file(DEMO)["demo_facts_datasets"][0]["prompt"]
    shown = re.findall(r"Q: (.*)\nA: (.+)", prompt)
    assert len(shown) == 3
    texts = {row[name] for row in rows for name in ("question", "gold", "answer")}
    for question, answer in shown:
        assert core(question) not in {core(row["question"]) for row in rows}
        assert not [text for text in texts if within(answer, text)]


def test_no_measured_question_or_pair_is_in_it(rows: list[dict[str, Any]]) -> None:
    measured = lines("benchmarks/data/tiny_judge_pairs.jsonl")
    assert not {core(row["question"]) for row in rows} & {core(row["question"]) for row in measured}
    held = {frozenset({core(row["gold"]), core(row["candidate"])}) for row in measured}
    assert not {frozenset({core(row["gold"]), core(row["answer"])}) for row in rows} & held


@pytest.mark.skipif(not ALIASES.is_file(), reason="../shared holds no data of Judging the Judges")
def test_no_measured_alias_of_a_real_question_is_in_it_beside_its_reference(rows: list[dict[str, Any]]) -> None:
    learnt = {frozenset({core(row["gold"]), core(row["answer"])}) for row in rows if row["label"] == "correct"}
    written = {frozenset({core(pair.gold), core(pair.candidate)}) for pair in alias_pairs() if pair.equal}
    assert len(written) > 100
    assert not {pair for pair in written if len(pair) > 1} & learnt


def test_what_adapters_are_chosen_by_is_not_in_it(rows: list[dict[str, Any]]) -> None:
    """Other questions, and no right answer beside its reference that was learnt from."""
    chosen_by = development_pairs()
    assert len(chosen_by) > 300
    assert sum(pair.equal for pair in chosen_by) == len(chosen_by) / 2
    assert not {core(pair.question) for pair in chosen_by} & {core(row["question"]) for row in rows}
    learnt = {frozenset({core(row["gold"]), core(row["answer"])}) for row in rows}
    written = {frozenset({core(pair.gold), core(pair.candidate)}) for pair in chosen_by if pair.equal}
    assert not {pair for pair in written if len(pair) > 1} & learnt
    measured = {core(row["question"]) for row in lines("benchmarks/data/tiny_judge_pairs.jsonl")}
    assert not {core(pair.question) for pair in chosen_by} & measured


def test_no_answer_is_learnt_as_right_and_wrong(rows: list[dict[str, Any]]) -> None:
    labels: dict[tuple[str, str, str], set[str]] = {}
    for row in rows:
        labels.setdefault((row["question"], row["gold"], row["answer"]), set()).add(row["label"])
    assert not [key for key, known in labels.items() if len(known) > 1]


def test_both_verdicts_are_equally_frequent_in_every_kind(rows: list[dict[str, Any]]) -> None:
    labels = Counter(row["label"] for row in rows)
    assert labels["correct"] == labels["incorrect"] == ROWS / 2
    kinds = Counter((row["kind"], row["label"]) for row in rows)
    assert all(kinds[kind, "correct"] == kinds[kind, "incorrect"] for kind, _ in kinds)
    assert len({kind for kind, _ in kinds}) > 20


def test_a_wrong_answer_is_never_the_reference(rows: list[dict[str, Any]]) -> None:
    assert not [row for row in rows if row["label"] == "incorrect" and core(row["gold"]) == core(row["answer"])]


def test_the_data_is_the_same_each_time(rows: list[dict[str, Any]]) -> None:
    assert first(pairs(1), 200) == rows[:200]
    assert first(pairs(2), 200) != rows[:200]
    assert first(pairs(1, validation=True), 200) != rows[:200]


def test_the_shipped_adapter_is_made_of_these_rows_by_these_prompts_and_settings(tmp_path: Path) -> None:
    """A change to the data, the judge's prompt, the base or the settings asks for the adapter to be trained anew."""
    facts = json.loads(FACTS.read_text("utf-8"))
    assert facts["adapter_sha256"] == file_sha256(ADAPTER)
    made = made_of(tmp_path)
    assert len((tmp_path / "pairs.jsonl").read_text("utf-8").splitlines()) == ROWS
    assert {name: facts[name] for name in made} == made


def test_validation_has_other_facts(rows: list[dict[str, Any]]) -> None:
    fixed = {"capital", "currency", "symbol", "opposite", "past", "author", "person", "country", "science", "job"}
    asked = {row["question"] for row in rows if row["kind"] in fixed}
    held = {row["question"] for row in first(pairs(1, validation=True), 800) if row["kind"] in fixed}
    assert held
    assert not asked & held
