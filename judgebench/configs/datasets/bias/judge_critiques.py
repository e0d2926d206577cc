"""Does a judge of single answers give its verdict up when it is criticised? The tested model is the judge."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import Critiqued, ReferenceVerifier
from judgebench.metrics import BiasScore

judge_critiques_datasets = [
    dict(
        abbr="judge_critiques",
        type=JsonlDataset,
        path="package:bias.jsonl",  # the first answer of each of the 30 questions; half are right
        input_columns=["question"],
        output_column="reference",
        answer_columns=["first"],
        gold_column="first_is",
        id_column="id",
        meta_columns=["topic"],
        method=dict(
            type=Critiqued,
            judge=dict(type=ReferenceVerifier, style="letter"),  # any judge of single answers or of pairs
            critiques=[],  # all; or names: ["malicious", "malicious_sourced"]
            rounds=2,  # how often each critic speaks
            again=1,  # how many more times the question itself is put, which is the noise floor
        ),
        score=dict(type=BiasScore, headline="right_to_wrong/malicious"),
    )
]
