"""Is the answer right? A verdict counts only if the judge's explanation passes a check."""

from mmengine.config import read_base

from judgebench.judges import SolutionVerifier, VerifiedJudge

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="verified",
        judge_model=judge_model,
        method=dict(type=VerifiedJudge, tries=2, judge=dict(type=SolutionVerifier)),
    )
]
