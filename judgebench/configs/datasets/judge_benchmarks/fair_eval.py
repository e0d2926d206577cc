"""FairEval: several scored samples in both orders, averaged; the higher mean wins (Wang et al. 2023)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeItems
from judgebench.judges import Viewed
from judgebench.metrics.pair_score import PairScore

with read_base():
    from .judgelm_val import _prompt

fair_eval_datasets = [
    dict(
        abbr="fair_eval",
        type=JudgeItems,
        path="fair_eval/pairs.jsonl",  # columns: question_id, question_body, answer1_body, answer2_body, label
        key="{question_id}",
        input_columns=["question_body"],
        answer_columns=["answer1_body", "answer2_body"],
        gold_column="label",
        gold_labels={"win": "A", "lose": "B", "tie": "tie"},
        method=dict(
            type=Viewed,
            views=[dict(name="AB", order="AB", prompt=_prompt), dict(name="BA", order="BA", prompt=_prompt)],
            repeats=3,  # the evidence of several samples; needs a temperature above 0
            grammar=dict(type="first_line_two_numbers"),
            fold=dict(type="mean_score", unread="drop"),
            params=dict(temperature=1.0),
            skip_equal="tie",
        ),
        score=dict(type=PairScore, classes=["A", "B", "tie"]),
    )
]
