"""``jb audit RUN --expected TABLE``: are these the published figures, and if not, by which convention would they be?"""

from __future__ import annotations

from pathlib import Path

from judgebench.cli.parser import Parser, run_folder, whole_from
from judgebench.errors import ExitCode, how_many

_EXAMPLE = """\
examples:
  jb audit latest --expected table2.csv
  jb audit outputs/paper --expected README.md --decimals 1

A table has the columns model, row, metric and value; or, beside model and row,
one column for each metric, or one for each row. JSON: records with these keys,
or {model: {row: {metric: number}}}. What a column leaves open may be left out
where the runs have only one of it. A figure is equal within the rounding of
its last printed digit.

Exit code 0: all are equal. 5: one differs. 6: one is not in the runs.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb audit``."""
    parser = Parser(
        prog="jb audit",
        description="Compare published figures with those of a run, and name what would explain a difference.",
        epilog=_EXAMPLE,
    )
    parser.add_argument("run", metavar="RUN", help="run folder, its timestamp under --work-dir, 'latest', or a folder "
                        "of runs")  # fmt: skip
    parser.add_argument("--expected", type=Path, required=True, metavar="TABLE", help=".csv, .md or .json")
    parser.add_argument(
        "-w", "--work-dir", default="outputs/default", metavar="DIR", help="folder that holds the run folders"
    )
    parser.add_argument("--decimals", type=whole_from(0), metavar="N", help="to which all figures were rounded")
    parser.add_argument("--parser", action="append", default=[], metavar="NAME", help="a further verdict parser to try")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure as JSON")
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb audit`` and return its exit code.

    Raises:
        JudgebenchError: The table or a run cannot be read.
    """
    args = build_parser().parse_all(argv)
    import msgspec

    from judgebench.audit.auditing import audit, other_parsers, own_rows
    from judgebench.audit.published import read_published
    from judgebench.report.results import printable
    from judgebench.report.tables import TextTable
    from judgebench.report.writers import table_in_text
    from judgebench.store.run_folder import is_run
    from judgebench.store.runs import write_report

    folder = Path(args.run)
    if is_run(folder) or not folder.is_dir():
        folder = run_folder(args.run, Path(args.work_dir))
    rows = own_rows(folder)
    published = read_published(args.expected, rows={one.place.row for one in rows}, decimals=args.decimals)
    found = audit(published, rows, other_parsers(args.parser))
    other = [one for one in found if one.verdict != "equal"]
    if other:
        lines = [
            [
                printable(one.published.model or one.model, 40),
                printable(one.published.row or one.row, 60),
                printable(one.metric, 40),
                printable(one.published.text, 20),
                "-" if one.ours is None else f"{one.ours:.6g}",
                printable(": ".join([one.verdict, *(["; or ".join(one.why[:2])] if one.why else [])]), 300),
            ]
            for one in other
        ]
        heads = ["model", "row", "metric", "published", "ours", "what would explain it"]
        print(f"{table_in_text(TextTable('Figures that are not equal', heads, lines, {3, 4}))}\n")
    counts = {
        name: sum(one.verdict == name for one in found) for name in ("equal", "explained", "differs", "not found")
    }
    print(
        f"{how_many(len(found), 'published figure')}: {counts['equal']} equal, {counts['explained']} that another "
        f"convention would explain, {counts['differs']} that none of those tried explains, {counts['not found']} not "
        "in the runs."
    )
    if args.json is not None:
        records = [{**one._asdict(), "published": one.published._asdict()} for one in found]
        write_report(args.json, msgspec.json.format(msgspec.json.encode(records), indent=1))
    if counts["differs"] or counts["explained"]:
        return int(ExitCode.GATE_FAILED)
    return int(ExitCode.GATE_UNDECIDED if counts["not found"] else ExitCode.DONE)
