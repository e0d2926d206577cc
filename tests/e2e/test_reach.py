"""The way to a service, through the whole of ``jb``: certificates and proxies, in the preflight and in the run."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from judgebench.testing.faultservice import FaultService
from tests.e2e.harness import Bench, judge_answer, model_answer

NO_PROXIES = {"NO_PROXY": "", "no_proxy": ""}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, its own authority, with the key beside it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not here")
    folder = tmp_path_factory.mktemp("tls")
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    made += ["-addext", "subjectAltName=IP:127.0.0.1"]
    made += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(made, check=True, capture_output=True)
    return folder / "cert.pem"


@pytest.fixture
def encrypted(tmp_path: Path, authority: Path) -> Iterator[Bench]:
    """A model behind TLS whose certificate no system trusts; the judge is reached in the open."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority, authority.with_name("key.pem"))
    with FaultService(model_answer(), model="m", tls=tls) as model, FaultService(judge_answer(), model="j") as judge:
        bench = Bench(tmp_path, model, judge, n=2)
        bench.write()
        yield bench


@pytest.mark.parametrize("flags", [(), ("--no-preflight",)])
def test_an_unknown_certificate_is_refused_in_one_sentence(encrypted: Bench, flags: tuple[str, ...]) -> None:
    done = encrypted.jb(*flags)
    assert done.code == 3, done.text
    assert "certificate" in done.text.lower()
    assert "Traceback" not in done.text
    assert encrypted.model.requests == []


@pytest.mark.parametrize("way", ["ca_file", "SSL_CERT_FILE", "verify_tls"])
def test_a_certificate_is_trusted_by_bundle_or_by_will(encrypted: Bench, authority: Path, way: str) -> None:
    encrypted.model_keys = {"ca_file": {"ca_file": str(authority)}, "verify_tls": {"verify_tls": False}}.get(way, {})
    encrypted.write()
    done = encrypted.jb(env={"SSL_CERT_FILE": str(authority)} if way == "SSL_CERT_FILE" else None)
    assert done.code == 0, done.text
    assert encrypted.result()["counts"]["ok"] == 2


def test_a_bundle_that_is_not_there_is_named(encrypted: Bench) -> None:
    encrypted.model_keys = {"ca_file": "no/such.pem"}
    encrypted.write()
    for flags in ((), ("--no-preflight",)):
        done = encrypted.jb(*flags)
        assert done.code == 2, done.text
        assert "models.toy-model.ca_file is 'no/such.pem'" in done.text


def test_plain_requests_go_through_the_proxy_unless_the_host_is_excepted(bench: Bench) -> None:
    with FaultService(bench.model.answer, model="m") as proxy:  # answers itself what it should pass on
        bench.model_keys = {"url": "http://model.invalid:1234"}
        bench.write()
        through = {"HTTP_PROXY": proxy.url, "http_proxy": proxy.url}
        done = bench.jb(env={**through, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"})
        assert done.code == 0, done.text
        assert {seen.headers["Host"] for seen in proxy.requests} == {"model.invalid:1234"}
        assert len(bench.judged()) == 6  # not through the proxy
        assert bench.model.requests == []


class Tunnel:
    """A proxy that knows ``CONNECT`` alone, and notes where to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(4096)
            if not piece:
                return
            head += piece
        self.asked.append(head.split(b"\r\n")[0].decode())
        host, _, port = head.split()[1].decode().rpartition(":")
        upstream = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        for source, target in ((client, upstream), (upstream, client)):
            threading.Thread(target=self._run_pool, args=(source, target), daemon=True).start()

    @staticmethod
    def _run_pool(source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return


def test_encrypted_requests_go_through_a_tunnel_and_are_still_verified(encrypted: Bench, authority: Path) -> None:
    tunnel = Tunnel()
    through = {**NO_PROXIES, "HTTPS_PROXY": tunnel.url, "https_proxy": tunnel.url}
    untrusted = encrypted.jb("--no-preflight", env=through)
    assert untrusted.code == 3, untrusted.text
    assert encrypted.model.requests == []
    done = encrypted.jb("--reuse", env={**through, "SSL_CERT_FILE": str(authority)})
    tunnel.close()
    assert done.code == 0, done.text
    assert set(tunnel.asked) == {f"CONNECT 127.0.0.1:{encrypted.model.port} HTTP/1.1"}
    assert encrypted.result()["counts"]["ok"] == 2


def test_a_proxy_that_is_not_there_is_told(encrypted: Bench) -> None:
    for flags in ((), ("--no-preflight",)):
        done = encrypted.jb(*flags, env={**NO_PROXIES, "HTTPS_PROXY": "http://127.0.0.1:9"})
        assert done.code == 3, done.text
        assert "Traceback" not in done.text
