"""Which of two models answers better? Every other model of the run against the first, asked in both orders."""

from mmengine.config import read_base

from judgebench.judges import PairComparison

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="pair",
        judge_model=judge_model,
        compare_with="first",  # or the abbr of a model of the run; that model has no row
        method=dict(
            type=PairComparison,
            levels=3,  # 5: much and slightly better
            aggregate=dict(type="both_or_tie", unread="unparsed"),  # a preference for a place is a tie
        ),
    )
]
