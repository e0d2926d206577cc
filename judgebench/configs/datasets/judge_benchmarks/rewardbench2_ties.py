"""RewardBench 2, subset Ties: many right answers to one prompt, above every wrong one and close together (Malik et al.
2025)."""

from mmengine.config import read_base

from judgebench.datasets import RewardTies
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.ties_score import TiesScore

with read_base():
    from ._grade import GRADE

rewardbench2_ties_datasets = [
    dict(
        abbr="rewardbench2_ties",
        type=RewardTies,
        path="rewardbench2/test.jsonl",
        hub=dict(path="allenai/reward-bench-2", split="test"),
        known_values=dict(subset=["Factuality", "Precise IF", "Math", "Safety", "Focus", "Ties"]),
        method=dict(
            type=DeclaredJudge,
            presentations=[dict(prompt=[dict(role="user", content=GRADE % "answer")])],
            parser=dict(type="trailing_int", low=1, high=10),
            aggregate=dict(type="first", unread="unparsed"),
        ),
        score=dict(type=TiesScore),
    )
]
