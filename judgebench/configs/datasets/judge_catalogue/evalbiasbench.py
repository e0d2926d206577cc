"""EvalBiasBench: 80 pairs that lead judges astray by length, concreteness and four other biases (Park et al. 2024)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.pair_score import PairScore

with read_base():
    from ..judge_benchmarks._pair import TWO_WAY

_biases = [
    "length bias",
    "concreteness",
    "empty reference",
    "content_continuation",
    "nested_instruction",
    "familiar knowledge preference bias",
]

about = dict(
    title="EvalBiasBench (OffsetBias)",
    source="J. Park et al. (2024), OffsetBias: Leveraging Debiased Data for Tuning Evaluators, arXiv:2407.06551",
    published="github ncsoft/offsetbias, data/evalbiasbench/biasbench.json",
    licence="BSD 3-Clause",
    size="80 pairs of six biases: 17, 14, 13, 12, 12 and 12",
    columns="an object of six lists; a row has `bias`, `instruction`, `response1` (the good answer), `response2` and "
    "`label`, which is always 1",
    asks="which of two answers carries the instruction out better; both orders, because the good answer always comes "
    "first in the file",
    scored="`accuracy` is the share of right replies over both orders (the project's single accuracy), `both_orders` "
    "the share of pairs that are right in both (its pair accuracy), `consistency` how often both orders name the same "
    "answer; each by bias too. `accuracy/mean of biases` gives each bias one vote",
    unread="wrong, and no agreement, as in the project",
    checked="`make replay` counts the items of each bias and runs two made judges, which always prefer the longer or "
    "the shorter answer: 28 figures are equal. No replies of judges are published",
    weaknesses="A judge that prefers the shorter answer gets 73.75: `longer_wins` stands beside every figure. With 12 "
    "to 17 pairs of a bias, two judges differ by chance alone by 20 points.",
)

evalbiasbench_datasets = [
    dict(
        abbr="evalbiasbench",
        type=JudgeSamples,
        path="evalbiasbench/biasbench.json",
        also=["offsetbias/data/evalbiasbench/biasbench.json", "evalbiasbench/data/evalbiasbench/biasbench.json"],
        rows_at="*",
        key="{row}",
        input_columns=["instruction"],
        answer_columns=["response1", "response2"],
        gold_column="label",
        gold_labels={"1": "A", "2": "B"},
        meta_columns=["bias"],
        known_values=dict(bias=_biases),
        method=dict(
            type=DeclaredJudge,
            question="{instruction}",
            presentations=[dict(name="AB", order="AB", prompt=TWO_WAY), dict(name="BA", order="BA", prompt=TWO_WAY)],
            parser=dict(type="anchored", decisions={"A": "A", "B": "B"}),
            aggregate=dict(type="each_counts", unread="drop"),
            skip_equal="tie",
        ),
        score=dict(type=PairScore, headline="mean_of_orders", group_by="bias", averages={"mean of biases": _biases}),
    )
]
