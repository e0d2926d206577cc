"""The task table as plain cells: which columns fit the window, how long cells wrap, and what is on which page.

No drawing here. Only the rows of one page are ever turned into cells, so a board of 1000 rows costs what a page costs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from judgebench.dashboard.board import TaskRow, clock_text, rate_text
from judgebench.errors import one_line

_MOST_LINES = 3
"""Lines of a row at most; what does not fit is cut and marked."""
_BREAKS = " /-_,:"
"""Characters after which a cell may break into a new line."""


class _ColumnKind(NamedTuple):
    title: str
    least: int
    most: int


_KINDS = {
    kind.title: kind
    for kind in (
        _ColumnKind("Task Name", 20, 0),
        _ColumnKind("Stage", 9, 9),
        _ColumnKind("Process", 7, 9),
        _ColumnKind("Progress", 18, 50),
        _ColumnKind("Time Cost", 9, 9),
        _ColumnKind("ETA", 7, 8),
        _ColumnKind("Tok/s", 5, 6),
        _ColumnKind("Status", 11, 16),
        _ColumnKind("Log Path", 20, 0),
        _ColumnKind("Extend Parameters", 22, 54),
    )
}
_GIVEN_UP = ("Tok/s", "Extend Parameters", "Process", "Log Path", "ETA", "Stage", "Time Cost")
"""Columns that go when the window is narrow, first to last."""
_NARROWEST = {"Task Name": 10, "Progress": 9, "Status": 11}
"""Least widths of the columns that never go, once all others have gone."""

_USUAL_PROGRESS = "[##########] 1000/1000 [10 it/s]"
_USUAL_COUNTS = "{'POST': 1000, 'RECV': 1000, 'FINISH': 1000, 'FAIL': 10}"
"""What rows are made high enough for; names and logs are known, these change."""
_SHORT_BAR = 32
"""Width of the progress column down to which its bar gives way before anything else does."""
_SPARE = {"Status": 14, "Extend Parameters": 20}
"""What these columns get on top where there is room: notes, and counts beyond the usual four."""


class Layout(NamedTuple):
    """How the table fits a window.

    Attributes:
        widths: Column titles with their widths in characters, left to right.
        hidden: Titles of the columns for which there is no room.
        row_lines: Lines of each row.
        header_lines: Lines of the header row.
        per_page: Rows on a page.
        pages: Number of pages.
    """

    widths: dict[str, int]
    hidden: tuple[str, ...]
    row_lines: int
    header_lines: int
    per_page: int
    pages: int

    @property
    def lines(self) -> int:
        """Lines of a table with a full page, borders included."""
        return 3 + self.header_lines + self.per_page * self.row_lines


def lay_out(rows: Sequence[TaskRow], width: int, height: int) -> Layout:
    """Return the layout for a window; ``height`` is what the table itself may take, borders included."""
    texts = {
        "Task Name": {_name(row, with_stage=False) for row in rows},
        "Log Path": {one_line(row.log) for row in rows},
        "Progress": {_USUAL_PROGRESS},
        "Extend Parameters": {_USUAL_COUNTS},
    }
    longest = {title: max(map(len, texts[title]), default=0) for title in ("Task Name", "Log Path")}
    hidden: list[str] = []
    while True:
        widths = _shrink({title: kind for title, kind in _KINDS.items() if title not in hidden}, longest, width)
        if widths["Progress"] < _KINDS["Progress"].least:
            texts["Progress"] = {_USUAL_PROGRESS.partition("] ")[2]}
        row_lines = max(
            len(wrapped(text, widths[title], _MOST_LINES + 1))
            for title in texts
            if title in widths
            for text in texts[title]
        )
        if (_total(widths) <= width and row_lines <= _MOST_LINES) or len(hidden) == len(_GIVEN_UP):
            break
        hidden.append(_GIVEN_UP[len(hidden)])
        if hidden[-1] == "Stage":  # the judge's row and the one that counts its verdicts have one name
            texts["Task Name"] = {_name(row, with_stage=True) for row in rows}
            longest["Task Name"] = max(map(len, texts["Task Name"]), default=0)
    row_lines = min(row_lines, _MOST_LINES)
    header_lines = max(len(wrapped(title, width, 2)) for title, width in widths.items())
    per_page = max(1, (height - 3 - header_lines) // row_lines)
    return Layout(widths, tuple(hidden), row_lines, header_lines, per_page, max(1, math.ceil(len(rows) / per_page)))


def _shrink(kinds: dict[str, _ColumnKind], longest: dict[str, int], width: int) -> dict[str, int]:
    widths = {title: max(kind.most or longest[title], len(title)) for title, kind in kinds.items()}
    while _total(widths) > width:
        if widths.get("Progress", 0) > _SHORT_BAR:
            widths["Progress"] -= 1
            continue
        # Then the one that is furthest above its least width gives way first.
        least = _NARROWEST if len(kinds) == len(_NARROWEST) else {title: kind.least for title, kind in kinds.items()}
        title = max(widths, key=lambda title: widths[title] - least[title])
        if widths[title] <= least[title]:
            break
        widths[title] -= 1
    for title, extra in _SPARE.items():
        if title in widths:
            widths[title] += max(0, min(extra, width - _total(widths)))
    return widths


def page_of(rows: Sequence[TaskRow], layout: Layout, page: int) -> Sequence[TaskRow]:
    """Return the rows of a page (from 0)."""
    return rows[page * layout.per_page : (page + 1) * layout.per_page]


def cells(row: TaskRow, layout: Layout, now: float) -> list[list[str]]:
    """Return each cell of a row as its lines, wrapped to the widths of the layout."""
    made = {
        title: wrapped(_CELLS[title](row, now, width), width, layout.row_lines)
        for title, width in layout.widths.items()
    }
    if "Stage" not in layout.widths:
        made["Task Name"] = wrapped(_name(row, with_stage=True), layout.widths["Task Name"], layout.row_lines)
    counts = "Extend Parameters"
    if counts in made and made[counts][-1].endswith("…"):
        made[counts] = wrapped(counts_text(row, in_flight=False), layout.widths[counts], layout.row_lines)
    return list(made.values())


def wrapped(text: str, width: int, most: int) -> list[str]:
    """Return ``text`` in lines of at most ``width`` characters, broken after separators; a cut is marked with ``…``."""
    lines: list[str] = []
    rest = text
    while len(rest) > width and len(lines) < most - 1:
        cut = max(rest.rfind(mark, 0, width) for mark in _BREAKS) + 1
        if cut <= width // 3:
            cut = width
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    lines.append(rest if len(rest) <= width else rest[: width - 1] + "…")
    return lines


def counts_text(row: TaskRow, *, in_flight: bool = True) -> str:
    """Return the text of Extend Parameters: requests sent, replies received, items finished and failed, and more."""
    progress = row.progress
    if row.stage not in {"infer", "judge"} or not row.pid:
        return "None"
    counts: dict[str, int | str] = {
        "POST": progress.post,
        "RECV": progress.recv,
        "FINISH": progress.finish,
        "FAIL": progress.fail,
    }
    if progress.unparsed:
        counts["UNPARSED"] = progress.unparsed
    if in_flight and progress.limit and not row.over:
        counts["FLIGHT"] = f"{progress.in_flight}/{progress.limit}"
    return str(counts)


def _name(row: TaskRow, *, with_stage: bool) -> str:
    return one_line(f"{row.stage} {row.name}" if with_stage and row.name != "summary" else row.name)


def _progress_text(row: TaskRow, now: float, width: int) -> str:
    progress = row.progress
    if progress.total <= 0 or progress.done < 0:
        return "NA"
    figures = f"{progress.done}/{progress.total} [{rate_text(row.rate(now))} it/s]"
    if width < _KINDS["Progress"].least:  # a bar this short says nothing
        return figures
    room = width - len(figures) - 3
    bar = min(30, room if room >= 8 else width - 2)
    filled = min(bar, bar * progress.done // progress.total)
    return f"[{'#' * filled}{'.' * (bar - filled)}] {figures}"


def _status_text(row: TaskRow) -> str:
    note = "" if row.over else row.note()
    if not note or note.startswith(row.status.replace("-", " ")):  # "backing off 12 s" says it all
        return note or row.status
    return f"{row.status}: {note}"


def _eta_text(row: TaskRow, now: float) -> str:
    eta = row.eta(now)
    return "-" if eta is None else clock_text(eta)


def _token_text(row: TaskRow, now: float) -> str:
    rate = row.token_rate(now)
    return rate_text(rate) if rate else "-"


_CELLS: dict[str, Callable[[TaskRow, float, int], str]] = {
    "Task Name": lambda row, _now, _width: _name(row, with_stage=False),
    "Stage": lambda row, _now, _width: one_line(row.stage),
    "Process": lambda row, _now, _width: str(row.pid or "NA"),
    "Progress": _progress_text,
    "Time Cost": lambda row, now, _width: clock_text(row.seconds(now)),
    "ETA": lambda row, now, _width: _eta_text(row, now),
    "Tok/s": lambda row, now, _width: _token_text(row, now),
    "Status": lambda row, _now, _width: _status_text(row),
    "Log Path": lambda row, _now, _width: one_line(row.log) or "NA",
    "Extend Parameters": lambda row, _now, _width: counts_text(row),
}


def _total(widths: dict[str, int]) -> int:
    return sum(widths.values()) + 3 * len(widths) + 1
