"""GPQA diamond, 198 questions of biology, physics and chemistry that experts wrote (Rein et al. 2023)."""

from judgebench.datasets import ChoiceRows
from judgebench.judges import ChoiceEqual, ChoiceLetter, PatternEqual

also_called = [
    "gpqa_gen",
    "gpqa_diamond",
    "gpqa_gen_0_shot_str",
    "gpqa_gen_0_shot_cot_chat_prompt",
    "gpqa_diamond_cot_zeroshot",
]

about = dict(
    title="GPQA diamond",
    source="D. Rein et al. (2023), GPQA: A Graduate-Level Google-Proof Q&A Benchmark, arXiv:2311.12022",
    published="hub Idavidrein/gpqa (asks for consent), gpqa_diamond.csv",
    licence="CC BY 4.0; the authors ask not to show items in plain text, so its results are not shareable",
    size="198 questions; the main set has more: `--override datasets.gpqa.path=gpqa/gpqa_main.csv`",
    columns="`Question`, `Correct Answer`, `Incorrect Answer 1` to `3`, `High-level domain`, `Subdomain`, `Record ID`",
    asks="the letter of one of four options, in a last line “Answer: X”",
    scored="accuracy. Two rows: `gpqa` reads the letter wherever the answer states one and no other; `gpqa-published` "
    "takes the first “Answer: X”, as simple-evals does. The options are in simple-evals' order, which the version "
    "includes",
    unread="`gpqa`: unparsed, counted, and in the bounds. `gpqa-published`: wrong",
    checked="invented rows of the published layout, answers whose figures are known, and simple-evals' order of the "
    "first rows; lm-eval's and simple-evals' expressions on thousands of answer forms (`make test-soak`)",
    choices={
        "the options in OpenCompass's and AISBench's order, by the row's number": "datasets.gpqa.order=opencompass",
    },
    figures=[
        dict(of=name, figure="accuracy", value=value, date="2025-04", source="simple-evals, README")
        for name, value in (
            ("gpt-4o-2024-11-20", "46.0"),
            ("gpt-4o-mini", "40.2"),
            ("gpt-4.1", "66.3"),
            ("o1", "75.7"),
            ("o3-mini-high", "77.2"),
        )
    ],
    weaknesses="198 questions: an accuracy of 50 has an interval of 7 points to either side. The order of the options "
    "moves figures by some points, so compare only results of one version. Four to ten repeats are usual.",
)

gpqa_datasets = [
    dict(
        abbr="gpqa",
        type=ChoiceRows,
        path="gpqa/gpqa_diamond.csv",
        hub=dict(path="Idavidrein/gpqa", name="gpqa_diamond", split="train"),
        key="{Record ID}",
        input_columns=["Question"],
        rename=dict(Question="question"),
        option_columns=["Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3"],
        order="simple-evals",
        meta_columns=["High-level domain", "Subdomain"],
        by=["High-level domain"],
        shareable=False,
        prompt=[
            dict(
                role="user",
                content="{question}\n\n{options}\n\nThink step by step. The last line of your reply must be of the form:\n"
                "Answer: X\nwhere X is one of A, B, C and D.",
            )
        ],
        evaluator=dict(type=ChoiceEqual),
        extractor=dict(type=ChoiceLetter),
        rule_row=True,
        judge_infer_cfg=[
            dict(abbr="published", method=dict(type=PatternEqual, patterns=[r"(?i)Answer[ \t]*:[ \t]*\$?([A-D])\$?"]))
        ],
    )
]
