"""Tasks as jobs of Slurm. They share with the run nothing but the run folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from judgebench.errors import LaunchError, PrerequisiteError, one_line
from judgebench.executors.contract import Handle, RunContext
from judgebench.executors.job_files import Attempt, TaskJobs
from judgebench.executors.job_service import SERVICE, JobService
from judgebench.executors.jobs import JobHandle, JobState, JobStatus, Terms, Watch
from judgebench.executors.local import stage_command
from judgebench.executors.services import ServiceMaker
from judgebench.models.contract import ModelConfig
from judgebench.records.run import Resources, TaskSpec

COMMAND_LIMIT = 60.0
"""Seconds that a command of Slurm may take."""
TRIES = 5
"""How often a submission whose outcome is not certain is tried."""
_PAUSE = 1.0

_STATES: dict[str, JobState] = {
    "PENDING": "waiting", "CONFIGURING": "waiting", "REQUEUED": "waiting", "REQUEUE_HOLD": "waiting",
    "REQUEUE_FED": "waiting", "SPECIAL_EXIT": "waiting", "RESV_DEL_HOLD": "waiting",
    "RUNNING": "running", "COMPLETING": "running", "SUSPENDED": "running", "STOPPED": "running", "SIGNALING": "running",
    "RESIZING": "running", "STAGE_OUT": "running",
    "COMPLETED": "ended", "FAILED": "ended",
    "OUT_OF_MEMORY": "killed",
    "CANCELLED": "cancelled",
    "TIMEOUT": "lost", "PREEMPTED": "lost", "NODE_FAIL": "lost", "BOOT_FAIL": "lost", "REVOKED": "lost",
    "DEADLINE": "lost",
}  # fmt: skip

_IMPOSSIBLE = {
    "PartitionTimeLimit": "it asks for more time than its partition allows",
    "BadConstraints": "no node has what it asks for",
    "DependencyNeverSatisfied": "the job that it depends on did not end as it should have",
    "InvalidAccount": "its account is not valid",
    "InvalidQOS": "its quality of service is not valid",
    "AccountNotAllowed": "its account may not use the partition",
    "QOSNotAllowed": "its quality of service may not be used in the partition",
    "QOSMaxWallDurationPerJobLimit": "it asks for more time than its quality of service allows",
    "AssocMaxWallDurationPerJobLimit": "it asks for more time than its account allows",
}
"""Reasons of Slurm for which a job waits for ever. A node that is down is none: it may come back.
<https://slurm.schedmd.com/job_reason_codes.html>
"""

_UNCERTAIN = ("timed out", "unable to contact", "connection refused", "temporarily", "communication", "not responding")
"""Words in the complaints of ``sbatch`` after which the job may have been submitted all the same."""


class Slurm:
    """The batch system: ``sbatch``, ``squeue`` and ``scancel``.

    Args:
        config: The executor's.
    """

    def __init__(self, config: SlurmExecutor.Config) -> None:
        self._config = config

    async def submit(self, attempt: Attempt, resources: Resources) -> None:
        """Submit the job of an attempt.

        Raises:
            PrerequisiteError: Slurm is not here.
            LaunchError: It refuses the job.
        """
        name, said = attempt.job.name, ""
        for number in range(TRIES):
            if number:
                await asyncio.sleep(_PAUSE * number)
                known = await self.statuses()
                if known is not None and name in known:
                    return
            code, _, said = await _run(self._sbatch(attempt, resources), self._script(attempt))
            if code == 0:
                return
            if code > 0 and not any(word in said.lower() for word in _UNCERTAIN):
                break
        raise LaunchError(
            f"Slurm does not take the job of {attempt.job.task}: {one_line(said) or 'sbatch did not answer'}.",
            hint="Look at the keys of the executor's config (partition, account, time, ...), and at: sinfo",
        )

    async def statuses(self) -> Mapping[str, JobStatus] | None:
        """Return the user's jobs by name; ``None`` where Slurm does not answer."""
        code, out, _ = await _run(["squeue", "--noheader", "--states=all", "--me", "--format=%i|%T|%r|%N|%j"])
        if code != 0:
            return None
        found: dict[str, JobStatus] = {}
        for line in out.splitlines():
            job, state, reason, node, name = (line.strip().split("|", 4) + [""] * 5)[:5]
            status = JobStatus(_state(state, reason), _reason(state, reason), job, node)
            if name not in found or found[name].state not in {"running", "waiting"}:
                found[name] = status  # of two jobs of one name the one that may still work counts
        return found

    async def cancel(self, name: str) -> None:
        """End the jobs of a name."""
        await _run(["scancel", "--me", f"--name={name}"])

    def _sbatch(self, attempt: Attempt, resources: Resources) -> list[str]:
        config, job = self._config, attempt.job
        output = str(attempt.folder / "job.out").replace("%", "%%")  # sbatch fills in what follows a %
        wanted = {
            "--partition": config.partition,
            "--account": config.account,
            "--qos": config.qos,
            "--time": config.time,
            "--cpus-per-task": str(resources.cores or ""),
            "--mem": f"{max(1, round(resources.memory * 1024))}M" if resources.memory else "",
            "--gres": f"gpu:{resources.gpus}" if resources.gpus else "",
        }
        return [
            "sbatch", "--parsable", f"--job-name={job.name}", "--export=NONE", "--no-requeue", "--open-mode=append",
            f"--output={output}", f"--chdir={Path.cwd()}", f"--signal=B:USR1@{config.notice}",
            *(f"{flag}={value}" for flag, value in wanted.items() if value), *config.extra,
        ]  # fmt: skip

    def _script(self, attempt: Attempt) -> str:
        agent = [*attempt.job.command[:1], "-m", "judgebench.executors.job_agent", str(attempt.folder)]
        path = os.environ.get("PYTHONPATH")
        imports = [f"export PYTHONPATH={shlex.quote(path)}"] if path else []
        # exec: signals for the batch script alone then reach the agent.
        return "\n".join(["#!/bin/sh", *imports, *self._config.setup, f"exec {shlex.join(agent)}", ""])


