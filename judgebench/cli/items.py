"""``jb items RUN [ROW [ID]]``: which verdicts are wrong, unread or doubtful, and all about one."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from judgebench.cli.parser import ALL, Parser, add_run, count_or_all, run_folder, whole_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judgebench.query import Filter, Item, RunQuery

_EXAMPLE = """\
examples:
  jb items                                       what is in the latest run
  jb items latest --wrong --where 'category == "algebra" and length > 500'
  jb items latest aime2025-judge --disagree      the judge against the rule
  jb items latest aime2025-judge 7               all about one item
  jb items latest --parser aisbench_last_char    another verdict parser
  jb items latest --wrong --also 20260305_153318 of two runs

--where compares fields of the verdict (status, decision, score, reason, rule,
length, tokens, latency, tries, key, id, wrong, unread, failed, truncated,
flipped, against_rule, against_judges, label, model, row, judge) and of the
samples (category, level, ...). It knows ==, !=, <, <=, >, >=, in, contains,
and, or, not. The texts question, answer, reasoning and reply (the judge's)
are searched with contains, or with matches(answer, "regular expression").

This sends nothing. It writes nothing but an index in the run folder (index/),
which may be removed.
"""
_DIGITS = 15
"""Digits of an item's number at most."""
_LARGE = 200_000_000
"""Bytes of a run that take more than a few seconds to index."""
_FLAGS = {
    "wrong": "answers that are called wrong; in a benchmark of judges, wrong verdicts",
    "unread": "judge replies that state no verdict that can be read",
    "disagree": "verdicts with which the rule or another judge disagrees",
    "flipped": "pairs where the judge changed its mind when the answers changed places",
    "truncated": "answers that were cut off by the token limit",
    "failed": "items for which the model or the judge gave no usable reply",
}


def build_parser() -> Parser:
    """Return the parser of ``jb items``."""
    parser = Parser(
        prog="jb items",
        description="Show the items of a run: which are wrong, unread or doubtful, and all about one.",
        epilog=_EXAMPLE,
    )
    add_run(parser)
    parser.add_argument("row", nargs="?", default="", metavar="ROW", help="one result row, or all rows of a dataset")
    parser.add_argument("id", nargs="?", metavar="ID", help="one item, by number or key: all about it")
    which = parser.add_argument_group("which items")
    for name, meaning in _FLAGS.items():
        which.add_argument(f"--{name}", action="store_true", help=meaning)
    which.add_argument(
        "--also", action="append", default=[], metavar="RUN", help="a further run to look at; may be repeated"
    )
    which.add_argument("--where", default="", metavar="EXPRESSION", help="a condition on fields and texts, see below")
    which.add_argument("--text", default="", metavar="TEXT", help="found in question, answer, reasoning or reply")
    which.add_argument("--regex", default="", metavar="REGEX", help="likewise, a regular expression")
    which.add_argument("--judge", default="", metavar="JUDGE", help="one judge")
    which.add_argument("--model", default="", metavar="MODEL", help="one tested model")
    which.add_argument("--repeat", type=whole_from(0), metavar="N", help="with ID: which repetition (default 0)")
    how = parser.add_argument_group("how they are shown")
    how.add_argument("--sort", default="", metavar="FIELD", help="order; -FIELD: greatest first; random: a sample")
    how.add_argument("--by", default="", metavar="FIELD", help="how many there are of each value of a field")
    how.add_argument(
        "--limit", type=count_or_all, default=20, metavar="N", help="items to show (default 20); none: all"
    )
    how.add_argument("--offset", type=whole_from(0), default=0, metavar="N", help="items to pass over")
    form = how.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object for each item")
    form.add_argument("--csv", action="store_true", help="a table with a line for each item")
    other = parser.add_argument_group("another verdict parser")
    other.add_argument(
        "--parser", action="append", default=[], metavar="PARSER", help="what it would read; may be repeated"
    )
    other.add_argument(
        "--against", default="", metavar="PARSER", help="compare with this parser, not with the judges' own"
    )
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb items`` and return its exit code.

    Raises:
        JudgebenchError: The run cannot be read, or what is asked for is not in it.
    """
    import sys

    from judgebench.errors import visible

    args = build_parser().parse_all(_with_order(argv))
    names = dict.fromkeys(run_folder(name, Path(args.work_dir)) for name in [args.run, *args.also])
    queries = [opened(folder) for folder in names]
    if len(queries) > 1:
        from judgebench.cli.items_of_runs import shown_of_runs

        lines = shown_of_runs(queries, _filter(args), args, narrowed=_narrowed(args))
    else:
        lines = _shown(queries[0], args)
    for line in lines:
        print(line)
    for query in queries:
        of = f"{query.path.name}: " if len(queries) > 1 else ""
        for problem in query.problems[:10]:
            print(f"jb: note: {of}{visible(problem)}", file=sys.stderr)
    return 0


def _narrowed(args: argparse.Namespace) -> bool:
    """Say whether items are asked for, and not what there is to look at."""
    return bool(args.row) or any(getattr(args, name) for name in (*_FLAGS, "where", "text", "regex", "sort", "offset"))


def opened(folder: Path) -> RunQuery:
    """Open a run for questions; say so first where that takes a while."""
    import sys

    from judgebench.query import open_query, to_be_indexed

    if (size := to_be_indexed(folder)) > _LARGE:
        print(f"jb: an index of {size / 1e9:.1f} GB is made first, once ...", file=sys.stderr)
    return open_query(folder)


def _with_order(argv: list[str]) -> list[str]:
    """Return the words with ``--sort -FIELD`` as one: argparse would take the second for a flag."""
    words: list[str] = []
    for word in argv:
        if words[-1:] == ["--sort"]:
            words[-1] = f"--sort={word}"
        else:
            words.append(word)
    return words


def _shown(query: RunQuery, args: argparse.Namespace) -> Iterator[str]:
    from judgebench.cli import item_tables

    chosen = _filter(args)
    if args.id is not None:
        args.id = numbered_item(query, chosen, args.id)
    if args.parser:
        from judgebench.cli.other_parsers import other_readings

        yield from other_readings(query, chosen, args, command(args))
    elif args.id is not None:
        one = query.item(args.row, args.id, args.repeat or 0, args.judge, model=args.model)
        yield from item_tables.whole_json(one) if args.json else _whole(query, one, args)
    elif args.by:
        yield from item_tables.grouped(query.groups(chosen, args.by), args.by, command(args), as_json=args.json)
    elif args.json or args.csv:
        limit = None if args.limit == ALL else args.limit
        yield from item_tables.listed(query, chosen, args.offset, limit, as_csv=args.csv)
    elif not _narrowed(args):
        yield from _overview(query, chosen, args)
    else:
        yield from _list(query, chosen, args)


def numbered_item(query: RunQuery, chosen: Filter, named: str) -> int:
    """Return which item is named: by its number, or by the data source's own key.

    Args:
        query: The run.
        chosen: Names the row, and the model or the judge.
        named: The number or key.

    Raises:
        UsageError: No item of the row has the key.
    """
    import json

    import msgspec

    from judgebench.errors import UsageError
    from judgebench.query import Filter

    where = f"key == {json.dumps(named, ensure_ascii=False)}"
    within = Filter(row=chosen.row, model=chosen.model, judge=chosen.judge)
    found = query.page(msgspec.structs.replace(within, where=where), 0, 1, texts=False).rows
    if found:
        return found[0].id
    digits = named.removeprefix("+")
    if digits.isdecimal() and len(digits) <= _DIGITS:
        return int(digits)
    raise UsageError(
        f"The row {chosen.row!r} has no item {named!r}.",
        hint="Name an item by its number (of its row in the data file, from 0) or by its key.",
    )


def _filter(args: argparse.Namespace) -> Filter:
    from judgebench.query import Filter

    return Filter(
        row=args.row,
        model=args.model,
        judge=args.judge,
        where=args.where,
        text=args.text,
        regex=args.regex,
        sort=args.sort,
        disagree="any" if args.disagree else "",
        **{name: getattr(args, name) for name in _FLAGS if name != "disagree"},
    )


def command(args: argparse.Namespace, *, row: str = "", more: str = "", less: tuple[str, ...] = ()) -> str:
    """Return the command that shows what ``args`` ask for, or more of it.

    Args:
        args: Of this command.
        row: Another result row.
        more: What is added to ``--where``.
        less: Flags that are left out.
    """
    words = ["jb", "items", args.run]
    if args.work_dir != "outputs/default":
        words += ["--work-dir", args.work_dir]
    if row or args.row:
        words.append(row or args.row)
    words += [word for run in args.also for word in ("--also", run)]
    words += [f"--{name}" for name in _FLAGS if getattr(args, name) and name not in less]
    where = f"({args.where}) and {more}" if args.where and more else args.where or more
    named = {"where": where, "text": args.text, "regex": args.regex, "judge": args.judge, "model": args.model}
    for name, value in {**named, "sort": args.sort}.items():
        if value and name not in less:
            words += [f"--{name}", value]
    return shlex.join(words)


def _overview(query: RunQuery, chosen: Filter, args: argparse.Namespace) -> Iterator[str]:
    import msgspec
    from tabulate import tabulate

    from judgebench.query import CHIPS

    counts = query.counts(chosen)
    shown = [name for name in CHIPS if name == "all" or counts[name]]
    rows = []
    for source in query.rows:
        if chosen.judge in {"", source.judge} and chosen.model in {"", source.model}:
            only = msgspec.structs.replace(chosen, row=source.row, model=source.model)
            own = query.counts(only)
            rows.append([source.row, source.model, *(f"{own[name]:,}" if own[name] else "" for name in shown)])
    headers = ["row", "model", *(name.replace("_", " ") for name in shown)]
    yield tabulate(rows, headers, tablefmt="simple", disable_numparse=True)
    numbers = {**counts, "disagree": counts["against_rule"] + counts["against_judges"]}
    troubles = [name for name in _FLAGS if numbers[name]]
    if not counts["all"]:
        yield "\nThis run holds no answers yet."
    elif not troubles:
        yield "\nNothing is called wrong, unread or doubtful."
    yield ""
    looks = [f"{command(args)} --{name}" for name in troubles]
    looks += [f"{command(args, row=query.rows[0].row)}    (all items of a row)"] if counts["all"] else []
    yield from (f"{'' if number else 'Look:':9}{look}" for number, look in enumerate(looks))


def _list(query: RunQuery, chosen: Filter, args: argparse.Namespace) -> Iterator[str]:
    from judgebench.cli.item_blocks import block

    limit = 1 << 62 if args.limit == ALL else args.limit
    page = query.page(chosen, args.offset, min(limit, 1 << 40), texts=False)
    for line in page.rows:
        yield from block(query.item(line.row, line.id, line.repeat, model=line.model))
        yield ""
    if not page.rows:
        yield "No item fits." if not args.offset else f"There are no items after the first {args.offset}."
        yield from _none(query, args)
        return
    last = args.offset + len(page.rows)
    more = last < page.total
    total = f"{page.total:,}" if page.exact else "more"
    if more or args.offset:
        yield f"Items {args.offset + 1} to {last} of {total}."
    else:
        yield f"These are all {total}." if last > 1 else "There is no other."
    traits = [one for one in query.in_common(chosen) if _bare(one.where) not in _bare(args.where)] if page.exact else []
    if traits := traits[:5]:
        yield ""
        yield "More frequent among these than in all:"
        for trait in traits:
            alone = command(args, more=trait.where)
            yield (
                f"  {trait.where}: {trait.among} of {trait.chosen} here, {trait.overall} of {trait.all} in all\n"
                f"      {alone}"
            )
    yield ""
    first = page.rows[0]
    yield f"One:     {_one(query, first.row, first.model, first.id, first.repeat, args)}"
    if more:
        size = f" --limit {args.limit}" if args.limit != 20 else ""
        yield f"Next:    {command(args)} --offset {last}{size}"


def _bare(expression: str) -> str:
    return "".join(expression.split())


def _none(query: RunQuery, args: argparse.Namespace) -> Iterator[str]:
    """Yield what to do where no item fits: the flag without which some would."""
    given = [name for name in (*_FLAGS, "where", "text", "regex") if getattr(args, name)]
    for name in given:
        rest = argparse.Namespace(**{**vars(args), name: "" if name in {"where", "text", "regex"} else False})
        number = query.counts(_filter(rest))["all"] if len(given) > 1 else 0
        if number:
            yield f"  without --{name}: {number}    {command(args, less=(name,))}"


def _one(query: RunQuery, row: str, model: str, id: int, repeat: int, args: argparse.Namespace) -> str:
    words = ["jb", "items", args.run]
    if args.work_dir != "outputs/default":
        words += ["--work-dir", args.work_dir]
    words += [row, str(id)]
    if len({one.model for one in query.rows if one.row == row}) > 1:
        words += ["--model", model]
    if repeat:
        words += ["--repeat", str(repeat)]
    return shlex.join(words)


def _whole(query: RunQuery, one: Item, args: argparse.Namespace) -> Iterator[str]:
    from judgebench.cli.item_blocks import whole

    yield from whole(one)
    line = one.line
    neighbours = query.neighbours(_filter(args), line.name)
    yield ""
    if neighbours.before is not None and neighbours.before.row == line.row:
        before = neighbours.before
        yield f"Before:  {_one(query, before.row, before.model, before.id, before.repeat, args)}"
    if neighbours.after is not None and neighbours.after.row == line.row:
        after = neighbours.after
        yield f"Next:    {_one(query, after.row, after.model, after.id, after.repeat, args)}"
    if line.status == "not_judged":
        yield f"Go on:   {one.again}    (asks what is still missing)"
    else:
        asks = one.again.startswith("jb try")
        does = "asks the judge; the run stays as it is" if asks else "reads the verdicts again; sends nothing"
        yield f"Again:   {one.again}" + ("" if line.failed else f"    ({does})")
