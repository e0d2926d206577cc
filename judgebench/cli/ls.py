"""``jb ls [KIND] [PATTERN]``: what is registered."""

from __future__ import annotations


def run(argv: list[str]) -> int:
    """Print the registered configs, or the types of a kind; returns the exit code."""
    from judgebench.cli.listing import plug_ins, registered, types_of
    from judgebench.cli.parser import Parser
    from judgebench.config.registry import KINDS
    from judgebench.plugins.rooms import ROOMS

    rooms = [room for room in ROOMS if room not in KINDS]
    parser = Parser(
        prog="jb ls",
        description="List the configs of models, datasets, judges, summarizers, executors and listeners, "
        "or the types that configs name.",
    )
    parser.add_argument(
        "words", nargs="*", metavar="[KIND] [PATTERN]",
        help=f"configs: {', '.join(KINDS)}; types: {', '.join(rooms)}; part of a name",
    )  # fmt: skip
    parser.add_argument("--config-dir", action="append", default=[], metavar="DIR", help="folder of your own configs")
    parser.add_argument(
        "--plugins", action="store_true", help="list the installed plug-in packages and what they contain"
    )
    parser.add_argument(
        "--kind", choices=("judge", "model"), help="datasets alone: those that test judges, or those that test models"
    )
    parser.add_argument("--images", choices=("yes", "no"), help="datasets alone: those with images, or without")
    args = parser.parse_all(argv)
    if args.plugins:
        print(plug_ins(" ".join(args.words)))
        return 0
    if args.kind or args.images:
        from judgebench.cli.listing import chosen_datasets

        print(chosen_datasets(args.config_dir, args.words, args.kind, args.images))
        return 0
    first, *rest = args.words or [""]
    if room := next((one for one in rooms if one == first), None):
        print(types_of(room, " ".join(rest)))
        return 0
    kind = next((one for one in KINDS if one == first), None)
    print(registered(args.config_dir, " ".join(rest if kind else args.words), kind))
    return 0
