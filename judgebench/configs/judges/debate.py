"""Is the answer right? Two advocates argue for and against it, and a judge who has heard them decides."""

from mmengine.config import read_base

from judgebench.judges import Debate

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="debate",
        judge_model=judge_model,
        method=dict(type=Debate, about="answer", rounds=2, show_reference=True),  # shown to the advocates alone
    )
]
