"""Which of an item's solutions is right? Each is verified several times (pessimistic verification)."""

from mmengine.config import read_base

from judgebench.judges import LastNumber, NumberEqual, PessimisticChoice, SolutionVerifier

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="choice",
        judge_model=dict(judge_model, generation_kwargs=dict(temperature=0.7)),
        method=dict(
            type=PessimisticChoice,
            judge=dict(type=SolutionVerifier),
            extractor=dict(type=LastNumber),
            same=dict(type=NumberEqual),
            times=4,
            rule="pessimistic",
            alpha=0.1,
        ),
    )
]
