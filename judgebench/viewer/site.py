"""What every page needs: the runs, the templates, and the threads in which files are read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from judgebench.errors import JudgebenchError, visible
from judgebench.query import RunQuery, open_query
from judgebench.viewer import figures, rendering
from judgebench.viewer.guard import Guard
from judgebench.viewer.library import KnownRun, Library, links_in
from judgebench.viewer.plots import short_name

HERE = Path(__file__).parent
_THREADS = 4
"""Pages that are made at once: a long search or comparison must not hold up the others."""
_KEPT, _KEPT_SMALL = 8, 500
"""Comparisons that are kept, and counts."""


T = TypeVar("T")


class MissingError(Exception):
    """What an address names is not there; the message is a sentence for the page."""


class ViewerSite:
    """The pages' common ground.

    Args:
        library: The runs.
        guard: Who is answered.
        bundled: Whether the pages go into files that open without a server.
    """

    def __init__(self, library: Library, guard: Guard, *, bundled: bool = False) -> None:
        self.library = library
        self.guard = guard
        self._templates = templates()
        self._templates.globals |= {"bundled": bundled, "about": []}
        self._lock = threading.Lock()
        self._kept: dict[Hashable, tuple[object, object]] = {}
        self._kept_small: dict[Hashable, tuple[object, object]] = {}
        self._queries: dict[Path, RunQuery] = {}
        self._worker = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="viewer")

    def run(self, request: web.Request) -> KnownRun:
        """Return the run that an address names.

        Raises:
            MissingError: There is none of that name.
        """
        key = request.match_info["run"]
        run = self.library.run(key)
        if run is None:
            raise MissingError(f"There is no run {visible(key)[:80]!r} among those that this viewer was given.")
        return run

    def query(self, run: KnownRun) -> RunQuery:
        """Return what answers questions about a run; used in a thread that reads files.

        Raises:
            MissingError: The folder holds symbolic links, which are not followed.
            JudgebenchError: It is no run folder, or of another format.
        """
        if links := links_in(run.folder):
            raise MissingError(f"The items of {run.name} are not shown: {links[0]}.")
        known = self._queries.get(run.folder)
        return known if known is not None else self._queries.setdefault(run.folder, open_query(run.folder))

    def kept(self, key: Hashable, asks: RunQuery, row: str, make: Callable[[], T], *, small: bool = False) -> T:
        """Return what was made for a key, made anew where a file of the row has changed since.

        Args:
            key: What it is made of.
            asks: The run.
            row: Name of a result row of it; empty for all.
            make: Makes it.
            small: Whether many of its kind may be kept.
        """
        rows = [one for one in asks.rows if row in {"", one.row}]
        stamp = tuple(_stamp(path) for one in rows for path in one if isinstance(path, Path))
        shelf, most = (self._kept_small, _KEPT_SMALL) if small else (self._kept, _KEPT)
        with self._lock:
            known = shelf.pop(key, None)
        if known is None or known[0] != stamp:
            known = stamp, make()
        with self._lock:
            shelf[key] = known
            while len(shelf) > most:
                shelf.pop(next(iter(shelf)))
        return cast(T, known[1])

    def render(self, template: str, **values: Any) -> str:
        """Return a page as text."""
        return self._templates.get_template(template).render({"run": None, "current": "", "keys": [], **values})

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """Return a page."""
        return web.Response(
            text=self.render(template, **values), status=status, content_type="text/html", charset="utf-8"
        )

    def trouble(self, title: str, message: str, hint: str = "", *, status: int) -> web.Response:
        """Return a page that says why there is nothing to see."""
        return self.page("trouble.html", status=status, title=title, message=message, hint=hint)

    def failed(self, error: JudgebenchError) -> web.Response:
        """Return the page about a run, or a part of it, that cannot be shown."""
        return self.trouble("This cannot be shown", error.message, error.hint, status=422)

    async def aside(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do something in a thread that reads files, so that the viewer goes on answering."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, partial(work, *arguments))

    def close(self) -> None:
        """End the threads."""
        self._worker.shutdown(wait=False, cancel_futures=True)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        state = path.lstat()
    except OSError:
        return -1, -1, -1
    return state.st_mtime_ns, state.st_size, state.st_ino


def templates() -> Environment:
    """Return the templates of the pages, with all that they call."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": figures.number,
        "figure": figures.figure,
        "interval": figures.interval,
        "rating": figures.rating,
        "cut": short_name,
        "in_a_row": figures.in_a_row,
        "bounds": figures.bounds,
        "whole": figures.whole,
        "short": figures.short,
        "share": figures.share,
        "when": figures.when,
        "seconds": figures.seconds,
        "visible": visible,
        "markdown": rendering.markdown,
        "plain": rendering.plain,
        "is_marked_up": rendering.is_marked_up,
    }
    made.globals |= {"sign_of": figures.sign_of, "STATUS_WORDS": figures.STATUS_WORDS, "marked": rendering.marked}
    made.finalize = _shown
    return made


def _shown(value: Any) -> Any:
    """Write control and bidirectional characters of whatever a template shows as escapes."""
    return visible(value) if type(value) is str else value
