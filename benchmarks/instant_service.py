"""An OpenAI-compatible service that answers at once, or after ``--latency`` seconds; prints its address and serves.

Built on asyncio's streams alone: it costs a few tens of microseconds a request, so that what is measured is the client.
"""

from __future__ import annotations

import argparse
import asyncio
import json


def reply(text: str) -> bytes:
    body = json.dumps(
        {
            "id": "x",
            "object": "chat.completion",
            "model": "instant",
            "choices": [
                {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}, "text": text}
            ],
            "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
        }
    ).encode()
    return head(len(body)) + body


def head(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()


def models() -> bytes:
    body = json.dumps({"object": "list", "data": [{"id": "instant"}]}).encode()
    return head(len(body)) + body


async def serve(text: str, latency: float, port: int) -> None:
    answer, listing = reply(text), models()
    loop = asyncio.get_running_loop()

    class Connection(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport
            self.data = b""

        def data_received(self, data: bytes) -> None:
            self.data += data
            while (end := self.data.find(b"\r\n\r\n")) >= 0:
                headers = self.data[:end].lower()
                at = headers.find(b"content-length:")
                length = int(headers[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
                if len(self.data) < end + 4 + length:
                    return
                self.data = self.data[end + 4 + length :]
                out = listing if headers.startswith(b"get") else answer
                if latency and out is answer:
                    loop.call_later(latency, self.send, out)
                else:
                    self.send(out)

        def send(self, out: bytes) -> None:
            if not self.transport.is_closing():
                self.transport.write(out)  # type: ignore[attr-defined]

    server = await loop.create_server(Connection, "127.0.0.1", port, backlog=8192)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--text", default="Both give the same value.\nVERDICT: A")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(serve(options.text, options.latency, options.port))


if __name__ == "__main__":
    main()
