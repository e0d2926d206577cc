"""A judge's model that answers as a script says, and the judge served beside it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from judgebench.records.request import Selection
from judgebench.records.spending import Limits
from judgebench.serving.page import JudgePage
from judgebench.serving.server import serve
from judgebench.serving.service import JudgeService
from judgebench.session.trying import open_judge
from judgebench.testing import ProviderService, ServiceReply, ServiceRequest
from judgebench.viewer.guard import Guard
from tests.viewer.browser import CHROMIUM, Page, browser

KEY = "the-key"
FOUR = "\n4\n"


class Served:
    """A judge that is served.

    Attributes:
        address: Without a slash at the end. ``link``: of the page.
    """

    def __init__(self, address: str, link: str) -> None:
        self.address = address
        self.link = link


def answer(request: ServiceRequest) -> ServiceReply:
    """Call 4 right and all else wrong, the first of two better, and say nothing readable of a riddle."""
    if "riddle" in request.text:
        return ServiceReply("Hard to say.")
    if "Answer B" in request.text:
        return ServiceReply("Both are short.\nVERDICT: A")
    return ServiceReply(
        f"It is what it is.\nVERDICT: {'A' if request.text.count(chr(10) + '4' + chr(10)) > 1 else 'B'}"
    )


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ProviderService]:
    """The model of all shipped judges."""
    monkeypatch.chdir(tmp_path)
    with ProviderService("openai", answer) as found:
        point_at(monkeypatch, found.url)
        yield found


def point_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name, value in {"URL": url, "MODEL": "test-model", "KEY": "test-key"}.items():
        monkeypatch.setenv(f"JB_JUDGE_{name}", value)


@contextmanager
def serving(
    judge: str = "correctness_letter", *, record: Path | None = None, limits: Limits | None = None, cache: str = "",
    overrides: list[str] | None = None, cases: Path = Path("cases.jsonl"),
) -> Iterator[Served]:  # fmt: skip
    """A served judge in a thread of this process."""
    loop = asyncio.new_event_loop()
    begun = threading.Event()
    stopped = asyncio.Event()
    found: list[Any] = []

    async def work() -> None:
        selection = Selection(judges=[judge], overrides=overrides or [])
        async with open_judge(selection, lambda _: None, dedup=True, cache=cache, limits=limits) as ready:
            await ready.open()
            guard = Guard(command="jb serve")
            served = JudgeService(ready, KEY, record)
            page = JudgePage(ready, guard, cases)
            await serve(served, page, guard, ready=told, stopped=stopped)

    def told(address: str, link: str) -> None:
        found.append(Served(address, link))
        begun.set()

    def run() -> None:
        try:
            loop.run_until_complete(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread of the test
            found.append(error)
            begun.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert begun.wait(200)
    if isinstance(found[0], BaseException):
        raise found[0]
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(60)
        loop.close()


Post = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser, for all tests of this process."""
    if not CHROMIUM:
        pytest.skip("chromium is not installed: apt-get install -y chromium")
    with browser(tmp_path_factory.mktemp("chromium")) as page:
        yield page
