"""MATH-500, 500 problems of seven subjects and five levels, scored by mathematical equivalence."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import BoxedAnswer, MathEqual

also_called = [
    "math500",
    "math_500",
    "math_500_gen",
    "math500_gen_0_shot_cot_chat_prompt",
    "math-500",
    "hendrycks_math500",
    "minerva_math500",
]

about = dict(
    title="MATH-500",
    source="H. Lightman et al. (2023), Let's Verify Step by Step, arXiv:2305.20050 (the 500 of MATH, D. Hendrycks et al. "
    "2021, arXiv:2103.03874)",
    published="hub HuggingFaceH4/MATH-500, split test",
    licence="MIT",
    size="500 problems",
    columns="`unique_id`, `problem`, `answer`, `subject`, `level`",
    asks="a solution step by step with the final answer in `\\boxed{}`",
    scored="accuracy by mathematical equivalence (math-verify)",
    unread="unparsed where no answer is found or the comparison cannot be made; counted, and in the bounds",
    checked="invented rows of the published layout and answers whose figures are known; lm-eval's and inspect-evals' "
    "scorers on thousands of answer forms (`make test-soak`)",
    figures=[
        dict(of=name, figure="accuracy", value=value, date="2025-04", source="simple-evals, README")
        for name, value in (("gpt-4o-2024-11-20", "68.5"), ("gpt-4o-mini", "70.2"), ("o1", "96.4"))
    ]
    + [
        dict(
            of=f"a fine-tuned GPT-4, the best of 1,860 answers by {by}",
            figure="accuracy",
            value=value,
            date="2023-05",
            source="arXiv:2305.20050, figure 3",
        )
        for by, value in (("a process reward model", "78.2"), ("an outcome reward model", "72.4"), ("majority", "69.6"))
    ],
    weaknesses="simple-evals has a model compare the answers, and its figures before o1 are of the whole of MATH.",
)

math500_datasets = [
    dict(
        abbr="math500",
        type=JsonlDataset,
        path="math500/test.jsonl",
        hub=dict(path="HuggingFaceH4/MATH-500", split="test"),
        input_columns=["problem"],
        output_column="answer",
        id_column="unique_id",
        meta_columns=["subject", "level"],
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
