"""Does a judge of single answers change its verdict when nothing that matters has changed? The tested model is the
judge."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import BiasTest, ReferenceVerifier
from judgebench.metrics import BiasScore

judge_bias_answers_datasets = [
    dict(
        abbr="judge_bias_answers",
        type=JsonlDataset,
        path="package:bias.jsonl",  # the first answer of each of the 30 questions; half are right
        input_columns=["question"],
        output_column="reference",
        answer_columns=["first"],
        gold_column="first_is",
        id_column="id",
        meta_columns=["topic"],
        method=dict(
            type=BiasTest,
            judge=dict(type=ReferenceVerifier, style="letter"),  # any judge of single answers, grades included
            perturbations=[],  # all that fit; or names: ["bandwagon", dict(type="verbosity", words=200)]
            again=1,  # how many more times the same question is put, which is the noise floor
        ),
        score=dict(type=BiasScore),
    )
]
