"""MT-Bench style pairs: A, B or tie in both orders; a winner only where both agree (Zheng et al. 2023)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeItems
from judgebench.judges import Viewed
from judgebench.metrics.win_score import WinScore

with read_base():
    from ._pair import THREE_WAY

mt_bench_pairs_datasets = [
    dict(
        abbr="mt_bench_pairs",
        type=JudgeItems,
        path="mt_bench/pairs.jsonl",  # columns: question_id, question, answer (tested), baseline_answer
        key="{question_id}",
        input_columns=["question"],
        answer_columns=["answer", "baseline_answer"],
        method=dict(
            type=Viewed,
            views=[dict(name="AB", order="AB", prompt=THREE_WAY), dict(name="BA", order="BA", prompt=THREE_WAY)],
            grammar=dict(type="anchored", labels={"A": "A", "B": "B", "C": "tie"}),
            fold=dict(type="both_or_tie", unread="unparsed"),
            skip_equal="tie",
        ),
        score=dict(type=WinScore),
    )
]
