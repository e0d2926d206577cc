"""LiveBench, its tasks of exact answers: questions that are renewed, by task and category (White et al. 2024)."""

from judgebench.datasets import ReleasedRows
from judgebench.judges import PatternEqual
from judgebench.metrics import PointScore

about = dict(
    title="LiveBench (tasks of exact answers)",
    source="C. White et al. (2024), LiveBench: A Challenging, Contamination-Limited LLM Benchmark, arXiv:2406.19314",
    published="hub livebench/{math,reasoning,coding,language,data_analysis,instruction_following}, split test; github "
    "LiveBench/LiveBench writes it as data/live_bench/CATEGORY/TASK/question.jsonl",
    licence="code Apache-2.0; the licence of the data stands on the hub's pages",
    size="about 50 questions a task and release; the newest questions are not public",
    columns="`question_id`, `category`, `task`, `turns` (one text), `ground_truth`, `livebench_release_date`, "
    "`livebench_removal_date` (empty while the question is there)",
    asks="the question, as it is; it says itself how the answer is to be marked",
    scored="what stands in the last `<solution>` tag, else in the last bold words, else in a box, else on the only line, is "
    "the answer, case and punctuation apart. `mean_of_levels` is the mean over categories of the mean over their tasks; "
    "`mean_score` by task",
    unread="unparsed where nothing is marked, left out and counted; the project gives 0",
    choices={
        "an answer without a mark is wrong, as in the project": "datasets.livebench.evaluator.unread=incorrect",
        "the questions of one release": "datasets.livebench.release=2024-11-25",
    },
    checked="invented rows of the published layout and answers whose figures are known",
    figures=[
        dict(of="o1-preview", figure="average of all tasks", value="64.7", date="2024-10", source="arXiv:2406.19314v2"),
        *(
            dict(
                of=name,
                figure="average of all tasks, release 2024-06-24",
                value=value,
                date="2024-06",
                source="the project's recorded judgments, in the README of inspect-evals 0.26.0",
            )
            for name, value in (("gpt-3.5-turbo-0125", "34.05"), ("claude-3-haiku-20240307", "34.58"))
        ),
    ],
    weaknesses="Four tasks are scored here: web_of_lies_v2, web_of_lies_v3, spatial and cta. Rows of all others are left "
    "out, because each has a program of its own (half points in zebra_puzzle, edit distances, tables, code that is run), "
    "which is in no package: the figures are no LiveBench averages, and the published ones below are. The project's own rules for the four take more forms "
    "(three of the last bold words, plain text).",
)

livebench_datasets = [
    dict(
        abbr="livebench",
        type=ReleasedRows,
        path="live_bench/{split}/question.jsonl",
        splits=["**"],
        key="{question_id}",
        released_column="livebench_release_date",
        removed_column="livebench_removal_date",
        release="",
        only=dict(task=["web_of_lies_v2", "web_of_lies_v3", "spatial", "cta"]),
        input_columns=["turns.0"],
        rename={"turns.0": "question"},
        output_column="ground_truth",
        meta_columns=["category", "task", "livebench_release_date"],
        prompt=[dict(role="user", content="{question}")],
        evaluator=dict(
            type=PatternEqual,
            patterns=[
                r"<solution>([^<]*)</solution>",
                r"\*\*+([^*\n]+)\*\*+",
                r"\\boxed\{(?:\\text\{)?([^{}]*)\}",
                r"\A\s*([^\n]+?)\s*\Z",
            ],
            match="last",
            case=True,
            punctuation=True,
            articles=True,
            unread="unparsed",
        ),
        score=dict(type=PointScore, headline="mean_of_levels", group_by="task", levels=["category", "task"]),
        rule_row=True,
    )
]
