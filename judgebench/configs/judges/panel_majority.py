"""The majority verdict of the judges named beside it: jb --judges FIRST SECOND THIRD panel_majority."""

from judgebench.judges import Panel

judges = [
    dict(
        abbr="panel",
        # members=["first", "second"] takes some of the judges; left out, all that ask a model
        method=dict(
            type=Panel,
            aggregate=dict(type="majority", unread="drop"),  # a draw between decisions leaves the item unparsed
            scores=dict(type="mean_score", unread="drop"),  # where no member gives a label, but scores
            quorum=2,  # least number of members that must have decided
        ),
    )
]
