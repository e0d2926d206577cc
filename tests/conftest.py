"""What holds for all tests."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("explore", parent=settings.get_profile("steady"), derandomize=False, max_examples=1000)
# How long an example takes on a busy machine proves nothing, and a test that passed passes again: the same examples.
# Others are looked for by --hypothesis-profile explore.
settings.load_profile("steady")


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
