"""Which of two models answers better? Two scores on the first line, then reasons (JudgeLM style)."""

from mmengine.config import read_base

from judgebench.judges import TwoScores

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="scores",
        judge_model=judge_model,
        compare_with="first",
        method=dict(
            type=TwoScores,
            with_reference=True,  # False: reference drop
            aggregate=dict(type="mean_score", unread="unparsed"),
        ),
    )
]
