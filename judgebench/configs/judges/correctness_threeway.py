"""Is the answer the reference answer? Three ways: correct, incorrect, or invalid where nothing can be checked."""

from mmengine.config import read_base

from judgebench.judges import ReferenceVerifier

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="judge-threeway",
        judge_model=judge_model,
        method=dict(type=ReferenceVerifier, style="letter", three_way=True),
    )
]
