"""Which step of the solution is the first wrong one (ProcessBench style)?"""

from mmengine.config import read_base

from judgebench.judges import FirstWrongStep

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="first-wrong",
        judge_model=judge_model,
        method=dict(type=FirstWrongStep, times=1),  # times=8 votes; the judge model then needs a temperature
    )
]
