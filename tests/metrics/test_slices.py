"""What is counted over slices, taken together again, is what is counted over the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.metrics.contract import figures_of
from judgebench.metrics.rates.named import NamedMetrics, compute
from judgebench.metrics.rates.slices import MOST_SLICES, Slices
from judgebench.metrics.rates.tally import Tally
from judgebench.records.flow import Sample, Slice
from tests.metrics.tallies import STATES, outcome

VALUES = st.one_of(st.none(), st.sampled_from(["a", "b", "", " "]), st.integers(0, 3), st.booleans(), st.just(2.0))
NAMES = ["accuracy", "mean_score", "avg@n"]
ANSWERS = st.lists(st.tuples(VALUES, st.text("01ujpn", min_size=2, max_size=2)), max_size=30)


def sample_of(at: int, value: Any, **fields: Any) -> Sample:
    return Sample(id=at, uid=f"u{at}", fields=fields, meta={} if value is ... else {"field": value})


def sliced(answers: Sequence[tuple[Any, str]], *by: str) -> tuple[Tally, Slices]:
    whole, slices = Tally(2), Slices(by or ["field"], partial(NamedMetrics, NAMES, repeats=2))
    for at, (value, word) in enumerate(answers):
        for repeat, letter in enumerate(word):
            one = outcome(at, repeat, letter, score=float(at % 5) if letter in "01" else None)
            whole.add(one)
            for part in slices.of(sample_of(at, value), one.status):
                assert isinstance(part, NamedMetrics)
                part.tally.add(one)
    return whole, slices


def results(slices: Slices) -> list[Slice]:
    return slices.results(figures_of)


@given(ANSWERS)
def test_slices_by_one_value_pool_back_to_the_whole(answers: list[tuple[Any, str]]) -> None:
    whole, slices = sliced(answers)
    parts = results(slices)
    counts = whole.counts()
    for state in ("planned", "ok", "truncated", *STATES.values()):
        assert sum(getattr(part.counts, state) for part in parts) == getattr(counts, state)
    for name, metric in compute(whole, ["accuracy", "mean_score"]).items():
        known = [part.metrics[name] for part in parts if part.metrics[name].value is not None]
        assert sum(one.n for one in known) == metric.n
        if metric.value is None:
            assert not known
            continue
        assert math.isclose(sum(one.value * one.n for one in known) / metric.n, metric.value, abs_tol=1e-9)
        assert min(one.value for one in known) - 1e-9 <= metric.value <= max(one.value for one in known) + 1e-9


@given(ANSWERS)
def test_every_slice_is_what_its_samples_alone_would_be(answers: list[tuple[Any, str]]) -> None:
    for part in results(sliced(answers)[1]):
        own = [(value, word if _text(value) == part.value else "") for value, word in answers]
        alone, _ = sliced(own)
        assert part.metrics == compute(alone, NAMES)
        assert part.counts == alone.counts()


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else f"{value:g}" if isinstance(value, float) else str(value).strip() or None


def test_a_sample_is_in_the_slice_of_each_entry_of_a_list() -> None:
    parts = results(sliced([(["x", "y", "x"], "11"), (["y"], "00"), ([], "10")])[1])
    assert [(part.value, part.counts.planned, part.metrics["accuracy"].value) for part in parts] == [
        ("x", 2, 100.0),
        ("y", 4, 50.0),
        (None, 2, 50.0),
    ]


@pytest.mark.parametrize(
    ("values", "order"),
    [
        ([10, 9, None, 2.5], ["2.5", "9", "10", None]),
        (["level 10", "level 9", 3], ["3", "level 10", "level 9"]),
        ([True, False, ...], ["false", "true", None]),
        (["2", 2, 2.0], ["2"]),
    ],
)
def test_values_stand_in_order_and_none_comes_last(values: list[Any], order: list[str | None]) -> None:
    assert [part.value for part in results(sliced([(value, "11") for value in values])[1])] == order


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([f"name {at}" for at in range(MOST_SLICES + 1)], "more than 200 values"),
        (["long " * 100], "no short texts"),
        ([{"nested": 1}], "no short texts"),
        ([["a", {"nested": 1}]], "no short texts"),
        ([..., ...], "no sample has it"),
    ],
)
def test_a_field_that_parts_nothing_has_no_slices_and_says_why(values: list[Any], reason: str) -> None:
    _, slices = sliced([("short", "11"), *((value, "11") for value in values)] if values[0] is not ... else
                       [(value, "11") for value in values])  # fmt: skip
    assert results(slices) == []
    (note,) = slices.notes()
    assert "'field'" in note
    assert reason in note


def test_an_input_field_is_a_field_too_and_a_kept_column_goes_before_it() -> None:
    slices = Slices(["language", "field"], NamedMetrics)
    slices.of(sample_of(0, "kept", language="de", field="input"), "ok")
    assert [(part.by, part.value) for part in slices.results(lambda part: {})] == [
        ("language", "de"),
        ("field", "kept"),
    ]


def test_nothing_planned_has_no_slices_and_nothing_to_say() -> None:
    _, slices = sliced([])
    assert (results(slices), slices.notes()) == ([], [])
