"""A service of a few raw bytes: what no HTTP library would send."""

from __future__ import annotations

import json
import socket
import threading
from types import TracebackType
from typing import Any, Self

PATIENCE = 30.0


class RawService:
    """Answers every request with the same bytes, and closes.

    Args:
        body: Of the answer; anything but bytes is sent as JSON.
        status: Number and word. ``kind``: Content type. ``headers``: Further ones.
    """

    def __init__(
        self,
        body: Any,
        *,
        status: str = "200 OK",
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"Content-Type": kind, "Content-Length": str(len(sent)), "Connection": "close", **(headers or {})}
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {text}" for name, text in named.items())]
        self._answer = "\r\n".join([*lines, "", ""]).encode() + sent
        self.calls: list[str] = []
        """First line of every request, as it came."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(PATIENCE)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(PATIENCE)
                self._reply(connection)

    def _reply(self, connection: socket.socket) -> None:
        read = b""
        while b"\r\n\r\n" not in read:
            if not (piece := connection.recv(65536)):
                return
            read += piece
        head, _, body = read.partition(b"\r\n\r\n")
        names = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        left = int(names.get(b"content-length", b"0")) - len(body)
        while left > 0 and (piece := connection.recv(65536)):
            left -= len(piece)
        self.calls.append(head.split(b"\r\n")[0].decode("latin-1"))
        connection.sendall(self._answer)


def events(*sent: dict[str, Any]) -> bytes:
    """Return a stream of server-sent events."""
    return "".join(f"data: {json.dumps(one)}\n\n" for one in sent).encode()
