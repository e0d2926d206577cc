"""Does a short answer say the same as the reference? The embedded model, trained for this task alone: needs the extra
`local`, and no service."""

from mmengine.config import read_base

with read_base():
    from judgebench.configs.datasets.demo.demo_facts_llmjudge import short_answers_judge  # edit it there

judges = [
    dict(
        short_answers_judge,
        abbr="short-answers",
        method=dict(
            short_answers_judge["method"],
            # As it was trained, with the column of references that any data have.
            presentations=[
                dict(prompt="Question: {question}\nCorrect answer: {reference}\nGiven answer: {answer}\nCorrect:"),
            ],
        ),
    )
]
