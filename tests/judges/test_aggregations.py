"""Aggregations: the published rules by example, and what holds for all of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.errors import ConfigError
from judgebench.judges.aggregations import (
    DECISION_AGGREGATIONS,
    SCORE_AGGREGATIONS,
    AggregationConfig,
    PresentationReading,
    aggregated,
    aggregation_of,
    mirrored,
)
from judgebench.judges.parsers.reading import Reading, unparsed

DECISIONS = ["A>>B", "A>B", "A=B", "B>A", "B>>A", "A", "B", "tie"]


def aggregate(
    name: str, presentations: list[PresentationReading], *, unread: Any = "unparsed", **settings: Any
) -> Reading:
    function, config = aggregation_of({"type": name, "unread": unread, **settings})
    return aggregated(presentations, function, config)


def seen(*decisions: str | None, orders: tuple[str, ...] = ()) -> list[PresentationReading]:
    """Presentations with these labels, ``None`` for an unread one."""
    return [
        PresentationReading(
            presentation=f"v{number}",
            order=orders[number] if orders else "",  # type: ignore[arg-type]
            reading=unparsed("unreadable") if decision is None else Reading(status="ok", decision=decision),
        )
        for number, decision in enumerate(decisions)
    ]


def scored(*scores: float | None) -> list[PresentationReading]:
    return [
        PresentationReading(
            presentation=f"v{number}",
            reading=unparsed("unreadable") if score is None else Reading(status="ok", score=score),
        )
        for number, score in enumerate(scores)
    ]


@pytest.mark.parametrize(
    ("name", "decisions", "want"),
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
def test_aggregations_of_decisions(name: str, decisions: list[str], want: str | None) -> None:
    assert aggregate(name, seen(*decisions)).decision == want


def test_arena_hard_pool_counts_strong_decisions_three_times() -> None:
    reading = aggregate("weighted_pool", seen("A>>B", "B>A", "A=B"))
    assert [one.outcome for one in reading.outcomes] == [1, 1, 1, 0, 0.5]
    assert reading.score == pytest.approx(3.5 / 5)


def test_aggregations_of_scores() -> None:
    assert aggregate("mean_score", scored(4, 7)).score == 5.5
    assert aggregate("min_score", scored(4, 7)).score == 4
    assert aggregate("max_score", scored(4, 7)).score == 7
    assert aggregate("median_score", scored(4, 7, 9)).score == 7
    assert aggregate("median_score", scored(4, 7)).score == 5.5
    assert aggregate("mean_score", scored(4, None), unread="drop").score == 4
    assert aggregate("mean_score", scored(4, None), unread=0.0).score == 2
    assert aggregate("mean_score", scored(4, None)).status == "unparsed"
    weighted = [
        msgspec.structs.replace(presentation, weight=weight)
        for presentation, weight in zip(scored(1, 4), (3, 1), strict=True)
    ]
    assert aggregate("mean_score", weighted).score == pytest.approx(7 / 4)


def two(first: float, second: float, order: Any = "AB") -> PresentationReading:
    read = Reading(status="ok", decision="A", score=first - second, pair=(first, second))
    return PresentationReading(presentation=order, order=order, reading=read)


def test_faireval_averages_both_orders_answer_by_answer() -> None:
    """Shown first scores 9 and 8 whichever it is: balanced, the answers are equal."""
    reading = aggregate("mean_score", [two(9, 8), two(9, 8, "BA")])
    assert (reading.decision, reading.score) == ("tie", 0)
    assert reading.pair == (8.5, 8.5)
    assert aggregate("mean_score", [two(9, 8), two(7, 8, "BA")]).decision == "A"
    assert aggregate("mean_score", [two(9, 8), two(7, 8, "BA")], margin=1).decision == "tie"


def test_order_ba_is_mirrored_before_the_aggregation() -> None:
    assert aggregate("counter", seen("A", "B", orders=("AB", "BA"))).decision == "A"
    assert aggregate("counter", seen("A", "A", orders=("AB", "BA"))).decision == "tie"
    assert aggregate("both_required", seen("A>>B", "B>>A", orders=("AB", "BA"))).decision == "A>>B"
    own = {"left": "right", "right": "left"}
    assert aggregate("both_required", seen("left", "right", orders=("AB", "BA")), flip=own).decision == "left"


def test_probabilities_are_averaged_and_mirrored() -> None:
    def presentation(order: Any, a: float) -> PresentationReading:
        return PresentationReading(
            presentation=order,
            order=order,
            reading=Reading(status="ok", decision="A", probabilities={"A": a, "B": 1 - a}),
        )

    reading = aggregate("logprob_mean", [presentation("AB", 0.9), presentation("BA", 0.6)])
    assert reading.decision == "A"
    assert reading.probabilities["A"] == pytest.approx(0.65)
    assert aggregate("logprob_mean", [presentation("AB", 0.9), presentation("BA", 0.9)]).status == "unparsed"
    assert aggregate("logprob_mean", seen("A")).status == "unparsed"


def test_what_an_unread_presentation_counts_as_changes_the_decision() -> None:
    presentations = seen("A", None)
    assert aggregate("counter", presentations).status == "unparsed"
    assert aggregate("counter", presentations, unread="drop").decision == "A"
    assert aggregate("both_or_tie", presentations, unread="tie").decision == "tie"
    assert aggregate("both_required", presentations, unread="B").decision == "inconsistent"
    assert aggregate("majority", seen("correct", None, None), unread="incorrect").decision == "incorrect"
    assert aggregate("counter", presentations, unread={"v1": "A"}).decision == "A"
    assert aggregate("counter", presentations, unread={"v0": "A"}).status == "unparsed"


@pytest.mark.parametrize("name", [*DECISION_AGGREGATIONS, *SCORE_AGGREGATIONS])
@pytest.mark.parametrize("unread", ["unparsed", "drop", "default"])
def test_an_item_without_any_readable_presentation_is_unparsed(name: str, unread: Any) -> None:
    if unread == "default":
        unread = 0.5 if name in SCORE_AGGREGATIONS else "incorrect"
    reading = aggregate(name, seen(None, None), unread=unread)
    assert (reading.status, reading.decision, reading.score) == ("unparsed", None, None)
    assert "unreadable" in reading.reason
    assert aggregate(name, [], unread=unread).status == "unparsed"


def readings(decision: str, score: float, first: float, p: float) -> PresentationReading:
    read = Reading(
        status="ok", decision=decision, score=score, pair=(first, 1 - first), probabilities={"A": p, "B": 1 - p}
    )
    return PresentationReading(presentation="", order="BA", reading=read)


@given(
    decision=st.sampled_from(DECISIONS),
    score=st.integers(0, 8),
    first=st.integers(0, 9),
    p=st.sampled_from([0.0, 0.25, 1.0]),
)
def test_mirroring_twice_changes_nothing(decision: str, score: int, first: int, p: float) -> None:
    config = AggregationConfig(type="counter", unread="drop", scale=(0, 8))
    presentation = readings(decision, score, first, p)
    assert mirrored(mirrored(presentation, config), config) == presentation
    without = msgspec.structs.replace(presentation, reading=Reading(status="ok", decision=decision, score=score))
    assert mirrored(mirrored(without, config), config) == without


@given(
    decisions=st.lists(st.sampled_from(DECISIONS), min_size=1, max_size=6),
    name=st.sampled_from(list(DECISION_AGGREGATIONS)),
)
def test_swapping_the_answers_mirrors_the_decision(decisions: list[str], name: str) -> None:
    """An aggregation must not prefer an answer by its place."""
    config = AggregationConfig(type=name, unread="drop")
    plain = aggregate(name, seen(*decisions))
    swapped = aggregate(name, seen(*decisions, orders=tuple("BA" for _ in decisions)))
    assert plain.status == swapped.status
    if plain.decision is not None:
        back = mirrored(PresentationReading(presentation="", reading=plain), config).reading
        assert back.decision == swapped.decision


@given(
    decisions=st.lists(st.sampled_from(DECISIONS), min_size=1, max_size=6),
    name=st.sampled_from(list(DECISION_AGGREGATIONS)),
    data=st.data(),
)
def test_the_order_of_presentations_does_not_matter(decisions: list[str], name: str, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(decisions))
    if name != "first":
        before, after = aggregate(name, seen(*decisions)), aggregate(name, seen(*shuffled))
        assert (before.status, before.decision) == (after.status, after.decision)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"type": "counter"}, "unread"),
        ({"unread": "drop"}, "type"),
        ({"type": "countr", "unread": "drop"}, "no aggregation"),
        ({"type": "mean_score", "unread": "tie"}, "aggregates numbers"),
        ({"type": "counter", "unread": 0.5}, "aggregates decisions"),
        ({"type": "counter", "unread": "drop", "flip": {"left": "right"}}, "must become"),
    ],
)
def test_a_wrong_aggregation_is_refused(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        aggregation_of(spec)


def last_presentation(presentations: list[PresentationReading], config: AggregationConfig) -> Reading:
    """A user's own aggregation."""
    return presentations[-1].reading


def test_a_users_own_aggregation_is_named_by_its_path() -> None:
    assert aggregate(f"{__name__}.last_presentation", seen("A", "B")).decision == "B"
