"""Start and end of a task process: reads the plan, runs the stage, turns errors into one sentence and an exit code."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import signal
import sys
import traceback
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Protocol, cast

from judgebench.errors import DiskError, ExitCode, InterruptedRunError, JudgebenchError, out_of_memory
from judgebench.plan.spec import Plan
from judgebench.stages.progress import Reporter
from judgebench.stages.task import Task, listen, supervised
from judgebench.store.files import DamagedError, Decoder, read_file, reason_of
from judgebench.store.journal import removed
from judgebench.untrusted import visible

DRAIN_LIMIT = 8.0
"""Seconds that requests in flight are waited for after a stop."""

STAGE_MODULES = {
    "infer": "judgebench.stages.infer",
    "judge": "judgebench.stages.judge_infer",
    "extract": "judgebench.stages.extract",
    "summarize": "judgebench.stages.summarize",
}

logger = logging.getLogger(__name__)


class SafeFormatter(logging.Formatter):
    """Writes log lines in which nothing that a model or a service said steers a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line with control characters made visible."""
        return visible(super().format(record))


class Stage(Protocol):
    """A stage module."""

    def run(self, task: Task) -> Coroutine[Any, Any, None]:
        """Do the task's work; returns when all of it is on disk.

        Raises:
            JudgebenchError: What keeps the task from being done.
        """
        ...


def main(argv: list[str]) -> int:
    """Run one task of a plan; returns its exit code."""
    if len(argv) != 2:
        sys.stderr.write("usage: python -m judgebench.stages PLAN TASK_ID\n")
        return ExitCode.USAGE
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    try:
        plan = Decoder(Plan)(read_file(Path(argv[0])))
    except (OSError, DamagedError) as error:
        return _without_plan(Path(argv[0]), error, Reporter(argv[1]))
    spec = next((task for task in plan.tasks if task.id == argv[1]), None)
    if spec is None:
        sys.stderr.write(f"there is no task {argv[1]!r} in {argv[0]}\n")
        return ExitCode.USAGE
    stage = cast("Stage", importlib.import_module(STAGE_MODULES[spec.stage]))
    with contextlib.suppress(KeyboardInterrupt):
        return _run_loop(_run(stage, plan, argv[1]), spec.stage)
    return ExitCode.INTERRUPTED


def _run_loop(work: Coroutine[Any, Any, int], stage: str) -> int:
    if stage in {"infer", "judge"}:
        from judgebench.engine.loop import run

        return run(work)
    return asyncio.run(work)


async def _run(stage: Stage, plan: Plan, task_id: str) -> int:
    task = Task(plan, next(spec for spec in plan.tasks if spec.id == task_id))
    task.reporter.update(state="starting", force=True)
    with contextlib.suppress(NotImplementedError, RuntimeError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.stop.set)
    if supervised():
        listen(task, last_patience=DRAIN_LIMIT + 4)
    work = asyncio.ensure_future(stage.run(task))
    stopping = asyncio.create_task(task.stop.wait())
    try:
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            task.reporter.update(state="draining", force=True)
            await asyncio.wait({work}, timeout=DRAIN_LIMIT)
            if not work.done():
                work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
    except JudgebenchError as error:
        return _report_error(task.reporter, error)
    except Exception as error:  # noqa: BLE001 - a process ends here; whatever it was is told and logged
        if (lacking := out_of_memory(error)) is not None:
            return _report_error(task.reporter, lacking)
        traceback.print_exc()
        reason = f"{type(error).__name__}: {error}"
        task.reporter.update(state="error", force=True, error=reason, exit_code=int(ExitCode.BUG))
        return ExitCode.BUG
    finally:
        stopping.cancel()
    if task.stop.is_set():
        return _report_error(
            task.reporter, InterruptedRunError("stopped before the end", hint="Continue with --reuse.")
        )
    if figures := task.reporter.progress.figures:
        logger.info("figures: %s", ", ".join(f"{name} {value:g}" for name, value in figures.items()))
    task.reporter.update(state="finish", force=True)
    return ExitCode.DONE


def _without_plan(path: Path, error: Exception, reporter: Reporter) -> int:
    """Report a plan that is not there any more, or cannot be read."""
    if isinstance(error, FileNotFoundError):
        return _report_error(reporter, removed(path))
    reason = reason_of(error) if isinstance(error, OSError) else str(error)
    told = f"The plan {path} cannot be read: {reason}."
    return _report_error(reporter, DiskError(told, hint="Start the same command again with --reuse."))


def _report_error(reporter: Reporter, error: JudgebenchError) -> int:
    logger.error("%s", error)
    reporter.update(state="error", force=True, error=error.message, hint=error.hint, exit_code=int(error.exit_code))
    return error.exit_code
