"""The executor that a plan names."""

from __future__ import annotations

from judgebench.executors.contract import Executor
from judgebench.executors.fork_server import ForkServer
from judgebench.plugins import make
from judgebench.records.run import LOCAL_EXECUTOR, ExecutorConfig


def executor_of(config: ExecutorConfig, fork_server: ForkServer | None = None, *, in_caller: bool = False) -> Executor:
    """Return the executor of a run.

    Args:
        config: As the plan has it.
        fork_server: A warm process for tasks of this machine.
        in_caller: Whether tasks must run in this process.

    Raises:
        ConfigError: Its class cannot be imported or does not take its keys.
    """
    if in_caller and config.type == LOCAL_EXECUTOR:
        from judgebench.executors.caller import CallerExecutor

        return CallerExecutor()
    if config.type == LOCAL_EXECUTOR:
        from judgebench.executors.local import LocalExecutor

        return LocalExecutor(fork_server=fork_server)
    made: Executor = make(config.type, config.options, "executors", where="executor")
    return made
