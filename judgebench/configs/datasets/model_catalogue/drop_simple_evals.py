"""DROP in the copy of OpenAI's simple-evals, which AISBench and OpenCompass read, scored by containment as there."""

from judgebench.datasets import DropRows
from judgebench.judges import PatternEqual, SpansEqual

also_called = ["drop_gen", "drop_gen_0_shot_str"]

about = dict(
    title="DROP (simple-evals' copy)",
    source="D. Dua et al. (2019), DROP: A Reading Comprehension Benchmark Requiring Discrete Reasoning Over Paragraphs, "
    "arXiv:1903.00161",
    published="OpenAI's public blob, drop_v0_dev.jsonl.gz; code in github openai/simple-evals",
    licence="CC BY-SA 4.0",
    size="about 9,500 questions",
    columns="`context` (the passage with the question at its end), `ref_text` (accepted answers joined by `|`)",
    asks="the question at the end of the passage; the answer in a last line",
    scored="two rows: `drop_simple_evals` by F1 (`mean_score`) and exact match (`accuracy`); "
    "`drop_simple_evals-published` calls an answer right that holds an accepted one, or is held by one, as simple-evals, "
    "AISBench and OpenCompass do",
    unread="unparsed without a line “Answer:”; in the published row the whole reply is the answer then",
    checked="invented rows of the published layout and answers whose figures are known; the published rule against "
    "simple-evals' own, written out in the test, on thousands of answers (`make test-soak`)",
    figures=[
        dict(of=name, figure="F1, three worked examples", value=value, date="2025-04", source="simple-evals, README")
        for name, value in (("gpt-4o-2024-11-20", "81.5"), ("gpt-4o-mini", "79.7"))
    ],
    weaknesses="Containment accepts “not Paris, but Rome” for Paris, and the answer “a” for nearly anything.",
)

drop_simple_evals_datasets = [
    dict(
        abbr="drop_simple_evals",
        type=DropRows,
        path="drop_simple_eval/dev.jsonl",
        also=["drop/drop_v0_dev.jsonl.gz", "drop/drop_v0_dev.jsonl"],
        input_columns=["context"],
        repeated="number",
        prompt=[
            dict(
                role="user",
                content="Read the passage and answer the question at its end.\n\n{context}\n\nThink step by step, then end "
                "your reply with one line of the form:\nAnswer: <the answer>",
            )
        ],
        evaluator=dict(type=SpansEqual, marker="answer:", marker_needed=True),
        metrics=["mean_score", "accuracy"],
        rule_row=True,
        judge_infer_cfg=[
            dict(
                abbr="published",
                method=dict(
                    type=PatternEqual,
                    patterns=[r"(?i)Answer\s*:\s*([^\n]+)", r"(?s)(.*)"],
                    compare="either",
                    case=True,
                    punctuation=True,
                    articles=True,
                ),
            )
        ],
    )
]
