"""``jb simulate``: what a statistic, a gate or a plan is worth, where the truth is known."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgebench.cli.parser import Parser, number_within, share, whole_from
from judgebench.errors import UsageError, how_many

if TYPE_CHECKING:
    from judgebench.report.tables import TextTable
    from judgebench.simulation.gates import PairOfRuns
    from judgebench.simulation.worlds import Flags, Numbers, SimulatedJudge, SimulatedModel

_EXAMPLE = """\
what is simulated:
  coverage   how often each 95% interval holds the truth, how wide it is, and
             how far off the value is, by number of labels
  judges     which metric puts several judges in their true order
  gate       how often gates fail an unchanged model, and one that is worse
  plan       how many items and labels show a drop

examples:
  jb simulate coverage --judge sensitivity=0.9,specificity=0.7 --labels 25 50 100
  jb simulate judges --judge sensitivity=0.95 --judge sensitivity=0.9 --items 100 300
  jb simulate gate --judge noise=0.015 --items 300
  jb simulate plan --drop 3 --judge sensitivity=0.9,specificity=0.8

A judge is written as name=value, joined by commas: sensitivity, specificity,
longer, unread, noise, correlation, drift, drifts_on. Nobody is asked.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb simulate``."""
    parser = Parser(
        prog="jb simulate",
        description="Simulate tested models of known quality and judges with known errors.",
        epilog=_EXAMPLE,
    )
    price = number_within(0, 1e12)
    parser.add_argument("what", metavar="WHAT", choices=[*_KINDS], help=", ".join(_KINDS))
    parser.add_argument("--quality", type=share, nargs="+", default=[0.7], metavar="SHARE", help="share of right "
                        "answers of the tested model; several for 'judges' (default: 0.7)")  # fmt: skip
    parser.add_argument("--judge", action="append", default=[], metavar="KEY=VALUE,...", help="a judge; several for "
                        "'judges'")  # fmt: skip
    parser.add_argument("--items", type=whole_from(2), nargs="+", default=[], metavar="N", help="numbers of items")
    parser.add_argument("--labels", type=whole_from(2), nargs="+", default=[25, 50, 100], metavar="N", help="numbers "
                        "of labels (default: 25 50 100)")  # fmt: skip
    parser.add_argument(
        "--drop", type=number_within(0.1, 100), default=3.0, metavar="POINTS", help="of the tested model (default: 3)"
    )
    parser.add_argument("--reworded", type=share, default=0.3, metavar="SHARE", help="of the answers that are given "
                        "anew in the second run (default: 0.3)")  # fmt: skip
    parser.add_argument("--churn", type=share, default=0.1, metavar="SHARE", help="of the right ones among these that "
                        "become wrong by chance, while as many become right (default: 0.1)")  # fmt: skip
    parser.add_argument("--power", type=share, default=0.8, metavar="SHARE", help="of the comparisons that are to show "
                        "the drop (default: 0.8)")  # fmt: skip
    parser.add_argument("--label-price", type=price, default=0.0, metavar="PRICE", help="of one label")
    parser.add_argument("--call-price", type=price, default=0.0, metavar="PRICE", help="of one judge call")
    parser.add_argument("--spread", type=number_within(0, 100), default=1.0, metavar="LOGITS", help="standard "
                        "deviation of the items' difficulty (default: 1)")  # fmt: skip
    parser.add_argument("--draws", type=whole_from(1), default=400, metavar="N", help="worlds (default: 400)")
    parser.add_argument("--seed", type=whole_from(0), default=0, metavar="N", help="of the first world")
    parser.add_argument("--pipeline", type=Path, metavar="DIR", help="with 'gate': make every pair of runs a real one "
                        "in DIR, by models that answer and judge in this machine as simulated")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="with 'coverage': write a picture (.svg) of the "
                        "intervals of one world, for each number of items")  # fmt: skip
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb simulate`` and return its exit code.

    Raises:
        UsageError: A judge or a share is none.
    """
    import msgspec

    from judgebench.report.writers import table_in_text
    from judgebench.store.runs import write_report

    args = build_parser().parse_all(argv)
    for flag, what in (("picture", "coverage"), ("pipeline", "gate")):
        if getattr(args, flag) is not None and args.what != what:
            raise UsageError(f"--{flag} is for: jb simulate {what}")
    for name in ("reworded", "power"):
        if not 0 < getattr(args, name) < 1:
            raise UsageError(f"--{name} {getattr(args, name):g} is not between 0 and 1.")
    judges = [_judge(text, number) for number, text in enumerate(args.judge or [""], 1)]
    if args.what != "judges" and (len(judges) > 1 or len(args.quality) > 1):
        raise UsageError(
            f"'{args.what}' takes one --judge and one --quality.", hint="Several are for: jb simulate judges"
        )
    table, records = _KINDS[args.what](args, judges)
    seeds = f"{args.seed}" if args.draws == 1 else f"{args.seed} to {args.seed + args.draws - 1}"
    drawn = f"{how_many(args.draws, 'world')}, seed{'' if args.draws == 1 else 's'} {seeds}"
    print(f"{table_in_text(table)}\n\nSimulated: {drawn}.")
    if args.json is not None:
        whole = {"what": args.what, "seed": args.seed, "draws": args.draws, "figures": records}
        write_report(args.json, msgspec.json.format(msgspec.json.encode(whole), indent=1))
    if args.picture is not None:
        _draw(args, judges[0])
    return 0


