"""JudgeBench: pairs of a right and a wrong answer to hard questions, both orders, counter rule (Tan et al. 2024)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import ContinuedJudge
from judgebench.metrics.scores.pair_score import PairScore

with read_base():
    from ._pair import FIVE_LEVELS

judgebench_datasets = [
    dict(
        abbr=f"judgebench_{answered_by}",
        type=JudgeSamples,
        path=f"judgebench/pairs_{answered_by}.jsonl",
        also=[f"JudgeBench/data/dataset=judgebench,response_model={response_model}.jsonl"],
        hub=dict(path="ScalerLab/JudgeBench", split=split),
        key="{pair_id}",
        input_columns=["question"],
        answer_columns=["response_A", "response_B"],
        gold_column="label",
        gold_labels={"A>B": "A", "B>A": "B"},
        meta_columns=["source"],
        method=dict(
            type=ContinuedJudge,  # once, if a reply holds no verdict
            presentations=[
                dict(name="AB", order="AB", prompt=FIVE_LEVELS),
                dict(name="BA", order="BA", prompt=FIVE_LEVELS),
            ],
            parser=dict(
                type="unique_decision",
                patterns=[r"\[\[([AB<>=]+)\]\]"],
                decisions={"A>>B": "A>B", "A>B": "A>B", "A=B": "A=B", "B>A": "B>A", "B>>A": "B>A"},
                published=True,
            ),
            aggregate=dict(type="counter", unread="drop"),
            skip_equal="tie",  # the judge is not asked which of two equal answers is better
        ),
        score=dict(
            type=PairScore,
            group_by="source",
            groups={
                "mmlu-pro": "knowledge",
                "livebench-reasoning": "reasoning",
                "livebench-math": "math",
                "livecodebench": "coding",
            },
        ),
    )
    for answered_by, split, response_model in (
        ("gpt4o", "gpt", "gpt-4o-2024-05-13"),
        ("claude", "claude", "claude-3-5-sonnet-20240620"),
    )
]
