"""DROP, questions that need counting, comparing and sorting what a passage says (Dua et al. 2019)."""

from judgebench.datasets import DropRows
from judgebench.judges import SpansEqual

about = dict(
    title="DROP",
    source="D. Dua et al. (2019), DROP: A Reading Comprehension Benchmark Requiring Discrete Reasoning Over Paragraphs, "
    "arXiv:1903.00161",
    published="hub EleutherAI/drop, split validation. simple-evals' copy has a layout of its own: `drop_simple_evals`",
    licence="CC BY-SA 4.0",
    size="9,535 questions",
    columns="`query_id`, `passage`, `question`, `answer` (`number`, `date`, `spans`), `validated_answers` (the same, a "
    "list in each)",
    asks="the question about the passage; the answer in a last line, several parts between semicolons",
    scored="`mean_score` is F1 over bags of words (0 to 1), `accuracy` is exact match, each the best over the accepted "
    "answers. Two rows: `drop` reads the line “Answer:” and its parts; `drop-published` takes what stands there, or the "
    "whole reply, as one span, as lm-eval does",
    unread="`drop`: unparsed without that line, counted and in the bounds. `drop-published`: the whole reply is the answer",
    checked="invented rows of the published layout and answers whose figures are known; lm-eval's own scorer on "
    "thousands of answers (`make test-soak`)",
    weaknesses="Published figures come from three worked examples, and from a reply that ends at the first full stop. "
    "F1 of prose is low however right it is: `drop_llmjudge` puts what the rule calls wrong to a judge.",
)

drop_datasets = [
    dict(
        abbr="drop",
        type=DropRows,
        path="drop/validation.jsonl",
        also=["drop/validation.parquet"],
        hub=dict(path="EleutherAI/drop", split="validation"),
        key="{query_id}",
        input_columns=["passage", "question"],
        prompt=[
            dict(
                role="user",
                content="{passage}\n\nQuestion: {question}\n\nAnswer as briefly as possible: a number, a date, or words "
                "of the passage. End your reply with one line of the form:\nAnswer: <the answer>\nIf it has several "
                "parts, put semicolons between them.",
            )
        ],
        evaluator=dict(type=SpansEqual, golds="golds", marker="answer:", marker_needed=True, separator=";"),
        metrics=["mean_score", "accuracy"],
        rule_row=True,
        judge_infer_cfg=[dict(abbr="published", method=dict(type=SpansEqual, golds="golds", marker="answer:"))],
    )
]
