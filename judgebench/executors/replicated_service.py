"""A launched service of several replicas: one name, as many addresses as have become healthy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from judgebench.errors import JudgebenchError
from judgebench.executors.services import LaunchedService


class ReplicatedService:
    """Several launched services that answer as one; a ``LaunchedService``.

    Args:
        replicas: The services.
        notify: Shows a line to the user.
    """

    def __init__(self, replicas: Sequence[LaunchedService], notify: Callable[[str], None]) -> None:
        self._replicas = replicas
        self._report = notify

    async def start(self) -> str:
        """Start all, and return the addresses of those that became healthy, with blanks between them.

        Raises:
            JudgebenchError: None did; says why the first did not.
        """
        starts = await asyncio.gather(*(one.start() for one in self._replicas), return_exceptions=True)
        addresses = [one for one in starts if isinstance(one, str)]
        failures = [one for one in starts if isinstance(one, BaseException)]
        if unforeseen := next((one for one in failures if not isinstance(one, JudgebenchError)), None):
            raise unforeseen
        if not addresses:
            raise failures[0]
        for failure in failures:
            said = failure.message if isinstance(failure, JudgebenchError) else str(failure)
            self._report(f"{said} The run goes on with {len(addresses)} of {len(starts)} replicas.")
        return " ".join(addresses)

    async def stop(self) -> None:
        """End all and wait until they are gone."""
        await asyncio.gather(*(one.stop() for one in self._replicas))
