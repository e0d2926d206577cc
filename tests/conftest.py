"""What holds for all tests."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections import Counter
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("explore", parent=settings.get_profile("steady"), derandomize=False, max_examples=1000)
# How long an example takes on a busy machine proves nothing, and a test that passed passes again: the same examples.
# Others are looked for by --hypothesis-profile explore.
settings.load_profile("steady")


LONG = {
    "e2e/test_slurm_ends": 180, "e2e/test_slurm_kills": 120, "e2e/test_slurm_nodes": 100, "e2e/test_everywhere": 100,
    "e2e/test_slurm_page": 90, "e2e/test_slurm_services": 90, "docs/": 90, "viewer/": 90, "e2e/test_slurm": 60,
    "local/": 60, "e2e/test_kills": 60, "training/": 40,
}  # fmt: skip
"""Where the long tests are, the longest first, and about how many seconds they take, on which only an order depends."""


AREAS = {
    "viewer": ("viewer/", "serving/", "export/", "query/"),
    "trust": ("trust/", "simulation/", "audit/"),
    "training": ("training/", "local/"),
    "images and providers": (
        "content/", "models/", "e2e/test_images", "e2e/test_pixels", "e2e/test_media", "e2e/test_batches",
        "engine/test_batches",
    ),
    "clusters": ("e2e/test_slurm", "e2e/test_ssh", "e2e/test_everywhere", "e2e/test_shards", "executors/"),
    "catalogue": ("catalogue/", "datasets/", "replay/"),
}  # fmt: skip
"""What the folders and modules of tests belong to; all others are the core's."""

SECONDS: Counter[str] = Counter()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--areas", action="store_true", help="print how many seconds the tests of each area take")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    place = report.nodeid.removeprefix("tests/")
    SECONDS[next((area for area, starts in AREAS.items() if place.startswith(starts)), "core")] += report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--areas"):
        workers = config.getoption("numprocesses", None) or 1
        terminalreporter.section(f"seconds of {workers} workers, all together")
        for area, seconds in SECONDS.most_common():
            terminalreporter.line(f"{area:<22}{seconds:8.0f}")
        terminalreporter.line(f"{'all':<22}{SECONDS.total():8.0f}")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what the collection makes out of the garbage collector's rounds, which took a twentieth of all CPU."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(trylast=True)  # after those are left out that the command line leaves out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each worker begin with its part of the long tests: one that came last would keep one core busy, alone.

    A worker gets one even part of the list to begin with, and takes of the others' when it is done (worksteal).
    """
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    parts: list[list[pytest.Item]] = [[] for _ in range(workers)]
    seconds = [0] * workers
    rest = items
    for place, cost in LONG.items():
        found = [item for item in rest if item.nodeid.startswith(f"tests/{place}")]
        rest = [item for item in rest if not item.nodeid.startswith(f"tests/{place}")]
        least = seconds.index(min(seconds))
        parts[least] += found
        seconds[least] += cost * bool(found)
    ordered: list[pytest.Item] = []
    for number, part in enumerate(parts):
        even = (len(items) - len(ordered)) // (workers - number)
        taken = max(0, even - len(part))
        ordered += [*part, *rest[:taken]]
        rest = rest[taken:]
    items[:] = [*ordered, *rest]


def pytest_configure() -> None:
    """Take Ctrl-C as usual also where the test run was started in the background, whose children would ignore it.

    And keep bytecode: hundreds of processes are started here, and each would compile the package again.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def warm_start() -> Iterator[None]:
    """A ``jb`` in the process of a test forks the warm process of its tasks, too, instead of starting Python for it."""
    if sys.platform != "linux":
        yield
        return
    from judgebench.executors import fork_server
    from tests.e2e.forking import WarmStart

    real = fork_server.subprocess
    fork_server.subprocess = WarmStart()  # type: ignore[assignment]
    yield
    fork_server.subprocess = real
