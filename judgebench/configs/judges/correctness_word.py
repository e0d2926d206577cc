"""Is the answer the reference answer? Verdict: a word, CORRECT or INCORRECT."""

from mmengine.config import read_base

from judgebench.judges import ReferenceVerifier

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [dict(abbr="judge-word", judge_model=judge_model, method=dict(type=ReferenceVerifier, style="word"))]
