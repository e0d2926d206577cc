"""Is the answer right? The judge sees no reference and works it out itself."""

from mmengine.config import read_base

from judgebench.judges import SolutionVerifier

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="direct",
        judge_model=judge_model,
        method=dict(type=SolutionVerifier),
    )
]
