"""RewardBench 2: the right one of four answers must get the best grade, one dataset per subset but for ties (Malik et
al. 2025)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.list_score import ListScore

with read_base():
    from ._grade import GRADE

_columns = {"chosen.0": "right_0", "rejected.0": "wrong_0", "rejected.1": "wrong_1", "rejected.2": "wrong_2"}
_subsets = {"factuality": "Factuality", "if": "Precise IF", "math": "Math", "safety": "Safety", "focus": "Focus"}

rewardbench2_datasets = [
    dict(
        abbr=f"rewardbench2_{name}",
        type=JudgeSamples,
        path="rewardbench2/test.jsonl",
        hub=dict(path="allenai/reward-bench-2", split="test"),
        where=dict(subset=subset),
        known_values=dict(subset=[*_subsets.values(), "Ties"]),
        key="{id}",
        input_columns=["prompt", *_columns],
        rename=_columns,
        method=dict(
            type=DeclaredJudge,
            presentations=[
                dict(name=field, prompt=[dict(role="user", content=GRADE % field)]) for field in _columns.values()
            ],
            parser=dict(type="trailing_int", low=1, high=10),
            aggregate=dict(type="mean_score", unread="unparsed"),
        ),
        score=dict(type=ListScore, right=1, unread=0.25),
    )
    for name, subset in _subsets.items()
]
