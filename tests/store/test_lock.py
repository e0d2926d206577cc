"""One jb at a time on a run folder; dead holders are taken over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from judgebench.errors import RunLockedError
from judgebench.store.lock import Holder, hold

ROOT = Path(__file__).parents[2]


def holder_process(lock: Path) -> subprocess.Popen[str]:
    code = (
        "import sys, time; from pathlib import Path; from judgebench.store.lock import hold\n"
        f"with hold(Path({str(lock)!r}), 'jb first'):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    process = holder_process(lock)
    try:
        with pytest.raises(RunLockedError, match=f"process {process.pid} on "), hold(lock, "jb second"):
            pass
    finally:
        process.kill()
        process.wait()


def test_a_dead_holder_is_taken_over_with_a_line_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lock = tmp_path / ".lock"
    process = holder_process(lock)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.05)
    with hold(lock, "jb second"):
        assert f"took over the lock of process {process.pid}" in caplog.text
    assert not (tmp_path / ".lock.holder").exists()


def test_a_holder_on_another_host_is_not_taken_over(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    (tmp_path / ".lock.holder").write_bytes(msgspec.json.encode(Holder(pid=1, host="elsewhere", command="jb")))
    with pytest.raises(RunLockedError, match="process 1 on elsewhere") as caught, hold(lock, "jb second"):
        pass
    assert ".lock.holder" in caught.value.hint


def test_a_note_of_its_holder_that_somebody_removed_is_not_missed(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    with hold(lock, "jb first"):
        left = [path for path in tmp_path.iterdir() if path.is_file() and path.read_bytes()]
        assert len(left) == 1
        left[0].unlink()
    with hold(lock, "jb second"):
        pass
