"""AIME 2024, 30 competition problems with integer answers, scored by mathematical equivalence."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import BoxedAnswer, MathEqual

also_called = ["aime2024", "aime24", "aime2024_gen_0_shot_chat_prompt"]

about = dict(
    title="AIME 2024",
    source="Mathematical Association of America (2024), American Invitational Mathematics Examination I and II",
    published="hub HuggingFaceH4/aime_2024",
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

aime2024_datasets = [
    dict(
        abbr="aime2024",
        type=JsonlDataset,
        path="aime2024/aime2024.jsonl",
        hub=dict(path="HuggingFaceH4/aime_2024", split="train"),
        input_columns=["problem"],
        output_column="answer",
        id_column="id",
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
