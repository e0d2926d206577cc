"""``jb merge DIR...``: one run of the runs of all shards, with its results and its summary."""

from __future__ import annotations

from pathlib import Path

from judgebench.cli.parser import Parser

_EXAMPLE = """\
example: four machines, each with a part of every dataset, and one table
  jb --models vllm --datasets gsm8k_gen --shard 0/4 -w parts/0     on the first
  ...
  jb --models vllm --datasets gsm8k_gen --shard 3/4 -w parts/3     on the last
  jb merge parts/*

Nothing is asked. Where the shards do not make a whole, one sentence says why.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb merge``."""
    parser = Parser(
        prog="jb merge",
        description="Make one run of the runs of all shards (--shard), and score it.",
        epilog=_EXAMPLE,
        allow_abbrev=False,
    )
    parser.add_argument("folders", nargs="+", metavar="DIR", help="run folders, or folders of runs (their latest)")
    parser.add_argument(
        "-w", "--work-dir", default="outputs/default", metavar="DIR",
        help="folder for the new run folder (default: outputs/default)",
    )  # fmt: skip
    parser.add_argument(
        "--json", action="store_true", help="print one JSON event per line on stdout, all else on stderr"
    )
    return parser


def run(argv: list[str]) -> int:
    """Merge, then derive verdicts, results and summary; returns the exit code.

    Raises:
        JudgebenchError: The folders are not all the shards of one run.
    """
    args = build_parser().parse_all(argv)
    from judgebench.cli.execute import execute
    from judgebench.records.request import RunRequest, Selection
    from judgebench.records.run import Options
    from judgebench.session.merging import merge_runs

    merged = merge_runs(args.folders, Path(args.work_dir))
    request = RunRequest(
        selection=Selection(),
        mode="eval",
        work_dir=args.work_dir,
        reuse=str(merged.path),
        json_events=args.json,
        options=Options(retry_failed=False),
    )
    return execute(request, ["jb", "merge", *argv])
