"""How good is the last answer of a conversation, from 1 to 10 (MT-Bench style)?"""

from mmengine.config import read_base

from judgebench.judges import ConversationScore

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="conversation",
        judge_model=judge_model,
        method=dict(type=ConversationScore, turns="turns", answers="answers"),  # columns: lists of texts
    )
]
