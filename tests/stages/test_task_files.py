"""Orders of a supervision that shares a folder with its task, and no pipe; the clock is the test's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from judgebench.stages import task_files
from judgebench.stages.task_files import ORDERS, orders_in


class Clock:
    """A clock that goes on when somebody sleeps; what happens then is written down beforehand."""

    def __init__(self, happens: dict[int, Callable[[], object]]) -> None:
        self.now = 1000
        self._happens = happens

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds)
        self._happens.pop(self.now - 1000, lambda: None)()


def heard(
    folder: Path, monkeypatch: pytest.MonkeyPatch, happens: dict[int, Callable[[], object]]
) -> tuple[list[str], int]:
    """What a task hears that looks each second and waits ten, and after how many seconds it takes its end for come."""
    clock = Clock(happens)
    monkeypatch.setattr(task_files, "time", clock)
    return list(orders_in(folder, silence=10, poll=1)), clock.now - 1000


def test_orders_are_heard_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ORDERS
    path.write_bytes(b"first\nsec")

    def more(data: bytes) -> Callable[[], object]:
        def write() -> None:
            with path.open("ab") as file:
                file.write(data)

        return write

    found, _ = heard(tmp_path, monkeypatch, {2: more(b"ond\n"), 5: more(b"\xff\nlast\nnever whole")})
    assert found == ["first", "second", "\N{REPLACEMENT CHARACTER}", "last"]


def test_a_supervision_that_says_nothing_but_lives_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ORDERS
    path.write_bytes(b"")
    beats = {second: lambda second=second: os.utime(path, (second, second)) for second in range(8, 64, 8)}
    found, seconds = heard(tmp_path, monkeypatch, beats)
    assert found == []
    assert 56 + 10 <= seconds <= 56 + 12


def test_one_that_is_gone_is_given_up_after_its_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ORDERS).write_bytes(b"stop\n")
    found, seconds = heard(tmp_path, monkeypatch, {})
    assert found == ["stop"]
    assert 10 <= seconds <= 12


def test_a_file_that_is_away_for_a_moment_is_read_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, aside = tmp_path / ORDERS, tmp_path / "aside"
    path.write_bytes(b"first\n")

    def back() -> None:
        aside.rename(path)
        with path.open("ab") as file:
            file.write(b"second\n")

    found, _ = heard(tmp_path, monkeypatch, {2: lambda: path.rename(aside), 7: back})
    assert found == ["first", "second"]
    aside.unlink(missing_ok=True)
    path.unlink()
    assert heard(tmp_path, monkeypatch, {})[0] == []
