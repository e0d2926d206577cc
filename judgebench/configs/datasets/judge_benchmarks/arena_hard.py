"""Arena-Hard v0.1: models' answers against a baseline's, five levels, both orders, strong wins count three times (Li
et al. 2024)."""

from mmengine.config import read_base

from judgebench.datasets import AnswerPairs
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.win_score import WinScore

with read_base():
    from ._pair import FIVE_LEVELS, LAST_LABEL

arena_hard_datasets = [
    dict(
        abbr="arena_hard",
        type=AnswerPairs,
        path="arena-hard-v0.1/question.jsonl",
        answers="arena-hard-v0.1/model_answer/{model}.jsonl",  # every file there is, but for the baseline's
        baseline="gpt-4-0314",
        method=dict(
            type=DeclaredJudge,
            presentations=[
                dict(name="AB", order="AB", prompt=FIVE_LEVELS),
                dict(name="BA", order="BA", prompt=FIVE_LEVELS),
            ],
            parser=LAST_LABEL,
            aggregate=dict(type="weighted_pool", unread="unparsed"),  # one silent comparison leaves the question out
            skip_equal="tie",
        ),
        score=dict(type=WinScore, group_by="model", cluster_by="name"),
    )
]
