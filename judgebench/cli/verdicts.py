"""``jb verdicts RUN``: how many verdicts would differ if another parser read the recorded replies."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgebench.cli.parser import HelpFormatter, Parser, add_run, run_folder, whole_from

if TYPE_CHECKING:
    from judgebench.records.flow import Reply
    from judgebench.records.run import JudgeConfig, Plan
    from judgebench.store.run_folder import RunFolder

_EXAMPLE = """\
example:
  jb verdicts latest --parser aisbench_last_char --parser opencompass_first_ab

Without --against, each parser is compared with the judge's own. A parser is a
name, or JSON with its keys:
  --parser '{"type": "last_match", "patterns": ["VERDICT: ([AB])"],
             "decisions": {"A": "correct", "B": "incorrect"}}'
This sends nothing and writes nothing. If a judge has several presentations,
every reply counts separately.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb verdicts``."""
    parser = Parser(
        prog="jb verdicts",
        description="Count how many recorded replies another parser would read differently.",
        epilog=_EXAMPLE,
        formatter_class=HelpFormatter,
    )
    add_run(parser)
    parser.add_argument(
        "--parser", action="append", required=True, metavar="PARSER", help="parser to compare; may be repeated"
    )
    parser.add_argument(
        "--against", default="", metavar="PARSER", help="compare with this parser, not with the judges' own"
    )
    parser.add_argument("--row", action="append", default=[], metavar="ROW", help="only these result rows")
    parser.add_argument(
        "--examples", type=whole_from(0), default=2, metavar="N", help="replies to show of each pair (default 2)"
    )
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb verdicts`` and return its exit code.

    Raises:
        JudgebenchError: The run or a parser cannot be used.
    """
    from judgebench.store.run_folder import RunFolder

    args = build_parser().parse_all(argv[1:] if argv[:1] == ["compare"] else argv)
    folder = RunFolder(run_folder(args.run, Path(args.work_dir)))
    print(compared(folder, _newest_plan(folder), args))
    return 0


def compared(folder: RunFolder, plan: Plan, args: argparse.Namespace) -> str:
    """Return the table of differences, with examples below it.

    Raises:
        UsageError: A parser is no JSON, or no judge of the run has recorded replies.
        ConfigError: There is no such parser.
    """
    from tabulate import tabulate

    from judgebench.errors import UsageError
    from judgebench.judges.methods.differences import differences
    from judgebench.judges.parsers.reading import parser_of
    from judgebench.report.results import printable

    rows: list[list[Any]] = []
    shown: list[str] = []
    for model, row, judge, path in _recorded(folder, plan, args.row):
        own = _own_parser(judge)
        first = parser_of(_spec(args.against), where="--against") if args.against else own
        if first is None:
            rows.append([row, model, "(its method uses several parsers, or none)", *["-"] * 6])
            continue
        for text in args.parser:
            found = differences(_replies(path, judge), first, parser_of(_spec(text), where="--parser"))
            name = f"{args.against or _name(first)} / {_name_of(text)}"
            share = f"{100 * found.differing / found.n:.2f}" if found.n else "-"
            rows.append([row, model, name, found.n, found.differing, share, found.contrary, found.only_first,
                         found.only_second])  # fmt: skip
            shown.extend(
                f"{row}, {name}: {one.first} / {one.second}: …{printable(one.text, 120)}"
                for one in found.examples[: args.examples]
            )
    if not rows:
        raise UsageError(
            f"The run {folder.timestamp} has no recorded judge replies" + (" in these rows." if args.row else "."),
            hint="Judge first: jb ... --mode judge --reuse",
        )
    headers = [
        "row",
        "model",
        "parsers",
        "replies",
        "differ",
        "%",
        "opposite",
        "read by the\nfirst only",
        "read by the\nsecond only",
    ]
    table = tabulate(rows, headers, tablefmt="simple", disable_numparse=True)
    return "\n\n".join([table, *(["\n".join(shown)] if shown else [])])


def _recorded(folder: RunFolder, plan: Plan, wanted: list[str]) -> Iterator[tuple[str, str, JudgeConfig, Path]]:
    from judgebench.records.run import JudgeConfig

    for model, abbr in plan.combinations:
        dataset = plan.datasets[abbr]
        judges = {judge.abbr: judge for judge in dataset.judges}
        for row, name in dataset.rows(model):
            if dataset.method is not None and not name:
                judge = JudgeConfig(abbr="", model=dict(plan.models[model]), method=dataset.method)
            elif name:
                judge = judges[name]
            else:
                continue
            path = folder.predictions(model, abbr, name)
            if path.exists() and judge.model and (not wanted or row in wanted):
                yield model, row, judge, path


def _replies(path: Path, judge: JudgeConfig) -> Iterator[Reply]:
    import msgspec

    from judgebench.records.flow import JudgeCall
    from judgebench.stages.asks import postprocessor_of
    from judgebench.store.recorded import records

    postprocess = postprocessor_of(judge.model)
    for call in records(path, JudgeCall):
        if call.status == "ok":
            reply = call.reply()
            yield msgspec.structs.replace(reply, text=postprocess(reply.text)) if postprocess else reply


def _own_parser(judge: JudgeConfig) -> Any:
    """Return the parser of a judge's method; ``None`` where it reads its replies by several, or by none."""
    from judgebench.judges.core.contract import method_of

    method = method_of(judge.method)
    parsers = method.parsers
    if not parsers:
        return None
    return parsers[0] if all(one.identity() == parsers[0].identity() for one in parsers) else None


def _spec(text: str) -> Any:
    from judgebench.errors import UsageError

    if not text.lstrip().startswith("{"):
        return text
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"--parser {text!r} is no JSON: {error}.", hint="Write a parser's name, or JSON.") from error


def _name_of(text: str) -> str:
    spec = _spec(text)
    return spec if isinstance(spec, str) else str(spec.get("type"))


def _name(parser: Any) -> str:
    return str(parser.identity().get("parser", type(parser).__name__))


def _newest_plan(folder: RunFolder) -> Plan:
    """Return what the newest invocation of a run planned.

    Raises:
        ReuseError: The run holds no plan that can be read.
    """
    from judgebench.errors import ReuseError
    from judgebench.records.run import Plan
    from judgebench.store.journal import DamagedError, Decoder

    plans = folder.plans()
    if not plans:
        raise ReuseError(f"The run {folder.timestamp} holds no plan.", hint="Name a run that jb has made.")
    try:
        return Decoder(Plan).read(plans[-1])
    except (OSError, DamagedError) as error:
        raise ReuseError(f"{plans[-1]} cannot be read: {error}.", hint="Run it again with --reuse.") from error
