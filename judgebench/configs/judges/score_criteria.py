"""How many points does the answer get by its question's own criteria (KOFFVQA style)?"""

from mmengine.config import read_base

from judgebench.judges import CriteriaPoints

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="points",
        judge_model=judge_model,
        method=dict(type=CriteriaPoints, criteria="criteria"),  # column: list of dict(criterion=..., points=...)
    )
]
