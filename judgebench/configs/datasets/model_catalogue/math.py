"""MATH, 5,000 competition problems of seven subjects and five levels (Hendrycks et al. 2021)."""

from judgebench.datasets import JudgeSamples
from judgebench.judges import BoxedAnswer, MathEqual

also_called = ["math_gen", "math_gen_0_shot_cot_chat_prompt", "hendrycks_math", "minerva_math"]

about = dict(
    title="MATH",
    source="D. Hendrycks et al. (2021), Measuring Mathematical Problem Solving With the MATH Dataset, arXiv:2103.03874",
    published="hub DigitalLearningGmbH/MATH-lighteval, split test",
    licence="MIT",
    size="5,000 problems",
    columns="`problem`, `solution` (the reference is its last `\\boxed{}`), `level`, `type`",
    asks="a solution step by step with the final answer in `\\boxed{}`",
    scored="accuracy by mathematical equivalence (math-verify), and by level and subject",
    unread="unparsed where no answer is found or the comparison cannot be made; counted, and in the bounds",
    checked="invented rows of the published layout and answers whose figures are known; lm-eval's and inspect-evals' "
    "scorers on thousands of answer forms (`make test-soak`)",
    weaknesses="simple-evals has a model compare the answers, so its figures are a little higher than a rule's.",
)

math_datasets = [
    dict(
        abbr="math",
        type=JudgeSamples,
        path="math/test.jsonl",
        also=["math/test.parquet", "math/data/test-00000-of-00001.parquet"],
        hub=dict(path="DigitalLearningGmbH/MATH-lighteval", split="test"),
        input_columns=["problem"],
        output_column="solution",
        transforms=["boxed"],
        meta_columns=["level", "type"],
        repeated="number",
        by=["level", "type"],
        prompt=[
            dict(
                role="user",
                content="{problem}\n\nReason step by step and end with the final answer inside \\boxed{{}}.",
            )
        ],
        evaluator=dict(type=MathEqual, answer="boxed_or_any"),
        extractor=dict(type=BoxedAnswer),
    )
]
