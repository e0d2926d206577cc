"""RM-Bench: right and wrong answers in three styles, each graded by itself; nine comparisons, equal is wrong (Liu et
al. 2024)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.list_score import ListScore

with read_base():
    from ._grade import GRADE

_columns = {f"{side}.{style}": f"{side}_{style}" for side in ("chosen", "rejected") for style in (0, 1, 2)}

rm_bench_datasets = [
    dict(
        abbr="rm_bench",
        type=JudgeSamples,
        path="rm_bench/total_dataset.jsonl",
        also=["RM-Bench/data/total_dataset.json"],
        hub=dict(path="THU-KEG/RM-Bench", split="train"),
        key="{id}",
        input_columns=["prompt", *_columns],
        rename=_columns,
        meta_columns=["domain"],
        method=dict(
            type=DeclaredJudge,
            presentations=[
                dict(name=field, prompt=[dict(role="user", content=GRADE % field)]) for field in _columns.values()
            ],
            parser=dict(type="trailing_int", low=1, high=10),
            aggregate=dict(type="mean_score", unread="unparsed"),
        ),
        score=dict(type=ListScore, right=3, rule="styles", group_by="domain"),
    )
]
