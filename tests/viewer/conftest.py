"""Two finished runs of the same models, made once, and a viewer that shows them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from judgebench.viewer.library import Library
from judgebench.viewer.server import serve
from tests.viewer.browser import CHROMIUM, Page, browser
from tests.viewer.stand import made_run


class Viewing:
    """A viewer that works.

    Attributes:
        link: What it printed. ``base``: the same without the token.
    """

    def __init__(self, link: str) -> None:
        self.link = link
        self.base, _, self.token = link.partition("/?token=")


@contextmanager
def viewing(*places: Path, **options: Any) -> Iterator[Viewing]:
    """A viewer in a thread of this process."""
    loop = asyncio.new_event_loop()
    ready: list[str] = []
    begun = threading.Event()
    stopped = asyncio.Event()
    failures: list[BaseException] = []

    def told(link: str) -> None:
        ready.append(link)
        begun.set()

    def work() -> None:
        try:
            loop.run_until_complete(serve(Library(places), ready=told, stopped=stopped, **options))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread of the test
            failures.append(error)
            begun.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert begun.wait(200)
    if failures:
        raise failures[0]
    try:
        yield Viewing(ready[0])
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(20)
        loop.close()


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two finished runs of the same benchmark; in the second one model gets other problems wrong."""
    folder = tmp_path_factory.mktemp("tanks")
    found = []
    for shift in (0, 2):
        path, done = made_run(folder, shift=shift)
        assert done.code == 0, done.text
        found.append(path)
    return found


@pytest.fixture(scope="session")
def viewer(runs: list[Path]) -> Iterator[Viewing]:
    """A viewer of both runs."""
    with viewing(runs[0].parent) as made:
        yield made


@pytest.fixture(scope="session")
def one_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser, for all tests of this process."""
    if not CHROMIUM:
        pytest.skip("chromium is not installed: apt-get install -y chromium")
    with browser(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture
def chromium(one_browser: Page) -> Iterator[Page]:
    """The browser with no page, and nothing left of the last test, whose page may still have asked a viewer."""
    one_browser.errors.clear()
    one_browser.dialogs.clear()
    yield one_browser
    one_browser.goto("about:blank")  # a page that is left open keeps a core busy for the rest of the tests
