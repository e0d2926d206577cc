"""The live board: frames drawn on a recorded console, and once in a real terminal."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from judgebench.dashboard.board import RunHeader, TaskRow
from judgebench.dashboard.keys import read_keys
from judgebench.dashboard.live import Board, LiveDisplay
from judgebench.dashboard.table import lay_out
from judgebench.stages.progress import Progress

ROOT = Path(__file__).parents[2]
RUN = RunHeader(run="r", base="outputs/default/20260305_153318", pid=1)


def board_rows(size: int) -> list[TaskRow]:
    rows = []
    for number in range(size):
        row = TaskRow(id=f"t{number}", name=f"model-{number:03d}/aime", stage="infer", log=f"logs/{number}.out")
        row.start(number + 1, 0.0)
        row.report(Progress(task=row.id, state="running", done=5, total=10), 5.0)
        rows.append(row)
    return rows


def drawn(board: Board, width: int, height: int) -> list[str]:
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=False)
    with console.capture() as captured:
        console.print(board.frame(width, height, 5.0))
    return captured.get().splitlines()


@pytest.mark.parametrize(("width", "height"), [(220, 50), (160, 30), (100, 24), (80, 24), (50, 12)])
def test_a_frame_never_exceeds_the_window(width: int, height: int) -> None:
    board = Board(RUN, board_rows(200))
    for text in ("one", "two", "three", "four"):
        board.say(text * 100)
    lines = drawn(board, width, height)
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)
    assert lines[0].startswith("Base path of result&log : outputs/default/2026030")
    assert width < 60 or re.fullmatch(r"Task Progress Table \(Updated at: [\d: -]{19}\)", lines[1])
    assert re.fullmatch(r"Page: 1/\d+ Total 200 rows of data", lines[2])


def test_keys_turn_pages_within_bounds_and_a_resize_keeps_the_page_valid() -> None:
    board = Board(RUN, board_rows(100))
    first = drawn(board, 200, 30)
    pages = int(first[2].split("/")[1].split()[0])
    board.press("up")
    assert drawn(board, 200, 30)[2].startswith(f"Page: 1/{pages}")
    board.press("down")
    second = drawn(board, 200, 30)
    assert second[2].startswith(f"Page: 2/{pages}")
    assert {line for line in first if "model-" in line}.isdisjoint(line for line in second if "model-" in line)
    board.press("end")
    assert drawn(board, 200, 30)[2].startswith(f"Page: {pages}/{pages}")
    assert drawn(board, 200, 400)[2].startswith("Page: 1/1")


@pytest.mark.parametrize("width", [40, 60, 80, 82, 200])
def test_a_narrow_window_still_tells_the_keys_and_what_has_no_room(width: int) -> None:
    text = drawn(Board(RUN, board_rows(2)), width, 30)
    assert text[3].rstrip().endswith("exit")
    hidden = lay_out(board_rows(2), width, 22).hidden
    assert all(title in " ".join(text) for title in hidden if width >= 60)


def test_only_the_rows_of_the_page_are_turned_into_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = board_rows(500)
    board = Board(RUN, rows)
    asked: set[str] = set()
    rate = TaskRow.rate

    def counted(row: TaskRow, now: float) -> float:
        asked.add(row.id)
        return rate(row, now)

    monkeypatch.setattr(TaskRow, "rate", counted)
    drawn(board, 200, 30)
    assert 0 < len(asked) <= 30


def test_hostile_notes_and_names_are_drawn_as_text() -> None:
    rows = board_rows(1)
    rows[0].name = "[bold]m[/bold]\x1b[2J"
    rows[0].progress.note = "\x1b]0;title\x07 waits"
    text = "\n".join(drawn(Board(RUN, rows), 250, 30))
    assert "[bold]m[/bold]\\x1b[2J" in text
    assert "\x1b" not in text


def test_keys_are_read_from_escape_sequences_and_noise_is_dropped() -> None:
    assert read_keys(b"\x1b[A\x1b[Bzp\x1bOAP\x1b[6~\xff") == ["up", "down", "pause", "up", "pause", "page-down"]


def live_output(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=200, height=30, color_system="standard", markup=False)
    rows = board_rows(3)

    async def show() -> None:
        display = LiveDisplay(out, console=console)
        display.message("before")
        display.start(RUN, rows)
        display.message("during\nwith details")
        rows[0].tail = ["last words"]
        rows[0].end("error", 6.0, error="It broke.", hint="Do this.")
        display.task(rows[0])
        await asyncio.sleep(0.7)
        display.finish(interrupted=True)
        display.finish(interrupted=True)

    asyncio.run(show())
    return out.getvalue()


def test_the_alternate_screen_is_left_and_the_last_table_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    said = live_output({"TERM": "xterm"}, monkeypatch)
    assert said.count("\x1b[?1049h") == said.count("\x1b[?1049l") == 1
    after = said.rpartition("\x1b[?1049l")[2]
    assert "\x1b[?25h" in said
    for expected in ("model-002/aime", "It broke.", "Do this.", "last words", "with details", "Interrupted"):
        assert expected in after
    assert "It broke." in said.rpartition("\x1b[?1049l")[0]
    assert re.search(r"\x1b\[[0-9;]*31m", said)


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    said = live_output({"TERM": "xterm", "NO_COLOR": "1"}, monkeypatch)
    colours = re.findall(r"\x1b\[([0-9;]*)m", said)
    assert not [code for code in colours if {"31", "32", "33", "36"} & set(code.split(";"))]


class Terminal:
    """A tmux session of its own server, driven by keys and read by capture."""

    def __init__(self, socket: Path, command: str) -> None:
        self.folder = socket.parent
        self._tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
        fixed = {"TMUX", "NO_COLOR", "LINES", "COLUMNS"}  # the last two would hide the window's real size
        environment = {name: value for name, value in os.environ.items() if name not in fixed}
        subprocess.run(
            [*self._tmux, "new-session", "-d", "-x", "200", "-y", "30", command],
            check=True, cwd=ROOT, env=environment | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
        )  # fmt: skip

    def screen(self) -> str:
        return subprocess.run([*self._tmux, "capture-pane", "-p"], check=True, capture_output=True, text=True).stdout

    def keys(self, *names: str) -> None:
        subprocess.run([*self._tmux, "send-keys", *names], check=True)

    def resize(self, width: int, height: int) -> None:
        subprocess.run([*self._tmux, "resize-window", "-x", str(width), "-y", str(height)], check=True)

    def until(self, condition: Callable[[str], bool], seconds: float = 200.0) -> str:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if condition(text := self.screen()):
                return text
            time.sleep(0.05)
        raise AssertionError(f"not reached; the screen shows:\n{self.screen()}")

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    session = Terminal(tmp_path / "s", "env PS1=ready: sh -i")
    board = Path(__file__).with_name("fake_run.py")
    session.until(lambda text: "ready:" in text)
    session.keys(f"ulimit -c 0; {sys.executable} {board} 200 60", "Enter")
    session.until(lambda text: "Page: 1/" in text and "model-000/aime2025" in text)
    yield session
    session.close()


def assert_sane(terminal: Terminal, name: str) -> None:
    """The shell has its terminal back: lines are edited and echoed."""
    settings = terminal.folder / name
    terminal.until(lambda text: text.rstrip().endswith("ready:"))  # a shell that is not there yet drops the keys
    terminal.keys(f"stty -a > {settings}.part; mv {settings}.part {settings}", "Enter")
    terminal.until(lambda _: settings.exists())
    words = settings.read_text().replace(";", " ").split()
    assert {"icanon", "echo", "isig"} <= set(words)


def test_in_a_real_terminal(terminal: Terminal) -> None:
    """Paging, pausing, resizing and Ctrl-C: what a person does, in tmux."""
    terminal.keys("Down")
    terminal.until(lambda text: "Page: 2/" in text and "model-000/aime2025 " not in text)
    terminal.keys("Up")
    terminal.until(lambda text: "Page: 1/" in text)
    terminal.keys("P")
    paused = terminal.until(lambda text: "PAUSED" in text and text == terminal.screen())
    time.sleep(1.2)
    assert terminal.screen() == paused
    terminal.keys("p")
    moving = terminal.until(lambda text: "PAUSED" not in text)
    terminal.until(lambda text: text != moving)
    terminal.resize(90, 20)
    small = terminal.until(lambda text: text.startswith("Base path") and "No room for:" in text and "model-000" in text)
    assert len(small.splitlines()) <= 20
    terminal.resize(200, 40)
    terminal.until(lambda text: "Extend Parameters" in "".join(text.splitlines()[6:7]))
    terminal.keys("C-c")
    terminal.until(lambda text: "by interrupt" in text and "Interrupted. Everything that finished is kept." in text)
    assert_sane(terminal, "interrupted")


def test_suspending_gives_the_terminal_back_and_continuing_takes_it_again(terminal: Terminal) -> None:
    terminal.keys("C-z")
    terminal.until(lambda text: "Page:" not in text and "Stopped" in text)
    assert_sane(terminal, "suspended")
    terminal.keys("fg", "Enter")
    terminal.until(lambda text: "Page: 1/" in text)
    terminal.keys("Down")
    terminal.until(lambda text: "Page: 2/" in text)
    terminal.keys("C-\\")
    terminal.until(lambda text: "Page:" not in text)
    assert_sane(terminal, "ended")


QUIT_WHILE_DRAWING = """
import asyncio, fcntl, signal, sys, termios
from judgebench.dashboard.board import RunHeader, TaskRow
from judgebench.dashboard.display import display_for
from judgebench.dashboard.live import LiveDisplay

fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # the terminal of this session
frame, frames = LiveDisplay._frame, []

class Interrupted:
    def __init__(self, drawn):
        self.drawn = drawn

    def __rich_console__(self, console, options):
        frames.append(1)
        if len(frames) == 3:
            signal.raise_signal(signal.SIGQUIT)
        yield self.drawn

LiveDisplay._frame = lambda self: Interrupted(frame(self))

async def main():
    display = display_for(json=False, debug=False, stream=sys.stdout)
    display.start(RunHeader(run="r", base="o", pid=1), [TaskRow(id="t", name="m/d", stage="infer", log="l")])
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_a_signal_in_the_middle_of_a_frame_gives_the_screen_back_too() -> None:
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (30, 120))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    command = ["sh", "-c", 'ulimit -c 0; exec "$0" -c "$1"', sys.executable, QUIT_WHILE_DRAWING]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )  # fmt: skip
    os.close(slave)
    said = b""
    with contextlib.suppress(OSError):  # the terminal's end, when the process has ended
        while piece := os.read(master, 65536):
            said += piece
    os.close(master)
    assert process.wait(60) == -signal.SIGQUIT, said
    assert said.rfind(b"\x1b[?1049l") > said.rfind(b"\x1b[?1049h") > -1
