"""Arena-Hard style: a model's answers against a baseline's, five levels, both orders, strong wins count three times (Li et al. 2024)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeItems
from judgebench.judges import Viewed
from judgebench.metrics.win_score import WinScore

with read_base():
    from ._pair import FIVE_LEVELS

arena_hard_datasets = [
    dict(
        abbr="arena_hard",
        type=JudgeItems,
        path="arena_hard/answers.jsonl",  # columns: uid, question, answer (tested), baseline_answer
        key="{uid}",
        input_columns=["question"],
        answer_columns=["answer", "baseline_answer"],
        method=dict(
            type=Viewed,
            views=[dict(name="AB", order="AB", prompt=FIVE_LEVELS), dict(name="BA", order="BA", prompt=FIVE_LEVELS)],
            grammar=dict(
                type="last_match",
                patterns=[r"\[\[([AB<>=]+)\]\]", r"\[([AB<>=]+)\]"],
                labels={
                    **{label: label for label in ("A>>B", "A>B", "B>A", "B>>A")},
                    "A=B": "tie",
                    "B=A": "tie",
                    "A<B": "B>A",
                    "A<<B": "B>>A",
                    "B<A": "A>B",
                    "B<<A": "A>>B",
                },
                ignore_case=True,
            ),
            fold=dict(type="weighted_pool", unread="unparsed"),  # one silent game leaves the question out, as in v2
            skip_equal="tie",
        ),
        score=dict(type=WinScore),
    )
]
