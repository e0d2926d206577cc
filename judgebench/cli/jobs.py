"""``jb jobs RUN``: the jobs of a run in a batch system, and their end."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgebench.cli.parser import Parser, add_run, run_folder
from judgebench.errors import ExitCode, visible

if TYPE_CHECKING:
    from judgebench.executors.left_jobs import LeftJob

_EXAMPLE = """\
examples:
  jb jobs latest           which jobs wait and work, where, and how far they are
  jb jobs latest --stop    let them keep what is in flight, and end them

Jobs go on when jb itself is gone. jb --reuse waits for those that work.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb jobs``."""
    parser = Parser(
        prog="jb jobs",
        description="List the jobs of a run whose tasks work in a batch system, such as Slurm.",
        epilog=_EXAMPLE,
    )
    add_run(parser)
    parser.add_argument("--stop", action="store_true", help="end them; what they have is kept")
    parser.add_argument("--json", action="store_true", help="one JSON object a job")
    return parser


def run(argv: list[str]) -> int:
    """List or end the jobs; returns the exit code.

    Raises:
        JudgebenchError: The run cannot be found, or its batch system cannot be asked.
    """
    from judgebench.executors.left_jobs import ask_to_stop, left_jobs, wait_for
    from judgebench.store.lock import holder_of
    from judgebench.store.run_folder import RunFolder

    args = build_parser().parse_all(argv)
    folder = run_folder(args.run, Path(args.work_dir))
    jobs = left_jobs(folder)
    holder = holder_of(RunFolder(folder))
    if args.stop and holder is not None:
        asyncio.run(ask_to_stop(jobs, print))
        print(f"jb still works on the run (process {holder.pid} on {holder.host}) and sees to their end.")
        return int(ExitCode.DONE)
    if args.stop:
        asyncio.run(wait_for(jobs, print, stop=True))
        print("No job of the run works any more." if jobs else "The run has no jobs.")
        return int(ExitCode.DONE)
    found = asyncio.run(_described(jobs))
    if args.json:
        for one in found:
            print(json.dumps(one, ensure_ascii=False))
    elif found:
        from tabulate import tabulate

        print(tabulate([{key: visible(str(value)) for key, value in one.items()} for one in found], headers="keys"))
    else:
        print("The run has no jobs.")
    return int(ExitCode.DONE)


async def _described(jobs: list[LeftJob]) -> list[dict[str, Any]]:
    found = []
    for job in jobs:
        status = await job.status()
        last = None
        for report in job.attempt.reports():
            last = report
        found.append(
            {
                "task": job.task,
                "job": status.job,
                "state": f"{status.state} ({status.reason})" if status.reason else status.state,
                "node": status.node,
                "attempt": job.attempt.number,
                "done": f"{last.done} of {last.total}" if last and last.total else "",
                "in flight": last.in_flight if last else 0,
                "last words": (last.error or last.note) if last else "",
            }
        )
    return found
