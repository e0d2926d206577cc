"""A Slurm of the test's own: a controller and nodes on this machine, in a folder, gone with the test."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from judgebench.testing.faultservice import closed_port

needs_slurm = pytest.mark.skipif(
    shutil.which("slurmctld") is None or shutil.which("slurmd") is None,
    reason="Slurm is not installed (Debian: slurm-wlm)",
)

PARTITIONS = """\
PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP OverSubscribe=FORCE:8 PriorityTier=1 GraceTime=1
PartitionName=urgent Nodes=ALL MaxTime=60 State=UP OverSubscribe=NO PriorityTier=9 PreemptMode=OFF
"""

CONFIG = """\
ClusterName=throwaway
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
AuthInfo=cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmctldTimeout=10
SlurmdTimeout={patience}
KillWait=2
MinJobAge=300
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
"""


class ThrowawaySlurm:
    """A running cluster.

    Attributes:
        folder: Where all of it lies.
        environment: What commands of Slurm, and ``jb``, need to find it.
    """

    def __init__(self, folder: Path, nodes: int, patience: int) -> None:
        self.folder = folder
        self.patience = patience
        self.nodes = [f"node{number + 1}" for number in range(nodes)]
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}

    def begin(self) -> None:
        for name in ("state", "spool", "log"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        ports: set[int] = set()
        while len(ports) <= len(self.nodes):
            ports.add(closed_port())
        controller, *others = ports
        host = socket.gethostname().partition(".")[0]
        place = {"host": host, "port": controller, "user": getpass.getuser(), "folder": self.folder}
        lines = [CONFIG.format(**place, patience=self.patience)]
        cores = os.cpu_count() or 1
        for node, port in zip(self.nodes, others, strict=True):
            lines.append(
                f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cores} RealMemory=2000\n"
            )
        (self.folder / "slurm.conf").write_text("".join([*lines, PARTITIONS]))
        self.start_controller()
        for node in self.nodes:
            self.start_node(node)
        until = time.monotonic() + 200
        while self.run("sinfo", "-h", "-N", "-o", "%T", "-p", "main").split() != ["idle"] * len(self.nodes):
            if time.monotonic() > until:
                raise AssertionError((self.folder / "log" / "slurmctld.log").read_text()[-3000:])
            time.sleep(0.1)

    def start_controller(self) -> None:
        log = self.folder / "log" / "slurmctld.log"
        subprocess.run(["slurmctld", "-f", self.environment["SLURM_CONF"], "-L", str(log)], check=True, env=self._env())

    def start_node(self, name: str) -> None:
        subprocess.run(["slurmd", "-N", name, "-f", self.environment["SLURM_CONF"]], check=True, env=self._env())

    def run(self, *command: str) -> str:
        """Run a command of Slurm and return what it printed."""
        done = subprocess.run(command, env=self._env(), capture_output=True, text=True, timeout=200, check=False)
        return done.stdout

    def jobs(self) -> dict[str, str]:
        """The states of all jobs that have not ended, by name."""
        lines = self.run("squeue", "-h", "-o", "%j|%T").split()
        return dict(line.split("|") for line in lines)

    def pid_of(self, name: str) -> int:
        """The process of ``slurmctld`` or of a node's ``slurmd``."""
        return int((self.folder / f"{'slurmctld' if name == 'slurmctld' else f'slurmd-{name}'}.pid").read_text())

    def kill(self, name: str) -> None:
        os.kill(self.pid_of(name), signal.SIGKILL)

    def end(self) -> None:
        self.run("scancel", "--me")
        for file in self.folder.glob("*.pid"):
            with suppress(ValueError, ProcessLookupError):
                os.kill(int(file.read_text()), signal.SIGKILL)
        for entry in Path("/proc").iterdir():  # what steps and jobs left behind, by the folder of this cluster alone
            with suppress(OSError, ValueError):
                if self.environment["SLURM_CONF"].encode() in (entry / "environ").read_bytes():
                    number = int(entry.name)
                    if number not in (os.getpid(), os.getppid()):
                        os.kill(number, signal.SIGKILL)

    def _env(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


@contextmanager
def throwaway_slurm(nodes: int = 1, *, patience: int = 300) -> Iterator[ThrowawaySlurm]:
    """Yield a cluster that is up; at the end nothing of it is left.

    A node that says nothing for ``patience`` seconds is given up with its jobs: only a test that kills nodes can have
    few of them, because on a busy machine a living one is silent for a while, too.

    Its folder has a short path: the sockets of its job steps lie there, and the path of a socket has at most 107 bytes.
    """
    with TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True) as folder:
        cluster = ThrowawaySlurm(Path(folder), nodes, patience)
        try:
            cluster.begin()
            yield cluster
        finally:
            cluster.end()
