"""Where an item begins in a file that may have ten million, and which of two files it is: both without an index."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from judgebench.store.items import answered_items, first_from, tail_of
from judgebench.store.recorded import sample_of, slot_sample

Item = tuple[int, int, int]
"""Sample, repeat, and how long its record is beyond what it needs."""
ITEMS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2), st.integers(0, 300)), max_size=30)


def line(item: Item) -> bytes:
    return msgspec.json.encode({"id": item[0], "repeat": item[1], "status": "ok", "text": "x" * item[2]}) + b"\n"


def slot(item: Item) -> int:
    return slot_sample(item[0], item[1])


@given(items=ITEMS, sample=st.integers(0, 13), repeat=st.integers(0, 2))
@example(items=[(0, 0, 0)], sample=0, repeat=0)
@example(items=[(0, 0, 0)], sample=1, repeat=0)
@example(items=[(0, 0, 300), (0, 0, 0), (1, 0, 0)], sample=0, repeat=1)
def test_in_a_sorted_file_all_before_the_place_is_earlier_and_nothing_behind_it(
    tmp_path_factory: pytest.TempPathFactory, items: list[Item], sample: int, repeat: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "sorted.jsonl"
    path.write_bytes(b"".join(map(line, sorted(items))))
    earlier = [item for item in sorted(items) if slot(item) < slot_sample(sample, repeat)]
    assert first_from(path, slot_sample(sample, repeat)) == len(b"".join(map(line, earlier)))


@given(items=ITEMS, sample=st.integers(0, 13))
def test_in_a_file_that_is_not_sorted_a_line_begins_there(
    tmp_path_factory: pytest.TempPathFactory, items: list[Item], sample: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "unsorted.jsonl"
    path.write_bytes(b"".join(map(line, items)))
    place = first_from(path, slot_sample(sample, 0))
    assert place == 0 or path.read_bytes()[:place].endswith(b"\n")


def test_in_a_file_that_is_not_there_everything_begins_at_its_start(tmp_path: Path) -> None:
    assert first_from(tmp_path / "none.jsonl", slot_sample(3, 0)) == 0
    assert answered_items(tmp_path / "none.jsonl") == 0


def test_a_damaged_line_is_nothing_to_go_by(tmp_path: Path) -> None:
    path = tmp_path / "damaged.jsonl"
    lines = [line((0, 0, 0)), b"\x00" * 40 + b"\n", line((1, 0, 0))]
    path.write_bytes(b"".join(lines))
    begins = {0, len(lines[0]), len(lines[0] + lines[1]), len(b"".join(lines))}
    assert {first_from(path, slot_sample(sample, 0)) for sample in range(3)} <= begins
    path.write_bytes(b"\x00" * 40 + b"\n")
    assert first_from(path, slot_sample(9, 0)) == 0


def test_a_file_that_grows_keeps_the_hash_of_what_it_had(tmp_path: Path) -> None:
    path = tmp_path / "grows.jsonl"
    path.write_bytes(b"a" * 5000)
    before = tail_of(path, 5000)
    path.write_bytes(b"a" * 5000 + b"b" * 5000)
    assert tail_of(path, 5000) == before
    assert tail_of(path, 10000) != before


@pytest.mark.parametrize("size", [1, 100, 4096, 9000])
@pytest.mark.parametrize("changed", [0, -1])
def test_another_byte_near_the_end_is_another_hash(tmp_path: Path, size: int, changed: int) -> None:
    path = tmp_path / "file.jsonl"
    data = bytearray(b"a" * size)
    path.write_bytes(data)
    before = tail_of(path, size)
    data[max(0, size - 4096) if changed == 0 else changed] = ord("b")
    path.write_bytes(data)
    assert tail_of(path, size) != before


@given(sample=st.integers(0, 2**43 - 1), repeat=st.integers(0, 2**20 - 1))
def test_a_slot_gives_its_sample_back(sample: int, repeat: int) -> None:
    assert sample_of(slot_sample(sample, repeat)) == sample
    assert slot_sample(sample, repeat) < slot_sample(sample + 1, 0)
