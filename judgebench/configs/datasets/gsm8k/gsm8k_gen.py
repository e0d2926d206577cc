"""GSM8K test set, 1319 school word problems, scored by the value of the final number."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import LastNumber, NumberEqual

gsm8k_datasets = [
    dict(
        abbr="gsm8k",
        type=JsonlDataset,
        path="gsm8k/test.jsonl",
        hub=dict(path="openai/gsm8k", name="main", split="test"),
        input_columns=["question"],
        output_column="answer",
        transforms=["after_hashes"],  # the reference is what follows "####"
        prompt=[
            dict(
                role="user",
                content="{question}\n\n"
                "Work it out step by step. Then write one last line of the form:\n#### <the answer as a number>",
            )
        ],
        evaluator=dict(type=NumberEqual, markers=["####"]),
        extractor=dict(type=LastNumber, markers=["####"]),
    )
]
