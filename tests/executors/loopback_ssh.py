"""An ssh server of the test's own on this machine's loopback."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from judgebench.testing.faultservice import closed_port

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")

needs_ssh = pytest.mark.skipif(
    SSHD is None or shutil.which("ssh") is None, reason="OpenSSH is not installed (Debian: openssh-server)"
)

CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/sshd.pid
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
MaxStartups 100
"""


class LoopbackSsh:
    """A running server.

    Attributes:
        options: Flags with which ``ssh`` reaches it without a question.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = closed_port()
        self.options = [
            "-p", str(self.port), "-i", str(folder / "user"), "-o", f"UserKnownHostsFile={folder}/known",
            "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR", "-F", "none", "-l", getpass.getuser(),
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)], check=True)
        (self.folder / "config").write_text(CONFIG.format(port=self.port, folder=self.folder))
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where Debian's server wants to be rooted before anybody is known
        assert SSHD is not None
        self._process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(self.folder / "config")], stderr=subprocess.PIPE)
        until = time.monotonic() + 100
        while subprocess.run(["ssh", *self.options, "127.0.0.1", "true"], capture_output=True, check=False).returncode:
            assert self._process.poll() is None, self._process.communicate()[1]
            assert time.monotonic() < until, "the ssh server does not answer"
            time.sleep(0.1)

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def connections(self) -> list[int]:
        """The processes of this server that serve somebody, by their parent."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(number) for number in children.read_text().split()]


@contextmanager
def loopback_ssh(folder: Path) -> Iterator[LoopbackSsh]:
    """Yield a server that answers; at the end it is gone."""
    server = LoopbackSsh(folder)
    try:
        server.begin()
        yield server
    finally:
        with suppress(OSError):
            server.end()
