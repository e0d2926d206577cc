"""A file of answers in any order, cut anywhere: each good answer makes one job, and none is lost."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.errors import DiskError
from judgebench.records.flow import Prediction
from judgebench.stages import following
from judgebench.stages.following import Follower, NumberSet, SampleWindow
from judgebench.store.recorded import slot_sample
from tests.stages.test_following import Line, follow, passes, prediction, samples

ITEMS, REPEATS = 6, 2
LINES = st.lists(
    st.builds(
        Line,
        st.integers(0, ITEMS),
        st.integers(0, REPEATS),
        status=st.sampled_from(["ok", "ok", "failed"]),
        uid=st.sampled_from(["", "", "", "changed"]),
    ),
    max_size=30,
)


@given(lines=LINES, held=st.integers(1, ITEMS), recorded=st.sets(st.integers(0, ITEMS)))
@settings(max_examples=60)
def test_each_good_answer_to_a_planned_item_makes_one_job(lines: list[Line], held: int, recorded: set[int]) -> None:
    good = set()
    for line in lines:
        found = line.read()
        assert found is not None
        planned = line.id < ITEMS and line.repeat < REPEATS
        if planned and found.status == "ok" and found.uid == f"u{line.id}":
            good.add((line.id, line.repeat))
    with mock.patch.object(following, "MOST_HELD", held):
        found_in = passes(follow(ITEMS, REPEATS, recorded=lambda id_, repeat: id_ in recorded), lines)
    jobs = [job for one in found_in for job in one]
    assert sorted(jobs) == sorted(good)
    assert not {id_ for id_, _ in found_in[0]} & recorded, "what is recorded comes last"


def test_answers_to_changed_items_do_not_stand_in_the_way_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for each lets go of the samples before it, which a later pass has to find."""
    monkeypatch.setattr(following, "MOST_HELD", 1)
    lines = [Line(7), *(Line(at, uid="changed") for at in (5, 4, 3)), Line(0), Line(1), Line(5)]
    assert sorted(job for one in passes(follow(ITEMS), lines) for job in one) == [(0, 0), (1, 0), (5, 0)]


@given(order=st.permutations(range(ITEMS)), uses=st.integers(1, 3), held=st.integers(1, ITEMS))
@settings(max_examples=40)
def test_a_sample_is_taken_as_often_as_planned_or_let_go_and_counted(order: list[int], uses: int, held: int) -> None:
    with mock.patch.object(following, "MOST_HELD", held):
        window = SampleWindow(samples(ITEMS), lambda sample: uses)
        taken = [window.take(id_, f"u{id_}") for _ in range(uses + 1) for id_ in order]
    by_id = {id_: sum(one is not None and one.id == id_ for one in taken) for id_ in range(ITEMS)}
    assert all(count in range(uses + 1) for count in by_id.values())
    assert sum(count < uses for count in by_id.values()) == window.dropped
    assert held < ITEMS or window.dropped == 0


@given(numbers=st.lists(st.integers(0, 300)))
def test_a_set_of_numbers_is_a_set(numbers: list[int]) -> None:
    known = NumberSet()
    for at, number in enumerate(numbers):
        assert (number in known) == (number in numbers[:at])
        known.add(number)
    assert [number for number in range(400) if number in known] == sorted(set(numbers))


@given(cuts=st.lists(st.integers(1, 90), max_size=12), damaged=st.sets(st.integers(0, 4)))
@settings(max_examples=40)
def test_a_file_that_grows_by_any_pieces_gives_its_whole_lines_once(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], damaged: set[int]
) -> None:
    path = tmp_path_factory.mktemp("a") / "d.jsonl"
    lines = [b"{" if at in damaged else msgspec.json.encode(prediction(at)) for at in range(5)]
    data = b"\n".join(lines) + b"\n"
    follower: Follower[Prediction] = Follower(path, Prediction)
    assert follower.new() == []
    whole = data
    found: list[int] = []
    with path.open("ab", buffering=0) as file:
        for cut in [*cuts, len(data)]:
            file.write(data[:cut])
            data = data[cut:]
            for entry in follower.new():
                found.append(entry.id)
                assert whole[entry.at :].startswith(lines[entry.id] + b"\n"), "its place is where its line begins"
    follower.close()
    assert found == [at for at in range(5) if at not in damaged]


def test_a_line_of_more_than_one_piece_is_read_whole(tmp_path: Path) -> None:
    """An empty part stands for the end of the file, so a part never ends within its first line."""
    path = tmp_path / "d.jsonl"
    large = msgspec.structs.replace(prediction(0), prediction="x" * (9 << 20))
    path.write_bytes(msgspec.json.encode(large) + b"\n" + msgspec.json.encode(prediction(1)) + b"\n")
    follower: Follower[Prediction] = Follower(path, Prediction)
    assert [entry.id for entry in follower.new()] == [0, 1]
    assert follower.new() == []
    follower.close()


def test_a_large_file_comes_in_parts_and_from_where_it_is_to_begin(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    lines = [msgspec.json.encode({"id": at, "text": "x" * (1 << 20)}) + b"\n" for at in range(9)]
    path.write_bytes(b"".join(lines))
    follower: Follower[Prediction] = Follower(path, Prediction, start=len(lines[0]))
    parts = []
    while entries := follower.new():
        parts.append([(entry.id, entry.at) for entry in entries])
    follower.close()
    assert [one for part in parts for one in part] == [(at, at * len(lines[0])) for at in range(1, 9)]
    assert max(map(len, parts)) < 5, "some megabytes at a time"


def test_an_entry_says_what_it_is_about_and_a_damaged_record_is_none(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    failed = prediction(3, 2, status="failed")
    path.write_bytes(msgspec.json.encode(failed) + b'\n{"id": 4}\n')
    follower: Follower[Prediction] = Follower(path, Prediction)
    first, second = follower.new()
    follower.close()
    assert (first.id, first.repeat, first.ok, first.slot) == (3, 2, False, slot_sample(3, 2))
    assert (second.id, second.repeat, second.ok) == (4, 0, False)
    assert first.read() == failed
    assert second.read() is None
    assert 0 <= first.digest() < 2**64
    assert first.digest() != second.digest()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").mkdir()
    with pytest.raises(DiskError, match=r"d\.jsonl"):
        Follower(tmp_path / "d.jsonl", Prediction).new()
