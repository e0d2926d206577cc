"""RewardBench 2: the right one of four answers must get the best grade, one data set per subset but for ties (Malik et al. 2025)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeItems
from judgebench.judges import Viewed
from judgebench.metrics.list_score import ListScore

with read_base():
    from ._grade import GRADE

_columns = {"chosen.0": "right_0", "rejected.0": "wrong_0", "rejected.1": "wrong_1", "rejected.2": "wrong_2"}
_subsets = {"factuality": "Factuality", "if": "Precise IF", "math": "Math", "safety": "Safety", "focus": "Focus"}

rewardbench2_datasets = [
    dict(
        abbr=f"rewardbench2_{name}",
        type=JudgeItems,
        path="rewardbench2/test.jsonl",
        hub=dict(path="allenai/reward-bench-2", split="test"),
        where=dict(subset=subset),
        known_values=dict(subset=[*_subsets.values(), "Ties"]),
        key="{id}",
        input_columns=["prompt", *_columns],
        rename=_columns,
        method=dict(
            type=Viewed,
            views=[dict(name=field, prompt=[dict(role="user", content=GRADE % field)]) for field in _columns.values()],
            grammar=dict(type="trailing_int", low=1, high=10),
            fold=dict(type="mean_score", unread="unparsed"),
        ),
        score=dict(type=ListScore, right=1, unread=0.25),
    )
    for name, subset in _subsets.items()
]
