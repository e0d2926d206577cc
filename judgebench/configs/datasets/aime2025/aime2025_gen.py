"""AIME 2025, 30 competition problems with integer answers, scored by mathematical equivalence."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import BoxedAnswer, MathEqual

also_called = ["aime2025", "aime25", "aime2025_gen_0_shot_chat_prompt"]

about = dict(
    title="AIME 2025",
    source="Mathematical Association of America (2025), American Invitational Mathematics Examination I and II",
    published="hub opencompass/AIME2025, configurations AIME2025-I and AIME2025-II",
    licence="the texts are the association's, for evaluation only",
    size="30 problems",
    columns="`id` (files alone), `question`, `answer`",
    asks="a solution step by step with the final answer in `\\boxed{}`",
    scored="accuracy by mathematical equivalence; with repeats also pass@k, cons@k and the mean over runs",
    unread="unparsed where no box is found; counted, and in the bounds",
    checked="invented rows of the published layout and answers whose figures are known; "
    "lm-eval's and inspect-evals' scorers on thousands of answer forms (`make test-soak`)",
    weaknesses="30 problems: one of them is 3.3 points, so ask repeatedly "
    "(`--override models.NAME.generation_kwargs.num_return_sequences=8`).",
)

aime2025_datasets = [
    dict(
        abbr="aime2025",
        type=JsonlDataset,
        path="aime2025/aime2025.jsonl",  # looked for in --data-dir, JB_DATA_DIR, the current folder and ./data
        hub=dict(path="opencompass/AIME2025", name=["AIME2025-I", "AIME2025-II"], split="test"),
        input_columns=["question"],
        output_column="answer",
        id_column="id",  # such as 2025-I-1; rows of the hub have none and are known by their number
        prompt=[
            dict(
                role="user",
                content="Solve the following competition problem. Its answer is an integer from 0 to 999.\n\n"
                "{question}\n\n"
                "Reason step by step and end with the final answer inside \\boxed{{}}.",
            )
        ],
        evaluator=dict(type=MathEqual, answer="boxed"),
        extractor=dict(type=BoxedAnswer),
    )
]
