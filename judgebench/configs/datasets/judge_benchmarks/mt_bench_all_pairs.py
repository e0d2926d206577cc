"""MT-Bench, every two models: each one's win rate and rating over all turns, both orders (Zheng et al. 2023)."""

from mmengine.config import read_base

from judgebench.metrics.scores.comparison_score import ComparisonScore

with read_base():
    from ._conversation_pair import PAIRS

mt_bench_all_pairs_datasets = [
    dict(abbr="mt_bench_all_pairs", score=dict(type=ComparisonScore, cluster_by="name"), **PAIRS)
]
