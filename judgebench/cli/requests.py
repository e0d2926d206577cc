"""``jb requests [RUN] --out FILE``: what a run still has to ask, as a file for whoever answers files."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from judgebench.cli.parser import Parser
from judgebench.errors import ExitCode, UsageError, how_many

if TYPE_CHECKING:
    from judgebench.dashboard.display import Display
    from judgebench.engine.file_exchange import RequestFile
    from judgebench.session.outcome import Outcome

_EXAMPLE = """\
examples:
  jb requests --out q.jsonl --models farm --datasets gsm8k_llmjudge
      start a run, and write its questions instead of sending them
  vllm run-batch -i q.jsonl -o a.jsonl --model NAME
      have them answered, by this or anything else that answers files
  jb replies latest a.jsonl
      take the answers, and score what is complete
  jb requests latest --out q2.jsonl
      write what is left: what came back without an answer, and the next
      questions (of the judge, or of a method with several rounds)

A line is one of OpenAI's batch files, which vllm run-batch takes too:
  {"custom_id": ..., "method": "POST", "url": "/v1/chat/completions", "body": ...}
A file holds one model and one call. If a run asks several, each gets a file
of its own, FILE with the model's name added.

Without RUN this starts a new run, with the flags of jb. No service is asked.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb requests``."""
    parser = Parser(
        prog="jb requests",
        usage="jb requests [RUN] --out FILE [flags of jb]",
        description="Write what a run still has to ask into a file, instead of asking it.",
        epilog=_EXAMPLE,
        allow_abbrev=False,
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write: .jsonl")
    return parser


def run(argv: list[str]) -> int:
    """Write the requests; returns the exit code.

    Raises:
        JudgebenchError: What keeps the run from starting, or the file from being written.
    """
    name, rest = _run_named(argv)
    given, flags = build_parser().parse_known_args(rest)
    out: Path = given.out
    if out.exists() and not out.is_file():
        raise UsageError(f"--out {str(out)!r} is no file.", hint="Name a file: --out requests.jsonl")

    def close(ended: Outcome, display: Display, folder: Path) -> Outcome:
        for line in _written(ended, folder, out):
            display.message(line)
        display.done(exit_code=int(ended.exit_code), scores=[], next_command="")
        return ended

    code = by_files(name, flags, ["requests", *argv], close, mode="infer_judge")
    return int(ExitCode.DONE) if code == ExitCode.WAITING else code


def by_files(
    name: str, flags: list[str], words: list[str], close: Callable[[Outcome, Display, Path], Outcome], *, mode: str
) -> int:
    """Run as ``jb`` does with these flags, and gather what would be sent; returns the exit code.

    Args:
        name: The run that is continued; empty for a new one.
        flags: Flags of ``jb``.
        words: The command line, for the logs.
        close: Says the last words; is given the folder into which the tasks have written.
        mode: The stages where the flags name none.

    Raises:
        JudgebenchError: What keeps the run from starting.
    """
    import msgspec

    from judgebench.cli.arguments import build_parser as parser_of_jb
    from judgebench.cli.arguments import to_request
    from judgebench.config.model import redacted
    from judgebench.dashboard.display import display_for
    from judgebench.records.run import Options
    from judgebench.session.session import Session

    args = parser_of_jb().parse_all([*flags, *(["--reuse", name] if name else [])])
    _check(args)
    request = to_request(args)
    with tempfile.TemporaryDirectory(prefix="jb-requests-") as folder:
        options: Options = msgspec.structs.replace(request.options, requests=folder)
        request = msgspec.structs.replace(request, options=options, mode=mode if args.mode == "all" else args.mode)
        stream = sys.stderr if request.json_events else sys.stdout
        session = Session(
            request,
            command=["jb", *redacted(words)],
            display=lambda: display_for(request.json_events, options.debug, stream),
            close=lambda ended, display: close(ended, display, Path(folder)),
        )
        return int(session.run().exit_code)


def _check(args: argparse.Namespace) -> None:
    if args.executor not in {"", "local"}:
        raise UsageError(
            "Files of requests are written on this machine, so --executor cannot be used here.", hint="Leave it out."
        )


def _run_named(argv: list[str]) -> tuple[str, list[str]]:
    return (argv[0], argv[1:]) if argv and not argv[0].startswith("-") else ("", argv)


def _written(ended: Outcome, folder: Path, out: Path) -> list[str]:
    """Write the files, and return the lines that tell of them."""
    from judgebench.engine.file_exchange import gathered, remember_written
    from judgebench.store.runs import write_report

    run = shlex.quote(str(ended.path))
    files = gathered(folder)
    if not files:
        if ended.exit_code != ExitCode.DONE:
            return ["", "Nothing was written."]
        return ["", "Nothing is left to ask.", f"Next:    jb --reuse {run}"]
    lines = [""]
    for file, place in zip(files, _files_named(files, out), strict=True):
        unique = dict(zip(file.ids, file.lines, strict=True))  # two tasks may ask the same of the same model
        remember_written(ended.path / "batches", list(unique))
        write_report(place, b"".join(unique.values()))
        questions = how_many(len(unique), "question")
        lines.append(f"Written: {place}    ({questions} to {file.model}, POST {file.endpoint})")
    model = shlex.quote(files[0].model)
    lines.append(f"Next:    have them answered, for example: vllm run-batch -i {out} -o replies.jsonl --model {model}")
    return [*lines, f"         then: jb replies {run} replies.jsonl"]


def _files_named(files: Sequence[RequestFile], out: Path) -> list[Path]:
    """Return where each file goes: to the name that was given, or with the model's name added."""
    if len(files) == 1:
        return [out]
    named: list[Path] = []
    for file in files:
        model = re.sub(r"[^\w.-]+", "_", file.model)
        stem = f"{out.stem}-{model}"
        place = out.with_name(f"{stem}{out.suffix}")
        named.append(place if place not in named else out.with_name(f"{stem}-{len(named) + 1}{out.suffix}"))
    return named
