"""CompassVerifier samples: correct, incorrect or invalid, against a reference answer (Liu et al. 2025)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.metrics.scores.verifier_score import VerifierScore

with read_base():
    from ._threeway import THREE_WAY_CHECK

compassverifier_datasets = [
    dict(
        abbr="compassverifier",
        type=JudgeSamples,
        path="compassverifier/samples.jsonl",
        key="{idx}",
        input_columns=["question"],
        output_column="gold_answer",
        answer_columns=["llm_response"],
        gold_column="gold_judgment",
        gold_labels={"A": "correct", "B": "incorrect", "C": "invalid"},
        method=THREE_WAY_CHECK,
        score=dict(type=VerifierScore, classes=["correct", "incorrect", "invalid"], headline="accuracy"),
    )
]
