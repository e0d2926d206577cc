"""``jb score FILE``: question and answer pairs scored by probes, without a run."""

from __future__ import annotations

from judgebench.cli.parser import Parser, share

_EXAMPLE = """\
examples:
  jb score answers.json --probes probes
  jb score answers.jsonl --probes probes --top-percent 0.2 --out best.json

FILE holds objects with question and prediction, as a JSON list or as lines. The
result has a score for each probe and their sum, total_score. A pair whose states
could not be had has no scores, says why, and is never among the best.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb score``."""
    parser = Parser(
        prog="jb score", description="Score pairs of question and answer by trained probes.", epilog=_EXAMPLE
    )
    parser.add_argument("file", metavar="FILE", help="the pairs (.json, .jsonl)")
    parser.add_argument("--probes", required=True, metavar="DIR", help="folder of probes, or one probe file")
    parser.add_argument(
        "--top-percent", type=share, default=1.0, metavar="SHARE", help="keep this share, the best first"
    )
    parser.add_argument(
        "--model", default="gemma3_270m_states", metavar="NAME", help="model config of the states (%(default)s)"
    )
    parser.add_argument("--config-dir", action="append", default=[], metavar="DIR", help="folder of your own configs")
    parser.add_argument(
        "--override", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="change values of the model"
    )
    parser.add_argument("--out", default="", metavar="FILE", help="file to write; left out, beside FILE")
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb score`` and return its exit code: 4 where a pair could not be scored.

    Raises:
        JudgebenchError: The file, the probes or the model cannot be used.
    """
    import sys
    from pathlib import Path

    from judgebench.errors import ExitCode, how_many
    from judgebench.training.evaluating import evaluate_samples, evaluated_file, probe_paths, write_pairs

    args = build_parser().parse_all(argv)
    source = Path(args.file).expanduser()
    probes = probe_paths(args.probes)
    out = Path(args.out).expanduser() if args.out else evaluated_file(source, args.model, probes)
    found = evaluate_samples(
        source,
        probes=probes,
        top_percent=args.top_percent,
        model=args.model,
        config_dirs=args.config_dir,
        overrides=args.override,
        notify=lambda line: print(line, file=sys.stderr),
    )
    write_pairs(out, found)
    failed = [one["failed"] for one in found if "failed" in one]
    print(f"{how_many(len(found), 'pair is', 'pairs are')} in {out}.")
    if failed:
        print(f"{how_many(len(failed), 'pair has', 'pairs have')} no score; the first: {failed[0]}")
    return int(ExitCode.ITEMS_FAILED if failed else ExitCode.DONE)
