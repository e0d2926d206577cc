"""MMLU-Pro, 12,032 questions with up to ten options, by category (Wang et al. 2024)."""

from judgebench.datasets import ChoiceRows
from judgebench.judges import ChoiceEqual, ChoiceLetter, PatternEqual

also_called = ["mmlu_pro_gen", "mmlu_pro_gen_0_shot_str", "mmlu-pro"]

about = dict(
    title="MMLU-Pro",
    source="Y. Wang et al. (2024), MMLU-Pro: A More Robust and Challenging Multi-Task Language Understanding Benchmark, "
    "arXiv:2406.01574",
    published="hub TIGER-Lab/MMLU-Pro, split test",
    licence="MIT",
    size="12,032 questions in 14 categories; 70 more in the split validation",
    columns="`question_id`, `question`, `options` (a list of up to ten), `answer` (letter), `category`, `src`",
    asks="one letter, after working step by step, in a last line of the form “the answer is (X)”",
    scored="accuracy over all questions, and by category. Two rows: `mmlu_pro` reads the letter wherever the answer "
    "states one and no other; `mmlu_pro-published` takes the first “answer is (X)”, as lm-eval does",
    unread="`mmlu_pro`: unparsed, counted, and in the bounds. `mmlu_pro-published`: wrong. The project's own code draws "
    "a random letter instead, which is offered nowhere here",
    checked="invented rows of the published layout and answers whose figures are known; lm-eval's own scorer on "
    "thousands of answer forms (`make test-soak`)",
    weaknesses="Published figures mostly come from five worked examples; none are shown here. Some rows hold `N/A` among "
    "their options; it is left out, and the letters close up.",
)

mmlu_pro_datasets = [
    dict(
        abbr="mmlu_pro",
        type=ChoiceRows,
        path="mmlu_pro/test.jsonl",
        also=["mmlu_pro/test.parquet", "mmlu_pro/data/test-00000-of-00001.parquet"],
        hub=dict(path="TIGER-Lab/MMLU-Pro", split="test"),
        key="{question_id}",
        input_columns=["question"],
        option_column="options",
        answer_column="answer",
        not_options=["N/A"],
        meta_columns=["category", "src"],
        by=["category"],
        prompt=[
            dict(
                role="user",
                content="{question}\n\n{options}\n\nThink step by step. End your reply with a line of the form:\n"
                "The answer is (X)\nwhere X is the letter of one option.",
            )
        ],
        evaluator=dict(type=ChoiceEqual, letters="ABCDEFGHIJ"),
        extractor=dict(type=ChoiceLetter, letters="ABCDEFGHIJ"),
        rule_row=True,
        judge_infer_cfg=[
            dict(abbr="published", method=dict(type=PatternEqual, patterns=[r"answer is \(?([ABCDEFGHIJ])\)?"]))
        ],
    )
]
