"""Is the answer the reference answer? Asked five times, the majority decides."""

from mmengine.config import read_base

from judgebench.judges import ReferenceVerifier, Repeated

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="vote",
        judge_model=dict(judge_model, generation_kwargs=dict(temperature=0.7)),  # copies would not vote
        method=dict(
            type=Repeated,
            times=5,
            judge=dict(type=ReferenceVerifier),
            aggregate=dict(type="majority", unread="drop"),
        ),
    )
]
