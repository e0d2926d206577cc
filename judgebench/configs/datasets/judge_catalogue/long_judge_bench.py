"""LongJudgeBench: judges of long texts, which of two is better or whether one is right; two of its six sets (2025).

``long_judge_ma`` compares two texts, ``long_judge_verify`` checks one answer.
"""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics import PairScore, VerifierScore

with read_base():
    from ..judge_benchmarks._direct import DIRECT
    from ..judge_benchmarks._pair import TWO_WAY

_pairs = dict(
    ma=("ground_truth.preferred", {"A": "A", "B": "B"}, "both_or_tie"),
)

about = dict(
    title="LongJudgeBench",
    source="LongJudgeBench, github cjj826/LongJudgeBench",
    published="github cjj826/LongJudgeBench, data_standardized/NAME.jsonl and ground_truth/NAME_gt.jsonl",
    licence="MIT",
    size="six sets; documents of up to 158,000 tokens",
    columns="`dataset`, `id`, `instruction`, `responses` (a list of `model`, `content`), `ground_truth` (`type`; "
    "`preferred` of pairs, `gold_correct` of checks), `meta`",
    asks="which of two long texts is better, in both orders; or whether one answer is right",
    scored="`accuracy`, `both_orders`, `consistency`; for checks `agreement`, `cohen_kappa` and error rates",
    unread="of a pair wrong; of a check left out and counted",
    checked="invented rows of the published layout, and judges whose figures are known",
    weaknesses="Look at `jb --dry-run` first: long documents cost much. The graded sets (deepresearch_bench, realdr), "
    "the ranked one (surge) and wp_bench, whose gold is another model's name, are not among these datasets.",
)

long_judge_bench_datasets = [
    *(
        dict(
            abbr=f"long_judge_{name}",
            type=JudgeSamples,
            path=f"LongJudgeBench/data_standardized/{name}.jsonl",
            key="{id}",
            input_columns=["instruction"],
            answer_columns=["responses.0.content", "responses.1.content"],
            gold_column=column,
            gold_labels=labels,
            method=dict(
                type=DeclaredJudge,
                question="{instruction}",
                presentations=[
                    dict(name="AB", order="AB", prompt=TWO_WAY),
                    dict(name="BA", order="BA", prompt=TWO_WAY),
                ],
                parser=dict(type="anchored", decisions={"A": "A", "B": "B"}),
                aggregate=dict(type=aggregation, unread="unparsed"),
            ),
            score=dict(type=PairScore),
        )
        for name, (column, labels, aggregation) in _pairs.items()
    ),
    dict(
        abbr="long_judge_verify",
        type=JudgeSamples,
        path="LongJudgeBench/data_standardized/verify_bench_hard.jsonl",
        key="{id}",
        input_columns=["instruction"],
        rename=dict(instruction="question"),
        answer_columns=["responses.0.content"],
        gold_column="ground_truth.gold_correct",
        gold_labels={"true": "correct", "false": "incorrect"},
        method=DIRECT,
        score=dict(type=VerifierScore),
    ),
]
