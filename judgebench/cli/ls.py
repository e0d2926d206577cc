"""``jb ls [KIND] [PATTERN]``: what is registered."""

from __future__ import annotations


def run(argv: list[str]) -> int:
    """Print the registered configs; returns the exit code."""
    from judgebench.cli.listing import plug_ins, registered
    from judgebench.cli.parser import Parser
    from judgebench.config.registry import KINDS

    parser = Parser(
        prog="jb ls", description="List the configs of models, datasets, judges, summarizers, executors and listeners."
    )
    parser.add_argument(
        "words", nargs="*", metavar="[KIND] [PATTERN]", help=f"one of {', '.join(KINDS)}; part of a name"
    )
    parser.add_argument("--config-dir", action="append", default=[], metavar="DIR", help="folder of your own configs")
    parser.add_argument(
        "--plugins", action="store_true", help="list the installed plug-in packages and what they contain"
    )
    args = parser.parse_all(argv)
    if args.plugins:
        print(plug_ins(" ".join(args.words)))
        return 0
    kind = next((one for one in KINDS if args.words[:1] == [one]), None)
    patterns = args.words[1:] if kind else args.words
    print(registered(args.config_dir, " ".join(patterns), kind))
    return 0
