"""AIME 2025, 30 competition problems with integer answers, scored by mathematical equivalence."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import BoxedAnswer, MathEqual

aime2025_datasets = [
    dict(
        abbr="aime2025",
        type=JsonlDataset,
        path="aime2025/aime2025.jsonl",  # looked for in --data-dir, JB_DATA_DIR, the current folder and ./data
        hub=dict(path="opencompass/AIME2025", name=["AIME2025-I", "AIME2025-II"], split="test"),
        input_columns=["question"],
        output_column="answer",
        id_column="id",  # such as 2025-I-1; rows of the hub have none and are known by their number
        prompt=[
            dict(
                role="user",
                content="Solve the following competition problem. Its answer is an integer from 0 to 999.\n\n"
                "{question}\n\n"
                "Reason step by step and end with the final answer inside \\boxed{{}}.",
            )
        ],
        evaluator=dict(type=MathEqual, answer="boxed"),
        extractor=dict(type=BoxedAnswer),
    )
]
