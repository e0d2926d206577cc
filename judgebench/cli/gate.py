"""``jb gate RUN``: decide whether a run is good enough, for continuous integration."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from judgebench.cli.parser import Parser, add_run, percentage, run_folder
from judgebench.errors import DiskError

_EXAMPLE = """\
example:
  jb gate latest --min 'aime2025-judge.accuracy>=80' --min-scored 98 \\
     --max 'aime2025-judge.unparsed<=2'

A condition is [<model>:]<row>.<metric><op><number>. It may name
  a metric of a result, such as accuracy
  a share of the planned items in percent: scored, unparsed, failed,
      judge_failed, prediction_failed, not_judged, truncated
  a number of items: the same names with _count
  a diagnostic of the judge: agreement, kappa, false_positive_rate,
      false_negative_rate, score_shift

  what labels say of it: label_agreement, label_kappa, label_ac1,
      human_ceiling, winning_rate, advantage; judge_shift: how far it moved
      on the answers that are the same in the baseline; again_rate: how
      often it decides otherwise when asked again (jb compare RUN --again 3)

A drop is measured on the items that both runs have, and fails only where
neither chance nor a judge that changed explains it.
  jb gate latest --baseline 20260305_153318 --max-drop toy-judge.accuracy=2
  jb gate latest --baseline baseline.json --max-drop toy-judge.accuracy=2
A baseline file (.json) that is not there yet is written from the run.

exit codes:
  0  passed    5  a condition failed    6  undecided
  2  a condition or name cannot be used
"""


def build_parser() -> Parser:
    """Return the parser of ``jb gate``."""
    parser = Parser(
        prog="jb gate",
        description="Decide whether a run is good enough: by whole 95% intervals, widened by the worst and the best "
        "case of the unscored items.",
        epilog=_EXAMPLE,
    )
    add_run(parser)
    parser.add_argument(
        "--min", action="append", default=[], metavar="CONDITION", help="a condition with >= or >; may be repeated"
    )
    parser.add_argument(
        "--max", action="append", default=[], metavar="CONDITION", help="a condition with <= or <; may be repeated"
    )
    parser.add_argument(
        "--min-scored", type=percentage, metavar="PERCENT", help="minimum percentage of scored items in every result"
    )
    parser.add_argument(
        "--baseline", metavar="RUN|FILE", help="the run, or baseline file, that --max-drop measures from"
    )
    parser.add_argument(
        "--max-drop",
        action="append",
        default=[],
        metavar="DROP",
        help="how far below the baseline a metric may be, such as toy-judge.accuracy=2; may be repeated",
    )
    parser.add_argument(
        "--update-baseline", action="store_true", help="make this run the baseline file; its drops are not decided"
    )
    parser.add_argument(
        "--missing",
        choices=("fail", "ignore"),
        help="what a rule about a missing result decides (default: the gate cannot tell)",
    )
    parser.add_argument(
        "--file",
        type=Path,
        metavar="TOML",
        help="conditions from a file (keys min, max, min_scored, max_drop, baseline, on, missing; and tiers)",
    )
    parser.add_argument(
        "--on", choices=("interval", "value"), default=None, help="decide on the 95%% interval (default) or the value"
    )
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the decisions as JUnit XML")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the decisions as Markdown")
    parser.add_argument(
        "--viewer", default="", metavar="URL", help="address of a jb view, to which the Markdown links the items"
    )
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb gate`` and return its exit code.

    Raises:
        JudgebenchError: The run, the file or a condition cannot be used.
    """
    args = build_parser().parse_all(argv)
    from judgebench.report.gate import gate_run
    from judgebench.report.gate_file import GateConditions, is_baseline_file, read_conditions
    from judgebench.report.gate_output import as_junit, as_markdown
    from judgebench.store.runs import write_report

    baseline = args.baseline or ""
    if baseline and not is_baseline_file(baseline):
        baseline = str(run_folder(baseline, Path(args.work_dir)))
    conditions = GateConditions(
        min=args.min, max=args.max, min_scored=args.min_scored, baseline=baseline, max_drop=args.max_drop
    )
    if args.file is not None:
        conditions = read_conditions(args.file).merged(conditions)
    if args.on is not None:
        conditions = msgspec.structs.replace(conditions, on=args.on)
    if args.missing is not None:
        conditions = msgspec.structs.replace(conditions, missing=args.missing)
    run_dir = run_folder(args.run, Path(args.work_dir))
    outcome = gate_run(run_dir, conditions, update_baseline=args.update_baseline)
    with contextlib.suppress(BrokenPipeError):  # a reader that goes away decides nothing: the exit code does
        print(outcome.text, flush=True)
    if args.junit is not None:
        write_report(args.junit, as_junit(outcome))
    markdown_text = as_markdown(outcome, viewer=args.viewer)
    if args.markdown is not None:
        write_report(args.markdown, markdown_text.encode())
    if step_summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        _append(Path(step_summary), markdown_text)
    return int(outcome.exit_code)


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise DiskError(
            f"The job summary {path} (GITHUB_STEP_SUMMARY) cannot be written: {error.strerror or error}.",
            hint="Unset GITHUB_STEP_SUMMARY, or let it name a file that can be written.",
        ) from error
