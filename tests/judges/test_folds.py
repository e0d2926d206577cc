"""Folds: the published rules by example, and what holds for all of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.errors import ConfigError
from judgebench.judges.folds import LABEL_FOLDS, SCORE_FOLDS, FoldConfig, ViewReading, fold_views, mirrored
from judgebench.judges.grammars.reading import Reading, unparsed
from judgebench.judges.load import fold_of

LABELS = ["A>>B", "A>B", "A=B", "B>A", "B>>A", "A", "B", "tie"]


def fold(name: str, views: list[ViewReading], *, unread: Any = "unparsed", **settings: Any) -> Reading:
    function, config = fold_of({"type": name, "unread": unread, **settings})
    return fold_views(views, function, config)


def seen(*labels: str | None, orders: tuple[str, ...] = ()) -> list[ViewReading]:
    """Views with these labels, ``None`` for an unread one."""
    return [
        ViewReading(
            view=f"v{number}",
            order=orders[number] if orders else "",  # type: ignore[arg-type]
            reading=unparsed("unreadable") if label is None else Reading(status="ok", label=label),
        )
        for number, label in enumerate(labels)
    ]


def scored(*scores: float | None) -> list[ViewReading]:
    return [
        ViewReading(
            view=f"v{number}",
            reading=unparsed("unreadable") if score is None else Reading(status="ok", score=score),
        )
        for number, score in enumerate(scores)
    ]


@pytest.mark.parametrize(
    ("name", "labels", "want"),
    [
        ("first", ["A", "B"], "A"),
        ("counter", ["A>B", "A>>B"], "A"),
        ("counter", ["A>B", "B>A"], "tie"),
        ("counter", ["A=B", "B>A"], "B"),
        ("counter", ["A=B", "A=B"], "tie"),
        ("both_or_tie", ["A", "A"], "A"),
        ("both_or_tie", ["A", "B"], "tie"),
        ("both_or_tie", ["A", "tie"], "tie"),
        ("both_required", ["B", "B"], "B"),
        ("both_required", ["A", "tie"], "inconsistent"),
        ("each_counts", ["A", "B"], "split"),
        ("each_counts", ["A", "A"], "A"),
        ("weighted_pool", ["A>>B", "B>A"], "A"),
        ("weighted_pool", ["A>B", "B>A"], "tie"),
        ("majority", ["A", "B", "A"], "A"),
        ("majority", ["A", "B"], None),
        ("unanimous", ["A", "A"], "A"),
        ("unanimous", ["A", "B"], None),
    ],
)
def test_folds_of_labels(name: str, labels: list[str], want: str | None) -> None:
    assert fold(name, seen(*labels)).label == want


def test_arena_hard_pool_counts_strong_labels_three_times() -> None:
    reading = fold("weighted_pool", seen("A>>B", "B>A", "A=B"))
    assert reading.values["outcomes"] == [1, 1, 1, 0, 0.5]
    assert reading.score == pytest.approx(3.5 / 5)


def test_folds_of_scores() -> None:
    assert fold("mean_score", scored(4, 7)).score == 5.5
    assert fold("min_score", scored(4, 7)).score == 4
    assert fold("max_score", scored(4, 7)).score == 7
    assert fold("median_score", scored(4, 7, 9)).score == 7
    assert fold("median_score", scored(4, 7)).score == 5.5
    assert fold("mean_score", scored(4, None), unread="drop").score == 4
    assert fold("mean_score", scored(4, None), unread=0.0).score == 2
    assert fold("mean_score", scored(4, None)).status == "unparsed"
    weighted = [msgspec.structs.replace(view, weight=weight) for view, weight in zip(scored(1, 4), (3, 1), strict=True)]
    assert fold("mean_score", weighted).score == pytest.approx(7 / 4)


def two(first: float, second: float, order: Any = "AB") -> ViewReading:
    values = {"first": first, "second": second}
    return ViewReading(
        view=order, order=order, reading=Reading(status="ok", label="A", score=first - second, values=values)
    )


def test_faireval_averages_both_orders_answer_by_answer() -> None:
    """Shown first scores 9 and 8 whichever it is: balanced, the answers are equal."""
    reading = fold("mean_score", [two(9, 8), two(9, 8, "BA")])
    assert (reading.label, reading.score) == ("tie", 0)
    assert reading.values == {"first": 8.5, "second": 8.5}
    assert fold("mean_score", [two(9, 8), two(7, 8, "BA")]).label == "A"
    assert fold("mean_score", [two(9, 8), two(7, 8, "BA")], margin=1).label == "tie"


def test_order_ba_is_mirrored_before_the_fold() -> None:
    assert fold("counter", seen("A", "B", orders=("AB", "BA"))).label == "A"
    assert fold("counter", seen("A", "A", orders=("AB", "BA"))).label == "tie"
    assert fold("both_required", seen("A>>B", "B>>A", orders=("AB", "BA"))).label == "A>>B"
    own = {"left": "right", "right": "left"}
    assert fold("both_required", seen("left", "right", orders=("AB", "BA")), flip=own).label == "left"


def test_probabilities_are_averaged_and_mirrored() -> None:
    def view(order: Any, a: float) -> ViewReading:
        return ViewReading(
            view=order, order=order, reading=Reading(status="ok", label="A", values={"p": {"A": a, "B": 1 - a}})
        )

    reading = fold("logprob_mean", [view("AB", 0.9), view("BA", 0.6)])
    assert reading.label == "A"
    assert reading.values["p"]["A"] == pytest.approx(0.65)
    assert fold("logprob_mean", [view("AB", 0.9), view("BA", 0.9)]).status == "unparsed"
    assert fold("logprob_mean", seen("A")).status == "unparsed"


def test_what_an_unread_view_counts_as_changes_the_decision() -> None:
    views = seen("A", None)
    assert fold("counter", views).status == "unparsed"
    assert fold("counter", views, unread="drop").label == "A"
    assert fold("both_or_tie", views, unread="tie").label == "tie"
    assert fold("both_required", views, unread="B").label == "inconsistent"
    assert fold("majority", seen("correct", None, None), unread="incorrect").label == "incorrect"
    assert fold("counter", views, unread={"v1": "A"}).label == "A"
    assert fold("counter", views, unread={"v0": "A"}).status == "unparsed"


@pytest.mark.parametrize("name", [*LABEL_FOLDS, *SCORE_FOLDS])
@pytest.mark.parametrize("unread", ["unparsed", "drop", "default"])
def test_an_item_without_any_readable_view_is_unparsed(name: str, unread: Any) -> None:
    if unread == "default":
        unread = 0.5 if name in SCORE_FOLDS else "incorrect"
    reading = fold(name, seen(None, None), unread=unread)
    assert (reading.status, reading.label, reading.score) == ("unparsed", None, None)
    assert "unreadable" in reading.reason
    assert fold(name, [], unread=unread).status == "unparsed"


def readings(label: str, score: float, first: float, p: float) -> ViewReading:
    values = {"first": first, "second": 1 - first, "p": {"A": p, "B": 1 - p}}
    return ViewReading(view="", order="BA", reading=Reading(status="ok", label=label, score=score, values=values))


@given(
    label=st.sampled_from(LABELS), score=st.integers(0, 8), first=st.integers(0, 9), p=st.sampled_from([0.0, 0.25, 1.0])
)
def test_mirroring_twice_changes_nothing(label: str, score: int, first: int, p: float) -> None:
    config = FoldConfig(type="counter", unread="drop", scale=(0, 8))
    view = readings(label, score, first, p)
    assert mirrored(mirrored(view, config), config) == view
    without = msgspec.structs.replace(view, reading=Reading(status="ok", label=label, score=score))
    assert mirrored(mirrored(without, config), config) == without


@given(labels=st.lists(st.sampled_from(LABELS), min_size=1, max_size=6), name=st.sampled_from(list(LABEL_FOLDS)))
def test_swapping_the_answers_mirrors_the_decision(labels: list[str], name: str) -> None:
    """A fold must not prefer an answer by its place."""
    config = FoldConfig(type=name, unread="drop")
    plain = fold(name, seen(*labels))
    swapped = fold(name, seen(*labels, orders=tuple("BA" for _ in labels)))
    assert plain.status == swapped.status
    if plain.label is not None:
        back = mirrored(ViewReading(view="", reading=plain), config).reading
        assert back.label == swapped.label


@given(
    labels=st.lists(st.sampled_from(LABELS), min_size=1, max_size=6),
    name=st.sampled_from(list(LABEL_FOLDS)),
    data=st.data(),
)
def test_the_order_of_views_does_not_matter(labels: list[str], name: str, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(labels))
    if name != "first":
        before, after = fold(name, seen(*labels)), fold(name, seen(*shuffled))
        assert (before.status, before.label) == (after.status, after.label)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"type": "counter"}, "unread"),
        ({"unread": "drop"}, "type"),
        ({"type": "countr", "unread": "drop"}, "no fold"),
        ({"type": "mean_score", "unread": "tie"}, "folds numbers"),
        ({"type": "counter", "unread": 0.5}, "folds labels"),
        ({"type": "counter", "unread": "drop", "flip": {"left": "right"}}, "must become"),
    ],
)
def test_a_wrong_fold_is_refused(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        fold_of(spec)


def last_view(views: list[ViewReading], config: FoldConfig) -> Reading:
    """A user's own fold."""
    return views[-1].reading


def test_a_users_own_fold_is_named_by_its_path() -> None:
    assert fold(f"{__name__}.last_view", seen("A", "B")).label == "B"
