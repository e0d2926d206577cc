"""AIME 2026, 30 competition problems with integer answers, scored by mathematical equivalence."""

from judgebench.datasets import JudgeSamples
from judgebench.judges import BoxedAnswer, MathEqual

also_called = ["aime2026_gen", "aime2026_gen_0_shot_str", "aime2026_gen_0_shot_chat_prompt", "aime26"]

about = dict(
    title="AIME 2026",
    source="Mathematical Association of America (2026), American Invitational Mathematics Examination I and II",
    published="hub math-ai/aime26",
    licence="the texts are the association's, for evaluation only",
    size="30 problems",
    columns="`id`, `problem`, `answer`",
    asks="a solution step by step with the final answer in `\\boxed{}`",
    scored="accuracy by mathematical equivalence; with repeats also pass@k, cons@k and the mean over runs",
    unread="unparsed where no box is found; counted, and in the bounds",
    checked="invented rows of the published layout and answers whose figures are known; "
    "lm-eval's and inspect-evals' scorers on thousands of answer forms (`make test-soak`)",
    weaknesses="30 problems: one of them is 3.3 points, so ask repeatedly "
    "(`--override models.NAME.generation_kwargs.num_return_sequences=8`).",
)

aime2026_datasets = [
    dict(
        abbr="aime2026",
        type=JudgeSamples,
        path="aime2026/aime2026.jsonl",
        also=["aime2026/aime2026.parquet"],
        hub=dict(path="math-ai/aime26", split="test"),
        key="{id}",
        input_columns=["problem"],
        output_column="answer",
        prompt=[
            dict(
                role="user",
                content="Solve the following competition problem. Its answer is an integer from 0 to 999.\n\n"
                "{problem}\n\n"
                "Reason step by step and end with the final answer inside \\boxed{{}}.",
            )
        ],
        evaluator=dict(type=MathEqual, answer="boxed"),
        extractor=dict(type=BoxedAnswer),
    )
]
