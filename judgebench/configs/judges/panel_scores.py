"""The median score of the judges named beside it: jb --judges FIRST SECOND THIRD panel_scores."""

from judgebench.judges import Panel

judges = [
    dict(
        abbr="panel-scores",
        # members=["first", "second"] takes some of the judges; left out, all that ask a model
        method=dict(
            type=Panel,
            aggregate=dict(type="median_score", unread="drop"),  # or mean_score, with weights=dict(first=2.0)
            quorum=2,  # least number of members that must have given a score
            # scales=dict(first=(1, 10), second=(1, 5)) brings scores of different scales to 0..1
        ),
    )
]
