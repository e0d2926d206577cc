"""JudgerBench V2: which of two answers won, in ten kinds of requests (OpenCompass, 2025)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics import PairScore

with read_base():
    from ..judge_benchmarks._pair import TWO_WAY

about = dict(
    title="JudgerBench V2",
    source="the OpenCompass project (judgerbenchv2); CompassJudger-2, github open-compass/CompassJudger",
    published="with OpenCompass; one JSON list for each of ten categories, Knowledge.json to Code_and_AI.json",
    licence="code Apache-2.0; the data's licence was not found",
    size="ten categories of 1,000 rows: ten models on 100 requests each, against one base model",
    columns="`prompt`, `gold.category`, `gold.lan`, `gold.r1_gt` (name of the winning model), `base_model_response` and "
    "`models_response`, each with `model_name` and `response`",
    asks="which of two answers carries the request out better, in both orders, without a tie",
    scored="`accuracy`: the mean of both orders, by category and as the mean of the categories",
    unread="wrong. OpenCompass leaves the item out of its accuracy and gives the model no win",
    choices={"an unread pair leaves the figure, as in OpenCompass": "datasets.judgerbench_v2.score.unread=drop"},
    figures=[
        dict(of=judge, figure="final score, OpenCompass", value=value, date="2025-07", source="CompassJudger-2 README")
        for judge, value in (
            ("Qwen2.5-7B", "57.14"),
            ("Qwen2.5-32B", "62.97"),
            ("DeepSeek-V3-0324", "64.43"),
            ("CompassJudger-2-7B", "60.52"),
            ("CompassJudger-2-32B", "62.21"),
        )
    ],
    checked="invented rows of the published layout, and judges whose figures are known; no recordings are public",
    weaknesses="The published final score mixes accuracy with the distance of the judge's ranking of models from a table "
    "that is not public in these files, over a greatest difference that depends on the judge itself; it is not computed, "
    "and does not compare with our accuracy.",
)

_categories = [
    "Knowledge",
    "Longtext",
    "Reason_and_analysis",
    "safe",
    "Hallucination",
    "chatQA",
    "IF",
    "LanTask",
    "Creation",
    "Code_and_AI",
]

judgerbench_v2_datasets = [
    dict(
        abbr="judgerbench_v2",
        type=JudgeSamples,
        path="judgerbenchv2/{split}.json",
        also=["judgeeval/judgerbenchv2/{split}.json"],
        splits=_categories,
        key="{split}/{row}",
        input_columns=["prompt"],
        rename={"prompt": "question"},
        answer_columns=["models_response.response", "base_model_response.response"],
        gold_column="gold.r1_gt",
        gold_names=["models_response.model_name", "base_model_response.model_name"],
        meta_columns=["split", "models_response.model_name"],
        method=dict(
            type=DeclaredJudge,
            presentations=[dict(name="AB", order="AB", prompt=TWO_WAY), dict(name="BA", order="BA", prompt=TWO_WAY)],
            parser=dict(type="anchored", decisions={"A": "A", "B": "B"}),
            aggregate=dict(type="each_counts", unread="drop"),
        ),
        score=dict(
            type=PairScore,
            headline="mean_of_orders",
            group_by="split",
            averages={"mean of categories": _categories},
        ),
    )
]
