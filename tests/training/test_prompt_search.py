"""The best of several judges: a planted one is found, and what is reported of it is true on the average."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from judgebench.cli.main import run
from judgebench.records.flow import Verdict
from judgebench.training.judge_files import JudgmentRow
from judgebench.training.prompt_search import Look, SearchOutcome, search
from tests.serving.conftest import service

__all__ = ["service"]

REPETITIONS = 200


def rows(seed: int, part: str, number: int) -> list[JudgmentRow]:
    return [JudgmentRow(question_id=f"{seed} {part} {n}", answers=["a"], decision="correct") for n in range(number)]


def scripted(name: str, ability: float) -> Look:
    """A judge that gives the row's decision with a known chance, always the same on the same row."""

    def verdict(row: JudgmentRow) -> Verdict:
        digest = hashlib.blake2b(f"{name} {row.question_id}".encode(), digest_size=4).digest()
        chance = int.from_bytes(digest) / 2**32
        return Verdict(status="ok", decision="correct" if chance < ability else "incorrect")

    async def look(some: Sequence[JudgmentRow]) -> list[Verdict]:
        return [verdict(row) for row in some]

    return look


def searched(abilities: Sequence[float], seed: int, *, tuning: int = 60, held_out: int = 40) -> SearchOutcome:
    candidates = {f"c{n}": scripted(f"c{n}", ability) for n, ability in enumerate(abilities)}
    return asyncio.run(
        search(candidates, rows(seed, "tuning", tuning), rows(seed, "held", held_out), seed=seed, batch=20)
    )


def off_by(outcomes: Sequence[SearchOutcome], abilities: Sequence[float]) -> float:
    """Return the mean of the reported share minus the true one of whichever candidate was chosen, in its own errors."""
    errors = [one.agreement.value / 100 - abilities[int(one.chosen[1:])] for one in outcomes]
    mean = sum(errors) / len(errors)
    spread = math.sqrt(sum((error - mean) ** 2 for error in errors) / (len(errors) - 1) / len(errors))
    return mean / spread


def test_the_planted_best_is_found_and_its_printed_score_is_unbiased() -> None:
    abilities = [0.6, 0.55, 0.9, 0.65, 0.6]
    outcomes = [searched(abilities, seed) for seed in range(REPETITIONS)]
    assert sum(one.chosen == "c2" for one in outcomes) == REPETITIONS
    assert abs(off_by(outcomes, abilities)) < 3
    covered = sum(one.agreement.ci95[0] <= 90 <= one.agreement.ci95[1] for one in outcomes)
    assert covered > 0.9 * REPETITIONS
    looked = [sum(len(standing.right) for standing in one.standings) for one in outcomes]
    assert sum(looked) < 0.8 * REPETITIONS * 5 * 60, "those that are behind are asked no more"


def test_among_equals_the_best_of_the_race_is_too_good_to_be_true_and_the_printed_score_is_not() -> None:
    abilities = [0.7] * 6
    outcomes = [searched(abilities, seed) for seed in range(REPETITIONS)]
    best = [max(one.standings, key=lambda s: s.share if s.dropped_after is None else 0).share for one in outcomes]
    assert sum(best) / len(best) > 0.75, "the winner's curse is there"
    assert abs(off_by(outcomes, abilities)) < 3
    dropped = sum(any(s.dropped_after is not None for s in one.standings) for one in outcomes)
    assert dropped < 0.3 * REPETITIONS, "few equals are taken for worse"


def test_a_verdict_that_cannot_be_read_is_not_right() -> None:
    async def silent(some: Sequence[JudgmentRow]) -> list[Verdict]:
        return [Verdict(status="unparsed", reason="nothing") for _ in some]

    found = asyncio.run(
        search({"silent": silent, "good": scripted("g", 0.9)}, rows(1, "t", 40), rows(1, "h", 30), batch=20)
    )
    assert (found.chosen, found.standings[0].unread, found.standings[0].dropped_after) == ("good", 20, 20)
    assert found.first.value == 0.0
    value, low, high = found.gain
    assert low > 50
    assert low < value < high


def test_the_command_says_which_prompt_is_best(service, capsys, tmp_path: Path) -> None:
    """One prompt lets the judge see the reference, the other does not: then it always says 'incorrect'."""
    lines = [
        {"question": f"What is {n}?", "answer": "4" if n % 2 else f"5 and {n}", "reference": "4",
         "label": "correct" if n % 2 else "incorrect"}
        for n in range(60)
    ]  # fmt: skip
    # an answer to the same reference is known to both parts only where questions share it, so references differ
    for n, line in enumerate(lines):
        line["question"] += f"\n4\n{n}" if n % 2 else ""
        line["reference"] = f"{n}" if n % 2 else "5"
        line["answer"] = line["answer"] if n % 2 else f"{n} apples"
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "blind.py").write_text(
        "judges = [dict(abbr='blind', judge_model=dict(type='VLLMCustomAPIChat', abbr='j', model='test-model',\n"
        "    url='${JB_JUDGE_URL}', api_key='${JB_JUDGE_KEY}'), method=dict(type='DeclaredJudge',\n"
        "    presentations=[dict(prompt=[dict(role='user', content='{answer}. VERDICT: A or VERDICT: B')])],\n"
        "    parser=dict(type='anchored', decisions=dict(A='correct', B='incorrect')),\n"
        "    aggregate=dict(type='first', unread='unparsed')))]\n"
    )
    argv = [
        "train",
        "prompt",
        "--judge",
        "blind.py",
        "correctness_letter",
        "--data",
        "cases.jsonl",
        "--out",
        "out.json",
    ]
    assert run(argv) == 0
    out = capsys.readouterr().out
    assert "Chosen: judge, of 2 candidates." in out
    assert "blind, the first candidate, agrees there on" in out
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["agreement"]["value"] == 100.0
    assert written["tuning_rows"] + written["held_out_rows"] == 60


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--judge", "correctness_letter"], "One judge leaves nothing to choose"),
        (["--judge", "correctness_letter", "correctness_word", "--held-out", "0"], "both parts need some"),
    ],
)
def test_mistakes_are_one_sentence(service, capsys, tmp_path: Path, flags: list[str], said: str) -> None:
    (tmp_path / "cases.jsonl").write_text('{"question": "Q", "answer": "4", "label": "correct", "reference": "4"}\n')
    assert run(["train", "prompt", "--data", "cases.jsonl", *flags]) == 2
    assert said in capsys.readouterr().err
    assert not service.requests
