"""``jb show NAME``: a resolved config, and the file each key came from."""

from __future__ import annotations


def run(argv: list[str]) -> int:
    """Print a config; returns the exit code."""
    from judgebench.cli.listing import shown
    from judgebench.cli.parser import Parser

    parser = Parser(prog="jb show", description="Print a resolved config and the file each key came from.")
    parser.add_argument("name", metavar="NAME", help="name of a model, dataset, judge or summarizer config")
    parser.add_argument("--config-dir", action="append", default=[], metavar="DIR", help="folder of your own configs")
    parser.add_argument(
        "--override",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="change config values, as in: jb --override",
    )
    args = parser.parse_all(argv)
    print(shown(args.name, args.config_dir, args.override))
    return 0
