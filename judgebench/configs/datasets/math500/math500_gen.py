"""MATH-500, 500 problems of seven subjects and five levels, scored by mathematical equivalence."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import BoxedAnswer, MathEqual

math500_datasets = [
    dict(
        abbr="math500",
        type=JsonlDataset,
        path="math500/test.jsonl",
        hub=dict(path="HuggingFaceH4/MATH-500", split="test"),
        input_columns=["problem"],
        output_column="answer",
        id_column="unique_id",
        meta_columns=["subject", "level"],
        prompt=[
            dict(
                role="user",
                content="{problem}\n\nReason step by step and end with the final answer inside \\boxed{{}}.",
            )
        ],
        evaluator=dict(type=MathEqual, answer="boxed_or_any"),
        extractor=dict(type=BoxedAnswer),
    )
]
