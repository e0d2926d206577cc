"""How well was a picture edited, or made? SC and PQ as in VIEScore and GEdit; the score is sqrt(SC * PQ), 0 to 10."""

from mmengine.config import read_base

from judgebench.judges import DeclaredJudge

with read_base():
    from ...datasets.picture_benchmarks._picture import CONSISTENCY, QUALITY
    from .._judge_model import judge_model  # the judge's service; edit it in that file

judges = [
    dict(
        abbr="picture_edit",
        judge_model=judge_model,
        method=dict(
            type=DeclaredJudge,
            presentations=[
                dict(
                    name="SC",
                    prompt=[
                        dict(
                            role="user",
                            content=[
                                dict(type="image", image="{question_images}"),
                                dict(type="image", image="{answer_images}"),
                                CONSISTENCY,
                            ],
                        )
                    ],
                    fields=dict(
                        instruction="{question}",  # the column in which the instruction stands
                        aspects="1. how well the last picture does what the model was told\n"
                        "2. how well everything else was kept as it is in the first picture (10: nothing else changed)",
                    ),
                ),
                dict(
                    name="PQ",
                    prompt=[dict(role="user", content=[dict(type="image", image="{answer_images}"), QUALITY])],
                ),
            ],
            parser=dict(type="score_list", count=2),
            aggregate=dict(type="geometric_mean", unread="unparsed"),
        ),
    )
]
