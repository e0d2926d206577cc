"""How good is each of an item's answers? The judge sees all at once and writes a score for each on the first line (JudgeLM style)."""

from mmengine.config import read_base

from judgebench.judges import ManyScores

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="list-scores",
        judge_model=judge_model,
        method=dict(
            type=ManyScores,
            answers="solutions",  # column: a list of answers; the label is the place of the best
            with_reference=False,
        ),
    )
]
