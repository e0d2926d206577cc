"""nginx with one fixed reply: a service that costs next to nothing and never waits.

A process of its own with its files in a temporary folder, on a free loopback port, as whoever starts it; use as a
context manager. Debian has it as ``nginx-light``.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from benchmarks.instant_service import reply

START_LIMIT = 10.0
"""Seconds until it must accept connections."""

CONFIG = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    default_type application/json;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    client_body_buffer_size 64k;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ return 200 '{payload}'; }}
    }}
}}
"""


class NginxService:
    """A running nginx.

    Attributes:
        url: Its address, without ``/v1``.
    """

    def __init__(self, text: str) -> None:
        """Start it.

        Args:
            text: What every chat request is answered with.

        Raises:
            FileNotFoundError: There is no nginx on this machine.
            RuntimeError: It does not start.
        """
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise FileNotFoundError("nginx is not installed (Debian: apt-get install nginx-light)")
        self.folder = tempfile.TemporaryDirectory()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        config = Path(self.folder.name, "nginx.conf")
        config.write_text(CONFIG.format(folder=self.folder.name, port=port, payload=quoted(text)))
        command = [program, "-p", self.folder.name, "-e", f"{self.folder.name}/error.log", "-c", str(config)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            self._wait(port)
        except RuntimeError:
            self.stop()
            raise

    def __enter__(self) -> NginxService:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it and remove its files."""
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def _wait(self, port: int) -> None:
        until = time.monotonic() + START_LIMIT
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        log = Path(self.folder.name, "error.log")
        said = log.read_text().strip() if log.exists() else ""
        raise RuntimeError(f"nginx does not start: {said[-500:]}")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def quoted(text: str) -> str:
    """Return the body of a reply as it stands between single quotes in nginx's configuration.

    Raises:
        ValueError: It has a dollar sign, which nginx would take for a variable.
    """
    body = reply(text).partition(b"\r\n\r\n")[2].decode()
    if "$" in body:
        raise ValueError("nginx's fixed reply cannot have a dollar sign")
    return body.replace("\\", "\\\\").replace("'", "\\'")