class SlurmExecutor:
    """Runs each task as a job of Slurm.

    A job that its time limit, a preemption or its node ended is submitted again; one that a person cancelled is not.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Its keys.

        Attributes:
            partition: As ``sbatch --partition``; empty takes the cluster's default. Likewise ``account`` and ``qos``.
            time: Time limit of a job, as ``sbatch --time``.
            notice: Seconds before the time limit at which a job is told to finish what is in flight.
            extra: Further flags of ``sbatch``.
            setup: Lines of shell that run first in each job, such as ``module load cuda``.
            python: Interpreter on the nodes; empty takes this one, which must be there under the same path.
            service_host: Name under which other nodes reach a service that is launched on a node, such as
                ``{host}-ib0``; empty takes the node's host name.
            max_jobs: Most jobs for one task or service.
            lease: Seconds after which a job that cannot read the run folder ends its task.
            silence: Seconds without a sign of life after which Slurm is asked about a job.
            every: Seconds between two questions to Slurm.
        """

        partition: str = ""
        account: str = ""
        qos: str = ""
        time: str = ""
        notice: Annotated[int, msgspec.Meta(ge=10)] = 120
        extra: list[str] = []
        setup: list[str] = []
        python: str = ""
        service_host: str = ""
        max_jobs: Annotated[int, msgspec.Meta(ge=1)] = 5
        lease: Annotated[float, msgspec.Meta(ge=1)] = 30.0
        silence: Annotated[float, msgspec.Meta(ge=1)] = 30.0
        every: Annotated[float, msgspec.Meta(ge=0.1)] = 10.0

    follows = False
    reserves = True
    shares_machine = False

    def __init__(self, config: Config) -> None:
        self._config = config
        self.system = Slurm(config)
        self.terms = Terms(config.max_jobs, config.lease, config.silence, config.every)
        self.watch = Watch(self.system, config.every)

    async def start(self, spec: TaskSpec, run: RunContext, *, environment: Mapping[str, str]) -> Handle:
        """Submit a task.

        Raises:
            OSError: Its files cannot be written.
            JudgebenchError: Slurm refuses it, or is not here.
        """
        return await self._submit(
            spec.id,
            run.run_dir,
            command=stage_command(run.plan_file, spec.id),
            log=spec.log or f"logs/{spec.stage}/{spec.name}.out",
            environment=environment,
            resources=Resources(cores=spec.cores, memory=spec.memory, gpus=spec.gpus),
            terms=self.terms,
        )

    def launcher(self, run_dir: Path) -> ServiceMaker:
        """Return what makes a service of a run a job of its own."""

        def make(
            config: ModelConfig, log: Path, environment: Mapping[str, str], notify: Callable[[str], None]
        ) -> JobService:
            async def submit(command: list[str], environment: Mapping[str, str], resources: Resources) -> JobHandle:
                terms = self.terms._replace(revive=True)
                return await self._submit(
                    f"{SERVICE}{config.abbr}",
                    run_dir,
                    command=command,
                    log=str(log.relative_to(run_dir)),
                    environment=environment,
                    resources=resources,
                    terms=terms,
                )

            return JobService(config, run_dir, environment, notify, submit, self._config.service_host)

        return make

    async def _submit(
        self,
        task: str,
        run_dir: Path,
        *,
        command: list[str],
        log: str,
        environment: Mapping[str, str],
        resources: Resources,
        terms: Terms,
    ) -> JobHandle:
        jobs = TaskJobs.of(run_dir, task)

        async def make() -> Attempt:
            attempt = jobs.make(
                task,
                run_dir,
                command=[self._config.python or sys.executable, *command[1:]],
                log=log,
                environment=environment,
                lease=terms.lease,
                executor=f"{type(self).__module__}.{type(self).__qualname__}",
                options=msgspec.to_builtins(self._config),
            )
            await self.system.submit(attempt, resources)
            self.watch.forget()
            return attempt

        handle = JobHandle(task, run_dir / log, jobs=jobs, system=self.system, watch=self.watch, terms=terms, make=make)
        try:
            await handle.begin()
        except BaseException:
            newest = jobs.newest()
            if newest is not None:
                await self.system.cancel(newest.job.name)
            jobs.remove()
            raise
        return handle

    async def aclose(self) -> None:
        """Nothing is held."""


