"""A forked task that uses aiohttp's own TLS verifies as any program does, with authorities loaded when it connects."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from judgebench.testing.faultservice import FaultService

CODE = """
import asyncio, sys
from judgebench.stages.warm_up import warm_up
warm_up(["infer"])
import aiohttp
from aiohttp.connector import _SSL_CONTEXT_VERIFIED as own

async def get():
    async with aiohttp.ClientSession() as session, session.get(sys.argv[1] + "/v1/models") as reply:
        return reply.status

before = own.cert_store_stats()["x509"]
try:
    found = asyncio.run(get())
except aiohttp.ClientConnectorCertificateError:
    found = "not trusted"
print(type(own).__name__, before, own.cert_store_stats()["x509"] > 0, found)
"""


@pytest.mark.parametrize(("trusted", "found"), [(True, "True 200"), (False, "False not trusted")])
def test_the_context_of_aiohttp_loads_its_authorities_when_it_connects(
    tmp_path: Path, trusted: bool, found: str
) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not here")
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    made += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(made, check=True, capture_output=True, cwd=tmp_path)
    (tmp_path / "none.pem").touch()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    file = tmp_path / ("cert.pem" if trusted else "none.pem")
    with FaultService(lambda body: "x", model="m", tls=tls) as service:
        done = subprocess.run(
            [sys.executable, "-c", CODE, service.url],
            cwd=Path(__file__).parents[2],
            env={"SSL_CERT_FILE": str(file), "SSL_CERT_DIR": str(tmp_path / "no"), "NO_PROXY": "*"},
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout == f"DeferredContext 0 {found}\n"
