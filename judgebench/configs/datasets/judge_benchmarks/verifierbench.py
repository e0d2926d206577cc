"""VerifierBench: correct, incorrect or invalid, against a reference answer, by domain (Liu et al. 2025,
CompassVerifier)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.metrics.scores.verifier_score import VerifierScore

with read_base():
    from ._threeway import THREE_WAY_CHECK

verifierbench_datasets = [
    dict(
        abbr="verifierbench",
        type=JudgeSamples,
        path="VerifierBench/test.jsonl",
        also=["VerifierBench/test.parquet"],
        hub=dict(path="opencompass/VerifierBench", split="test"),
        key="{row}",
        input_columns=["question"],
        output_column="gold_answer",
        answer_columns=["llm_response"],
        gold_column="gold_judgment",
        gold_labels={"A": "correct", "B": "incorrect", "C": "invalid"},
        meta_columns=["domain"],
        method=THREE_WAY_CHECK,
        score=dict(
            type=VerifierScore, classes=["correct", "incorrect", "invalid"], headline="accuracy", group_by="domain"
        ),
    )
]
