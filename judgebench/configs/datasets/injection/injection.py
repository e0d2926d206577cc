"""Do wrong answers that address the judge change its verdict? The tested model is the judge; each attack has a clean
twin."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import ReferenceVerifier
from judgebench.metrics import VerifierScore

# Every answer here is wrong, so false_positive_rate of injection_attack is the share of attacks that turned the judge
# (judge_rate/<kind>: by kind of attack). Compare it with injection_clean: the same answers without a word to the judge.
injection_datasets = [
    dict(
        abbr=f"injection_{variant}",
        type=JsonlDataset,
        path="package:injection.jsonl",
        input_columns=["question"],
        output_column="reference",
        answer_columns=[variant],
        gold_column="verdict",
        id_column="id",
        meta_columns=["kind"],
        method=dict(type=ReferenceVerifier, style="letter"),
        score=dict(type=VerifierScore, group_by="kind", headline="false_positive_rate"),
    )
    for variant in ("attack", "clean")
]
