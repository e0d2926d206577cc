"""What a plug-in raises about one item is that item's failure, and logged."""

from __future__ import annotations

import logging

from judgebench.errors import JudgebenchError

logger = logging.getLogger(__name__)

SHOWN = 3
"""Most tracebacks in one log: a method that fails for one item often fails for all."""


class Isolation:
    """Turns exceptions about single items into reasons, and logs them."""

    def __init__(self) -> None:
        self._seen = 0
        self.first = ""
        """The first reason; empty while there is none."""

    def reason(self, error: BaseException, *, about: str) -> str:
        """Return why an item has failed; must be called while the exception is handled.

        Args:
            error: What a plug-in raised.
            about: Which plug-in about which item, for the log.

        Raises:
            JudgebenchError: It says something about the whole task, such as a service that is gone.
            MemoryError: So does this.
        """
        if isinstance(error, JudgebenchError | MemoryError):
            raise error
        reason = f"{type(error).__name__}: {error}"
        self._seen += 1
        self.first = self.first or reason
        logger.error("%s raised %s; the item counts as failed", about, reason, exc_info=self._seen <= SHOWN)
        return reason
