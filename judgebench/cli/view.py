"""``jb view``: runs in a browser on this machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from judgebench.cli.parser import Parser
from judgebench.errors import MissingExtraError, UsageError

_LOOPBACK = "127.0.0.1"
_EXAMPLE = """\
example:
  jb view                                   every run in outputs/
  jb view latest                            the newest run of --work-dir
  jb view outputs/default/20260101_120000   one run
  jb view old_runs new_runs --port 8642     all runs in two folders

Open the printed link in a browser; Ctrl-C ends the viewer. The page follows a
run while it works. Nothing in a run folder is changed but labels, which are
added when you label an answer.

Over SSH, forward the same port number, then open the link on your machine:
  ssh -L 8642:127.0.0.1:8642 HOST
"""


def build_parser() -> Parser:
    """Return the parser of ``jb view``."""
    parser = Parser(
        prog="jb view",
        description="Look at runs in a browser: numbers, items, judge replies, comparisons.",
        epilog=_EXAMPLE,
    )
    parser.add_argument(
        "runs", nargs="*", metavar="RUN", help="run folders, timestamps, 'latest', or folders that hold runs"
    )
    parser.add_argument(
        "-w", "--work-dir", default="outputs/default", metavar="DIR", help="folder that holds the run folders"
    )
    add_port(parser)
    add_host(parser, "let others on the network who have the link read the runs")
    return parser


def add_port(parser: Parser) -> None:
    """Add ``--port``."""
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="port to listen on (default: a free one)")


def add_host(parser: Parser, known: str) -> None:
    """Add ``--host``, and ``--i-know`` with what that allows."""
    parser.add_argument(
        "--host",
        default=_LOOPBACK,
        metavar="ADDRESS",
        help="address to listen on (default: this machine alone); needs --i-know",
    )
    parser.add_argument("--i-know", action="store_true", help=f"with --host: {known}")


def is_exposed(host: str) -> bool:
    """Say whether other machines reach an address."""
    return host not in {_LOOPBACK, "localhost"}


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 1 to 65535")
    return int(text)


def run(argv: list[str]) -> int:
    """Carry out ``jb view`` and return its exit code.

    Raises:
        JudgebenchError: A run or folder cannot be shown, or nothing can listen there.
    """
    args = build_parser().parse_all(argv)
    exposed = is_exposed(args.host)
    if exposed and not args.i_know:
        raise UsageError(
            f"--host {args.host} lets other machines reach the viewer: whoever has the link reads all prompts, answers "
            "and configs of these runs, over a connection that is not encrypted.",
            hint="Add --i-know to do so, or leave --host out and forward the port with ssh -L.",
        )
    folders = _folders_of(args.runs, Path(args.work_dir))
    check_extra()
    import asyncio

    from judgebench.viewer.server import library_of, serve

    library = library_of(folders)
    asyncio.run(serve(library, host=args.host, port=args.port, ready=lambda link: _tell(link, args.host, exposed)))
    return 0


def check_extra(what: str = "jb view") -> None:
    """Check that all packages of the extra are there, before a page needs the first of them.

    Args:
        what: What needs them.

    Raises:
        MissingExtraError: One is not installed.
    """
    from importlib.util import find_spec

    lacking = [
        name for name in ("jinja2", "markupsafe", "markdown_it", "nh3", "latex2mathml") if find_spec(name) is None
    ]
    if lacking:
        raise MissingExtraError(
            f"{what} needs packages that are not installed: {', '.join(lacking)}.",
            hint="pip install 'judgebench[view]'",
        )


def _folders_of(names: list[str], work_dir: Path) -> list[Path]:
    """Return the folders that the words mean; without any, the folder of all runs."""
    from judgebench.cli.parser import run_folder

    if not names:
        outputs = work_dir.parent if work_dir == Path("outputs/default") and work_dir.parent.is_dir() else work_dir
        if not outputs.is_dir():
            raise UsageError(
                f"There is no folder {outputs}, so there are no runs to show.",
                hint="Name a run or a folder: jb view FOLDER. Make a run with: jb --models NAME --datasets NAME",
            )
        return [outputs]
    found = []
    for name in names:
        folder = Path(name).expanduser()
        found.append(folder if folder.is_dir() else run_folder(name, work_dir))
    return found


def _tell(link: str, host: str, exposed: bool) -> None:
    if exposed:
        print(
            f"jb: everyone who reaches {host} and has this link can read these runs, unencrypted.",
            file=sys.stderr,
            flush=True,
        )
    print(f"{link}\nOpen this link in a browser. Ctrl-C ends the viewer.", flush=True)
