"""Every label of the one table is mirrored, counted and worth the same wherever labels of pairs are read."""

from __future__ import annotations

import pytest

from judgebench.judges.aggregations import AggregationConfig, PresentationReading, aggregated, counter, weighted_pool
from judgebench.judges.parsers.reading import Reading
from judgebench.metrics.comparisons.comparisons import ComparisonColumns, side_of
from judgebench.metrics.rates.named import compute
from judgebench.metrics.rates.tally import Tally, TallyOutcome
from judgebench.records.flow import Verdict
from judgebench.records.pairs import FLIPPED, NUMERALS, PREFERENCES, SIDES, STRENGTH, TIES, UNDECIDED, WINS


def test_the_decisions_are_these() -> None:
    assert SIDES == {
        "A": 1, "A>B": 1, "A>>B": 1, "first": 1, "1": 1, "B": -1, "B>A": -1, "B>>A": -1, "second": -1, "2": -1,
    }  # fmt: skip
    assert {decision for decision, times in STRENGTH.items() if times != 1} == {"A>>B", "B>>A"}
    assert (TIES, sorted(NUMERALS), len(SIDES)) == (("tie", "A=B"), ["1", "2"], 2 * len(WINS))


def test_no_decision_says_two_things() -> None:
    assert not SIDES.keys() & {*TIES, *UNDECIDED}
    assert all(
        FLIPPED[FLIPPED[decision]] == decision and SIDES[FLIPPED[decision]] == -SIDES[decision] for decision in SIDES
    )
    assert FLIPPED.keys() == SIDES.keys() == STRENGTH.keys()
    assert PREFERENCES.keys() == {*SIDES, *TIES}


@pytest.mark.parametrize("decision", sorted(PREFERENCES))
def test_what_a_decision_is_worth_is_the_same_everywhere(decision: str) -> None:
    side, worth = SIDES.get(decision, 0), PREFERENCES[decision]
    assert worth == (side + 1) / 2 == 1 - PREFERENCES[FLIPPED.get(decision, decision)]
    assert side_of(decision) == side
    tally, played = Tally(), ComparisonColumns()
    tally.add(TallyOutcome(id=0, status="ok", decision=decision, compared=True))
    assert compute(tally)["win_rate"].value == 100 * worth
    played.add(0, 0, Verdict(status="ok", decision=decision), ("a", "b"))
    assert [comparison.outcome for comparison in played] == [worth]
    for order, kept in (("AB", side), ("BA", -side)):
        presentation = PresentationReading(
            presentation=order, order=order, reading=Reading(status="ok", decision=decision)
        )  # type: ignore[arg-type]
        decided = aggregated([presentation], counter, AggregationConfig(type="counter", unread="drop")).decision
        assert decided == {1: "A", 0: "tie", -1: "B"}[kept]
        pool = aggregated([presentation], weighted_pool, AggregationConfig(type="weighted_pool", unread="drop"))
        assert [one.outcome for one in pool.outcomes] == [(kept + 1) / 2] * STRENGTH.get(decision, 1)
