"""RIMO-N, 335 olympiad problems remade so that each has one integer as its answer (Chen et al. 2025)."""

from judgebench.datasets import JudgeSamples
from judgebench.judges import BoxedAnswer, MathEqual

about = dict(
    title="RIMO-N",
    source="Z. Chen et al. (2025), RIMO: An Easy-to-Evaluate, Hard-to-Solve Olympiad Benchmark for Advanced Mathematical "
    "Reasoning, arXiv:2509.07711",
    published="github and hub ziye2chen/RIMO, RIMO/RIMO-N.jsonl",
    licence="none is stated, so the texts of the items stay out of what is exported",
    size="335 problems: combinatorics 96, algebra 95, number theory 86, geometry 58",
    columns="`problem_id`, `problem`, `answer`, `type`",
    asks="a solution step by step with the final answer in `\\boxed{}`",
    scored="accuracy by mathematical equivalence (one answer is `2^{2024}-1`), and by type",
    unread="unparsed where no box is found; counted, and in the bounds",
    checked="invented rows of the published layout and answers whose figures are known; each of the 335 published answers, "
    "boxed, is read as itself",
    weaknesses="73 of the 335 answers are 1, so a model that always says 1 gets 21.8 percent. `rimo_p` has the "
    "part with proofs.",
)

rimo_n_datasets = [
    dict(
        abbr="rimo_n",
        type=JudgeSamples,
        path="rimo/RIMO-N.jsonl",
        also=["RIMO/RIMO-N.jsonl", "rimo/RIMO-N.csv"],
        key="{problem_id}",
        input_columns=["problem"],
        output_column="answer",
        meta_columns=["type"],
        by=["type"],
        shareable=False,
        prompt=[
            dict(
                role="user",
                content="Solve the following olympiad problem. Its answer is one integer.\n\n{problem}\n\n"
                "Reason step by step and end with the final answer inside \\boxed{{}}.",
            )
        ],
        evaluator=dict(type=MathEqual, answer="boxed"),
        extractor=dict(type=BoxedAnswer),
    )
]
