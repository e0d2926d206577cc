"""Is the answer right? A detector reads every verdict, and the judge decides again while it finds a bias."""

from mmengine.config import read_base

from judgebench.judges import BiasChecked, SolutionVerifier

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="unbiased",
        judge_model=judge_model,
        method=dict(type=BiasChecked, rounds=5, judge=dict(type=SolutionVerifier)),
    )
]
