"""Which of two conversations is better (MT-Bench style)?"""

from mmengine.config import read_base

from judgebench.judges import ConversationComparison

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="conversations",
        judge_model=judge_model,
        method=dict(type=ConversationComparison, turns="turns", first="answers_a", second="answers_b"),
    )
]
