"""Word problems made from templates and a seed, with computed answers: any number, and nobody has seen them before."""

from judgebench.datasets import WordProblems
from judgebench.judges import NumberEqual

about = dict(
    title="Word problems of a seed",
    source="judgebench; the templates are in judgebench/datasets/word_problems.py",
    published="nowhere: they are made when they are asked for, and need no file",
    licence="that of judgebench",
    size="240 problems, or as many as you like (`items`); twelve families by turns",
    columns="none is read. An item has `problem`, its answer, `family` and `needless_number`",
    asks="the problem, reasoning step by step, and the number in a last line",
    scored="accuracy by value, by family, and by whether a number stands in the problem that nobody needs",
    unread="unparsed without a line “Answer:”; counted, and in the bounds",
    choices={
        "problems that no model can have seen (any number that you make up)": "datasets.word_problems.seed=20261130",
        "a thousand of them": "datasets.word_problems.items=1000",
    },
    checked="the answers of all families against a second computation from the numbers in the text; the first problems of "
    "a seed are fixed by a test, so that they are the same on every machine; answers whose figures are known",
    weaknesses="They need two to four steps of whole-number arithmetic, so a strong model may get all of them right. Use them to "
    "compare small models, compressed ones, and settings, or to see whether a service computes as it should. Figures of "
    "two seeds differ by chance: compare models on one seed.",
)

word_problems_datasets = [
    dict(
        abbr="word_problems",
        type=WordProblems,
        seed=0,
        items=240,
        by=["family", "needless_number"],
        prompt=[
            dict(
                role="user",
                content="{problem}\n\nReason step by step. The last line of your reply holds the word “Answer:” and the "
                "number, and nothing else.",
            )
        ],
        evaluator=dict(type=NumberEqual, markers=["Answer:", "answer:"], require_marker=True),
    )
]
