from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.datasets import selection
from judgebench.datasets.selection import select
from judgebench.errors import DataError
from judgebench.records.flow import Sample


def samples(count, keys=None):
    return [
        Sample(id=n, uid=f"{n:016x}", fields={"question": f"q{n}"}, key=keys(n) if keys else None) for n in range(count)
    ]


def ids_of(chosen):
    return [sample.id for sample in chosen]


def test_all_in_order_without_a_choice():
    assert ids_of(select(samples(4))) == [0, 1, 2, 3]
    assert ids_of(select(samples(4), num_prompts=2)) == [0, 1]


def test_numbers_ranges_and_keys_choose_and_keep_their_row_numbers():
    rows = samples(20, keys=lambda n: f"2025-I-{n}")
    assert ids_of(select(rows, ids=["2025-I-15", "3-5", "0"])) == [0, 3, 4, 5, 15]
    assert ids_of(select(samples(5, keys=lambda n: str(n + 10)), ids=["key:12"])) == [2]


def test_reading_stops_once_every_id_is_found():
    def endless():
        yield from samples(10)
        raise AssertionError("read on")

    assert ids_of(select(endless(), ids=["2", "4-5"])) == [2, 4, 5]


def test_unknown_ids_say_what_there_is():
    rows = samples(30, keys=lambda n: f"2025-I-{n}")
    with pytest.raises(DataError) as caught:
        list(select(rows, ids=["2025-I-99", "28-40"]))
    assert "no sample 28-40, 2025-I-99 (it has rows 0-29; keys such as 2025-I-0" in caught.value.message
    assert "2025-I-9" in caught.value.hint
    with pytest.raises(DataError, match="ends before it starts"):
        list(select(rows, ids=["9-3"]))


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(-5, 5), st.integers(0, 210))
def test_the_first_of_a_shuffle_are_the_same_whatever_number_is_taken(count, seed, most):
    whole = ids_of(select(samples(count), shuffle=seed))
    assert sorted(whole) == list(range(count))
    assert ids_of(select(samples(count), shuffle=seed, num_prompts=most)) == whole[:most]


def test_rows_added_later_do_not_change_the_order_of_the_others():
    before = ids_of(select(samples(50), shuffle=7))
    after = ids_of(select(samples(80), shuffle=7))
    assert [number for number in after if number < 50] == before


def test_the_order_is_pinned_so_that_runs_can_be_repeated_with_later_versions():
    # printf "1:$row" | b2sum -l 64, sorted
    assert ids_of(select(samples(10), shuffle=1)) == [8, 7, 9, 0, 5, 1, 3, 2, 6, 4]
    assert ids_of(select(samples(10), shuffle=2)) != ids_of(select(samples(10), shuffle=1))


@pytest.mark.parametrize("most", [None, 30, 77])
def test_a_shuffle_of_more_than_fits_in_memory_gives_the_same_order(monkeypatch, most):
    rows = samples(77, keys=lambda n: f"k{n}")
    expected = list(select(rows, shuffle=3, num_prompts=most))
    monkeypatch.setattr(selection, "IN_MEMORY", 10)
    assert list(select(iter(rows), shuffle=3, num_prompts=most)) == expected


def test_every_sample_is_about_as_likely_to_come_first():
    firsts = [ids_of(select(samples(10), shuffle=seed, num_prompts=1))[0] for seed in range(2000)]
    counts = [firsts.count(number) for number in range(10)]
    assert min(counts) > 140
    assert max(counts) < 260


def test_a_key_that_looks_like_a_range_from_high_to_low_is_a_key() -> None:
    """`2025-1` is no range, so nothing else can be meant."""
    rows = samples(30, keys=lambda n: f"{2000 + n}-1")
    assert ids_of(select(rows, ids=["2025-1", "0"])) == [0, 25]
    rows = samples(30, keys=lambda n: f"{n}-{2000 + n}")
    with pytest.raises(DataError) as caught:
        list(select(rows, ids=["7-2007"]))
    assert caught.value.hint == "For the key of that form write key:7-2007"
