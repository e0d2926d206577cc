"""Five aspects of a reasoned answer from 1 to 5 (ROSCOE, INSPECTOR): the teacher of a probe."""

from mmengine.config import read_base

from judgebench.judges import FiveAspects

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="aspects",
        judge_model=judge_model,
        method=dict(type=FiveAspects),  # docs/judges/probes.md: jb train probe --from RUN --judge aspects
    )
]
