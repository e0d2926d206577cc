"""Which of two models answers better? Where the two orders contradict each other, a second stage decides."""

from mmengine.config import read_base

from judgebench.judges import SwapResolved

with read_base():
    from ._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="resolved",
        judge_model=judge_model,
        compare_with="first",
        method=dict(type=SwapResolved),
    )
]
