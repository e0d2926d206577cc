"""Who is answered, and what every answer says to the browser.

The viewer serves what is in run folders to one person. A page of somebody else in the same browser must not read it
(exact ``Host``, which stops names that are bound anew to this address), must not change anything (exact ``Origin`` for
whatever is no reading, and a cookie that other sites cannot send), and what a model wrote must not run (a policy
without inline script and style).
"""

from __future__ import annotations

import hmac
import secrets
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web

from judgebench.errors import visible

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
"""Of every answer; ``no-store`` keeps texts of a run out of the browser's files. Without any referrer a browser would
send ``Origin: null`` with a form."""

_READING = frozenset({"GET", "HEAD"})
_OPEN = "/static/"
"""Where nothing of a run is: the style of the page that refuses is there too."""

LOOPBACK = "127.0.0.1"


def hosts_of(host: str, port: int) -> frozenset[str]:
    """Return the values of ``Host`` by which the viewer is called, in small letters.

    Args:
        host: The address that it listens on.
        port: The port.
    """
    names = {host, LOOPBACK, "localhost"}
    if host not in {LOOPBACK, "localhost"}:
        names |= {socket.gethostname(), socket.getfqdn(), *_addresses()}
    bracketed = {f"[{name}]" if ":" in name else name for name in names}
    return frozenset(f"{name}:{port}".lower() for name in bracketed) | (
        frozenset(bracketed) if port == 80 else frozenset()
    )


def _addresses() -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(socket.gethostname(), None)}
    except OSError:
        return set()


class Guard:
    """Answers nobody who does not hold the link that was printed.

    Args:
        token: The secret of the link.
        host: The address that the viewer listens on.
        command: The command that printed the link, for whoever is refused.
    """

    def __init__(self, token: str = "", host: str = LOOPBACK, *, command: str = "jb view") -> None:
        self.token = token or secrets.token_urlsafe(24)
        self._command = command
        self._host = host
        self._hosts: frozenset[str] = frozenset()
        self._port = 0

    def listens_on(self, port: int) -> None:
        """Take the port: before it is known nobody is answered."""
        self._port = port
        self._hosts = hosts_of(self._host, port)

    @property
    def cookie(self) -> str:
        """Name of the cookie: viewers on other ports of this machine share its jar."""
        return f"jb_viewer_{self._port}"

    def refusal(self, request: web.Request) -> str:
        """Return why a request is not answered, as a sentence; empty where it is."""
        if request.headers.get("Host", "").lower() not in self._hosts:
            called = visible(request.headers.get("Host", ""))[:80]
            return (
                f"This page is not called {called}. Open the link that {self._command} printed; through a tunnel, "
                f"forward the same port: ssh -L {self._port}:{LOOPBACK}:{self._port} HOST"
            )
        origin = request.headers.get("Origin")
        own = f"http://{request.headers['Host']}".lower()
        if (origin or "").lower() != own and (origin is not None or request.method not in _READING):
            return f"The request does not come from a page of this {self._command}."
        if request.path.startswith(_OPEN) or self._knows(request):
            return ""
        return f"Open the link that {self._command} printed: it holds the key to this page."

    def _knows(self, request: web.Request) -> bool:
        given = request.cookies.get(self.cookie, "")
        if request.method in _READING and not given:
            given = request.query.get("token", "")
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())

    def brings_token(self, request: web.Request) -> bool:
        """Say whether a request holds the right token in its address."""
        return hmac.compare_digest(request.query.get("token", "").encode("utf-8", "replace"), self.token.encode())

    def keep(self, response: web.StreamResponse) -> None:
        """Have the browser keep the token in a cookie, out of reach of scripts and of other sites."""
        response.set_cookie(self.cookie, self.token, httponly=True, samesite="Strict", path="/")
