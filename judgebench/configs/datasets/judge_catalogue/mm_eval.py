"""MM-Eval: chosen against rejected answers in 18 languages, in five kinds of tasks (Son et al. 2024)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics import PairScore

with read_base():
    from ..judge_benchmarks._pair import TWO_WAY

_subsets = ["reasoning", "chat", "linguistics", "language_hallucination", "safety"]

about = dict(
    title="MM-Eval",
    source="G. Son et al. (2024), MM-Eval: A Multilingual Meta-Evaluation Benchmark, arXiv:2410.17578",
    published="hub prometheus-eval/MM-Eval, split test; github guijinSON/MM-Eval",
    licence="code Apache-2.0; the data's licence is on the hub's page",
    size="five subsets in 18 languages; rows of other subsets (such as the Language Resource) are parts of their own",
    columns="`prompt`, `chosen`, `rejected`, `subset`, `language` (these names could not be checked against the files: "
    "`rename` and `--override` adapt them)",
    asks="which of two answers carries the instruction out better, in both orders",
    scored="`accuracy`: the mean of both orders, by subset, and `accuracy/mean of subsets`; with `--override "
    "datasets.mm_eval.by=['language']` by language",
    unread="wrong. The project counts an error or a tie as 0.5",
    choices={
        "an unread reply and a tie are half a point, as in the project": "datasets.mm_eval.score.unread=half "
        "datasets.mm_eval.score.ties=half"
    },
    checked="invented rows, and judges whose figures are known; no recordings are public",
    weaknesses="The project shuffles the order of each pair by a coin without a seed; both orders are asked here.",
)

mm_eval_datasets = [
    dict(
        abbr="mm_eval",
        type=JudgeSamples,
        path="mm_eval/test.jsonl",
        also=["mm_eval/test.parquet"],
        hub=dict(path="prometheus-eval/MM-Eval", split="test"),
        input_columns=["prompt"],
        answer_columns=["chosen", "rejected"],
        gold="A",
        meta_columns=["subset", "language"],
        method=dict(
            type=DeclaredJudge,
            question="{prompt}",
            presentations=[dict(name="AB", order="AB", prompt=TWO_WAY), dict(name="BA", order="BA", prompt=TWO_WAY)],
            parser=dict(type="anchored", decisions={"A": "A", "B": "B"}),
            aggregate=dict(type="each_counts", unread="drop"),
            skip_equal="tie",
        ),
        score=dict(
            type=PairScore,
            headline="mean_of_orders",
            group_by="subset",
            averages={"mean of subsets": _subsets},
        ),
    )
]
