"""JudgerBench A: which of two conversations people preferred, in English and in Chinese (OpenCompass, 2024)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.judges import DeclaredJudge
from judgebench.metrics import PairScore

with read_base():
    from ..judge_benchmarks._pair import TWO_WAY

about = dict(
    title="JudgerBench, part A",
    source="M. Cao et al. (2024), CompassJudger-1: All-in-one Judge Model Helps Model Evaluation and Evolution, "
    "arXiv:2410.16256; github open-compass/CompassJudger",
    published="with OpenCompass; one JSON list for each language",
    licence="code Apache-2.0; the data's licence was not found",
    size="as many rows as the two files hold",
    columns="`conversation_a`, `conversation_b` (messages), `model_a`, `model_b`, `winner` (`model_a` or `model_b`), "
    "`category`, `turn`",
    asks="which of two conversations went better, in both orders, without a tie",
    scored="`accuracy`: the mean of both orders, by category",
    unread="wrong",
    checked="invented rows of the published layout, and judges whose figures are known",
    figures=[
        dict(of=judge, figure=f"accuracy, {language}", value=value, date="2024-10", source="arXiv:2410.16256, table 5")
        for judge, values in (
            ("GPT-4o-0806", (".664", ".608")),
            ("Skywork-llama3.1-8B", (".630", ".605")),
            ("Qwen2.5-72B-Chat", (".615", ".590")),
            ("CompassJudger-1-32B", (".614", ".612")),
            ("CompassJudger-1-7B", (".570", ".583")),
        )
        for language, value in zip(("English", "Chinese"), values, strict=True)
    ],
    weaknesses="OpenCompass asks one order and reads the letter A anywhere first, so that 'Assistant B' is A there; "
    "its figures do not compare with ours.",
)

judgerbench_a_datasets = [
    dict(
        abbr=f"judgerbench_a_{language}",
        type=JudgeSamples,
        path=f"judgerbench/judgerbench_A_{language}.json",
        key="{row}",
        input_columns=["category"],
        transcript_columns=["conversation_a", "conversation_b"],
        answer_columns=["conversation_a", "conversation_b"],
        gold_column="winner",
        gold_labels={"model_a": "A", "model_b": "B"},
        meta_columns=["category"],
        method=dict(
            type=DeclaredJudge,
            question="Help the user through the conversation that is shown.",
            presentations=[dict(name="AB", order="AB", prompt=TWO_WAY), dict(name="BA", order="BA", prompt=TWO_WAY)],
            parser=dict(type="anchored", decisions={"A": "A", "B": "B"}),
            aggregate=dict(type="each_counts", unread="drop"),
        ),
        score=dict(type=PairScore, headline="mean_of_orders", group_by="category"),
    )
    for language in ("en", "cn")
]
