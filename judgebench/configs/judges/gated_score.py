"""How good is the answer? 1 if it is not right, else 2 to 6 by a rubric."""

from mmengine.config import read_base

from judgebench.judges import Gated, ReferenceVerifier, RubricScore

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="gated",
        judge_model=judge_model,
        method=dict(
            type=Gated,
            gates=[dict(judge=dict(type=ReferenceVerifier), passes=["correct"], score=1)],
            judge=dict(type=RubricScore, low=1, high=5),
            offset=1,
        ),
    )
]
