"""The live board: the task table, redrawn in place, with paging and pausing.

It draws on the terminal's alternate screen, so a resize never leaves debris, and prints the last state of the table
when it ends. Drawn at most twice a second, and at once after a key or a resize.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from judgebench.dashboard.board import Notice, RunHeader, TaskRow, at_work_first, whole_run_text
from judgebench.dashboard.display import ShownScore
from judgebench.dashboard.keys import Key, Keyboard
from judgebench.dashboard.table import Layout, cells, lay_out, page_of, wrapped
from judgebench.errors import one_line, visible

PERIOD = 0.5
"""Seconds between two frames."""
_MESSAGES = 3
_MOST_PRINTED = 60
"""Rows of the last table on the normal screen; of more, those that did not finish successfully."""
_STYLES = {
    "finish": "green",
    "error": "bold red",
    "partial": "yellow",
    "skipped": "yellow",
    "interrupted": "yellow",
    "backing-off": "yellow",
    "draining": "yellow",
    "running": "cyan",
    "waiting": "dim",
}
_HELP = "Press Up/Down arrow to page, 'P' to PAUSE/RESUME screen refresh, 'Ctrl + C' to exit"
_SHORT_HELP = "Up/Down: page, P: pause, Ctrl-C: exit"


class Board:
    """The state of the board and its frames; draws nothing itself."""

    def __init__(self, run: RunHeader, rows: Sequence[TaskRow]) -> None:
        self.page = 0
        self.paused = False
        self._run = run
        self._rows = rows
        self._messages: deque[str] = deque(maxlen=_MESSAGES)
        self._layout = lay_out(rows, 80, 24)
        self._fitted: tuple[int, int] = (0, 0)

    def say(self, text: str) -> None:
        """Show a message below the table."""
        self._messages.append(one_line(text))

    def press(self, key: Key) -> None:
        """Turn the page, or pause."""
        last = self._layout.pages - 1
        match key:
            case "pause":
                self.paused = not self.paused
            case "down" | "right" | "page-down":
                self.page = min(last, self.page + 1)
            case "up" | "left" | "page-up":
                self.page = max(0, self.page - 1)
            case "home":
                self.page = 0
            case "end":
                self.page = last

    def frame(self, width: int, height: int, now: float) -> RenderableType:
        """Return what fills a window of ``width`` by ``height`` characters."""
        if self._fitted != (width, height):
            self._fitted = (width, height)
            # Five lines above the table, one that names hidden columns, and the messages below.
            self._layout = lay_out(self._rows, width, height - 6 - _MESSAGES)
        layout = self._layout
        self.page = min(self.page, layout.pages - 1)
        state = "PAUSED, 'P' to resume; " if self.paused else ""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        lines = [
            f"Base path of result&log : {visible(self._run.base)}",
            f"Task Progress Table ({state}Updated at: {stamp})",
            f"Page: {self.page + 1}/{layout.pages} Total {len(self._rows)} rows of data",
            _HELP if len(_HELP) <= width else _SHORT_HELP,
            f"Whole run: {whole_run_text(self._rows, now)}",
        ]
        shown = page_of(at_work_first(self._rows), layout, self.page)
        below = wrapped(f"No room for: {', '.join(layout.hidden)}", width, 2) if layout.hidden else []
        below += self._messages
        room = max(0, height - len(lines) - layout.lines)
        return Group(
            *(_line(line, width) for line in lines),
            draw_table(shown, layout, now),
            *(_line(line, width) for line in below[-room:] if room),
        )


def draw_table(rows: Sequence[TaskRow], layout: Layout, now: float) -> Table:
    """Return the table of some rows."""
    table = Table(box=box.ASCII_DOUBLE_HEAD, show_lines=layout.row_lines > 1 and len(rows) <= layout.per_page // 2)
    for title, width in layout.widths.items():
        table.add_column(Text("\n".join(wrapped(title, width, 2))), width=width, no_wrap=True, overflow="crop")
    titles = list(layout.widths)
    for row in rows:
        style = _STYLES.get(row.status, "")
        table.add_row(
            *(
                Text("\n".join(lines), style=style if title == "Status" else "")
                for title, lines in zip(titles, cells(row, layout, now), strict=True)
            )
        )
    return table


class LiveDisplay:
    """Shows the board on a terminal; needs a running event loop between ``start`` and ``finish``.

    Args:
        stream: The terminal.
        console: Drawn on instead of a new console of ``stream``.
        clock: Monotonic seconds.
    """

    def __init__(
        self, stream: TextIO, *, console: Console | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console or Console(file=stream, highlight=False, markup=False, emoji=False)
        self._clock = clock
        self._rows: Sequence[TaskRow] = ()
        self._base = ""
        self._board: Board | None = None
        self._live: Live | None = None
        self._keyboard: Keyboard | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._failed: set[str] = set()
        self._failures = Notice()
        self._early: list[str] = []
        """Messages from before the board, and those too long for a line; printed on the normal screen."""

    def start(self, run: RunHeader, rows: Sequence[TaskRow]) -> None:
        """Take the terminal and draw the first frame."""
        self._rows, self._base = rows, run.base
        self._board = Board(run, rows)
        for text in self._early:
            self._board.say(text)
        self._loop = asyncio.get_running_loop()
        self._live = Live(
            console=self._console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
            get_renderable=self._frame,
        )
        self._open_keyboard()
        self._live.start()
        self._loop.add_signal_handler(signal.SIGWINCH, self._draw)
        self._tick()

    def task(self, row: TaskRow) -> None:
        """Nothing to do but for failures: the next frame shows the row."""
        if row.status == "error" and row.id not in self._failed:
            self._failed.add(row.id)
            if self._board is not None:
                self._board.say(self._failures.lines(row, self._base)[0])

    def message(self, text: str) -> None:
        """Show a message below the table, and print it whole when the board is closed."""
        if self._board is not None and self._live is not None:
            self._board.say(text)
            if "\n" in text:
                self._early.append(text)
            return
        self._print(text)

    def finding(self, kind: str, text: str, *, task: str = "") -> None:
        """Show the finding as a message."""
        self.message(f"{task or 'run'}: {kind}: {text}")

    def finish(self, *, interrupted: bool) -> None:
        """Give the terminal back and print the last state of the table."""
        if self._live is None:
            return
        live, self._live = self._live, None
        if self._timer is not None:
            self._timer.cancel()
        if self._loop is not None:
            self._loop.remove_signal_handler(signal.SIGWINCH)
            if self._keyboard is not None:
                self._loop.remove_reader(sys.stdin.fileno())
        with contextlib.suppress(OSError):  # the terminal has gone
            live.stop()
        if self._keyboard is not None:
            self._keyboard.close()
        self._print_last()
        if interrupted:
            self._print("Interrupted. Everything that finished is kept.")

    def done(self, *, exit_code: int, scores: Sequence[ShownScore], next_command: str) -> None:
        """Nothing: the command line tells people."""

    def _open_keyboard(self) -> None:
        if not sys.stdin.isatty() or self._loop is None:
            return
        self._keyboard = Keyboard(sys.stdin.fileno(), on_suspend=self._leave_screen, on_resume=self._enter_screen)
        self._keyboard.open()
        self._loop.add_reader(sys.stdin.fileno(), self._on_keys)

    def _on_keys(self) -> None:
        if self._keyboard is None or self._board is None or self._loop is None:
            return
        keys = self._keyboard.read()
        if keys is None:
            self._loop.remove_reader(sys.stdin.fileno())  # the terminal is gone
            return
        if not keys:
            return
        was_paused = self._board.paused
        for key in keys:
            self._board.press(key)
        self._draw(force=not was_paused or not self._board.paused)

    def _tick(self) -> None:
        self._draw()
        if self._loop is not None and self._live is not None:
            self._timer = self._loop.call_later(PERIOD, self._tick)

    def _draw(self, *, force: bool = False) -> None:
        if self._live is None or self._board is None or (self._board.paused and not force):
            return
        if self._keyboard is not None and not self._keyboard.check():
            return
        try:
            self._live.refresh()
        except (OSError, ValueError):
            # The terminal has gone; SIGHUP ends the run, drawing must not.
            self._board.paused = True

    def _frame(self) -> RenderableType:
        assert self._board is not None
        return self._board.frame(self._console.width, self._console.height, self._clock())

    def _leave_screen(self) -> None:
        self._write_now(_NORMAL_SCREEN)

    def _enter_screen(self) -> None:
        if self._live is not None:
            self._write_now(_ALTERNATE_SCREEN)
            self._draw(force=True)

    def _write_now(self, sequence: bytes) -> None:
        """Write past the console's buffer: a signal may come in the middle of a frame, whose end it would wait for."""
        with contextlib.suppress(OSError, ValueError):
            os.write(self._console.file.fileno(), sequence)

    def _print_last(self) -> None:
        rows = self._rows
        now = self._clock()
        try:
            if len(rows) > _MOST_PRINTED:
                rows = [row for row in rows if row.status != "finish"]
                self._print(f"{len(self._rows) - len(rows)} of {len(self._rows)} tasks finished.")
            if 0 < len(rows) <= _MOST_PRINTED:
                self._console.print(draw_table(rows, lay_out(rows, self._console.width, 10_000), now))
        except OSError:
            return
        failures = Notice()
        for row in self._rows:
            if row.status in {"error", "partial"}:
                self._print("\n".join(failures.lines(row, self._base)))
        for text in self._early:
            self._print(text)

    def _print(self, text: str) -> None:
        try:
            self._console.print(Text(visible(text)), soft_wrap=True)
        except OSError:
            return


_NORMAL_SCREEN = b"\x1b[?1049l\x1b[?25h"
_ALTERNATE_SCREEN = b"\x1b[?1049h\x1b[?25l"


def _line(text: str, width: int) -> Text:
    return Text(wrapped(text, width, 1)[0], no_wrap=True, overflow="crop")
