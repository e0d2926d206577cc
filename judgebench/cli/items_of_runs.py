"""``jb items RUN --also RUN``: one question put to several runs."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from judgebench.cli.parser import ALL

if TYPE_CHECKING:
    from judgebench.query import Filter, ItemLine, RunQuery


def shown_of_runs(
    queries: list[RunQuery], chosen: Filter, args: argparse.Namespace, *, narrowed: bool
) -> Iterator[str]:
    """Yield what is to be printed about the items of several runs, one run after the other.

    Args:
        queries: The runs. Those that lack what the filter names are passed over, with a line on stderr.
        chosen: Which items; the order is that within a run.
        args: Of the command.
        narrowed: Whether items are asked for, and not what there is to look at.

    Raises:
        UsageError: One item is named, or another parser, or no run has what the filter names.
    """
    from judgebench.cli import item_tables
    from judgebench.cli.items import command
    from judgebench.errors import UsageError

    if args.id is not None or args.parser:
        what = "One item is" if args.id is not None else "Another parser is"
        raise UsageError(f"{what} shown for one run at a time.", hint="Leave --also out.")
    fitting = _fitting(queries, chosen)
    if args.by:
        tally: Counter[Any] = Counter()
        for query in fitting:
            tally.update(dict(query.groups(chosen, args.by)))
        groups = sorted(tally.items(), key=lambda one: (-one[1], str(one[0])))
        yield from item_tables.grouped(groups, args.by, command(args), as_json=args.json)
    elif args.json or args.csv:
        yield from _lines(fitting, chosen, args)
    elif not narrowed:
        yield from _overview(fitting, chosen)
    else:
        yield from _list(fitting, chosen, args)


def _fitting(queries: list[RunQuery], chosen: Filter) -> list[RunQuery]:
    import sys

    from judgebench.errors import UsageError, visible

    found, failures = [], []
    for query in queries:
        try:
            query.page(chosen, 0, 0, texts=False)
        except UsageError as error:
            failures.append((query, error))
        else:
            found.append(query)
    if not found:
        raise failures[0][1]
    for query, failure in failures:
        print(f"jb: note: {query.path.name} is passed over: {visible(failure.message)}", file=sys.stderr)
    return found


def _overview(queries: list[RunQuery], chosen: Filter) -> Iterator[str]:
    from tabulate import tabulate

    from judgebench.query import CHIPS

    counts = [query.counts(chosen) for query in queries]
    shown = [name for name in CHIPS if name == "all" or any(one[name] for one in counts)]
    rows = [
        [query.path.name, *(f"{one[name]:,}" if one[name] else "" for name in shown)]
        for query, one in zip(queries, counts, strict=True)
    ]
    headers = ["run", *(name.replace("_", " ") for name in shown)]
    yield tabulate(rows, headers, tablefmt="simple", disable_numparse=True)


def _list(queries: list[RunQuery], chosen: Filter, args: argparse.Namespace) -> Iterator[str]:
    from judgebench.cli.item_blocks import block
    from judgebench.cli.items import command

    passed, left = args.offset, 1 << 40 if args.limit == ALL else args.limit
    total, exact, shown = 0, True, 0
    for query in queries:
        page = query.page(chosen, max(0, passed), left, texts=False)
        if page.rows:
            yield f"--- {query.path.name} ---"
        for line in page.rows:
            yield from block(query.item(line.row, line.id, line.repeat, model=line.model))
            yield ""
        own = page.total if page.rows or not page.exact else query.count(chosen)
        total, exact = total + own, exact and page.exact
        passed, left, shown = passed - own, left - len(page.rows), shown + len(page.rows)
    if not shown:
        yield "No item fits." if not args.offset else f"There are no items after the first {args.offset}."
        return
    last = args.offset + shown
    yield f"Items {args.offset + 1} to {last} of {f'{total:,}' if exact else 'more'}, in {len(queries)} runs."
    if last < total or not exact:
        size = f" --limit {args.limit}" if args.limit not in {20, ALL} else ""
        yield f"Next:    {command(args)} --offset {last}{size}"


def _listed(queries: list[RunQuery], chosen: Filter) -> Iterator[tuple[RunQuery, ItemLine]]:
    for query in queries:
        yield from ((query, line) for line in query.lines(chosen, texts=True))


def _lines(queries: list[RunQuery], chosen: Filter, args: argparse.Namespace) -> Iterator[str]:
    """Yield a line for each item, JSON or CSV, which begins with the name of its run."""
    import msgspec

    from judgebench.cli.item_tables import csv_line, item_columns

    lines = islice(_listed(queries, chosen), args.offset, None if args.limit == ALL else args.offset + args.limit)
    if args.json:
        for query, line in lines:
            yield msgspec.json.encode({"run": query.path.name, **msgspec.structs.asdict(line)}).decode()
        return
    own = item_columns()
    fields = list(dict.fromkeys(name for query in queries for name in query.fields))
    yield csv_line(["run", *own, *(name if name not in {"run", *own} else f"fields.{name}" for name in fields)])
    for query, line in lines:
        values = [*(getattr(line, name) for name in own), *(line.fields.get(name) for name in fields)]
        yield csv_line([query.path.name, *values])
