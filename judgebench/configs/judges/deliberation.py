"""Is the answer right? Three judges with different profiles discuss it, then the majority decides."""

from mmengine.config import read_base

from judgebench.judges import Deliberation

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="deliberation",
        judge_model=judge_model,
        method=dict(type=Deliberation, rounds=3, aggregate=dict(type="majority", unread="drop")),
    )
]
