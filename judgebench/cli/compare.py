"""``jb compare RUN RUN``: did the tested model change, or the judge?"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from judgebench.cli.parser import Parser, points, run_folder, whole_from
from judgebench.errors import ExitCode, UsageError

_EXAMPLE = """\
examples:
  jb compare 20260305_153318 latest               the same rows of two runs
  jb compare latest --row toy-a --row toy-b       two judges of one run
  jb compare latest --model a --model b --model c b and c with a
  jb compare main latest --margin 2 --flips 20    worse by more than 2 points?
  jb compare latest --again 3 --items 200         does the judge decide alike when
                                                  it is asked again?

Items are aligned by what they ask. Where the answer is the same in both runs,
a different verdict is the judge's doing: such items show whether it moved.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb compare``."""
    parser = Parser(
        prog="jb compare",
        description="Compare runs item by item, with intervals, and tell the tested model from the judge.",
        epilog=_EXAMPLE,
    )
    parser.add_argument(
        "runs", metavar="RUN", nargs="+", help="run folder, its timestamp under --work-dir, or 'latest'; the first is "
        "what the others are compared with"
    )  # fmt: skip
    parser.add_argument(
        "-w", "--work-dir", default="outputs/default", metavar="DIR", help="folder that holds the run folders"
    )
    parser.add_argument(
        "--row", action="append", default=[], metavar="ROW", help="the row to compare; several times: that of each side"
    )
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME", help="the tested model; several times: of each side"
    )
    parser.add_argument(
        "--margin", type=points, metavar="POINTS", help="say whether a side is worse by more than this, or as good"
    )
    parser.add_argument(
        "--adjust", choices=["holm", "bh"], default="holm", help="p-values of several rows by Holm (default), or by "
        "Benjamini-Hochberg"
    )  # fmt: skip
    parser.add_argument(
        "--flips", type=whole_from(0), default=0, metavar="N", help="name up to N items whose verdict differs"
    )
    parser.add_argument(
        "--again", type=whole_from(1), metavar="N", help="ask the judges of RUN again, N times about the same answers, "
        "and show how often they decide otherwise"
    )  # fmt: skip
    parser.add_argument(
        "--items", type=whole_from(1), metavar="N", help="about how many answers of each dataset (default: all)"
    )
    parser.add_argument("--seed", type=whole_from(0), default=0, metavar="N", help="of the choice of these answers")
    parser.add_argument("--max-calls", type=whole_from(1), metavar="N", help="send no more requests than this")
    for ending, name in (("json", "JSON"), ("csv", "CSV"), ("markdown", "Markdown"), ("html", "a page of HTML")):
        parser.add_argument(f"--{ending}", type=Path, metavar="FILE", help=f"write the comparison as {name}")
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb compare`` and return its exit code.

    Raises:
        JudgebenchError: A run cannot be read, or two sides have nothing in common.
    """
    args = build_parser().parse_all(argv)
    if args.again is not None:
        return _ask_again(args, argv)
    if args.items is not None or args.max_calls is not None:
        raise UsageError("--items and --max-calls belong to --again.", hint="Write: jb compare RUN --again 3")
    from judgebench.cli.console import within_window
    from judgebench.report import compared_files
    from judgebench.report.writers import table_in_text
    from judgebench.store.run_folder import RunFolder
    from judgebench.store.runs import write_report
    from judgebench.trust.comparing import compare_several

    runs = [RunFolder(run_folder(name, Path(args.work_dir))) for name in args.runs]
    rows = compare_several(runs, rows=args.row, models=args.model, adjust=args.adjust)
    title = f"First: {runs[0].timestamp}. Second: {', '.join(one.timestamp for one in runs[1:]) or 'the same run'}."
    shown = compared_files.ShownComparison(title, rows, args.margin, args.flips, args.adjust)
    width = shutil.get_terminal_size((0, 0)).columns if sys.stdout.isatty() else 0
    table = [table_in_text(shown.table(), width)] if len(rows) > 1 else []
    print("\n\n".join([title, *(within_window("\n".join(lines)) for lines in shown.lines()), *table]))
    for file, written in (
        (args.json, compared_files.in_json),
        (args.csv, compared_files.in_csv),
        (args.markdown, compared_files.in_markdown),
        (args.html, compared_files.in_html),
    ):
        if file is not None:
            write_report(file, written(shown))
    return 0


def _ask_again(args: argparse.Namespace, argv: list[str]) -> int:
    """Ask the judges of a run again, and print how often they decide otherwise."""
    import msgspec

    from judgebench.dashboard.display import Display, display_for
    from judgebench.records.run import Options
    from judgebench.report.compared import askings_record, askings_table
    from judgebench.report.writers import table_in_text
    from judgebench.session.asking_again import Again, ask_again
    from judgebench.session.outcome import Outcome
    from judgebench.store.run_folder import RunFolder
    from judgebench.store.runs import write_report
    from judgebench.trust.askings import askings_of

    if len(args.runs) != 1:
        raise UsageError("--again asks the judges of one run.", hint="Write: jb compare RUN --again 3")
    run = RunFolder(run_folder(args.runs[0], Path(args.work_dir)))

    def close(ended: Outcome, display: Display) -> Outcome:
        display.done(exit_code=int(ended.exit_code), scores=[], next_command="")
        return ended

    outcomes = ask_again(
        run,
        Again(args.again, args.items, args.seed),
        options=Options(max_calls=args.max_calls),
        display=lambda: display_for(False, False, sys.stdout),
        close=close,
        command=["jb", "compare", *argv],
    )
    found = list(askings_of(run).values())
    print()
    print(table_in_text(askings_table(found)) if found else "No verdict was read again.")
    if args.json is not None:
        records = [askings_record(one) for one in found]
        write_report(args.json, msgspec.json.format(msgspec.json.encode(records), indent=1))
    unfinished = [int(one.exit_code) for one in outcomes if one.exit_code not in {ExitCode.DONE, ExitCode.ITEMS_FAILED}]
    if unfinished:
        higher = next((one.reached.higher for one in outcomes if one.reached is not None), "")
        print(f"Next:    the same command{f' with {higher}' if higher else ''} asks what is missing")
    return unfinished[0] if unfinished else int(ExitCode.DONE)
