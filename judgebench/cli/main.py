"""``jb``: from the words of the command line to what carries them out, and from errors to exit codes."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from typing import TYPE_CHECKING

from judgebench.errors import (
    RAISED_BY_OTHERS,
    ExitCode,
    HelpShown,
    InterruptedRunError,
    JudgebenchError,
    UsageError,
    out_of_memory,
    visible,
)

if TYPE_CHECKING:
    import argparse

    from judgebench.cli.console import WatchedStream

VERBS = {
    "audit": "judgebench.cli.audit",
    "export": "judgebench.cli.export",
    "compare": "judgebench.cli.compare",
    "gate": "judgebench.cli.gate",
    "items": "judgebench.cli.items",
    "jobs": "judgebench.cli.jobs",
    "label": "judgebench.cli.label",
    "ls": "judgebench.cli.ls",
    "merge": "judgebench.cli.merge",
    "replies": "judgebench.cli.replies",
    "requests": "judgebench.cli.requests",
    "schema": "judgebench.cli.schema",
    "score": "judgebench.cli.score",
    "serve": "judgebench.cli.serve",
    "show": "judgebench.cli.show",
    "simulate": "judgebench.cli.simulate",
    "train": "judgebench.cli.train",
    "try": "judgebench.cli.try_judge",
    "view": "judgebench.cli.view",
}
"""Verb to the module whose ``run(argv) -> int`` carries it out; a new verb is one line here."""


def run(argv: list[str]) -> int:
    """Carry out a command line and return the exit code; nothing is raised."""
    from judgebench.cli.console import discard_output, output_lost, print_error, watched_output

    with watched_output() as output:
        code = _run(argv, output)
        try:
            output.flush()  # here, where a reader that is gone can still be told from an error of ours
        except BrokenPipeError:
            discard_output()  # Python would complain once more when it flushes at its end
        except OSError as error:
            if error is not output.failure:
                raise
    if output.failure is not None:
        print_error(lost := output_lost(output.failure))
        return code or int(lost.exit_code)
    return code


def _run(argv: list[str], output: WatchedStream) -> int:
    try:
        return int(_dispatch(argv))
    except JudgebenchError as error:
        _tell(error, argv)
        _end_events(int(error.exit_code), error.code, error.message, argv)
        return int(error.exit_code)
    except (HelpShown, BrokenPipeError):  # the latter: the reader of stdout is gone (jb --list | head)
        return int(ExitCode.DONE)
    except KeyboardInterrupt:
        print("jb: interrupted.", file=sys.stderr)
        return int(ExitCode.INTERRUPTED)
    except RAISED_BY_OTHERS as error:  # the end of the program: every other error is a bug of ours
        if error is output.failure:
            return int(ExitCode.DONE)  # the caller tells of it
        lacking = out_of_memory(error)
        exit_code = int(lacking.exit_code if lacking else ExitCode.BUG)
        _tell(lacking or error, argv)
        _end_events(exit_code, lacking.code if lacking else "bug", lacking.message if lacking else str(error), argv)
        return exit_code


def _dispatch(argv: list[str]) -> int:
    if argv[:1] == ["run"]:
        argv = argv[1:]
    if argv and argv[0] in VERBS:
        return int(importlib.import_module(VERBS[argv[0]]).run(argv[1:]))
    from judgebench.cli.arguments import build_parser

    parser = build_parser()
    if "-h" in argv or "--help" in argv:
        print(parser.format_help(), end="")
        return int(ExitCode.DONE)
    _check_command(argv)
    args = parser.parse_all(argv)
    if args.version:
        from judgebench import __version__

        print(f"judgebench {__version__}")
        return int(ExitCode.DONE)
    if args.print_completion:
        from judgebench.cli.completion import completion_script

        print(completion_script(args.print_completion))
        return int(ExitCode.DONE)
    looked_up = _look_up(args)
    return looked_up if looked_up is not None else _execute(args, argv)


def _check_command(argv: list[str]) -> None:
    """Refuse a first word that is neither a command nor a config file: it was meant as a command.

    Raises:
        UsageError: It is neither.
    """
    word = argv[0] if argv else "-"
    if word.startswith("-") or word.endswith(".py") or os.sep in word:
        return
    if os.path.exists(word):  # noqa: PTH110 - importing pathlib here would cost every command a few milliseconds
        return
    import difflib

    near = difflib.get_close_matches(word, VERBS, n=2)
    hint = f"Did you mean jb {' or jb '.join(near)}? " if near else ""
    raise UsageError(
        f"There is no command {word!r}.",
        hint=f"{hint}Commands: {', '.join(VERBS)}. A run needs no command: jb --models ... --datasets ... "
        "See all flags with: jb --help",
    )


def _look_up(args: argparse.Namespace) -> int | None:
    """Answer ``--search``, ``--list`` or ``--show``; ``None`` where none of them was asked for."""
    from judgebench.cli import listing

    if args.search:
        print(listing.search_table(args))
    elif args.list is not None:
        print(listing.registered(args.config_dir, args.list))
    elif args.show is not None:
        print(listing.shown(args.show, args.config_dir, args.override))
    else:
        return None
    return int(ExitCode.DONE)


def _execute(args: argparse.Namespace, argv: list[str]) -> int:
    from judgebench.cli.arguments import to_request
    from judgebench.cli.execute import execute
    from judgebench.config.model import redacted

    try:
        return int(execute(to_request(args), ["jb", *redacted(argv)]))
    except BrokenPipeError as error:
        if args.dry_run:
            raise
        raise InterruptedRunError(
            "The reader of the output went away, and the run was stopped.", hint="Continue it with: jb --reuse"
        ) from error


def _tell(error: BaseException, argv: list[str]) -> None:
    from judgebench.cli.console import print_bug, print_error

    if "--debug" in argv:
        import traceback

        with contextlib.suppress(OSError):
            print(visible("".join(traceback.format_exception(error))), end="", file=sys.stderr)
    if isinstance(error, JudgebenchError):
        print_error(error)
    else:
        print_bug(error)


def _end_events(exit_code: int, code: str, message: str, argv: list[str]) -> None:
    """With ``--json``, say on stdout that nothing more comes: a reader waits for the event ``done``."""
    if "--json" in argv and argv[0] not in VERBS:  # the verbs have a --json of their own
        import json

        error = {"code": code, "message": message}
        with contextlib.suppress(OSError):  # nobody reads it; the exit code still says what happened
            print(json.dumps({"event": "done", "status": "error", "exit_code": exit_code, "error": error}), flush=True)
