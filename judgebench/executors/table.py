"""The shipped executors by the names that configs write; see ``plugins.rooms``."""

from __future__ import annotations

EXECUTORS = {
    "LocalExecutor": "judgebench.executors.local:LocalExecutor",
    "SshExecutor": "judgebench.executors.ssh:SshExecutor",
    "SlurmExecutor": "judgebench.executors.slurm:SlurmExecutor",
}
"""Where tasks run: ``executor=dict(type=...)``."""
