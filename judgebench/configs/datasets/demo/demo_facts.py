"""Short factual questions shipped with judgebench, asked as a completion with worked examples, scored by accepted
forms."""

from judgebench.datasets import JsonlDataset
from judgebench.judges import AcceptedForms, FirstLine

demo_facts_datasets = [
    dict(
        abbr="demo_facts",
        type=JsonlDataset,
        path="package:demo_facts.jsonl",
        input_columns=["question", "answer"],
        rename=dict(answer="gold"),  # the one gold answer that a judge is shown; the rule takes every accepted form
        output_column="accepted",
        id_column="id",
        meta_columns=["category"],
        prompt="Each question has a short answer.\n\n"
        "Q: Which metal is liquid at room temperature?\nA: mercury\n\n"
        "Q: In which country do the Pyramids of Giza stand?\nA: Egypt\n\n"
        "Q: How many minutes are there in an hour?\nA: 60\n\n"
        "Q: {question}\nA:",
        max_out_len=16,
        generation_kwargs=dict(stop=["\n"], temperature=0.0),
        evaluator=dict(type=AcceptedForms, part="first_line"),
        extractor=dict(type=FirstLine),
    )
]
