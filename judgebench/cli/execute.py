"""The door between a command line and a run: what is shown of it, and the exit code."""

from __future__ import annotations

import sys
from pathlib import Path

from judgebench.cli.closing import close_run
from judgebench.dashboard.display import Display, display_for
from judgebench.records.request import RunRequest
from judgebench.report.gate_file import read_conditions
from judgebench.session.session import Session


def execute(request: RunRequest, command: list[str]) -> int:
    """Run what was asked for; returns the exit code.

    Args:
        request: The command line's request.
        command: The command line itself, for the logs.

    Raises:
        JudgebenchError: What keeps the run from starting.
    """

    def display() -> Display:
        stream = sys.stderr if request.json_events else sys.stdout
        return display_for(request.json_events, request.options.debug, stream)

    gate = read_conditions(Path(request.gate)) if request.gate and request.stop_when_decided else None
    session = Session(request, command=command, display=display, close=close_run, gate=gate)
    if request.dry_run:
        from judgebench.cli.dry_run import print_plan

        return print_plan(session.preview())
    return session.run().exit_code
