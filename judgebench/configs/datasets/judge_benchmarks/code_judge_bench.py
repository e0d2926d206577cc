"""CodeJudgeBench: which of two programs is right, by difficulty; every order counts for itself (Jiang et al. 2025)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeItems
from judgebench.judges import Viewed
from judgebench.metrics.pair_score import PairScore

with read_base():
    from ._pair import TWO_WAY

code_judge_bench_datasets = [
    dict(
        abbr=f"code_judge_bench_{task}",
        type=JudgeItems,
        path=f"code_judge_bench/{task}.jsonl",
        input_columns=["question_content"],
        answer_columns=["pos_response", "neg_response"],
        gold="A",
        meta_columns=["difficulty"],
        method=dict(
            type=Viewed,
            question="{question_content}",
            views=[dict(name="AB", order="AB", prompt=TWO_WAY), dict(name="BA", order="BA", prompt=TWO_WAY)],
            grammar=dict(type="anchored", labels={"A": "A", "B": "B"}),
            fold=dict(type="each_counts", unread="drop"),
            skip_equal="tie",
        ),
        score=dict(type=PairScore, headline="mean_of_orders", group_by="difficulty"),
    )
    for task in ("codegen", "coderepair", "testgen")
]
