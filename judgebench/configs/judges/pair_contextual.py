"""Which of two models answers better from the given context? Refusal, faithfulness, completeness, conciseness."""

from mmengine.config import read_base

from judgebench.judges import ContextualComparison

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="contextual",
        judge_model=judge_model,
        compare_with="first",
        method=dict(
            type=ContextualComparison,
            criteria="conditional",
            context="{context}",
            aggregate=dict(type="both_or_tie", unread="unparsed"),
        ),
    )
]
