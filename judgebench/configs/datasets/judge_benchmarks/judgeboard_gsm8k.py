"""Direct judging of the graded GSM8K solutions that were published with the problems: four models, right or wrong
(Cobbe et al. 2021)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.metrics.scores.verifier_score import VerifierScore

with read_base():
    from ._direct import DIRECT

judgeboard_gsm8k_datasets = [
    dict(
        abbr="judgeboard_gsm8k",
        type=JudgeSamples,
        path="gsm8k/model_solutions.jsonl.gz",
        also=["grade-school-math/grade_school_math/data/example_model_solutions.jsonl"],
        entries=["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"],
        key="{row}-{entry}",
        input_columns=["question"],
        answer_columns=["solution"],
        gold_column="is_correct",
        gold_labels={"true": "correct", "false": "incorrect"},
        meta_columns=["entry"],
        method=DIRECT,
        score=dict(type=VerifierScore, group_by="entry"),
    )
]
