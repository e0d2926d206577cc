"""Damaged lines: put aside once with their number, asked again, and gone from the file when it is completed."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from judgebench.records import Prediction
from judgebench.store.places import compact
from judgebench.store.recorded import Recorded


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
        lambda line: line.replace(b'"uuid":"bb"', b'"uuid":"zz"'),
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
