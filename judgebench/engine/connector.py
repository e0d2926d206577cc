"""Makes connections a bounded number at a time."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

CONNECTING = 128
"""Most connections being made at once: thousands would all be late on a busy machine, and time out together."""


class Connector(aiohttp.TCPConnector):
    """The library's connector; waiting for the turn to connect is not part of the time to connect."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._turn = asyncio.Semaphore(CONNECTING)

    async def _create_connection(self, *request: Any, **options: Any) -> ResponseHandler:
        async with self._turn:
            return await super()._create_connection(*request, **options)
