"""Auto-J: pairs of 58 scenarios with ties; both orders must agree with people and with each other (Li et al. 2023)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.pair_score import PairScore

with read_base():
    from ._pair import THREE_WAY

auto_j_datasets = [
    dict(
        abbr="auto_j",
        type=JudgeSamples,
        path="auto_j/testdata_pairwise.jsonl",
        also=["auto-j/data/test/testdata_pairwise.jsonl"],
        input_columns=["prompt"],
        answer_columns=["response 1", "response 2"],
        gold_column="label",
        gold_labels={"0": "A", "1": "B", "2": "tie"},
        meta_columns=["scenario"],
        method=dict(
            type=DeclaredJudge,
            question="{prompt}",
            presentations=[
                dict(name="AB", order="AB", prompt=THREE_WAY),
                dict(name="BA", order="BA", prompt=THREE_WAY),
            ],
            parser=dict(type="anchored", decisions={"A": "A", "B": "B", "C": "tie"}),
            aggregate=dict(type="both_required", unread="unparsed"),
        ),
        score=dict(type=PairScore, classes=["A", "B", "tie"], group_by="scenario"),
    )
]
