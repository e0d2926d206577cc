"""Is the answer right? Direct checks that must all pass, the second one voted (UQ validators)."""

from mmengine.config import read_base

from judgebench.judges import Compound, Repeated, SolutionVerifier

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="validated",
        judge_model=dict(judge_model, generation_kwargs=dict(temperature=0.7)),
        method=dict(
            type=Compound,
            rule="sequence",  # unanimity and vote ask all checks at once
            judges=[
                dict(type=SolutionVerifier),
                dict(
                    type=Repeated,
                    times=3,
                    judge=dict(type=SolutionVerifier),
                    aggregate=dict(type="majority", unread="drop"),
                ),
            ],
            passes=["correct"],
        ),
    )
]
