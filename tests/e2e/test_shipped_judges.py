"""Every shipped judge config runs through ``jb`` against a judge that answers by its parser, with planted mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import judgebench
from judgebench.config.files import load_file
from judgebench.testing.faultservice import FaultService, prompt_text
from tests.e2e.harness import Bench
from tests.e2e.loopback_judge import loopback_judge
from tests.e2e.test_two_judges import FENCED

FOLDER = Path(judgebench.__file__).parent / "configs/judges"
JUDGES = {
    path.stem: judge
    for path in sorted(FOLDER.glob("*.py"))
    if path.stem[0] != "_"
    for judge in load_file(path)["judges"]
}
PAIRS = [name for name, judge in JUDGES.items() if "compare_with" in judge]
LAUNCHED = ["short_answers"]
"""Brings its own model, which no loopback service can take the place of; the embedded model's tests ask it."""
POINTS = [name for name, judge in JUDGES.items() if name not in [*PAIRS, *LAUNCHED] and "baseline" not in judge]
MEMBERS = [  # of all judges beside a panel some only score, and some only label
    "judges.panel.members=['judge', 'judge-word', 'direct']",
    "judges.panel-scores.members=['score', 'rubric', 'conversation']",
]
N = 4
WRONG = {2}
"""Questions to which the tested model's answer is wrong: three of four are right."""
OTHER_WRONG = {1, 3}
"""The same for the model that it is compared with: one tie, two wins and one loss."""


def mean(right: float, wrong: float) -> float:
    return (right * (N - len(WRONG)) + wrong * len(WRONG)) / N


HEADLINES: dict[str, tuple[str, float]] = {
    **dict.fromkeys(POINTS, ("accuracy", 75.0)),
    **dict.fromkeys([*PAIRS, "conversation_pair"], ("win_rate", 100 * (0.5 + 1 + 0 + 1) / 4)),
    "pair_debate": ("win_rate", 100 * (0 + 1 + 0 + 1) / 4),  # it knows no tie, nor a second order: the judge says B
    "aspects_roscoe": ("mean_score", mean(5, 1)),
    "gated_score": ("mean_score", mean(5 + 1, 1)),
    "score_criteria": ("mean_score", mean(100, 0)),
    "score_reference": ("mean_score", mean(10, 1)),
    "score_rubric": ("mean_score", mean(5, 1)),
    "score_weighted": ("mean_score", mean(5, 1)),
    "score_tagged": ("mean_score", mean(5, 1)),
    "score_precompared": ("mean_score", mean(300, 100)),
    "conversation_score": ("mean_score", mean(10, 1)),
    "list_scores": ("mean_score", mean(9, 2)),  # of the best of three solutions
    "panel_scores": ("mean_score", mean(10, 1)),  # the middle one of 10, 5 and 10; of 1, 1 and 1
}
"""The headline of each shipped judge, worked out by hand from what is planted."""

DATASET = """
from judgebench.datasets import JsonlDataset
from judgebench.judges import NumberEqual
toy_datasets = [dict(abbr='toy', type=JsonlDataset, path='rich.jsonl', output_column='answer', id_column='name',
    input_columns=['question', 'context', 'rubric'],
    meta_columns=['criteria', 'drafts', 'turns', 'answers', 'answers_a', 'answers_b', 'solutions'],
    prompt='{question}', evaluator=dict(type=NumberEqual))]
"""


def said(i: int, wrong: bool = False) -> str:
    """An answer in three steps, of which the second is wrong where the answer is."""
    value = 2 * i + wrong
    return f"Take {i}.\n\nI think it is {value} (of twice {i})\n\nSo it is {value}"


def answering(wrong: set[int]) -> Any:
    """A tested model with mistakes."""
    return lambda body: said(question(body), question(body) in wrong) if "twice" in prompt_text(body) else "OK"


def question(body: dict[str, Any]) -> int:
    return int(prompt_text(body).split("twice ")[1].split("?")[0])


