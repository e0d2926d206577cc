"""A tiny launched service: ``service.py PORT [BEHAVIOUR]``; healthy at once by default.

BEHAVIOUR is ``slow``, ``dies``, ``never``, ``stubborn``, ``family`` (with a child) or ``scattered`` (with processes in
sessions of their own).
"""

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
        if behaviour in {"family", "scattered"}:
            file.write(f"{subprocess.Popen(['sleep', '3600'], start_new_session=behaviour == 'scattered').pid}\n")
        if behaviour == "scattered":  # one more whose parent is gone: what daemons do
            double = ["sh", "-c", "setsid sleep 3600 > /dev/null & echo $!"]
            file.write(subprocess.run(double, stdout=subprocess.PIPE, text=True, check=True).stdout)
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
