"""Is the answer right? The judge is asked to check its verdict once more before it counts."""

from mmengine.config import read_base

from judgebench.judges import SolutionVerifier, ThinkLonger

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="longer",
        judge_model=judge_model,
        method=dict(type=ThinkLonger, times=1, judge=dict(type=SolutionVerifier)),
    )
]
