"""Prometheus evaluation sets: grades 1 to 5 by a rubric per instance, against GPT-4's, and chosen over rejected (Kim
et al. 2024)."""

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.pair_score import PairScore
from judgebench.metrics.scores.point_score import PointScore

_grade = dict(type="last_match", patterns=[r"\[RESULT\]\s*\(?([1-5])\b"], published=True)

prometheus_datasets = [
    dict(
        abbr=f"prometheus_{name}",
        type=JudgeSamples,
        path=f"prometheus_eval/{name}.jsonl.gz",
        also=[f"prometheus-eval/eval/benchmark/data/{name}.json"],
        key="{response_source}-{idx}",
        input_columns=["instruction"],
        gold_column="gpt4_score",
        gold_kind="grade",
        meta_columns=["response_source", "category"],
        method=dict(
            type=DeclaredJudge,
            presentations=[
                dict(prompt=[dict(role="user", content="{instruction}")])
            ],  # the set brings its whole prompt along
            parser=_grade,
            aggregate=dict(type="first", unread="unparsed"),
        ),
        score=dict(type=PointScore, headline="pearson", group_by="response_source"),
    )
    for name in ("mt_bench_eval", "vicuna_eval")
] + [
    dict(
        abbr="prometheus_hhh",
        type=JudgeSamples,
        path="prometheus_eval/hhh_alignment_eval.jsonl.gz",
        also=["prometheus-eval/eval/benchmark/data/hhh_alignment_eval.json"],
        input_columns=["chosen_instruction", "rejected_instruction"],
        gold="A",
        meta_columns=["source"],
        method=dict(
            type=DeclaredJudge,
            presentations=[
                dict(name="chosen", prompt=[dict(role="user", content="{chosen_instruction}")]),
                dict(name="rejected", prompt=[dict(role="user", content="{rejected_instruction}")]),
            ],
            parser=_grade,
            aggregate=dict(type="judgebench.judges.aggregations.higher_score", unread="unparsed"),
        ),
        score=dict(type=PairScore, group_by="source", ties="wrong"),  # the source draws ties again until they differ
    )
]
