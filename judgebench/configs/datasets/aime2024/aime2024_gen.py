"""AIME 2024, 30 competition problems with integer answers, scored by mathematical equivalence."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import BoxedAnswer, MathEqual

aime2024_datasets = [
    dict(
        abbr="aime2024",
        type=JsonlDataset,
        path="aime2024/aime2024.jsonl",
        hub=dict(path="HuggingFaceH4/aime_2024", split="train"),
        input_columns=["problem"],
        output_column="answer",
        id_column="id",
        prompt=[
            dict(
                role="user",
                content="Solve the following competition problem. Its answer is an integer from 0 to 999.\n\n"
                "{problem}\n\n"
                "Reason step by step and end with the final answer inside \\boxed{{}}.",
            )
        ],
        evaluator=dict(type=MathEqual, answer="boxed"),
        extractor=dict(type=BoxedAnswer),
    )
]
