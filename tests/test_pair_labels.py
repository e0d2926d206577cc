"""Every label of the one table is mirrored, counted and worth the same wherever labels of pairs are read."""

from __future__ import annotations

import pytest

from judgebench.judges.folds import FoldConfig, ViewReading, counter, fold_views, weighted_pool
from judgebench.judges.grammars.reading import Reading
from judgebench.metrics.games import side_of
from judgebench.metrics.named import compute
from judgebench.metrics.played import Played
from judgebench.metrics.tally import Outcome, Tally
from judgebench.pair_labels import FLIPPED, NUMERALS, PREFERENCES, SIDES, STRENGTH, TIES, UNDECIDED, WINS
from judgebench.records import Verdict


def test_the_labels_are_these() -> None:
    assert SIDES == {
        "A": 1, "A>B": 1, "A>>B": 1, "first": 1, "1": 1, "B": -1, "B>A": -1, "B>>A": -1, "second": -1, "2": -1,
    }  # fmt: skip
    assert {label for label, times in STRENGTH.items() if times != 1} == {"A>>B", "B>>A"}
    assert (TIES, sorted(NUMERALS), len(SIDES)) == (("tie", "A=B"), ["1", "2"], 2 * len(WINS))


def test_no_label_says_two_things() -> None:
    assert not SIDES.keys() & {*TIES, *UNDECIDED}
    assert all(FLIPPED[FLIPPED[label]] == label and SIDES[FLIPPED[label]] == -SIDES[label] for label in SIDES)
    assert FLIPPED.keys() == SIDES.keys() == STRENGTH.keys()
    assert PREFERENCES.keys() == {*SIDES, *TIES}


@pytest.mark.parametrize("label", sorted(PREFERENCES))
def test_what_a_label_is_worth_is_the_same_everywhere(label: str) -> None:
    side, worth = SIDES.get(label, 0), PREFERENCES[label]
    assert worth == (side + 1) / 2 == 1 - PREFERENCES[FLIPPED.get(label, label)]
    assert side_of(label) == side
    tally, played = Tally(), Played()
    tally.add(Outcome(id=0, status="ok", label=label, compared=True))
    assert compute(tally)["win_rate"].value == 100 * worth
    played.add(0, 0, Verdict(status="ok", label=label), ("a", "b"))
    assert [game.outcome for game in played] == [worth]
    for order, kept in (("AB", side), ("BA", -side)):
        view = ViewReading(view=order, order=order, reading=Reading(status="ok", label=label))  # type: ignore[arg-type]
        decided = fold_views([view], counter, FoldConfig(type="counter", unread="drop")).label
        assert decided == {1: "A", 0: "tie", -1: "B"}[kept]
        pool = fold_views([view], weighted_pool, FoldConfig(type="weighted_pool", unread="drop"))
        assert pool.values["outcomes"] == [(kept + 1) / 2] * STRENGTH.get(label, 1)
