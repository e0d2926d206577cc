"""A file of verdicts is whole or not there, and holds whatever a method found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.errors import DiskError
from judgebench.records.facts import ReadSpan, RecordedVerdict
from judgebench.store.verdicts import VerdictWriter


def verdict(id: int, **more: Any) -> RecordedVerdict:
    return RecordedVerdict(id=id, status="ok", decision="correct", **more)


def read(path: Path) -> list[RecordedVerdict]:
    return [msgspec.json.decode(line, type=RecordedVerdict) for line in path.read_bytes().splitlines()]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "model/row.jsonl"
    written = [verdict(0, span=ReadSpan(call="c", start=3, end=4)), verdict(1, meta={"level": 2})]
    with VerdictWriter(path) as writer:
        writer.write(written[:1])
        assert not path.exists()
        writer.write(written[1:])
        writer.commit()
    assert read(path) == written
    assert json.loads(path.read_text().splitlines()[0])["span"] == {"call": "c", "from": 3, "to": 4}
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, None])
def test_without_commit_the_old_file_stays(tmp_path: Path, error: type[Exception] | None) -> None:
    path = tmp_path / "row.jsonl"
    path.write_text("old")

    def write() -> None:
        with VerdictWriter(path) as writer:
            writer.write([verdict(0)])
            writer.part(0).write_text("of a part")
            if error:
                raise error

    if error:
        with pytest.raises(error):
            write()
    else:
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_parts_stand_in_the_order_in_which_they_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "row.jsonl"
    with VerdictWriter(path) as writer:
        places = [writer.part(number) for number in range(3)]
        for place in reversed(places):
            with VerdictWriter(place, durable=False) as part:
                part.write([verdict(places.index(place))])
                part.commit()
        for place in places:
            writer.append(place)
        writer.commit()
    assert [one.id for one in read(path)] == [0, 1, 2]
    assert list(tmp_path.iterdir()) == [path]


class Odd:
    """No JSON value."""


def test_what_is_no_json_is_named_by_its_type_and_the_line_is_read_all_the_same(tmp_path: Path) -> None:
    odd = verdict(0, details={"found": Odd(), (1, 2): "\ud800", "deep": [Odd()]})
    with VerdictWriter(tmp_path / "row.jsonl") as writer:
        writer.write([odd, verdict(1)])
        writer.commit()
    first, second = read(tmp_path / "row.jsonl")
    assert first.details == {"found": "<Odd>", "(1, 2)": "?", "deep": ["<Odd>"]}
    assert second == verdict(1)
    plain = (tmp_path / "row.jsonl").read_bytes().splitlines()[1]
    assert plain == b'{"id":1,"status":"ok","decision":"correct"}'


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(DiskError), VerdictWriter(blocked / "row.jsonl"):
        pass


@pytest.mark.parametrize(
    "wrap", [lambda one: {"a": one}, lambda one: [one], lambda one: ReadSpan(call=one, start=1, end=2)]
)
def test_what_is_nested_too_deeply_is_named_by_its_type_from_there_on(tmp_path: Path, wrap: Any) -> None:
    for levels in (1, 48, 49, 60):
        deep: Any = Odd()
        for _ in range(levels):
            deep = wrap(deep)
        with VerdictWriter(tmp_path / "row.jsonl") as writer:
            writer.write([verdict(0, details={"deep": deep})])
            writer.commit()
        found = json.loads((tmp_path / "row.jsonl").read_text())["details"]["deep"]
        depth = 0
        while not isinstance(found, str):
            found = found[0] if isinstance(found, list) else found["a"] if "a" in found else found["call"]
            depth += 1
        assert depth == min(levels, 48)
        assert (found == "<Odd>") == (levels <= 48)


def test_a_file_that_cannot_take_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "row.jsonl" / "full").mkdir(parents=True)
    with VerdictWriter(tmp_path / "row.jsonl") as writer:
        writer.write([verdict(0)])
        with pytest.raises(DiskError):
            writer.commit()
    assert [one.name for one in tmp_path.iterdir()] == ["row.jsonl"]
    with VerdictWriter(tmp_path / "other.jsonl") as writer:
        next(tmp_path.glob(".other*")).unlink()
        with pytest.raises(DiskError):
            writer.commit()
