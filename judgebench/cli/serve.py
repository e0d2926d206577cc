"""``jb serve JUDGE``: a judge as a service over HTTP, and its page."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from judgebench.cli.parser import Parser, cost_or_none, whole_from
from judgebench.cli.view import add_host, add_port, check_extra, is_exposed
from judgebench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from judgebench.records.request import Selection
    from judgebench.records.spending import Limits
    from judgebench.serving.requests import JudgmentRequest

_KEY = "JB_SERVE_KEY"
_EXAMPLE = """\
examples:
  jb serve correctness_letter --port 8700
  curl http://127.0.0.1:8700/v1/judgments -H "Authorization: Bearer $JB_SERVE_KEY" \\
     -d '{"question": "What is 2+2?", "answer": "4", "reference": "4"}'

The judge is asked as in a run: with its prompts, parser and aggregation, both orders included.
The key is that of JB_SERVE_KEY, or a new one, which is printed. Ctrl-C ends the service.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb serve``."""
    parser = Parser(
        prog="jb serve",
        description="Serve a judge over HTTP: judgments as JSON, as chat completions, and a page to try it.",
        epilog=_EXAMPLE,
    )
    parser.add_argument("judge", metavar="JUDGE", help="name of a judge or model config, or a .py file")
    parser.add_argument("--judge", dest="abbr", default="", metavar="ABBR", help="which judge, if JUDGE names several")
    add_port(parser)
    add_host(parser, "let others on the network who have the key ask the judge")
    parser.add_argument("--cache", default="", metavar="DIR", help="cache replies in DIR, as in a run")
    parser.add_argument("--record", default="", metavar="FILE", help="append every case and its judgment (.jsonl)")
    whole = whole_from(1)
    parser.add_argument("--max-calls", type=whole, metavar="N", help="send at most N requests, then refuse (429)")
    parser.add_argument("--max-tokens", type=whole, metavar="N", help="likewise after N tokens, read and written")
    parser.add_argument("--max-cost", type=cost_or_none, metavar="AMOUNT", help="likewise after a cost: 5 or 5EUR")
    parser.add_argument("--prices", default="", metavar="FILE", help="your table of prices (.json, .csv), as in a run")
    add_save(parser)
    parser.add_argument("--config-dir", action="append", default=[], metavar="DIR", help="folder of your own configs")
    parser.add_argument(
        "--override", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="change config values"
    )
    return parser


def add_save(parser: Parser) -> None:
    """Add ``--save``."""
    parser.add_argument(
        "--save", default="cases.jsonl", metavar="FILE", help="where the page saves test cases (default: cases.jsonl)"
    )


def run(argv: list[str]) -> int:
    """Carry out ``jb serve`` and return its exit code.

    Raises:
        JudgebenchError: The judge cannot be used, or nothing can listen there.
    """
    from judgebench.records.request import Selection

    args = build_parser().parse_all(argv)
    exposed = is_exposed(args.host)
    if exposed and not args.i_know:
        raise UsageError(
            f"--host {args.host} lets other machines reach the service: whoever has the key asks the judge at your "
            "cost, over a connection that is not encrypted.",
            hint="Add --i-know to do so, or leave --host out and forward the port with ssh -L.",
        )
    given = os.environ.get(_KEY, "")

    def tell(address: str, link: str, key: str) -> None:
        if exposed:
            print(f"jb: everyone who reaches {args.host} and has the key can ask this judge.", file=sys.stderr)
        print(f"judgments: {address}/v1/judgments (also /v1/chat/completions)")
        print(f"key: {'that of ' + _KEY if given else key}")
        print(f"page: {link}\nCtrl-C ends the service.", flush=True)

    selection = Selection(judges=[args.judge], config_dirs=args.config_dir, overrides=args.override)
    serve_judge(selection, args, tell, key=given, limits=_limits(args))
    return 0


def _limits(args: argparse.Namespace) -> Limits | None:
    from judgebench.records.spending import Limits

    cost, currency = args.max_cost or (None, "")
    limits = Limits(
        calls=args.max_calls, tokens=args.max_tokens, cost=cost or None, currency=currency or "USD"
    )  # fmt: skip
    return limits if limits.names else None


def serve_judge(
    selection: Selection,
    args: argparse.Namespace,
    tell: Callable[[str, str, str], None],
    *,
    key: str = "",
    limits: Limits | None = None,
    first: JudgmentRequest | None = None,
) -> None:
    """Serve one judge until Ctrl-C.

    Args:
        selection: Names it.
        args: ``abbr``, ``prices``, ``host``, ``port``, ``save``, and ``cache`` and ``record`` where there are such.
        tell: Is told the address, the link of the page and the key, when they work.
        key: Of the service; empty makes one.
        limits: What may be spent in all.
        first: The case that stands in the form at first.

    Raises:
        JudgebenchError: The judge cannot be used, or nothing can listen there.
    """
    check_extra("jb serve")
    from judgebench.engine.worker_pool import run as run_in_loop
    from judgebench.serving.judging import check_can_append
    from judgebench.serving.page import JudgePage
    from judgebench.serving.server import serve
    from judgebench.serving.service import JudgeService
    from judgebench.session.trying import open_judge
    from judgebench.viewer.guard import Guard

    record = Path(args.record) if getattr(args, "record", "") else None
    if record is not None:
        check_can_append(record)

    async def work() -> None:
        async with open_judge(
            selection, lambda line: print(line, file=sys.stderr), abbr=args.abbr, prices=args.prices, dedup=True,
            cache=getattr(args, "cache", ""), limits=limits,
        ) as judge:  # fmt: skip
            await judge.open()
            guard = Guard(host=args.host, command="jb serve")
            service = JudgeService(judge, key or guard.token, record)
            page = JudgePage(judge, guard, Path(args.save), first)
            await serve(
                service, page, guard, host=args.host, port=args.port,
                ready=lambda address, link: tell(address, link, service.key),
            )  # fmt: skip

    run_in_loop(work())
