"""Service and page in one server, from the printed address to Ctrl-C."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from judgebench.serving.page import JudgePage
from judgebench.serving.service import MOST_BYTES, JudgeService
from judgebench.viewer.guard import LOOPBACK, Guard
from judgebench.viewer.server import listen

_SECONDS_TO_END = 30.0
"""Given to judgments that are under way when the service is told to stop."""


def application(service: JudgeService, page: JudgePage) -> web.Application:
    """Return service and page as aiohttp serves them."""
    app = web.Application(client_max_size=MOST_BYTES)
    service.add_to(app.router)
    page.add_to(app.router)
    return app


async def serve(
    service: JudgeService,
    page: JudgePage,
    guard: Guard,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    ready: Callable[[str, str], None],
    stopped: asyncio.Event | None = None,
) -> None:
    """Serve until Ctrl-C, or until ``stopped`` is set; judgments that are under way then are still answered.

    Args:
        service: What answers programs.
        page: What answers people.
        guard: Whom of them.
        host: Address to listen on.
        port: Port; 0 takes a free one.
        ready: Is told the address and the link of the page, when they work.
        stopped: Ends it when it is set.

    Raises:
        UsageError: Nothing can listen there.
    """

    def listening(address: str) -> None:
        ready(address, f"{address}/?token={guard.token}")

    await listen(application(service, page), guard, host, port, listening, stopped, patience=_SECONDS_TO_END)
