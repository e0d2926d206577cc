"""A recording answers as the model did, and says so when it cannot."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from pyarrow import parquet

from judgebench.engine.client import Traffic, open_client
from judgebench.errors import DataError, MissingDataError
from judgebench.models.access import model_config
from judgebench.records.flow import JudgeCall, Reply, Request


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


@pytest.mark.parametrize("name", ["comparisons.jsonl", "comparisons.jsonl.gz"])
def test_lines_of_others_are_found_by_item_and_presentation(tmp_path: Path, name: str) -> None:
    rows = [
        {"pair": "p1", "order": "AB", "raw": "[[A>B]]"},
        {"pair": "p1", "order": "BA", "raw": None},
        {"pair": 2, "order": "AB", "raw": [1.5, 2]},
        {"pair": 3, "order": "AB", "raw": True},
    ]
    path = write(tmp_path / name, rows)
    about = ["p1/AB/0", "p1/BA/0", "2/AB/0", "3/AB/0", "4/AB/0", "p1/AB/1"]
    replies = replay(path, asks(about), item="{pair}", presentation="{order}")
    assert [reply.text for reply in replies] == ["[[A>B]]", "", "1.5 2", "true", "", ""]
    assert [reply.error.kind if reply.error else "" for reply in replies] == [
        "",
        "no_recording",
        "",
        "",
        "no_recording",
        "no_recording",
    ]
    (silent,) = replay(path, asks(["p1/BA/0"]), item="{pair}", presentation="{order}", null_text="empty")
    assert (silent.status, silent.text) == ("ok", "")


def test_several_presentations_and_repeats_may_stand_in_one_row(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "said": {"AB": ["x", "stop"], "BA": "y"}, "grades": [3, 4], "stage": 2},
        {"id": 2, "said": {"AB": ["z", "length"], "BA": None}, "grades": [5], "stage": 1},
    ]
    path = write(tmp_path / "rows.jsonl", rows)
    text = {"AB": "said.AB.0", "BA": "said.BA"}
    both = replay(path, asks(["1/AB/0", "1/BA/0", "2/AB/0", "2/BA/0"]), item="{id}", text=text, keep=["stage"])
    assert [(reply.status, reply.text) for reply in both] == [("ok", "x"), ("ok", "y"), ("ok", "z"), ("failed", "")]
    assert [reply.extra for reply in both] == [{"stage": 2}, {"stage": 2}, {"stage": 1}, None]
    repeats = replay(path, asks(["1//0", "1//1", "1//2", "2//0"]), item="{id}", text="grades.*")
    assert [reply.text for reply in repeats] == ["3", "4", "", "5"]
    (only,) = replay(path, asks(["2//0"]), item="{id}", text="grades.0", where={"stage": 1})
    assert only.text == "5"
    (left_out,) = replay(path, asks(["1//0"]), item="{id}", text="grades.0", where={"stage": 1})
    assert left_out.status == "failed"


def test_log_probabilities_are_handed_on_as_recorded(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "p": [["m", -0.1], ["M", -2.0]], "told": 1.2},
        {"id": 2, "p": None, "told": 1.4},
        {"id": 3, "told": None},
    ]
    path = write(tmp_path / "rows.jsonl", rows)
    found = replay(path, asks(["1//0", "2//0", "3//0"]), item="{id}", text="told", logprobs="p")
    assert found[0].logprobs is not None
    assert found[0].logprobs[0].top == {"m": -0.1, "M": -2.0}
    assert found[0].logprobs[0].token == "m"
    assert (found[1].logprobs, found[1].text) == (None, "1.4")
    assert found[2].status == "failed"


def test_a_second_row_about_the_same_presentation_is_refused_numbered_or_takes_over(tmp_path: Path) -> None:
    path = write(tmp_path / "twice.jsonl", [{"id": 1, "raw": "first"}, {"id": 1, "raw": "second"}])
    with pytest.raises(DataError, match=r"twice\.jsonl:2.*previous row"):
        replay(path, [], item="{id}")
    numbered = replay(path, asks(["1//0", "1#2//0"]), item="{id}", repeated="number")
    assert [reply.text for reply in numbered] == ["first", "second"]
    (last,) = replay(path, asks(["1//0"]), item="{id}", repeated="last")
    assert last.text == "second"


def asks(about: list[str]) -> list[Request]:
    return [Request(prompt="ignored", about=one) for one in about]


def test_bad_recordings_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"none\.jsonl"):
        replay(tmp_path / "none.jsonl", [])
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"pair_id": "p"}\n')
    with pytest.raises(DataError, match=r"bad\.jsonl:1.*'order'"):
        replay(bad, [], item="{pair_id}", presentation="{order}")
    with pytest.raises(DataError, match=r"bad\.jsonl:1.*'raw'"):
        replay(bad, [], item="{pair_id}")
    with pytest.raises(DataError, match=r"bad\.jsonl:1"):
        replay(bad, [])
    (tmp_path / "torn.jsonl.gz").write_bytes(gzip.compress(b'{"id": 1}')[:-6])
    with pytest.raises(DataError, match="damaged gzip"):
        replay(tmp_path / "torn.jsonl.gz", [], item="{id}")
    for number in (3, [["a", 10**400]], [["a", "b"]], [["a"]]):
        wrong = write(tmp_path / "wrong.jsonl", [{"id": 1, "p": number}])
        with pytest.raises(DataError, match=r"wrong\.jsonl:1.*log-probabilities"):
            replay(wrong, [], item="{id}", text="", logprobs="p")


ABOUT = [Request(prompt="x", about=f"{number}//0") for number in range(2)]


@pytest.mark.parametrize("name", ["r.jsonl", "r.json", "r.json.gz", "r.csv", "r.tsv", "r.parquet"])
def test_recordings_are_read_as_they_lie_by_the_number_of_the_row(name: str, tmp_path: Path) -> None:
    rows = [{"said": "A, it is"}, {"said": "B"}]
    path = tmp_path / name
    if name == "r.parquet":
        parquet.write_table(pa.Table.from_pylist(rows), path)
    elif ".json" in name and name != "r.jsonl":
        data = msgspec.json.encode(rows)
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    elif name == "r.jsonl":
        write(path, rows)
    else:
        path.write_text('said\n"A, it is"\nB\n')
    assert [reply.text for reply in replay(path, ABOUT, item="{row}", text="said")] == ["A, it is", "B"]


@pytest.mark.parametrize(
    "given",
    [
        {"content": [{"token": "A", "logprob": -0.1, "top_logprobs": [{"token": "B", "logprob": -2.0}]}]},
        [{"token": "A", "logprob": -0.1, "bytes": [65], "top_logprobs": [{"token": "B", "logprob": -2.0}]}],
        {"tokens": ["A"], "token_logprobs": [-0.1], "top_logprobs": [{"B": -2.0}], "text_offset": [0]},
    ],
)
def test_log_probabilities_of_a_service_are_read_in_its_own_form(given: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", [{"lp": given}])
    (reply,) = replay(path, ABOUT[:1], item="{row}", text="", logprobs="lp")
    assert reply.logprobs is not None
    (token,) = reply.logprobs
    assert (token.token, token.logprob) == ("A", -0.1)
    assert token.top["B"] == -2.0


def test_log_probabilities_that_are_none_are_an_error_with_their_place(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", [{"lp": {"content": [{"word": "A"}]}}])
    with pytest.raises(DataError, match=r"r\.jsonl:1: log-probabilities of a service were expected"):
        replay(path, ABOUT[:1], item="{row}", text="", logprobs="lp")
