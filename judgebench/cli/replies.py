"""``jb replies RUN FILE``: take the answers that came back in files, and go on with the run as far as they reach."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from judgebench.cli.parser import Parser, run_folder
from judgebench.errors import ExitCode, UsageError, how_many

if TYPE_CHECKING:
    from judgebench.dashboard.display import Display
    from judgebench.engine.file_exchange import Imported
    from judgebench.session.outcome import Outcome

SHOWN = 3
"""Most ids that are named of each kind."""

_EXAMPLE = """\
example:
  jb replies latest replies.jsonl

A line is a result of OpenAI's batches or of vllm run-batch (custom_id,
response), of Anthropic's (custom_id, result) or of Google's (key, response).
Lines may come in any order, in several files, and only in part: what is still
missing can be written again with jb requests.

exit codes:
  0  the run is complete    8  questions are still without an answer
"""


def build_parser() -> Parser:
    """Return the parser of ``jb replies``."""
    parser = Parser(
        prog="jb replies",
        usage="jb replies RUN FILE... [flags of jb]",
        description="Take the answers to a file of jb requests, and score what is complete.",
        epilog=_EXAMPLE,
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN", help="run folder, its timestamp, or 'latest'")
    parser.add_argument("files", nargs="+", metavar="FILE", help="files of replies")
    return parser


def run(argv: list[str]) -> int:
    """Take the replies and run; returns the exit code.

    Raises:
        JudgebenchError: The run or a file cannot be used.
    """
    from judgebench.cli.closing import close_run
    from judgebench.cli.requests import by_files
    from judgebench.engine.file_exchange import replies_of, take_replies, written_by

    words = next((at for at, word in enumerate(argv) if word.startswith("-")), len(argv))
    if words < 2:
        build_parser().parse_all(argv)  # shows the help, or says what is missing
    name, files, flags = argv[0], argv[1:words], argv[words:]
    folder = run_folder(name, _work_dir(flags))
    batches = folder / "batches"
    if not written_by(batches):
        raise UsageError(
            f"The run {folder} has written no requests, so no reply can belong to it.",
            hint=f"Write them with: jb requests {name} --out FILE",
        )
    for file in files:
        for line in _about(file, take_replies(Path(file), batches)):
            print(line)

    def close(ended: Outcome, display: Display, _: Path) -> Outcome:
        return close_run(ended, display)

    code = by_files(str(folder), flags, ["replies", *argv], close, mode="all")
    if code == ExitCode.DONE:
        replies_of(batches).unlink(missing_ok=True)  # all of them are recorded
    return code


def _work_dir(flags: list[str]) -> Path:
    for at, word in enumerate(flags):
        if word in {"-w", "--work-dir"} and at + 1 < len(flags):
            return Path(flags[at + 1])
        if word.startswith("--work-dir="):
            return Path(word.partition("=")[2])
    return Path("outputs/default")


def _about(file: str, found: Imported) -> list[str]:
    """Return what is said of a file."""
    again = f", of which {found.replaced} in place of those of an earlier file" if found.replaced else ""
    lines = [f"{file}: {how_many(found.taken, 'reply', 'replies')} taken{again}"]
    for ids, lines_of, what in (
        (found.double, "more line", "for questions that have one (the first counts)"),
        (found.foreign, "line", "left out, as this run has not asked for it"),
    ):
        if ids:
            lines.append(f"{file}: {how_many(len(ids), lines_of)} {what}: {_named(ids)}")
    if found.failed:
        said = next(iter(found.failed.values()))
        lines.append(
            f"{file}: {how_many(len(found.failed), 'line')} without a reply, still to be asked; the first says: {said}"
        )
    return lines


def _named(ids: list[str]) -> str:
    return ", ".join(ids[:SHOWN]) + (", ..." if len(ids) > SHOWN else "")
