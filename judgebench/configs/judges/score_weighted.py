"""How good is the answer, from 1 to 5, weighted by the probability of each score (needs log-probs)?"""

from mmengine.config import read_base

from judgebench.judges import RubricScore

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(abbr="weighted-score", judge_model=judge_model, method=dict(type=RubricScore, low=1, high=5, read="weighted"))
]
