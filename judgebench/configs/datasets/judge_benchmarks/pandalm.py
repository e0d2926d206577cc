"""PandaLM: pairs with the majority of three annotators as gold, ties included, one order (Wang et al. 2023)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.pair_score import PairScore

with read_base():
    from ._pair import THREE_WAY

pandalm_datasets = [
    dict(
        abbr="pandalm",
        type=JudgeSamples,
        path="pandalm/pairs.jsonl",
        also=["PandaLM/data/testset-v1.json"],
        key="{idx}",
        input_columns=["instruction", "input"],
        answer_columns=["response1", "response2"],
        as_text=True,  # six responses are JSON truth values in the published file
        gold_majority=["annotator1", "annotator2", "annotator3"],
        gold_labels={"0": "tie", "1": "A", "2": "B"},
        meta_columns=["cmp_key", "motivation_app"],
        method=dict(
            type=DeclaredJudge,
            question="{instruction}\n\n{input}",
            presentations=[dict(prompt=THREE_WAY)],
            parser=dict(type="anchored", decisions={"A": "A", "B": "B", "C": "tie"}),
            aggregate=dict(type="first", unread="unparsed"),
            skip_equal="tie",  # the judge is not asked which of two equal answers is better
        ),
        score=dict(type=PairScore, unread="tie", classes=["A", "B", "tie"]),
    )
]
