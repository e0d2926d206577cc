"""``jb export RUN --to FORMAT``: the items of a run for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from judgebench.cli.parser import Parser, add_run, number_within, run_folder, share

if TYPE_CHECKING:
    from judgebench.export.contract import Format, Job

FORMAT_NAMES = (
    "csv", "jsonl", "parquet", "inspect", "lm-eval", "truescore", "html", "site",
    "sft", "dpo", "judgelm", "probe", "scored",
)  # fmt: skip

_EXAMPLE = """\
examples:
  jb export latest --to csv > items.csv
  jb export latest --to parquet --out items.parquet
  jb export latest --to inspect --out logs && inspect view --log-dir logs
  jb export latest --to csv --judge judge --where 'not wrong'
  jb export latest --to site --out run_for_others
  jb export latest --to sft --judge rubric --out judge.jsonl
  jb export latest --to scored --top-percent 0.2 --out best.jsonl

csv, jsonl, truescore and html go to standard output without --out. The others
are written to --out, or to a file or folder here that is named after the run.
Datasets marked shareable=False keep their texts to themselves.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb export``."""
    parser = Parser(
        prog="jb export",
        description="Write the items of a run for other programs.",
        epilog=_EXAMPLE,
    )
    add_run(parser)
    parser.add_argument("row", nargs="?", default="", metavar="ROW", help="one result row, or all rows of a dataset")
    parser.add_argument("--to", required=True, choices=FORMAT_NAMES, metavar="FORMAT", help=", ".join(FORMAT_NAMES))
    parser.add_argument("--out", default="", metavar="FILE", help="file or folder to write")
    parser.add_argument("--judge", default="", metavar="JUDGE", help="one judge")
    parser.add_argument("--model", default="", metavar="MODEL", help="one tested model")
    parser.add_argument("--where", default="", metavar="EXPRESSION", help="only some items; see: jb items --help")
    training = parser.add_argument_group("training data")
    training.add_argument("--agreeing", action="store_true", help="sft: only judgments that are the true decision")
    training.add_argument(
        "--margin", type=number_within(0, 1e12), default=0.0, metavar="X", help="dpo: least distance of the two scores"
    )
    training.add_argument("--top-percent", type=share, default=1.0, metavar="SHARE", help="scored: keep this share")
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb export`` and return its exit code.

    Raises:
        JudgebenchError: The run cannot be read, what is asked for is not in it, or the file cannot be written.
    """
    import sys

    from judgebench.errors import how_many, visible

    args = build_parser().parse_all(argv)
    chosen = _format(args.to)
    job = _job(args)
    place = Path(args.out or f"{job.query.path.name}-{args.to}").expanduser()
    if chosen.to_stream is not None and not args.out:
        chosen.to_stream(job, sys.stdout)
    else:
        place = place if args.out else place.with_name(place.name + chosen.suffix)
        number = _to_place(job, chosen, place)
        print(f"{how_many(number, 'item is', 'items are')} in {place}.", file=sys.stderr)
    for note in [*job.notes, *job.query.problems[:10]]:
        print(f"jb: note: {visible(note)}", file=sys.stderr)
    return 0


def _format(name: str) -> Format:
    from judgebench.export.contract import Format
    from judgebench.export.table import FORMATS

    if name != "site":
        return FORMATS[name]
    from judgebench.cli.view import check_extra

    check_extra("jb export --to site")
    from judgebench.viewer.bundle import write_site

    return Format("pages of the run that open from disk", "", to_path=write_site)


def _job(args: argparse.Namespace) -> Job:
    from judgebench.cli.items import opened
    from judgebench.errors import ReuseError, UsageError
    from judgebench.export.contract import Job, Wishes
    from judgebench.query import Filter
    from judgebench.session.loaded import load
    from judgebench.store.manifest import read_manifest
    from judgebench.store.run_folder import RunFolder

    query = opened(run_folder(args.run, Path(args.work_dir)))
    chosen = Filter(row=args.row, judge=args.judge, model=args.model, where=args.where)
    query.counts(chosen)  # refuses what the run does not hold, before anything is written
    try:
        manifest = read_manifest(RunFolder(query.path))
    except ReuseError:
        manifest = None
    notes = []
    if withheld := query.withheld & {source.dataset for source in query.rows}:
        notes.append(f"shareable=False keeps the texts of {', '.join(sorted(withheld))} out.")
    if not args.top_percent:
        raise UsageError("--top-percent 0 keeps nothing.", hint="Write a share above 0, such as 0.2.")
    wishes = Wishes(agreeing=args.agreeing, margin=args.margin, top_percent=args.top_percent)
    return Job(query, chosen, withheld, manifest, load(query.path).results, notes, wishes)


def _to_place(job: Job, chosen: Format, place: Path) -> int:
    import io

    from judgebench.errors import UsageError
    from judgebench.store.journal import make_folder, replacing
    from judgebench.store.runs import check_outside_of_runs

    check_outside_of_runs(place, "--out")
    folder = not chosen.suffix
    if place.exists() and place.is_dir() != folder:
        kind = "folder" if folder else "file"
        raise UsageError(f"--out {place} is no {kind}.", hint=f"Name a {kind} that may be written.")
    make_folder(place if folder else place.absolute().parent, "--out")
    if chosen.to_path is not None:
        return chosen.to_path(job, place)
    assert chosen.to_stream is not None
    with replacing(place) as file:
        stream = io.TextIOWrapper(file, encoding="utf-8", newline="")
        number = chosen.to_stream(job, stream)
        stream.flush()
        stream.detach()
    return number
