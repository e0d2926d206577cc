"""Damaged lines: put aside once with their number, asked again, and gone from the file when it is completed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from judgebench.records.flow import Prediction
from judgebench.store.recorded import LOGGED, Recorded, compact, records


def line_of(number: int) -> bytes:
    record = Prediction(
        data_abbr="d", id=number, uid="aa", success=True, status="ok", uuid="bb", origin_prompt="p", prediction="räk"
    )
    return msgspec.json.encode(record)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.replace(b"r\xc3\xa4k", b"r\xffk"),  # valid JSON for those who skip the text
        lambda line: line.replace(b"r\xc3\xa4k", b"r\x00k"),
        lambda line: b"\x00" * len(line),
        lambda line: line[:20],
        lambda line: b"7",
        lambda line: b"[" * 100_000 + b"]" * 100_000,
        lambda line: line[:-1] + b',"extra":' + b"[" * 100_000 + b"]" * 100_000 + b"}",  # in a part that is skipped
        lambda line: line.replace(b'"uuid":"bb"', b'"uuid":"zz"'),
        lambda line: line.replace(b'"uid":"aa"', b'"uid":"ag"'),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_damaged_line_is_missing_from_what_is_recorded_and_from_the_completed_file(
    tmp_path: Path, spoil: object, place: int
) -> None:
    path = tmp_path / "d.jsonl"
    lines = [line_of(number) for number in range(3)]
    lines[place] = spoil(lines[place])  # type: ignore[operator]
    path.write_bytes(b"\n".join(lines) + b"\n")
    with Recorded(path, Prediction, by="item") as recorded:
        for number in range(3):
            assert recorded.status(number, 0) == ("" if number == place else "ok")
            found = recorded.get(number, 0)
            assert (found is None) == (number == place)
    assert f"line {place + 1}:".encode() in (tmp_path / "d.jsonl.damaged").read_bytes()
    assert compact(path, by="item") == 2
    assert [json.loads(one)["id"] for one in path.read_text("utf-8").splitlines()] == [
        number for number in range(3) if number != place
    ]
    before = path.read_bytes()
    assert compact(path, by="item") == 2
    assert path.read_bytes() == before


def test_damaged_lines_without_number_are_put_aside_once_each_and_told_in_few_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "d.jsonl"
    count = 30_000
    path.write_bytes(line_of(0) + b"\n" + b"".join(b"rubbish %d\n" % number for number in range(count)))
    for _ in range(2):
        assert len(list(records(path, Prediction))) == 1
        with Recorded(path, Prediction, by="item") as recorded:
            assert len(recorded) == 1
    aside = (tmp_path / "d.jsonl.damaged").read_bytes().splitlines()
    assert sorted(aside[1::2]) == sorted(b"rubbish %d" % number for number in range(count))
    assert len(caplog.records) < 4 * (LOGGED + 2)
    assert f"{count} lines are damaged in all" in caplog.text


def test_what_is_put_aside_is_read_once_per_reading_and_not_once_per_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million damaged lines would otherwise take the square of a million."""
    path = tmp_path / "d.jsonl"
    path.write_bytes(b"".join(b"rubbish %d\n" % number for number in range(300)))
    opened: list[str] = []
    opening = os.open

    def counted(name: object, *more: int, **options: int) -> int:
        opened.append(Path(str(name)).name)
        return opening(name, *more, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(os, "open", counted)
    for _ in range(2):
        assert list(records(path, Prediction)) == []
    assert 2 <= opened.count("d.jsonl.damaged") <= 4


def test_what_a_killed_process_had_put_aside_in_part_does_not_hide_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes(b"first\nsecond\nthird\n")
    aside = tmp_path / "d.jsonl.damaged"
    assert list(records(path, Prediction)) == []
    whole = aside.read_bytes()
    aside.write_bytes(whole[: len(whole) // 2])
    assert list(records(path, Prediction)) == []
    for line in (b"first", b"second", b"third"):
        assert line in aside.read_bytes()


def test_of_two_failures_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    failures = [
        Prediction(
            data_abbr="d", id=0, uid="aa", success=False, status="failed", uuid="bb", origin_prompt="p", prediction=text
        )
        for text in ("first", "second")
    ]
    path.write_bytes(b"".join(msgspec.json.encode(failure) + b"\n" for failure in failures))
    for by in ("question", "content", "item"):
        with Recorded(path, Prediction, by=by) as recorded:  # type: ignore[arg-type]
            found = recorded.get(0, 0, "bb" if by == "question" else "aa")
            assert found is not None
            assert found.prediction == "second"
    assert compact(path) == 1
    assert json.loads(path.read_text())["prediction"] == "second"
