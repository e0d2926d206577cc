"""JudgeBoard style: is this answer right, asked directly and without a reference, over answers of any source (Bi et
al. 2025)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.metrics.scores.verifier_score import VerifierScore

with read_base():
    from ._direct import DIRECT

judgeboard_datasets = [
    dict(
        abbr="judgeboard",
        type=JudgeSamples,
        path="judgeboard/answers.jsonl",  # your own: the columns question, answer, right, and dataset if you like
        input_columns=["question"],
        answer_columns=["answer"],
        gold_column="right",
        gold_labels={"true": "correct", "false": "incorrect", "1": "correct", "0": "incorrect"},
        meta_columns=["dataset"],
        method=DIRECT,
        score=dict(type=VerifierScore, group_by="dataset"),
    )
]
