"""What all that is told to people is made with (``judgebench.errors``)."""

from __future__ import annotations

from judgebench.errors import how_many


def test_one_and_many_are_told_apart() -> None:
    assert how_many(1, "label") == "1 label"
    assert how_many(0, "label") == "0 labels"
    assert how_many(1200, "reply", "replies") == "1,200 replies"
