"""Every shipped judge config runs through ``jb`` against a judge that answers by its grammar."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import judgebench
from judgebench.config.load import load_file
from tests.e2e.harness import Bench, model_answer
from tests.e2e.loopback_judge import loopback_judge
from tests.faultservice import FaultService

CONFIGS = sorted(
    path for path in (Path(judgebench.__file__).parent / "configs/judges").glob("*.py") if path.stem[0] != "_"
)
PAIRS = [path.stem for path in CONFIGS if any("compare_with" in judge for judge in load_file(path)["judges"])]
POINTS = [path.stem for path in CONFIGS if path.stem not in PAIRS]
MEMBERS = "judges.panel.members=['judge', 'judge-word', 'direct']"  # of all judges beside it many give scores
N = 3

DATASET = """
from judgebench.datasets import JsonlDataset
from judgebench.judges import NumberEqual
toy_datasets = [dict(abbr='toy', type=JsonlDataset, path='rich.jsonl', output_column='answer', id_column='name',
    input_columns=['question', 'context', 'rubric'],
    meta_columns=['criteria', 'drafts', 'turns', 'answers', 'answers_a', 'answers_b'],
    prompt='{question}', evaluator=dict(type=NumberEqual))]
"""


def said(i: int, wrong: bool = False) -> str:
    return f"I think it is {2 * i + wrong} (of twice {i})"


@pytest.fixture
def rich(bench: Bench) -> Bench:
    """The toy benchmark with every column that some judge needs; the answer to the last question is wrong."""
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
            "answers": ["I do.", said(i)],
            "answers_a": ["I do.", said(i)],
            "answers_b": ["I do.", said(i, wrong=i == 0)],
        }
        for i in range(N)
    ]
    (bench.folder / "rich.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (bench.folder / "configs/datasets/rich.py").write_text(DATASET)
    bench.model.answer = model_answer(lambda i: i == N - 1)
    bench.judge.answer = loopback_judge
    return bench


def overrides(bench: Bench, names: list[str]) -> list[str]:
    folder = Path(judgebench.__file__).parent / "configs/judges"
    judges = [judge for name in names for judge in load_file(folder / f"{name}.py")["judges"]]
    asking = [judge["abbr"] for judge in judges if "judge_model" in judge]
    return [f"judges.{abbr}.url={bench.judge.url}" for abbr in asking]


def test_every_shipped_judge_of_single_answers_scores(rich: Bench) -> None:
    done = rich.jb("--judges", *POINTS, "--override", *overrides(rich, POINTS), MEMBERS, "--max-num-workers", "6",
                   dataset="rich", timeout=300)  # fmt: skip
    assert done.code == 0, done.text
    results = {path.stem: json.loads(path.read_text()) for path in (rich.run / "results/toy-model").glob("*.json")}
    judges = [judge["abbr"] for path in CONFIGS if path.stem in POINTS for judge in load_file(path)["judges"]]
    assert {f"toy-{abbr}" for abbr in judges} <= set(results)
    for abbr in judges:
        result = results[f"toy-{abbr}"]
        assert result["counts"]["ok"] == N, (abbr, result["counts"], result["health"])
        # The steps' judge finds none wrong; the last number of a toy answer, which chooses, is the question's own.
        if result["headline"] == "accuracy" and abbr not in {"first-wrong", "steps", "choice"}:
            assert result["metrics"]["accuracy"]["value"] == pytest.approx(100 * (N - 1) / N), abbr
    scores = {abbr: results[f"toy-{abbr}"]["metrics"].get("mean_score", {}).get("value") for abbr in judges}
    assert scores["gated"] == pytest.approx((6 * (N - 1) + 1) / N)
    assert scores["points"] == 100
    asked = len(rich.judge.requests)
    again = rich.jb("--judges", *POINTS, "--override", *overrides(rich, POINTS), MEMBERS, "--reuse", "--mode", "eval",
                    "--no-preflight", dataset="rich", timeout=300)  # fmt: skip
    assert again.code == 0, again.text
    assert len(rich.judge.requests) == asked


def test_every_shipped_judge_of_pairs_scores(rich: Bench) -> None:
    with FaultService(model_answer(lambda i: i >= N - 2), model="m") as other:
        path = rich.folder / "configs/models/other_model.py"
        path.write_text(path.read_text().replace(rich.model.url, other.url))
        done = rich.jb("--judges", *PAIRS, "--override", *overrides(rich, PAIRS), "--max-num-workers", "4",
                       dataset="rich", models=("other_model", "toy_model"), timeout=300)  # fmt: skip
    assert done.code == 0, done.text
    for name in PAIRS:
        (judge,) = load_file(Path(judgebench.__file__).parent / f"configs/judges/{name}.py")["judges"]
        result = rich.result(f"toy-{judge['abbr']}")
        assert result["counts"]["ok"] == N, (name, result["counts"], result["health"])
        # Only the question before the last tells the two apart; the others are ties, unless a method knows none.
        if name != "pair_debate":
            assert result["metrics"]["win_rate"]["value"] == pytest.approx(100 * (1 + (N - 1) / 2) / N), name
