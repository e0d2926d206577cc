"""Does a judge of pairs change its verdict when nothing that matters has changed? The tested model is the judge."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import BiasTest, PairComparison
from judgebench.metrics import BiasScore

judge_bias_pairs_datasets = [
    dict(
        abbr="judge_bias_pairs",
        type=JsonlDataset,
        path="package:bias.jsonl",  # 30 short questions, each with a right answer and a wrong one; half have A right
        input_columns=["question"],
        output_column="reference",
        answer_columns=["first", "second"],
        gold_column="better",
        id_column="id",
        meta_columns=["topic"],
        method=dict(
            type=BiasTest,
            # Any judge of pairs. One order alone: position is a perturbation here.
            judge=dict(type=PairComparison, orders=["AB"], aggregate=dict(type="first", unread="unparsed")),
            perturbations=[],  # all that fit; or names: ["position", "bandwagon", dict(type="verbosity", words=200)]
            again=1,  # how many more times the same question is put, which is the noise floor
        ),
        score=dict(type=BiasScore),
    )
]
