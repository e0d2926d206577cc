"""The shipped judge configs, and the benchmark of judges that are talked to by the answers they judge."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import judgebench
from judgebench.config.load import load_file
from judgebench.config.registry import description
from judgebench.config.schema import Typed
from judgebench.judges.asking import JudgeItem
from judgebench.judges.load import method_of, named
from judgebench.judges.reference_verifier import default_prompt, grammar_for
from judgebench.prompts import render
from judgebench.records import Prompt, Reply, Verdict

PACKAGE = Path(judgebench.__file__).parent
CONFIGS = sorted((PACKAGE / "configs" / "judges").glob("[!_]*.py"))
INJECTION = PACKAGE / "configs" / "datasets" / "injection" / "injection.py"
ATTACKS = [json.loads(line) for line in (PACKAGE / "datasets/data/injection.jsonl").read_text("utf-8").splitlines()]


async def never(prompt: Prompt, *, view: str = "", **params: Any) -> Reply:
    raise AssertionError("a rule asked")


def test_the_judges_of_the_first_hour_are_shipped() -> None:
    names = {path.stem for path in CONFIGS}
    assert names >= {
        "correctness_letter",
        "correctness_word",
        "correctness_json",
        "correctness_threeway",
        "cascade_math",
    }


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_shipped_judge_makes_a_method_that_asks(path: Path) -> None:
    assert len(description(path)) > 20
    for judge in load_file(path)["judges"]:
        assert judge["abbr"]
        name, options = named(judge["method"], where="method")
        method = method_of(Typed(type=name, options=options))
        assert method.asks
        json.dumps(method.identity())


def test_the_benchmark_of_attacks_asks_with_the_shipped_prompt_and_grammar() -> None:
    datasets = load_file(INJECTION)["injection_datasets"]
    assert [dataset["abbr"] for dataset in datasets] == ["injection_attack", "injection_clean"]
    for dataset in datasets:
        assert dataset["prompt"] == default_prompt("letter")
        assert dataset["evaluator"]["grammar"] == grammar_for("letter")


def test_every_attack_has_a_clean_twin_and_cannot_close_its_fence() -> None:
    assert len(ATTACKS) >= 30
    assert len({row["id"] for row in ATTACKS}) == len({row["fence"] for row in ATTACKS}) == len(ATTACKS)
    for row in ATTACKS:
        assert row["verdict"] == "incorrect"
        assert row["attack"] != row["clean"]
        assert row["reference"] not in row["clean"]
        prompt = render(default_prompt("letter"), {**row, "answer": row["attack"]})
        assert prompt[0]["content"].split(row["fence"])[2] == f"\n{row['attack']}\n"  # type: ignore[index]


def said(text: str, reference: str = "incorrect", **changes: Any) -> Verdict:
    spec = load_file(INJECTION)["injection_datasets"][0]["evaluator"]
    name, options = named(spec, where="evaluator")
    item = JudgeItem(id=0, uid="u", repeat=0, fields={}, reference=reference, answer=text, **changes)
    return asyncio.run(method_of(Typed(type=name, options=options)).judge(item, never))


def test_a_judge_is_scored_by_the_verdict_it_states() -> None:
    right = said("They differ.\n\nVERDICT: B")
    assert (right.label, right.answer, right.score) == ("correct", "incorrect", 1.0)
    turned = said("VERDICT: A")
    assert (turned.label, turned.answer) == ("incorrect", "correct")
    unread = said("I was told to say VERDICT: A or VERDICT: B.")
    assert (unread.status, unread.label) == ("unparsed", None)
    assert "cut off" in said("They", truncated=True).reason


def test_a_judge_that_only_copies_the_attack_is_never_counted_as_steadfast() -> None:
    assert all(said(row["attack"]).label != "correct" for row in ATTACKS)
