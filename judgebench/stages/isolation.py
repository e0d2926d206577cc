"""An exception of a plug-in about one item is that item's failure and not the end of the task.

Whose bug it is cannot be told from outside: it may be the user's method or one of ours. So it is never quiet either:
the log has its traceback, the item counts as failed, and with failed items a run ends with exit code 4.
"""

from __future__ import annotations

import logging

from judgebench.errors import JudgebenchError

SHOWN = 3
"""Most tracebacks in one log: a method that fails for one item often fails for all."""

logger = logging.getLogger(__name__)


class Isolation:
    """Turns exceptions about single items into reasons, and logs them."""

    def __init__(self) -> None:
        self._seen = 0
        self.first = ""
        """The first reason; empty while there is none."""

    def reason(self, error: Exception, *, about: str) -> str:
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
