"""Is the answer right? One adviser argues, rightly or wrongly, and the judge may ask."""

from mmengine.config import read_base

from judgebench.judges import Consultancy

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="consultancy",
        judge_model=judge_model,
        method=dict(type=Consultancy, about="answer", rounds=2, side="drawn"),
    )
]
