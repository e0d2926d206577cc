"""How good is the answer, from 1 to 5, by its question's own rubric (Prometheus style)?"""

from mmengine.config import read_base

from judgebench.judges import RubricScore

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="rubric",
        judge_model=judge_model,
        method=dict(
            type=RubricScore,
            low=1,
            high=5,
            criteria="{rubric}",  # column with the rubric of the question
        ),
    )
]
