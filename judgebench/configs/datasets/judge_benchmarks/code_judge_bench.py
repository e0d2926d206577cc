"""CodeJudgeBench: which of two programs, repairs or unit tests is right, by difficulty; every order counts for itself
(Jiang et al. 2025)."""

from mmengine.config import read_base

from judgebench.datasets import CodeJudgeBench
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.pair_score import PairScore

with read_base():
    from ._pair import TWO_WAY

code_judge_bench_datasets = [
    dict(
        abbr=f"code_judge_bench_{task}",
        type=CodeJudgeBench,
        task=task,
        path=f"codejudgebench/{task}/{{split}}.jsonl",
        splits=["*"],  # a split is the model that wrote both answers; all that are there
        hub=dict(path="mattymchen/codejudgebench", name=task),
        method=dict(
            type=DeclaredJudge,
            presentations=[dict(name="AB", order="AB", prompt=TWO_WAY), dict(name="BA", order="BA", prompt=TWO_WAY)],
            parser=dict(type="anchored", decisions={"A": "A", "B": "B"}),
            aggregate=dict(type="each_counts", unread="drop"),
            skip_equal="tie",
        ),
        score=dict(type=PairScore, headline="mean_of_orders", group_by="difficulty"),
    )
    for task in ("codegen", "coderepair", "testgen")
]
