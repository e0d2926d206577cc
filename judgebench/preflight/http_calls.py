"""One HTTP call after the other with Python's own client: all that a trial call needs, and no import that costs more.

Each call has a connection of its own, so none is broken by what another left on the wire.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import zlib
from base64 import b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

TRANSPORT_ERRORS = (OSError, http.client.HTTPException, zlib.error)
"""What a call raises where there is no reply; ``TimeoutError`` is one of them."""
_PIECE = 1 << 16
_AS_IT_IS = "%/:=&?~#+!$,;'@()*[]"
"""Signs of an address that are sent as they stand; all others that are not ASCII letters or digits are encoded."""


class HttpReply(NamedTuple):
    """Status, content type and body of a reply."""

    status: int
    content_type: str
    body: bytes


class TrialHttp:
    """Sends calls to one service.

    Args:
        headers: Sent with every call.
        seconds: Within which each read and write must end.
        connecting: Seconds within which a connection must stand.
        tls: For an ``https://`` service.
        proxy: Address of the proxy on the way, with user and password in it; ``None`` for none.
        most: Bytes of a body that are read; the rest is left.
    """

    def __init__(
        self,
        *,
        headers: Mapping[str, str],
        seconds: float,
        connecting: float,
        tls: ssl.SSLContext | None,
        proxy: str | None,
        most: int,
    ) -> None:
        self._headers = {"User-Agent": "judgebench", "Accept": "*/*", **headers}
        self._seconds, self._connecting = seconds, connecting
        self._tls = tls
        self._proxy = urlsplit(proxy) if proxy else None
        self._most = most
        self._socket: socket.socket | None = None

    def end(self) -> None:
        """End the call on its way; for another thread."""
        if (on_its_way := self._socket) is not None:
            with contextlib.suppress(OSError):  # it was closed meanwhile
                on_its_way.shutdown(socket.SHUT_RDWR)

    def call(self, method: str, url: str, body: bytes | None = None) -> HttpReply:
        """Send one call and return its reply.

        Raises:
            OSError: No connection, no trust in its certificate, no reply in time (``TimeoutError``).
            HTTPException: What comes back is not HTTP, or it breaks off.
            error: Of ``zlib``: the body is damaged.
        """
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {**self._headers, "Host": place, "Accept-Encoding": "gzip, deflate", "Connection": "close"}
        named = {name.lower() for name in headers}
        if body is not None and "content-type" not in named:
            headers["Content-Type"] = "application/json"
        if parts.username is not None and "authorization" not in named:
            headers["Authorization"] = _basic(parts)
        if self._proxy is not None and parts.scheme == "http":
            target = f"http://{place}{target}"
            headers |= _proxy_headers(self._proxy)
        if any("\n" in text or "\r" in text for text in headers.values()):
            raise http.client.HTTPException("a header holds a line break")
        encoded = {name: text.encode() for name, text in headers.items()}
        connection = http.client.HTTPConnection(parts.hostname or "", _port(parts))
        try:
            connection.sock = self._connected(parts)
            connection.request(method, quote(target, safe=_AS_IT_IS), body, encoded)
            with connection.getresponse() as response:
                return HttpReply(response.status, response.headers.get("Content-Type", ""), self._read(response))
        except OSError:  # a certificate that is not trusted is a ValueError too
            raise
        except ValueError as error:  # a host or a name of a header that cannot be written
            raise http.client.HTTPException(f"the call cannot be written: {type(error).__name__}") from error
        finally:
            connection.close()
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _connected(self, parts: SplitResult) -> socket.socket:
        """Return a connection that the service reads from, through proxy and TLS where these are on the way."""
        first = self._proxy or parts
        made = socket.create_connection((first.hostname or "", _port(first)), self._connecting)
        # TLS takes the connection away from this object, and another thread must be able to end a slow handshake
        self._socket = made.dup()
        made.settimeout(self._seconds)
        try:
            return self._secured(made, parts)
        except BaseException:
            made.close()
            raise

    def _secured(self, made: socket.socket, parts: SplitResult) -> socket.socket:
        proxy, secure = self._proxy, parts.scheme == "https"
        if proxy is not None and proxy.scheme == "https":
            if secure:
                raise http.client.HTTPException("trial calls cannot speak TLS to a service and to a proxy before it")
            return ssl.create_default_context().wrap_socket(made, server_hostname=proxy.hostname)
        if not secure:
            return made
        if proxy is not None:
            _tunnel(made, f"{parts.hostname}:{_port(parts)}", _proxy_headers(proxy))
        return (self._tls or ssl.create_default_context()).wrap_socket(made, server_hostname=parts.hostname)

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        """Return a body, unpacked, and no more of it than ``most`` bytes."""
        packed = response.headers.get("Content-Encoding", "").strip().lower() in {"gzip", "deflate"}
        unpacker = zlib.decompressobj(wbits=47) if packed else None  # 47: gzip or zlib, by its first bytes
        body = bytearray()
        while len(body) <= self._most and (piece := response.read1(_PIECE)):
            body += unpacker.decompress(piece, _PIECE) if unpacker is not None else piece
            while unpacker is not None and unpacker.unconsumed_tail and len(body) <= self._most:
                body += unpacker.decompress(unpacker.unconsumed_tail, _PIECE)
        if response.length and len(body) <= self._most:
            raise http.client.HTTPException("the reply broke off in the middle")
        return bytes(body)


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _tunnel(made: socket.socket, place: str, headers: Mapping[str, str]) -> None:
    """Have a proxy pass on what follows.

    Raises:
        OSError: It does not want to.
    """
    carrier = http.client.HTTPConnection(place)
    carrier.sock = made
    carrier.request("CONNECT", place, headers={"Host": place, **headers})
    with http.client.HTTPResponse(made, method="CONNECT") as reply:
        reply.begin()
        if reply.status != http.client.OK:
            raise OSError(f"the proxy answered CONNECT with {reply.status} {reply.reason}")


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    return {} if proxy.username is None and proxy.password is None else {"Proxy-Authorization": _basic(proxy)}


def _basic(parts: SplitResult) -> str:
    user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(user.encode()).decode()}"
