"""RewardBench: chosen against rejected answers in 23 subsets; sections weighted by counts, math as much as code
(Lambert et al. 2024)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.pair_score import PairScore

with read_base():
    from ._pair import TWO_WAY

_sections = {
    "Chat": {
        "alpacaeval-easy": 100,
        "alpacaeval-length": 95,
        "alpacaeval-hard": 95,
        "mt-bench-easy": 28,
        "mt-bench-med": 40,
    },
    "Chat Hard": {
        "mt-bench-hard": 37,
        "llmbar-natural": 100,
        "llmbar-adver-neighbor": 134,
        "llmbar-adver-GPTInst": 92,
        "llmbar-adver-GPTOut": 47,
        "llmbar-adver-manual": 46,
    },
    "Safety": {
        "refusals-dangerous": 100,
        "refusals-offensive": 100,
        "xstest-should-refuse": 154,
        "xstest-should-respond": 250,
        "donotanswer": 136,
    },
    "Reasoning": {
        "math-prm": 984,  # counts as much as the six code subsets together
        "hep-cpp": 164,
        "hep-go": 164,
        "hep-java": 164,
        "hep-js": 164,
        "hep-python": 164,
        "hep-rust": 164,
    },
}

rewardbench_datasets = [
    dict(
        abbr="rewardbench",
        type=JudgeSamples,
        path="rewardbench/filtered.jsonl",
        hub=dict(path="allenai/reward-bench", split="filtered"),
        key="{id}",
        input_columns=["prompt"],
        answer_columns=["chosen", "rejected"],
        gold="A",
        meta_columns=["subset"],
        known_values=dict(subset=[subset for section in _sections.values() for subset in section]),
        method=dict(
            type=DeclaredJudge,
            question="{prompt}",
            presentations=[dict(name="AB", order="AB", prompt=TWO_WAY), dict(name="BA", order="BA", prompt=TWO_WAY)],
            parser=dict(type="anchored", decisions={"A": "A", "B": "B"}),
            aggregate=dict(type="each_counts", unread="drop"),
            skip_equal="tie",
        ),
        score=dict(
            type=PairScore,
            headline="mean_of_orders",  # the source asks once, in an order drawn by chance; this is its expectation
            unread="half",
            ties="half",
            group_by="subset",
            averages={**_sections, "mean of sections": [*_sections]},
        ),
    )
]
