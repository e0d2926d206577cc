"""Which of two models answers better? One advocate for each answer, and a judge who hears them."""

from mmengine.config import read_base

from judgebench.judges import Debate

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="pair-debate",
        judge_model=judge_model,
        compare_with="first",
        method=dict(type=Debate, about="pair", rounds=1),
    )
]
