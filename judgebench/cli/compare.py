"""``jb compare FIRST SECOND``: did the tested model change, or the judge?"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from judgebench.cli.parser import Parser, points, run_folder, whole_from
from judgebench.errors import UsageError

_EXAMPLE = """\
example:
  jb compare 20260305_153318 latest               the same rows of two runs
  jb compare latest --row toy-a --row toy-b       two judges of one run
  jb compare main latest --margin 2 --flips 20    worse by more than 2 points?

Items are aligned by what they ask. Where the answer is the same in both runs,
a different verdict is the judge's doing: such items show whether it moved.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb compare``."""
    parser = Parser(
        prog="jb compare",
        description="Compare two runs item by item, with intervals, and tell the tested model from the judge.",
        epilog=_EXAMPLE,
    )
    parser.add_argument("first", metavar="FIRST", help="run folder, its timestamp under --work-dir, or 'latest'")
    parser.add_argument("second", metavar="SECOND", nargs="?", default="", help="another run (default: the same one)")
    parser.add_argument(
        "-w", "--work-dir", default="outputs/default", metavar="DIR", help="folder that holds the run folders"
    )
    parser.add_argument(
        "--row", action="append", default=[], metavar="ROW", help="the row to compare; twice: that of each run"
    )
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME", help="the tested model; twice: that of each run"
    )
    parser.add_argument(
        "--margin", type=points, metavar="POINTS", help="say whether the second is worse by more than this"
    )
    parser.add_argument(
        "--flips", type=whole_from(0), default=0, metavar="N", help="name up to N items whose verdict differs"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the comparison as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the comparison as Markdown")
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb compare`` and return its exit code.

    Raises:
        JudgebenchError: A run cannot be read, or the two have nothing in common.
    """
    args = build_parser().parse_all(argv)
    if len(args.row) > 2 or len(args.model) > 2:
        raise UsageError("--row and --model may be given twice at most.", hint="Once for each run.")
    if not args.second and len(args.row) < 2 and len(args.model) < 2:
        raise UsageError(
            "jb compare needs two runs, or two rows or models of one.",
            hint="Write: jb compare FIRST SECOND, or jb compare RUN --row ROW --row OTHER",
        )
    import msgspec

    from judgebench.report.compared import as_record, compared_table, flip_lines, in_sentences
    from judgebench.report.writers import table_in_markdown, table_in_text
    from judgebench.store.journal import write_report
    from judgebench.store.run_folder import RunFolder
    from judgebench.trust.comparing import compare_runs

    first = RunFolder(run_folder(args.first, Path(args.work_dir)))
    second = RunFolder(run_folder(args.second, Path(args.work_dir))) if args.second else first
    rows = compare_runs(first, second, rows=args.row, models=args.model)
    said = [[*in_sentences(one, args.margin), *flip_lines(one, args.flips)] for one in rows]
    title = f"First: {first.timestamp}. Second: {second.timestamp}."
    width = shutil.get_terminal_size((0, 0)).columns if sys.stdout.isatty() else 0
    table = [table_in_text(compared_table(rows), width)] if len(rows) > 1 else []
    print("\n\n".join([title, *("\n".join(lines) for lines in said), *table]))
    if args.json is not None:
        write_report(args.json, msgspec.json.format(msgspec.json.encode([as_record(one) for one in rows]), indent=1))
    if args.markdown is not None:
        parts = [f"## {title}", table_in_markdown(compared_table(rows))]
        parts += ["\n".join([f"**{lines[0]}**", "", *(f"- {line.strip()}" for line in lines[1:])]) for lines in said]
        write_report(args.markdown, ("\n\n".join(parts) + "\n").encode("utf-8", "replace"))
    return 0
