"""Lets aiohttp be imported without loading the authorities of the system, which is a seventh of what its import costs.

aiohttp makes a TLS context for its own use when it is imported. The engine gives it others (``engine/reach.py``), so
that nearly no process ever uses it, but a local model of a user's may.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class DeferredContext(ssl.SSLContext):
    """Verifies as ``ssl.create_default_context()`` does; loads the system's authorities at its first connection."""

    _loads = True

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """Begin TLS, as the base class does."""
        self._load()
        return super().wrap_bio(*args, **options)

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        """Begin TLS, as the base class does."""
        self._load()
        return super().wrap_socket(*args, **options)

    def _load(self) -> None:
        if self._loads:
            self._loads = False
            self.load_default_certs(ssl.Purpose.SERVER_AUTH)


@contextmanager
def certificates_deferred() -> Iterator[None]:
    """Import aiohttp inside of this; nothing else may run meanwhile that makes a TLS context."""
    original = ssl.create_default_context

    def made(*args: Any, **options: Any) -> ssl.SSLContext:
        if args or options:
            return original(*args, **options)
        context = DeferredContext(ssl.PROTOCOL_TLS_CLIENT)  # which verifies certificates and host names
        if sys.version_info >= (3, 13):
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
        return context

    ssl.create_default_context = made
    try:
        yield
    finally:
        ssl.create_default_context = original
