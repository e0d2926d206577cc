"""``jb train prompt``: the best of several judges, by labelled rows, and how good it is on others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from judgebench.cli.parser import Parser, share, whole_from

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from judgebench.records.figures import Metric
    from judgebench.records.flow import Verdict
    from judgebench.records.request import Selection
    from judgebench.stages.one_judgment import ReadyJudge
    from judgebench.training.judge_files import JudgmentRow
    from judgebench.training.prompt_search import Look, SearchOutcome

_EXAMPLE = """\
examples:
  jb train prompt --judge correctness_letter correctness_word my_prompt.py --data cases.jsonl
  jb train prompt --judge prompts.py --data cases.jsonl --held-out 0.5 --cache .cache --out search.json

The candidates are judge configs, which differ in prompt, examples, parser or aggregation;
the first is the one in use. DATA has question, answer and label on each line, or
question, answer1, answer2 and winner; the page of jb serve and jb try --web saves such lines.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb train prompt``."""
    parser = Parser(
        prog="jb train prompt",
        description="Choose the best of several judges on a part of labelled rows, and measure it on the others.",
        epilog=_EXAMPLE,
    )
    parser.add_argument("--judge", nargs="+", required=True, metavar="JUDGE", help="judge configs, or .py files")
    parser.add_argument("--data", required=True, metavar="FILE", help="labelled rows (JSONL)")
    parser.add_argument("--held-out", type=share, default=0.5, metavar="SHARE", help="questions to measure with (0.5)")
    parser.add_argument("--batch", type=whole_from(1), default=20, metavar="N", help="rows between eliminations (20)")
    parser.add_argument("--seed", type=whole_from(0), default=1, help="source of chance (1)")
    parser.add_argument("--cache", default="", metavar="DIR", help="cache replies in DIR, as in a run")
    parser.add_argument("--out", default="", metavar="FILE", help="write all figures as JSON")
    parser.add_argument("--config-dir", action="append", default=[], metavar="DIR", help="folder of your own configs")
    parser.add_argument(
        "--override", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="change config values"
    )
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb train prompt`` and return its exit code.

    Raises:
        JudgebenchError: The data or a judge cannot be used.
    """
    import asyncio

    import msgspec

    from judgebench.records.request import Selection
    from judgebench.store.runs import check_outside_of_runs, write_report
    from judgebench.training.judge_examples import check_leakage, split
    from judgebench.training.judge_files import read_rows

    args = build_parser().parse_all(argv)
    if args.out:
        check_outside_of_runs(Path(args.out), "--out")  # before a judge is paid
    rows, left_out = read_rows(Path(args.data))
    usable = [row for row in rows if row.answers and row.label]
    tuning, held_out = split(usable, args.held_out, args.seed)
    check_leakage(tuning, held_out, "The held-out part")
    for reason, number in [*left_out.items(), ("no answer and label of its own", len(rows) - len(usable))]:
        if number:
            _say(f"Left out: {number} ({reason}).")
    selection = Selection(judges=args.judge, config_dirs=args.config_dir, overrides=args.override)
    outcome = asyncio.run(_searched(selection, tuning, held_out, args))
    print("\n".join(_lines(outcome)))
    if args.out:
        write_report(Path(args.out), msgspec.json.format(msgspec.json.encode(outcome), indent=1))
    return 0


async def _searched(
    selection: Selection, tuning: list[JudgmentRow], held_out: list[JudgmentRow], args: argparse.Namespace
) -> SearchOutcome:
    import asyncio

    from judgebench.errors import UsageError
    from judgebench.session.trying import open_judges
    from judgebench.training.judge_examples import case_of
    from judgebench.training.prompt_search import search

    def looking(judge: ReadyJudge) -> Look:
        async def look(rows: Sequence[JudgmentRow]) -> list[Verdict]:
            return [one.verdict for one in await asyncio.gather(*(judge.judge(case_of(row)) for row in rows))]

        return look

    async with open_judges(selection, _say, dedup=True, cache=args.cache) as judges:
        if len(judges) < 2:
            raise UsageError("One judge leaves nothing to choose.", hint="Name several: --judge ONE TWO")
        candidates = {judge.config.abbr: looking(judge) for judge in judges}
        return await search(candidates, tuning, held_out, seed=args.seed, batch=args.batch, say=_say)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _lines(outcome: SearchOutcome) -> Iterator[str]:
    from tabulate import tabulate

    cells = [
        [
            one.name,
            len(one.right),
            f"{100 * one.share:.1f}%",
            one.unread,
            "chosen" if one.name == outcome.chosen else "stayed" if one.dropped_after is None else "behind",
        ]
        for one in outcome.standings
    ]
    yield tabulate(cells, headers=["candidate", "rows", "agreement", "unread", ""], disable_numparse=True)
    yield ""
    yield (
        f"Chosen: {outcome.chosen}, of {len(outcome.standings)} candidates. On {outcome.held_out_rows} held-out rows "
        f"it agrees with the labels on {_share(outcome.agreement)}, {outcome.unread} of them unread."
    )
    if outcome.first is not None:
        said = f"{outcome.standings[0].name}, the first candidate, agrees there on {_share(outcome.first)}"
        if outcome.gain is not None:
            value, low, high = outcome.gain
            said += f"; the chosen one is {value:+.1f} points above it ({low:+.1f} to {high:+.1f})"
        yield f"{said}."
    yield "The agreements of the table chose, so that of the chosen one is too high there; the held-out one is not."


def _share(metric: Metric) -> str:
    if metric.value is None or metric.ci95 is None:
        return "-" if metric.value is None else f"{metric.value:.1f}%"
    return f"{metric.value:.1f}% ({metric.ci95[0]:.1f} to {metric.ci95[1]:.1f})"
