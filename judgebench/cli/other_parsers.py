"""``jb items RUN --parser NAME``: what another verdict parser would read in the recorded replies."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from judgebench.query import Filter, RunQuery
    from judgebench.records.flow import JudgeCall, Reply
    from judgebench.records.run import JudgeConfig, Plan
    from judgebench.store.run_folder import RunFolder


def other_readings(query: RunQuery, chosen: Filter, args: argparse.Namespace, command: str) -> Iterator[str]:
    """Yield a table of how many replies are read differently, then those replies.

    Args:
        query: The run.
        chosen: Which items.
        args: Of the command: ``parser``, ``against``, ``id``, ``limit``.
        command: That shows the same items.

    Raises:
        UsageError: A parser is no JSON, or there are no recorded judge replies.
        ConfigError: There is no such parser.
    """
    from tabulate import tabulate

    from judgebench.errors import UsageError
    from judgebench.judges.methods.differences import differences
    from judgebench.judges.parsers.reading import parser_of
    from judgebench.store.run_folder import RunFolder

    query.counts(chosen)  # refuses what the run does not hold
    folder = RunFolder(query.path)
    others = {_name_of(text): parser_of(_spec(text), where="--parser") for text in args.parser}
    against = parser_of(_spec(args.against), where="--against") if args.against else None
    rows: list[list[Any]] = []
    shown: list[str] = []
    for model, row, judge, path in _recorded(folder, newest_plan(folder), chosen):
        first = against or _own_parser(judge)
        if first is None:
            rows.append([row, model, "(its method uses several parsers, or none)", *["-"] * 6])
            continue
        wanted = _wanted(query, chosen, args.id, model, row)
        for name, other in others.items():
            found = differences(_replies(path, judge, wanted), first, other)
            names = f"{args.against or _name(first)} / {name}"
            share = f"{100 * found.differing / found.n:.2f}" if found.n else "-"
            rows.append([row, model, names, found.n, found.differing, share, found.contrary, found.only_first,
                         found.only_second])  # fmt: skip
            shown.extend(
                _examples(path, judge, wanted, (first, other), f"{row} · {model}", names, all=args.id is not None)
            )
    if not rows:
        named = chosen.row or chosen.judge or chosen.model
        raise UsageError(
            f"The run {folder.timestamp} has no recorded judge replies" + (" in these rows." if named else "."),
            hint="Judge first: jb ... --mode judge --reuse",
        )
    headers = ["row", "model", "parsers", "replies", "differ", "%", "opposite", "read by the\nfirst only",
               "read by the\nsecond only"]  # fmt: skip
    yield tabulate(rows, headers, tablefmt="simple", disable_numparse=True)
    limit = args.limit or len(shown)
    for line in shown[:limit]:
        yield f"\n{line}"
    if len(shown) > limit:
        parsers = "".join(f" --parser {name}" for name in others)
        yield f"\n{limit} of {len(shown)} are shown.\nAll:     {command}{parsers} --limit none"


def _examples(
    path: Path,
    judge: JudgeConfig,
    wanted: Callable[[JudgeCall], bool],
    parsers: tuple[Any, Any],
    where: str,
    names: str,
    *,
    all: bool,
) -> Iterator[str]:
    """Yield what both parsers say of the replies that they read differently, or of all."""
    from judgebench.errors import visible

    for call, reply in _read(path, judge, wanted):
        ours, theirs = (parser.read(reply) for parser in parsers)
        if not all and (ours.status, ours.decision, ours.score) == (theirs.status, theirs.decision, theirs.score):
            continue
        repeat = f", repeat {call.repeat}" if call.repeat else ""
        shown = f" ({call.presentation})" if call.presentation else ""
        yield visible(
            f"{where} · item {call.id}{repeat}{shown}   {names}: {_reading(ours)} / {_reading(theirs)}\n"
            f"  {_end(reply.text, theirs if theirs.span else ours)}"
        )


def _reading(reading: Any) -> str:
    if reading.status != "ok":
        return f"unread ({reading.reason})"
    return reading.decision if reading.decision is not None else f"{reading.score:g}"


def _end(text: str, reading: Any) -> str:
    from judgebench.cli.item_blocks import around
    from judgebench.errors import one_line

    return one_line(around(text, reading.span, 200))


def _wanted(query: RunQuery, chosen: Filter, id: int | None, model: str, row: str) -> Callable[[JudgeCall], bool]:
    """Return which judge calls are about the chosen items."""
    import msgspec

    from judgebench.query import Filter

    only = msgspec.structs.replace(chosen, id=id)
    if only == Filter(row=chosen.row, model=chosen.model, judge=chosen.judge):
        return lambda _call: True
    keys = {(line.id, line.repeat) for line in query.lines(msgspec.structs.replace(only, row=row, model=model))}
    return lambda call: (call.id, call.repeat) in keys


def _recorded(folder: RunFolder, plan: Plan, chosen: Filter) -> Iterator[tuple[str, str, JudgeConfig, Path]]:
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
            named = chosen.row in {"", row, abbr} and chosen.model in {"", model} and chosen.judge in {"", name}
            if named and judge.model and path.exists():
                yield model, row, judge, path


def _replies(path: Path, judge: JudgeConfig, wanted: Callable[[JudgeCall], bool]) -> Iterator[Reply]:
    yield from (reply for _, reply in _read(path, judge, wanted))


def _read(path: Path, judge: JudgeConfig, wanted: Callable[[JudgeCall], bool]) -> Iterator[tuple[JudgeCall, Reply]]:
    import msgspec

    from judgebench.records.flow import JudgeCall
    from judgebench.stages.asks import postprocessor_of
    from judgebench.store.recorded import records

    postprocess = postprocessor_of(judge.model)
    for call in records(path, JudgeCall):
        if call.status == "ok" and wanted(call):
            reply = call.reply()
            yield call, msgspec.structs.replace(reply, text=postprocess(reply.text)) if postprocess else reply


def _own_parser(judge: JudgeConfig) -> Any:
    """Return the parser of a judge's method; ``None`` where it reads its replies by several, or by none."""
    from judgebench.judges.core.contract import method_of

    parsers = method_of(judge.method).parsers
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


def newest_plan(folder: RunFolder) -> Plan:
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
