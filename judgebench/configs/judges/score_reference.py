"""How good is the answer, from 1 to 10, compared with the reference?"""

from mmengine.config import read_base

from judgebench.judges import RubricScore

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="score",
        judge_model=judge_model,
        method=dict(
            type=RubricScore,
            low=1,
            high=10,
            with_reference=True,  # the reference is shown as an answer of the highest score
            # criteria="{rubric}" takes what counts from a column; threshold=6 also gives correct and incorrect
        ),
    )
]
