"""A launched service of several replicas: one name, as many addresses as have become healthy."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence

from judgebench.errors import JudgebenchError
from judgebench.executors.services import LaunchedService, OnLoss


class ReplicatedService:
    """Several launched services that answer as one; a ``LaunchedService``.

    Args:
        replicas: The services.
        notify: Shows a line to the user.
    """

    def __init__(self, replicas: Sequence[LaunchedService], notify: Callable[[str], None]) -> None:
        self.on_loss: OnLoss | None = None
        self._replicas = replicas
        self._report = notify
        self._addresses: dict[int, str] = {}
        """Of the replicas that are healthy."""
        self._down: set[int] = set()
        """Those that are being begun again."""
        self._back: asyncio.Future[str] | None = None
        """Where none is healthy: the addresses once one is."""

    async def start(self) -> str:
        """Start all, and return the addresses of those that became healthy, with blanks between them.

        Raises:
            JudgebenchError: None did; says why the first did not.
        """
        starts = await asyncio.gather(*(one.start() for one in self._replicas), return_exceptions=True)
        self._addresses = {number: one for number, one in enumerate(starts) if isinstance(one, str)}
        failures = [one for one in starts if isinstance(one, BaseException)]
        if unforeseen := next((one for one in failures if not isinstance(one, JudgebenchError)), None):
            raise unforeseen
        if not self._addresses:
            raise failures[0]
        for failure in failures:
            said = failure.message if isinstance(failure, JudgebenchError) else str(failure)
            self._report(f"{said} The run goes on with {len(self._addresses)} of {len(starts)} replicas.")
        for number, one in enumerate(self._replicas):
            one.on_loss = functools.partial(self._lost, number)
        return " ".join(self._addresses.values())

    async def stop(self) -> None:
        """End all and wait until they are gone."""
        await asyncio.gather(*(one.stop() for one in self._replicas))

    def _lost(self, number: int, back: asyncio.Future[str]) -> None:
        """Go on with the others; with none, wait for the first that is back."""
        self._addresses.pop(number, None)
        self._down.add(number)
        back.add_done_callback(functools.partial(self._settled, number))
        if not self._addresses:
            self._move()

    def _settled(self, number: int, back: asyncio.Future[str]) -> None:
        self._down.discard(number)
        if back.cancelled():
            return
        error = back.exception()
        if error is None:
            self._addresses[number] = back.result()
            self._move()
        if self._back is None or (error is not None and self._down):
            return
        waiting, self._back = self._back, None
        if waiting.done():
            return
        if error is not None:
            waiting.set_exception(error)
        else:
            waiting.set_result(" ".join(self._addresses.values()))

    def _move(self) -> None:
        """Tell that the addresses change."""
        if self._back is None and self.on_loss is not None:
            self._back = asyncio.get_running_loop().create_future()
            self.on_loss(self._back)