@pytest.fixture
def rich(bench: Bench) -> Bench:
    """The toy benchmark with every column that some judge needs."""
    rows = [
        {
            "name": f"q-{i}",
            "question": f"What is twice {i}?",
            "answer": str(2 * i),
            "context": f"Twice {i} is {2 * i}.",
            "rubric": "It must be right.",
            "criteria": [{"criterion": "It is right.", "points": 2}, "It is short."],
            "drafts": [said(i), said(i, wrong=True)],
            "turns": ["Think of a number.", f"What is twice {i}?"],
            "answers": ["I do.", said(i, i in WRONG)],
            "answers_a": ["I do.", said(i, i in WRONG)],
            "answers_b": ["I do.", said(i, i in OTHER_WRONG)],
            "solutions": [said(i, wrong=True), said(i, wrong=True), said(i, i in WRONG)],  # most are wrong
        }
        for i in range(N)
    ]
    (bench.folder / "rich.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (bench.folder / "configs/datasets/rich.py").write_text(DATASET)
    bench.model.answer = answering(WRONG)
    bench.judge.answer = loopback_judge
    return bench


def overrides(bench: Bench, names: list[str]) -> list[str]:
    asking = [JUDGES[name]["abbr"] for name in names if "judge_model" in JUDGES[name]]
    return [f"judges.{abbr}.url={bench.judge.url}" for abbr in asking]


def check_headlines(bench: Bench, names: list[str]) -> None:
    for name in names:
        result = bench.result(f"toy-{JUDGES[name]['abbr']}")
        assert result["counts"]["ok"] == N, (name, result["counts"], result["diagnostics"])
        metric, value = HEADLINES[name]
        assert result["headline"].startswith(metric), name
        assert result["metrics"][result["headline"]]["value"] == pytest.approx(value), name


def test_every_shipped_judge_of_single_answers_scores_exactly(rich: Bench) -> None:
    flags = ["--judges", *POINTS, "--override", *overrides(rich, POINTS), *MEMBERS, "--max-num-workers", "6"]
    done = rich.jb(*flags, dataset="rich", timeout=300)
    assert done.code == 0, done.text
    check_headlines(rich, POINTS)
    cascade = rich.result("toy-cascade")  # the rule settles what is right; the judge has the rest, which is wrong
    assert cascade["diagnostics"]["settled_by"] == {"rule": {"n": 3, "correct": 3}, "judge": {"n": 1, "correct": 0}}
    assert "the rule decided 3 of 4 verdicts (75.0%), 100.0% of them correct" in cascade["notes"]
    assert "the judge decided 1 of 4 verdicts (25.0%), 0.0% of them correct" in cascade["notes"]
    assert "the judge decided 1 of 4 verdicts" in done.text
    asked = len(rich.judge.requests)
    again = rich.jb(*flags, "--reuse", "--mode", "eval", "--no-preflight", dataset="rich", timeout=300)
    assert again.code == 0, again.text
    assert len(rich.judge.requests) == asked
    check_headlines(rich, POINTS)


def test_every_shipped_judge_of_pairs_scores_exactly(rich: Bench) -> None:
    with FaultService(answering(OTHER_WRONG), model="m") as other:
        path = rich.folder / "configs/models/other_model.py"
        path.write_text(path.read_text().replace(rich.model.url, other.url))
        done = rich.jb("--judges", *PAIRS, "--override", *overrides(rich, PAIRS), "--max-num-workers", "4",
                       dataset="rich", models=("other_model", "toy_model"), timeout=300)  # fmt: skip
    assert done.code == 0, done.text
    check_headlines(rich, PAIRS)


def test_the_shipped_file_of_answers_is_a_baseline(rich: Bench) -> None:
    """A model that knows all 50 facts ties on 40 of them without a call and wins the ten that the file has wrong."""
    data = Path(judgebench.__file__).parent / "datasets/data/demo_facts.jsonl"
    gold = {row["question"]: row["answer"] for row in map(json.loads, data.read_text("utf-8").splitlines())}

    def knows(body: dict[str, Any]) -> str:
        return gold.get(prompt_text(body).rpartition("Q: ")[2].removesuffix("\nA:"), "OK")

    def compares(body: dict[str, Any]) -> str:
        text = prompt_text(body)
        first, second = FENCED.findall(text)[0][1], FENCED.findall(text)[1][1]
        right = gold[text.partition("Question:\n")[2].partition("\n")[0]]
        assert (first == right) != (second == right)
        return f"VERDICT: {'A>>B' if first == right else 'B>>A'}"

    rich.model.answer, rich.judge.answer = knows, compares
    done = rich.jb(
        "--judges", "pair_baseline", "--override", f"judges.pair-baseline.url={rich.judge.url}", "--no-preflight",
        dataset="demo_facts", models=("toy_model",), timeout=120,
    )  # fmt: skip
    assert done.code == 0, done.text
    assert len(rich.judge.requests) == 20
    result = rich.result("demo_facts-pair-baseline")
    assert (result["counts"]["ok"], result["metrics"]["win_rate"]["value"]) == (50, 60)
    ranking = json.loads((rich.run / "rankings/demo_facts-pair-baseline.json").read_text())
    assert [(one["model"], one["baseline"]) for one in ranking["models"]] == [("toy-model", False), ("baseline", True)]
    assert (ranking["models"][0]["wins"], ranking["models"][0]["ties"]) == (10, 40)
