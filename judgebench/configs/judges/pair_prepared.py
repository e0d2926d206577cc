"""Which of two models answers better? The judge first says what counts here and answers itself."""

from mmengine.config import read_base

from judgebench.judges import PairComparison, Prepared

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="prepared",
        judge_model=judge_model,
        compare_with="first",
        method=dict(
            type=Prepared,
            prepare=["metrics", "reference"],
            judge=dict(
                type=PairComparison,
                criteria="What counts for this question:\n{metrics}",
                with_reference=True,
                aggregate=dict(type="both_or_tie", unread="unparsed"),
            ),
        ),
    )
]
