"""A tiny launched service: ``service.py PORT [slow|dies|never|stubborn|family]``; healthy at once by default."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

port, behaviour = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
if behaviour == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "SERVICE_PIDS" in os.environ:
    with Path(os.environ["SERVICE_PIDS"]).open("a") as file:
        file.write(f"{os.getpid()}\n")
        if behaviour == "family":
            file.write(f"{subprocess.Popen(['sleep', '60']).pid}\n")
print("loading \x1b[31mthe model", flush=True)
if behaviour == "dies":
    sys.exit("no such weights")
ready = time.monotonic() + (0.4 if behaviour == "slow" else 0)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        healthy = self.path == "/health" and behaviour != "never" and time.monotonic() >= ready
        self.send_response(200 if healthy else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


HTTPServer(("127.0.0.1", port), Handler).serve_forever()