def _judge(text: str, number: int) -> SimulatedJudge:
    from judgebench.simulation.worlds import SimulatedJudge

    values: dict[str, Any] = {"name": f"judge {number}"}
    known = [name for name in SimulatedJudge.__dataclass_fields__ if name not in {"accuracy", "first", "tie"}]
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals or name not in known:
            raise UsageError(f"--judge {text!r}: {part!r} is no key of a judge.", hint=f"Keys: {', '.join(known)}.")
        try:
            values[name] = value if name in {"name", "drifts_on"} else float(value)
        except ValueError as error:
            raise UsageError(f"--judge {text!r}: {value!r} is no number.") from error
    return SimulatedJudge(**values)


def _model(args: argparse.Namespace) -> SimulatedModel:
    from judgebench.simulation.worlds import SimulatedModel

    return SimulatedModel(args.quality[0])


def _coverage(args: argparse.Namespace, judges: Sequence[SimulatedJudge]) -> tuple[TextTable, list[Any]]:
    from judgebench.simulation.estimates import coverage

    n = (args.items or [500])[0]
    if max(args.labels) >= n:
        raise UsageError(f"{max(args.labels)} labels of {n} items leave none without a label.", hint="Raise --items.")
    found = coverage(
        _model(args), judges[0], n=n, labels=args.labels, draws=args.draws, seed=args.seed, spread=args.spread
    )
    rows = [
        [
            one.estimator,
            f"{one.labels}",
            f"{_percent(one.held)} ±{_percent(one.error)}",
            _percent(one.width),
            _percent(one.off),
            _percent(one.refused),
            f"{one.labels * args.label_price + n * args.call_price:g}",
        ]
        for one in found
    ]
    heads = ["estimator", "labels", "holds the\ntruth, %", "width,\npoints", "off by,\npoints", "refused, %", "price"]
    return _table(f"95% intervals, {n} items", heads, rows, priced=bool(args.label_price or args.call_price)), [
        one._asdict() for one in found
    ]


def _judges(args: argparse.Namespace, judges: Sequence[SimulatedJudge]) -> tuple[TextTable, list[Any]]:
    from judgebench.simulation.separating import separation
    from judgebench.simulation.worlds import SimulatedModel

    if len(judges) < 2:
        raise UsageError(
            "'judges' needs two judges.", hint="jb simulate judges --judge sensitivity=0.95 --judge sensitivity=0.9"
        )
    qualities = args.quality if len(args.quality) > 1 else [0.5, 0.6, 0.7, 0.8]
    models = [SimulatedModel(quality, name=f"model {number}") for number, quality in enumerate(qualities, 1)]
    sizes = args.items or [50, 200]
    found = separation(judges, models, sizes=sizes, draws=args.draws, seed=args.seed, spread=args.spread)
    rows = [
        [
            one.metric,
            f"{one.n}",
            "-" if math.isnan(one.tau) else f"{one.tau:.2f}",
            f"{100 * one.best:.0f}",
            f"{100 * one.undefined:.0f}",
        ]
        for one in found
    ]
    heads = ["metric", "items of\neach model", "Kendall's tau\nwith the truth", "best judge\nfirst, %", "no order, %"]
    return _table(f"{len(judges)} judges, {len(models)} tested models", heads, rows), [one._asdict() for one in found]


