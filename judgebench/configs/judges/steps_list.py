"""Which steps of the solution are wrong, and why (ProJudge style)?"""

from mmengine.config import read_base

from judgebench.judges import EveryStep

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="steps",
        judge_model=judge_model,
        method=dict(type=EveryStep),
    )
]
