"""Which models answer best? Every model of the run against every other, in both orders, and a ranking of all."""

from mmengine.config import read_base

from judgebench.judges import PairComparison

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="round_robin",
        judge_model=judge_model,
        compare_with="all",  # or a list of abbrs: every model against each of these
        method=dict(
            type=PairComparison,
            aggregate=dict(type="both_or_tie", unread="unparsed"),
        ),
    )
]