def _gate(args: argparse.Namespace, judges: Sequence[SimulatedJudge]) -> tuple[TextTable, list[Any]]:
    from judgebench.simulation.gates import as_tables, gate_figures

    found = gate_figures(
        _model(args),
        judges[0],
        sizes=args.items or [100, 300, 1000],
        drops=(0.0, args.drop),
        reworded=args.reworded,
        churn=args.churn,
        draws=args.draws,
        seed=args.seed,
        spread=args.spread,
        verdicts=_by_runs(args.pipeline) if args.pipeline is not None else as_tables,
    )
    rows = [
        [
            one.rule,
            f"{one.n}",
            f"{one.drop:g}",
            f"{100 * one.failed:.1f} ±{100 * one.error:.1f}",
            f"{100 * one.passed:.1f}",
        ]
        for one in found
    ]
    heads = ["rule", "items", "true drop,\npoints", "failed, %", "passed, %"]
    return _table("Gates: failed without a drop is a false alarm", heads, rows), [one._asdict() for one in found]


def _by_runs(folder: Path) -> Callable[[PairOfRuns], tuple[Numbers, Numbers, Flags]]:
    """Return what makes a pair of runs by the whole pipeline."""
    import dataclasses

    from judgebench.simulation.scripted import ScriptedWorld, verdicts_of_runs

    def verdicts(pair: PairOfRuns) -> tuple[Numbers, Numbers, Flags]:
        world = ScriptedWorld(
            items=pair.n,
            seed=pair.seed,
            spread=pair.spread,
            quality=pair.model.quality,
            drop=pair.drop,
            reworded=pair.reworded,
            churn=pair.churn,
            judge=dataclasses.asdict(pair.judge),
        )
        return verdicts_of_runs(world, folder / f"{pair.n}_{pair.drop:g}_{pair.seed}")

    return verdicts


def _plan(args: argparse.Namespace, judges: Sequence[SimulatedJudge]) -> tuple[TextTable, list[Any]]:
    from judgebench.simulation.planning import plan

    found = plan(
        _model(args),
        judges[0],
        drop=args.drop,
        reworded=args.reworded,
        churn=args.churn,
        power=args.power,
        draws=args.draws,
        seed=args.seed,
    )
    rows = [
        [
            one.way,
            f"{one.items:,}",
            f"{2 * one.labels:,}" if one.labels else "-",
            f"{one.shows:.1f}",
            f"{one.calls:,}" if one.calls else "-",
            "-" if one.power is None else f"{100 * one.power:.0f}",
            f"{2 * one.labels * args.label_price + one.calls * args.call_price:g}",
        ]
        for one in found
    ]
    heads = ["by", "items of\neach run", "labels", "drop that it\nshows, points", "judge calls", "seen, %", "price"]
    title = f"To see a drop of {args.drop:g} points in {100 * args.power:g}% of comparisons"
    return _table(title, heads, rows, priced=bool(args.label_price or args.call_price)), [
        one._asdict() for one in found
    ]


def _percent(part: float) -> str:
    return "-" if math.isnan(part) else f"{100 * part:.1f}"


def _table(title: str, heads: list[str], rows: list[list[str]], *, priced: bool = True) -> TextTable:
    from judgebench.report.tables import TextTable

    table = TextTable(title, heads, rows, set(range(1, len(heads))))
    return table if priced or heads[-1] != "price" else table.without({len(heads) - 1})


def _draw(args: argparse.Namespace, judge: SimulatedJudge) -> None:
    from judgebench.simulation.pictures import intervals_picture
    from judgebench.store.runs import write_report

    sizes = args.items if len(args.items) > 1 else [200, 1000, 5000, 25000]
    picture = intervals_picture(_model(args), judge, sizes=sizes, labels=args.labels[-1], seed=args.seed)
    write_report(args.picture, picture.encode())
    print(f"Picture:   {args.picture}")


_KINDS: dict[str, Callable[[argparse.Namespace, Sequence[SimulatedJudge]], tuple[TextTable, list[Any]]]] = {
    "coverage": _coverage,
    "judges": _judges,
    "gate": _gate,
    "plan": _plan,
}
"""What can be simulated."""
