"""Journals survive kills, torn lines, damage and full disks; what they hold is found again."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.errors import DiskError
from judgebench.records.flow import Prediction
from judgebench.stages.following import Follower
from judgebench.store.journal import Journal, mend
from judgebench.store.recorded import Recorded, compact, records


def prediction(id_: int, repeat: int = 0, *, status: str = "ok", text: str = "42", uuid: str = "") -> Prediction:
    return Prediction(
        data_abbr="d",
        id=id_,
        uid=f"{id_:016x}",
        repeat=repeat,
        success=status == "ok",
        status=status,
        uuid=uuid or f"{id_ * 100 + repeat:032x}",
        origin_prompt="q",
        prediction=text,
    )


def write(path: Path, rows: list[Prediction]) -> None:
    async def go() -> None:
        async with Journal(path) as journal:
            for row in rows:
                journal.append(row)

    asyncio.run(go())


def test_what_is_appended_is_read_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a" / "d.jsonl"
    rows = [prediction(3), prediction(1, text="a\u2028b\x00c"), prediction(2)]
    write(path, rows)
    assert list(records(path, Prediction)) == rows


def test_a_killed_process_loses_nothing_that_it_had_appended(tmp_path: Path) -> None:
    """kill -9 right after the turn of the event loop in which records were appended."""
    path = tmp_path / "d.jsonl"
    code = (
        "import asyncio, os, signal, sys; sys.path.insert(0, 'tests/store')\n"
        "from test_journal import prediction; from judgebench.store.journal import Journal; from pathlib import Path\n"
        "async def go():\n"
        f"    async with Journal(Path({str(path)!r})) as journal:\n"
        "        for i in range(50): journal.append(prediction(i))\n"
        "        await asyncio.sleep(0)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(go())\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=False, capture_output=True)
    assert done.returncode == -9, done.stderr
    assert [row.id for row in records(path, Prediction)] == list(range(50))


@given(cut=st.integers(min_value=0, max_value=400))
@settings(max_examples=60, deadline=None)
def test_a_torn_last_line_is_cut_off_and_nothing_else(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("torn") / "d.jsonl"
    write(path, [prediction(i) for i in range(3)])
    data = path.read_bytes()
    cut = min(cut, len(data))
    path.write_bytes(data[: len(data) - cut])
    whole = data[: len(data) - cut].count(b"\n")
    mend(path)
    left = [row.id for row in records(path, Prediction)]
    # a last line that lacks only its newline is whole
    assert left in (list(range(whole)), list(range(whole + 1)))
    assert path.read_bytes().endswith(b"\n") or not path.read_bytes()
    write(path, [prediction(9)])
    assert [row.id for row in records(path, Prediction)] == [*left, 9]


def test_a_damaged_line_in_the_middle_is_put_aside_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    write(path, [prediction(i) for i in range(3)])
    lines = path.read_bytes().split(b"\n")
    lines[1] = b"\xff\xfe" + lines[1][5:]
    path.write_bytes(b"\n".join(lines))
    with Recorded(path, Prediction) as recorded:
        assert recorded.status(0, 0, f"{0:032x}") == "ok"
        assert recorded.status(1, 0, f"{100:032x}") == ""
        assert recorded.status(2, 0, f"{200:032x}") == "ok"
    assert (tmp_path / "d.jsonl.damaged").read_bytes().startswith(b"line 2: ")


def test_a_success_counts_over_an_earlier_or_later_failure(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    write(path, [prediction(1, status="failed"), prediction(1), prediction(1, status="failed"), prediction(0)])
    with Recorded(path, Prediction) as recorded:
        assert recorded.status(1, 0, f"{100:032x}") == "ok"
    assert compact(path, by="item") == 2
    assert [(row.id, row.status) for row in records(path, Prediction)] == [(0, "ok"), (1, "ok")]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.sampled_from(["ok", "failed"])), max_size=30))
@settings(max_examples=60, deadline=None)
def test_compacting_sorts_keeps_one_per_key_and_is_idempotent(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[int, int, str]]
) -> None:
    path = tmp_path_factory.mktemp("compact") / "d.jsonl"
    write(path, [prediction(i, r, status=s) for i, r, s in entries])
    expected = {}
    for i, r, s in entries:
        if s == "ok" or expected.get((i, r)) != "ok":
            expected[i, r] = s
    assert compact(path, by="item") == len(expected)
    once = path.read_bytes()
    assert [((row.id, row.repeat), row.status) for row in records(path, Prediction)] == sorted(expected.items())
    compact(path, by="item")
    assert path.read_bytes() == once


def test_a_follower_sees_lines_only_when_they_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    follower = Follower(path, Prediction)
    assert follower.new() == []
    line = msgspec.json.encode(prediction(1)) + b"\n"
    with path.open("ab", buffering=0) as file:
        file.write(line[:10])
        assert follower.new() == []
        file.write(line[10:] + line[:4])
        assert [row.id for row in follower.new()] == [1]
        file.write(line[4:])
        assert [row.id for row in follower.new()] == [1]
    follower.close()


def test_a_follower_reads_records_larger_than_its_step_and_passes_over_damaged_ones(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    large = msgspec.structs.replace(prediction(1), prediction="x" * 9_000_000)
    lines = [msgspec.json.encode(one) for one in (large, prediction(2), large)]
    path.write_bytes(b"\n".join([*lines, b"{damaged", b'{"id": 7, "status": 3}', b""]))
    follower = Follower(path, Prediction)
    found = []
    while fresh := follower.new():
        found += fresh
    follower.close()
    assert [(entry.id, entry.repeat) for entry in found] == [(1, 0), (2, 0), (1, 0), (7, 0)]
    assert [entry.read() for entry in found] == [large, prediction(2), large, None]


def test_a_full_disk_is_one_clear_error_and_leaves_whole_lines(tmp_path: Path) -> None:
    """The file size limit stands in for the disk: writes beyond it succeed in part, then fail."""
    path = tmp_path / "d.jsonl"
    code = (
        "import asyncio, resource, sys; sys.path.insert(0, 'tests/store')\n"
        "from test_journal import prediction; from judgebench.store.journal import Journal; from pathlib import Path\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))\n"
        "async def go():\n"
        f"    async with Journal(Path({str(path)!r})) as journal:\n"
        "        for i in range(50):\n"
        "            journal.append(prediction(i))\n"
        "            if i % 5 == 4: await asyncio.sleep(0)\n"
        "try: asyncio.run(go())\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("DiskError"), done.stdout
    assert str(path) in done.stdout
    assert "--reuse" in done.stdout
    data = path.read_bytes()
    assert data.endswith(b"\n")
    kept = [row.id for row in records(path, Prediction)]
    assert kept == list(range(len(kept)))
    assert len(kept) >= 5
    write(path, [prediction(i) for i in range(len(kept), 50)])
    assert [row.id for row in records(path, Prediction)] == list(range(50))


def test_a_link_out_of_the_run_folder_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DiskError, match="cannot be written"):
        write(path, [prediction(1)])
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("how", ["removed", "moved", "replaced"])
def test_a_file_that_is_removed_or_moved_while_it_is_written_ends_the_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """What goes into an unlinked file is paid for and lost."""
    monkeypatch.setattr("judgebench.store.journal.SYNC_INTERVAL", 0.01)
    path = tmp_path / "run" / "d.jsonl"

    async def work() -> None:
        async with Journal(path) as journal:
            journal.append(prediction(0))
            await asyncio.sleep(0)
            if how == "removed":
                path.unlink()
            elif how == "moved":
                path.parent.rename(tmp_path / "elsewhere")
            else:
                path.rename(tmp_path / "d.jsonl")
                path.touch()
            for id_ in itertools.count(1):
                journal.append(prediction(id_))
                await asyncio.sleep(0.001)

    with pytest.raises(DiskError, match="removed or moved") as caught:
        asyncio.run(asyncio.wait_for(work(), 60))
    assert "start a new run" in caught.value.hint


def test_a_file_that_is_removed_before_the_end_is_told_at_the_end(tmp_path: Path) -> None:
    async def work() -> None:
        async with Journal(tmp_path / "d.jsonl") as journal:
            journal.append(prediction(0))
            (tmp_path / "d.jsonl").unlink()

    with pytest.raises(DiskError, match="removed or moved"):
        asyncio.run(work())


@pytest.mark.parametrize("how", ["cut off", "half a line", "a whole line"])
@pytest.mark.parametrize("regularly", [True, False])
def test_a_file_that_another_program_writes_to_is_told_and_not_taken_for_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, regularly: bool
) -> None:
    path = tmp_path / "d.jsonl"
    monkeypatch.setattr("judgebench.store.journal.SYNC_INTERVAL", 0.01 if regularly else 60)

    async def work() -> None:
        async with Journal(path) as journal:
            journal.append(prediction(0))
            await asyncio.sleep(0)
            if how == "cut off":
                os.truncate(path, 10)
            else:
                with path.open("ab") as other:
                    other.write(b'{"id": 1, "uid' if how == "half a line" else b'{"id": 1}\n')
            for id_ in itertools.count(1) if regularly else range(1, 3):
                journal.append(prediction(id_))
                await asyncio.sleep(0.001)

    with pytest.raises(DiskError, match="was changed by another program") as caught:
        asyncio.run(asyncio.wait_for(work(), 60))
    assert "--reuse" in caught.value.hint


def test_a_disk_that_takes_a_part_of_what_is_written_keeps_whole_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "d.jsonl"
    write(path, [prediction(1)])
    line = len(path.read_bytes())
    real, room = os.write, [2 * line + 10]

    def nearly_full(descriptor: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "no room")
        part = real(descriptor, bytes(data)[: min(room[0], line + 3)])
        room[0] -= part
        return part

    async def go() -> None:
        async with Journal(path) as journal:
            monkeypatch.setattr(os, "write", nearly_full)
            for number in range(2, 6):
                journal.append(prediction(number))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            monkeypatch.undo()
            with pytest.raises(DiskError, match="the disk is full"):
                journal.append(prediction(6))

    with pytest.raises(DiskError, match="the disk is full"):
        asyncio.run(go())
    assert path.read_bytes().endswith(b"\n")
    assert [row.id for row in records(path, Prediction)] == [1, 2, 3]


def test_how_much_was_cut_off_is_told(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    assert mend(path) == 0
    for whole in (b"", b"{}\n", b"{}\n{}\n"):
        path.write_bytes(whole)
        assert mend(path) == 0
        path.write_bytes(whole + b'{"id"')
        assert mend(path) == 5
        assert path.read_bytes() == whole
        path.write_bytes(whole + b"{}")
        assert mend(path) == 0
        assert path.read_bytes() == whole + b"{}\n"
    for size in (1 << 16, (1 << 16) + 1, (1 << 17) + 5):  # more than is read at a time
        path.write_bytes(b"{}\n" + b"x" * size)
        assert mend(path) == size
        assert path.read_bytes() == b"{}\n"
        path.write_bytes(b"\n" + b"x" * size)
        assert mend(path) == size
        assert path.read_bytes() == b"\n"
        path.write_bytes(b"x" * size)
        assert mend(path) == size
        assert path.read_bytes() == b""
