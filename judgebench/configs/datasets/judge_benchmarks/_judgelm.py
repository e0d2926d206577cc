"""What JudgeLM's validation sets share: rows, how two scores are read and aggregated, and what counts (Zhu et al.
2023)."""

from judgebench.judges import DeclaredJudge
from judgebench.metrics.scores.pair_score import PairScore

ROWS = dict(
    key="{question_id}",
    answer_columns=["answer1_body", "answer2_body"],
    gold_missing="drop",  # the teacher failed where both scores are -1
    meta_columns=["answer1_model_id", "answer2_model_id"],
    score=dict(type=PairScore, unread="tie", classes=["A", "B", "tie"], unread_agree=True),
)

TWO_SCORES = dict(
    type=DeclaredJudge,
    parser=dict(type="first_line_two_numbers"),
    aggregate=dict(type="first", unread="tie"),  # the first order decides; the second measures consistency
    skip_equal="tie",
)
