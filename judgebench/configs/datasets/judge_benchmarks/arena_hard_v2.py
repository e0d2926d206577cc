"""Arena-Hard v2.0: hard prompts against o3-mini's answers, creative writing against Gemini 2.0 Flash's (Li et al.
2024)."""

from mmengine.config import read_base

from judgebench.datasets import AnswerPairs
from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.win_score import WinScore

with read_base():
    from ._pair import FIVE_LEVELS, FIVE_LEVELS_OPEN, LAST_LABEL

_baselines = {"hard_prompt": "o3-mini-2025-01-31", "creative_writing": "gemini-2.0-flash-001"}
_prompts = {
    "hard_prompt": FIVE_LEVELS,
    "creative_writing": FIVE_LEVELS_OPEN,  # there is no answer of one's own to work out
}

arena_hard_v2_datasets = [
    dict(
        abbr=f"arena_hard_v2_{category}",
        type=AnswerPairs,
        path="arena-hard-v2.0/question.jsonl",
        answers="arena-hard-v2.0/model_answer/{model}.jsonl",
        baseline=_baselines,  # by category; neither of them is compared unless models names it
        categories=[category],
        known_values=dict(category=[*_prompts]),
        method=dict(
            type=DeclaredJudge,
            presentations=[dict(name="AB", order="AB", prompt=prompt), dict(name="BA", order="BA", prompt=prompt)],
            parser=LAST_LABEL,
            aggregate=dict(type="weighted_pool", unread="unparsed"),  # one silent comparison leaves the question out
            skip_equal="tie",
        ),
        # the source's interval: 5 to 95 percent
        score=dict(type=WinScore, group_by="model", cluster_by="name", quantiles=(0.05, 0.95)),
    )
    for category, prompt in _prompts.items()
]
