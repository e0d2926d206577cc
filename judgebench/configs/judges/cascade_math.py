"""Math: a rule settles answers that it finds equal to the reference; the judge decides about the rest."""

from mmengine.config import read_base

from judgebench.judges import Cascade, MathEqual, ReferenceVerifier

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="cascade",
        judge_model=judge_model,
        method=dict(
            type=Cascade,
            rule=dict(type=MathEqual),
            judge=dict(type=ReferenceVerifier, style="letter"),
            settles=["correct"],  # what the rule calls wrong may be right in another form
        ),
    )
]