def _state(state: str, reason: str) -> JobState:
    return "impossible" if state == "PENDING" and reason in _IMPOSSIBLE else _STATES.get(state, "running")


def _reason(state: str, reason: str) -> str:
    """Return what Slurm says of a state, as it says it; its ``None`` says nothing."""
    if state == "PENDING" and reason in _IMPOSSIBLE:
        return f"{reason}, {_IMPOSSIBLE[reason]}"
    return reason if state == "PENDING" else state if _STATES.get(state) in {"lost", "killed"} else ""


async def _run(command: list[str], text: str = "") -> tuple[int, str, str]:
    """Run a command of Slurm and return its exit code, -1 where it did not answer in time, and what it printed.

    Raises:
        PrerequisiteError: It is not installed.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # the terminal's Ctrl-C is for jb alone
        )
    except FileNotFoundError as error:
        raise PrerequisiteError(
            f"The executor needs Slurm's command {command[0]}, which is not on this machine.",
            hint="Start jb on a login node of the cluster.",
        ) from error
    try:
        async with asyncio.timeout(COMMAND_LIMIT):
            out, said = await process.communicate(text.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        return -1, "", f"{command[0]} did not answer within {COMMAND_LIMIT:g} s"
    finally:
        if process.returncode is None:  # jb is being stopped meanwhile
            with contextlib.suppress(ProcessLookupError):
                process.kill()
    assert process.returncode is not None
    return process.returncode, out.decode("utf-8", "replace"), said.decode("utf-8", "replace")
