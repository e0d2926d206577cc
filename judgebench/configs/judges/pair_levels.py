"""Which of two models answers better, and by how much? Five levels, in both orders (Arena-Hard style)."""

from mmengine.config import read_base

from judgebench.judges import PairComparison

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="pair-levels",
        judge_model=judge_model,
        compare_with="first",  # or baseline=dict(path="answers.jsonl", answer="output"): answers from a file
        method=dict(
            type=PairComparison,
            levels=5,
            own_answer=True,  # the judge answers itself first
            aggregate=dict(type="weighted_pool", unread="unparsed"),  # much better counts three times
        ),
    )
]
