"""GSM8K test set, 1319 school word problems, scored by the value of the final number."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import LastNumber, NumberEqual

also_called = ["gsm8k", "gsm8k_cot", "gsm8k_gen_0_shot_cot_str", "gsm8k_gen_0_shot_cot_chat_prompt"]

about = dict(
    title="GSM8K",
    source="K. Cobbe et al. (2021), Training Verifiers to Solve Math Word Problems, arXiv:2110.14168",
    published="hub openai/gsm8k, configuration main, split test; github openai/grade-school-math, "
    "grade_school_math/data/test.jsonl",
    licence="MIT",
    size="1,319 problems",
    columns="`question`, `answer` (a solution whose last line is `#### <number>`)",
    asks="a solution step by step, without worked examples, with a last line `#### <number>`",
    scored="accuracy by value: the number in the last box, else the one behind the last `####`, else the last of the answer",
    unread="unparsed where no number stands for the answer; counted, and in the bounds",
    checked="5,276 published solutions with their labels (`make replay`); invented rows of the published layout and answers "
    "whose figures are known; lm-eval's and inspect-evals' scorers on thousands of answer forms (`make test-soak`)",
    weaknesses="lm-eval asks with five worked examples, and its strict rule wants `####`: figures of a model that answers "
    "otherwise are lower there.",
)

gsm8k_datasets = [
    dict(
        abbr="gsm8k",
        type=JsonlDataset,
        path="gsm8k/test.jsonl",
        hub=dict(path="openai/gsm8k", name="main", split="test"),
        input_columns=["question"],
        output_column="answer",
        transforms=["after_hashes"],  # the reference is what follows "####"
        prompt=[
            dict(
                role="user",
                content="{question}\n\n"
                "Work it out step by step. Then write one last line of the form:\n#### <the answer as a number>",
            )
        ],
        evaluator=dict(type=NumberEqual, markers=["####"]),
        extractor=dict(type=LastNumber, markers=["####"]),
    )
]
