"""LLMBar: which output follows the instruction, natural and adversarial pairs, both orders (Zeng et al. 2024)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.pair_score import PairScore

with read_base():
    from ._pair import TWO_WAY

llmbar_datasets = [
    dict(
        abbr="llmbar",
        type=JudgeSamples,
        path="llmbar/data/{split}.jsonl",
        also=[  # as in a copy of the project's repository
            "LLMBar/Dataset/LLMBar/{split}/dataset.json",
            "LLMBar/Dataset/LLMBar/Adversarial/{split}/dataset.json",
        ],
        splits=["Natural", "Neighbor", "GPTInst", "GPTOut", "Manual"],
        key="{split}-{row}",
        input_columns=["input"],
        answer_columns=["output_1", "output_2"],
        gold_column="label",
        gold_labels={"1": "A", "2": "B"},
        meta_columns=["split"],
        method=dict(
            type=DeclaredJudge,
            question="{input}",
            presentations=[dict(name="AB", order="AB", prompt=TWO_WAY), dict(name="BA", order="BA", prompt=TWO_WAY)],
            parser=dict(type="anchored", decisions={"A": "A", "B": "B"}),
            aggregate=dict(type="each_counts", unread="drop"),
            skip_equal="tie",  # the judge is not asked which of two equal answers is better
        ),
        score=dict(
            type=PairScore,
            headline="mean_of_orders",
            group_by="split",
            averages={"Adversarial": ["Neighbor", "GPTInst", "GPTOut", "Manual"]},
            unread_agree=True,  # the published tables count two silent orders as agreeing
        ),
    )
]
