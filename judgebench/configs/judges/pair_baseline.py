"""Every model against the answers of a file, five levels, both orders (Arena-Hard and AlpacaEval style); for
demo_facts.

Another dataset takes a file of its own:
--override judges.pair-baseline.baseline.path=answers.jsonl (or likewise .answer and .key).
"""

from mmengine.config import read_base

from judgebench.judges import PairComparison

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="pair-baseline",
        judge_model=judge_model,
        baseline=dict(
            path="package:demo_facts_baseline.jsonl",  # or a path: looked for where data files are (--data-dir)
            answer="output",  # column of the answer
            key="id",  # column that names the item, as the dataset's id_column does
            name="baseline",  # its name in rankings
        ),
        method=dict(
            type=PairComparison,
            levels=5,
            aggregate=dict(type="weighted_pool", unread="unparsed"),  # much better counts three times
        ),
    )
]
