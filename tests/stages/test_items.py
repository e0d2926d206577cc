"""Samples found by id while the data set is read once."""

from __future__ import annotations

from judgebench.records import Sample
from judgebench.stages.items import SampleWindow


def window(uses: int = 1) -> SampleWindow:
    samples = [Sample(id=at, uid=f"u{at}", fields={}) for at in range(4)]
    return SampleWindow(iter(samples), lambda sample: 0 if sample.id == 2 else uses)


def test_a_row_that_has_changed_since_it_was_answered_is_not_taken() -> None:
    """It would be judged with the old answer; the row is still there for an answer to what it holds now."""
    found = window()
    assert found.take(1, "another uid") is None
    taken = found.take(1, "u1")
    assert taken is not None
    assert taken.uid == "u1"


def test_a_sample_is_taken_as_often_as_planned_in_any_order() -> None:
    found = window(uses=2)
    order = [found.take(at, f"u{at}") is not None for at in (3, 0, 3, 3, 0, 0, 2, 9)]
    assert order == [True, True, True, False, True, False, False, False]
