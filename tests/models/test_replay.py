"""A recording answers as the model did, and says so when it cannot."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.engine.client import open_client
from judgebench.engine.traffic import Traffic
from judgebench.errors import DataError, MissingDataError
from judgebench.models.configured import model_config
from judgebench.records import JudgeCall, Reply, Request


def replay(path: Path, requests: list[Request], **keys: Any) -> list[Reply]:
    declared = model_config({"type": "ReplayModel", "abbr": "r", "path": str(path), **keys})

    async def main() -> list[Reply]:
        async with open_client(declared, Traffic()) as client:
            return [await client.ask(request) for request in requests]

    return asyncio.run(main())


def call(prompt: str, text: str, *, success: bool = True) -> JudgeCall:
    return JudgeCall(
        data_abbr="d",
        id=0,
        uid="u",
        success=success,
        status="ok" if success else "failed",
        uuid="x",
        origin_prompt=[{"role": "user", "content": prompt}],
        prediction=text,
        finish_reason="stop",
    )


def write(path: Path, rows: list[Any]) -> Path:
    text = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def test_our_own_lines_are_found_by_their_prompt(tmp_path: Path) -> None:
    path = write(
        tmp_path / "calls.jsonl", [call("a", "A"), call("b", "B1"), call("b", "B2"), call("c", "", success=False)]
    )
    asked = [Request(prompt=prompt) for prompt in ("a", "a", "b", "b", "b", "c", "d")]
    replies = replay(path, asked)
    assert [reply.text for reply in replies] == ["A", "A", "B1", "B2", "", "", ""]
    assert [reply.error.kind if reply.error else "" for reply in replies] == [""] * 4 + ["no_recording"] * 3
    assert replies[0].finish_reason == "stop"


@pytest.mark.parametrize("name", ["games.jsonl", "games.jsonl.gz"])
def test_lines_of_others_are_found_by_their_view(tmp_path: Path, name: str) -> None:
    rows = [
        {"pair_id": "p1", "order": "original", "raw": "[[A>B]]"},
        {"pair_id": "p1", "order": "flipped", "raw": None},
        {"pair_id": 2, "order": "original", "raw": {"score": 3}},
    ]
    path = write(tmp_path / name, rows)
    views = [["p1", "AB"], ["p1", "BA"], ["2", "AB"], ["p3", "AB"]]
    asked = [Request(prompt="ignored", params={"view_key": view}) for view in views]
    keys = {"key_fields": ["pair_id", "order"], "values": {"order": {"AB": "original", "BA": "flipped"}}}
    replies = replay(path, asked, **keys)
    assert [reply.text for reply in replies] == ["[[A>B]]", "", '{"score":3}', ""]
    assert [reply.status for reply in replies] == ["ok", "failed", "ok", "failed"]
    assert "p3 / AB" in (replies[3].error.message if replies[3].error else "")


def test_bad_recordings_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"none\.jsonl"):
        replay(tmp_path / "none.jsonl", [])
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"pair_id": "p"}\n')
    with pytest.raises(DataError, match=r"line 1.*'order'"):
        replay(bad, [], key_fields=["pair_id", "order"])
    with pytest.raises(DataError, match="line 1"):
        replay(bad, [])
