"""Trains a judge that compares two answers with a reference, and has jb ask it beside the untrained model.

    python -m benchmarks.demo_train             what `make demo-train` runs; needs the extras `local` and `train`
    python -m benchmarks.demo_train --steps 20  only to see that it works

Everything is made here: the pairs (``benchmarks.judge_data``), the judge, and the two configs of the run. Training and
test have other facts, names and answers. It is a matching task: nothing here shows that so small a model could judge an
answer without a reference.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.judge_data.pairs import core, first, pairs

REPOSITORY = Path(__file__).resolve().parents[1]
TRAINING_QUESTIONS, TEST_QUESTIONS = 900, 100

JUDGE = '''\
"""A judge of two short answers, on the embedded model."""

from mmengine.config import read_base

from judgebench.judges import DeclaredJudge
from judgebench.models import VLLMCustomAPI

with read_base():
    from judgebench.configs.models.local.gemma3_270m import gemma3_270m_launch

_prompt = "Question: {question}\\nCorrect answer: {reference}\\nAnswer 1: {first}\\nAnswer 2: {second}\\nScores:"

judges = [
    dict(
        abbr="pair_of_short_answers",
        judge_model=dict(
            type=VLLMCustomAPI, abbr="gemma3-270m", model="gemma-3-270m-q4_k_m",
            launch=dict(gemma3_270m_launch, time_limit=600),  # a machine that has just trained may be busy
            max_out_len=8, batch_size=2, generation_kwargs=dict(temperature=0.0, stop=["\\n"]),
        ),
        method=dict(
            type=DeclaredJudge,
            presentations=[
                dict(name="AB", order="AB", prompt=_prompt),
                dict(name="BA", order="BA", prompt=_prompt),
            ],
            parser=dict(type="first_line_two_numbers", low=1, high=10),
            aggregate=dict(type="each_counts", unread="drop"),
        ),
    )
]
'''

RUN = '''\
"""The held-out pairs, judged by the model as it was and as it was trained."""

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.pair_score import PairScore

from mmengine.config import read_base

with read_base():
    from .judge import judges as _untrained
    from .trained.judge import judges as _trained

models = [
    dict(_untrained[0]["judge_model"], abbr="untrained"),
    dict(_trained[0]["judge_model"], abbr="trained"),
]
datasets = [
    dict(
        abbr="held_out_pairs",
        type=JudgeSamples,
        path="FOLDER/test.jsonl",
        key="{id}",
        input_columns=["question"],
        output_column="reference",
        answer_columns=["answer1", "answer2"],
        gold_column="winner",
        gold_labels=dict(A="A", B="B"),
        method=_untrained[0]["method"],
        score=dict(type=PairScore, headline="mean_of_orders"),
    )
]
'''


def pair_rows(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a pair, right against wrong, for every right answer of a question."""
    found = []
    together: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        together.setdefault(row["question_id"], []).append(row)
    for number, group in enumerate(together.values()):
        right = [row for row in group if row["label"] == "correct"]
        wrong = [row for row in group if row["label"] == "incorrect"]
        for good, bad in zip(right, wrong, strict=False):
            answers = [good, bad] if number % 2 else [bad, good]
            found.append(
                {
                    "id": f"pair-{len(found)}",
                    "question_id": good["question_id"],
                    "question": good["question"],
                    "reference": good["gold"],
                    "answer1": answers[0]["answer"],
                    "answer2": answers[1]["answer"],
                    "winner": "A" if answers[0] is good else "B",
                }
            )
    return found


def both_orders(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give every pair twice, one order behind the other, so that no step teaches that a place is the better one."""
    for row in rows:
        yield row
        yield {
            **row,
            "id": f"{row['id']}-swapped",
            "answer1": row["answer2"],
            "answer2": row["answer1"],
            "winner": {"A": "B", "B": "A"}[row["winner"]],
        }


def written(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows as JSON lines."""
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def prepare(folder: Path, training: int = TRAINING_QUESTIONS, test: int = TEST_QUESTIONS) -> None:
    """Write the data, the judge and the config of the run, for a number of questions to learn from and to test with."""
    folder.mkdir(parents=True, exist_ok=True)
    learnt = pair_rows(first(pairs(7, for_demo=False), 4 * training))
    known = {(core(row["reference"]), core(row[name])) for row in learnt for name in ("answer1", "answer2")}
    asked = {core(row["question"]) for row in learnt}
    others = [
        row
        for row in pair_rows(first(pairs(7, validation=True, for_demo=False), 16 * test))[::2]
        if core(row["question"]) not in asked
        and not {(core(row["reference"]), core(row[name])) for name in ("answer1", "answer2")} & known
    ]
    written(folder / "train.jsonl", both_orders(learnt))
    written(folder / "test.jsonl", others[:test])
    (folder / "judge.py").write_text(JUDGE, "utf-8")
    (folder / "run.py").write_text(RUN.replace("FOLDER", str(folder)), "utf-8")


def main() -> int:
    """Make the data, train, ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "outputs" / "demo_train")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="another order of the examples, and another adapter")
    chosen = parser.parse_args()
    folder = chosen.out.absolute()
    prepare(folder)
    jb = [sys.executable, "-m", "judgebench"]
    train = ["train", "judge", "--judge", str(folder / "judge.py"), "--data", str(folder / "train.jsonl"), "--test"]
    train += [str(folder / "test.jsonl"), "--out", str(folder / "trained"), "--steps", str(chosen.steps)]
    train += ["--batch", "8", "--swap", "0", "--seed", str(chosen.seed)]
    # the untrained model writes nothing that can be read, which would end its part early
    for command in (train, [str(folder / "run.py"), "--work-dir", str(folder / "runs"), "--go-on"]):
        if code := subprocess.run([*jb, *command], check=False, cwd=folder).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
