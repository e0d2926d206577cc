"""MT-Bench, pairs against a baseline: A, B or tie for every turn in both orders; a winner only where both agree (Zheng
et al. 2023)."""

from mmengine.config import read_base

from judgebench.metrics.scores.win_score import WinScore

with read_base():
    from ._conversation_pair import PAIRS

mt_bench_pairs_datasets = [
    dict(
        abbr="mt_bench_pairs",
        baseline="gpt-3.5-turbo",
        score=dict(type=WinScore, group_by="model", cluster_by="name"),
        **PAIRS,
    )
]
