"""How good is the answer? By criteria that the judge derives from a comparison of drafts (PC2)."""

from mmengine.config import read_base

from judgebench.judges import Prepared, RubricScore

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="precompared",
        judge_model=judge_model,
        method=dict(
            type=Prepared,
            prepare=["criteria"],
            drafts="drafts",  # column with answers of other models
            judge=dict(
                type=RubricScore,
                low=100,
                high=300,
                criteria="Give each criterion 1 (not met), 2 (met in part) or 3 (met); the score is the sum of these "
                "grades times their weights. Criteria with their weights:\n{criteria}",
            ),
        ),
    )
]
