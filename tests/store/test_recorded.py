"""What is found again in a file that is only appended to, against a plain list of its records."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.records.flow import JudgeCall
from judgebench.store.items import answered_items
from judgebench.store.recorded import Recorded, compact, copy_aside, records


class Row(NamedTuple):
    id: int
    repeat: int
    content: int
    question: int
    ok: bool
    presentation: str = ""
    nth: int = 0


def hashed(number: int, sort: int) -> str:
    """A hash whose first half tells it apart, as all of ours, and whose second does not."""
    return f"{(number * 0x9E3779B97F4A7C15 + sort) % 2**64:016x}{0:016x}"


def call(row: Row, text: str = "") -> JudgeCall:
    return msgspec.convert(
        {
            "data_abbr": "d",
            "id": row.id,
            "repeat": row.repeat,
            "uid": hashed(row.content, 1)[:16],
            "uuid": hashed(row.question, 2),
            "status": "ok" if row.ok else "failed",
            "success": row.ok,
            "origin_prompt": "p",
            "prediction": text,
            "presentation": row.presentation,
            "nth": row.nth,
        },
        JudgeCall,
    )


def written(path: Path, rows: list[Row]) -> list[int]:
    """Write rows, each with its number as its text; returns where they begin."""
    lines = [msgspec.json.encode(call(row, f"{at}")) + b"\n" for at, row in enumerate(rows)]
    path.write_bytes(b"".join(lines))
    return [sum(map(len, lines[:at])) for at in range(len(lines))]


ROWS = st.lists(
    st.builds(
        Row,
        st.integers(0, 3),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 2),
        st.booleans(),
        st.sampled_from(["", "AB", "BA"]),
        st.integers(0, 1),
    ),
    max_size=12,
)


def counts(rows: list[Row], numbers: list[int]) -> int | None:
    """Which of several records counts: the last that succeeded, else the last."""
    good = [at for at in numbers if rows[at].ok]
    return (good or numbers)[-1] if numbers else None


BY: list[tuple[Literal["question", "content", "item"], Any]] = [
    ("question", lambda row: (row.id, row.repeat, hashed(row.question, 2))),
    ("content", lambda row: (row.id, row.repeat, hashed(row.content, 1)[:16])),
    ("item", lambda row: (row.id, row.repeat, "")),
]


@pytest.mark.parametrize(("by", "key"), BY)
@given(rows=ROWS)
@settings(max_examples=30)
def test_the_last_success_of_a_key_is_found(
    tmp_path_factory: pytest.TempPathFactory, by: Literal["question", "content", "item"], key: Any, rows: list[Row]
) -> None:
    path = tmp_path_factory.mktemp("a") / "d.jsonl"
    written(path, rows)
    with Recorded(path, JudgeCall, by=by) as recorded, Recorded(path, JudgeCall, index=recorded.index, by=by) as other:
        assert len(recorded) == len(rows)
        for id in range(4):
            for repeat in range(3):
                assert recorded.holds(id, repeat) == any(row[:2] == (id, repeat) for row in rows)
        for id, repeat, digest in {key(row) for row in rows} | {(9, 0, f"{7:032x}")}:
            expected = counts(rows, [at for at, row in enumerate(rows) if key(row) == (id, repeat, digest)])
            found = recorded.get(id, repeat, digest)
            assert (None if found is None else int(found.prediction)) == expected
            assert other.get(id, repeat, digest) == found
            wanted = "" if expected is None else "ok" if rows[expected].ok else "failed"
            assert recorded.status(id, repeat, digest) == wanted


@given(rows=ROWS)
@settings(max_examples=30)
def test_what_was_passed_over_while_its_item_was_looked_up_is_superseded(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row]
) -> None:
    path = tmp_path_factory.mktemp("a") / "d.jsonl"
    offsets = written(path, rows)
    with Recorded(path, JudgeCall, track=True) as recorded, Recorded(path, JudgeCall) as untracked:
        assert recorded.superseded() == set()
        for row in rows[::2]:
            recorded.get(row.id, row.repeat, hashed(row.question, 2))
            untracked.get(row.id, row.repeat, hashed(row.question, 2))
        looked = {row[:2] for row in rows[::2]}
        asked = {(*row[:2], row.question) for row in rows[::2]}
        found = {counts(rows, [at for at, row in enumerate(rows) if (*row[:2], row.question) == one]) for one in asked}
        expected = {offsets[at] for at, row in enumerate(rows) if row[:2] in looked and at not in found}
        assert recorded.superseded() == expected
        assert untracked.superseded() == set()


@pytest.mark.parametrize("by", ["question", "item"])
@given(rows=ROWS, dropped=st.sets(st.integers(0, 11)))
@settings(max_examples=30)
def test_compacting_keeps_what_counts_in_order(
    tmp_path_factory: pytest.TempPathFactory, by: Literal["question", "item"], rows: list[Row], dropped: set[int]
) -> None:
    path = tmp_path_factory.mktemp("a") / "d.jsonl"
    offsets = written(path, rows)
    kept: dict[Any, list[int]] = {}
    for at, row in enumerate(rows):
        if at not in dropped:
            own = (row.presentation, row.nth, hashed(row.question, 2)) if by == "question" else ()
            kept.setdefault((row.id, row.repeat, *own), []).append(at)
    expected = [counts(rows, kept[key]) for key in sorted(kept)]
    count = compact(path, by=by, drop={offsets[at] for at in dropped if at < len(rows)})
    assert [int(one.prediction) for one in records(path, JudgeCall)] == expected
    assert count == len(expected)
    before = path.stat().st_ino
    assert compact(path, by=by) == len(expected)
    assert path.stat().st_ino == before  # what is in order is left alone


def test_the_largest_numbers_that_are_counted_are_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    ends = [Row(at, repeat, 1, 1, True) for at in (0, 1, 2**43 - 1) for repeat in (0, 1, 2**20 - 1)]
    written(path, [*ends, Row(2**43, 0, 1, 1, True), Row(0, 2**20, 1, 1, True)])
    with Recorded(path, JudgeCall, by="item") as recorded:
        assert len(recorded) == len(ends)
        for at, row in enumerate(ends):
            found = recorded.get(row.id, row.repeat)
            assert found is not None
            assert found.prediction == f"{at}"


def test_a_record_without_a_repeat_is_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text('{"id":3,"uid":"aa","uuid":"bb","status":"ok"}\n')
    with Recorded(path, JudgeCall, by="item") as recorded:
        assert (recorded.status(3, 0), recorded.status(3, 1)) == ("ok", "")


def test_an_empty_line_is_passed_over_and_goes_when_the_file_is_completed(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    written(path, [Row(0, 0, 1, 1, True), Row(1, 0, 1, 1, True)])
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b"\n" + second)
    assert [one.id for one in records(path, JudgeCall)] == [0, 1]
    assert compact(path) == 2
    assert path.read_bytes() == first + second
    assert [one.name for one in tmp_path.iterdir()] == ["d.jsonl"]  # nothing was damaged


def test_a_file_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    with Recorded(path, JudgeCall) as recorded:
        assert (len(recorded), recorded.holds(0, 0), recorded.get(0, 0, "aa"), recorded.status(0, 0, "aa")) == (
            0, False, None, ""
        )  # fmt: skip
        assert recorded.superseded() == set()
    assert list(records(path, JudgeCall)) == []
    assert answered_items(path) == 0


def test_items_are_counted_once_that_have_a_good_answer(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    written(
        path,
        [Row(0, 0, 1, 1, True), Row(0, 0, 1, 2, True), Row(0, 1, 1, 1, False), Row(0, 1, 1, 1, True),
         Row(1, 0, 1, 1, False)],
    )  # fmt: skip
    with path.open("ab") as file:
        file.write(b'{"id": 7\n')
    assert answered_items(path) == 2
    with path.open("ab") as file:  # any number that a file may hold, and no memory for those before it
        file.write(b'{"id":7000000000000,"status":"ok"}\n{"id":3000,"status":"ok"}\n{"id":3000,"status":"ok"}\n')
    assert answered_items(path) == 4


def test_what_is_dropped_is_copied_aside_as_it_stands(tmp_path: Path) -> None:
    path, aside = tmp_path / "d.jsonl", tmp_path / "d.jsonl.replaced"
    offsets = written(path, [Row(at, 0, 1, 1, True) for at in range(4)])
    lines = path.read_bytes().splitlines(keepends=True)
    copy_aside(path, [offsets[3], offsets[1]], aside)
    copy_aside(path, [offsets[0]], aside)
    assert aside.read_bytes() == lines[1] + lines[3] + lines[0]
