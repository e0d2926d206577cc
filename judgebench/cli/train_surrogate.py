"""``jb train surrogate``: a judge of pairs without a model, from the verdicts of an expensive one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from judgebench.cli.parser import Parser, whole_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judgebench.records.figures import Metric
    from judgebench.training.surrogate import Held, SurrogateOutcome

_EXAMPLE = """\
examples:
  jb export RUN --to judgelm --out judged.jsonl
  jb train surrogate --data judged.jsonl --out surrogate
  jb --models A B --datasets DATASET --judges surrogate/judge.py

DATA has question, answer1, answer2 and winner (A, B or tie) on each line, or the keys of
JudgeLM-100K; model1 and model2 (answer1_model_id, answer2_model_id) say whose answers they are.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb train surrogate``."""
    parser = Parser(
        prog="jb train surrogate",
        description="Learn from a judge's verdicts on pairs which plain features of answers it prefers, and measure "
        "how far they replace it on questions and models that were held out.",
        epilog=_EXAMPLE,
    )
    parser.add_argument("--data", required=True, metavar="FILE", help="judged pairs (JSONL)")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for judge.py and surrogate.json")
    parser.add_argument("--parts", type=whole_from(2), default=5, metavar="N", help="parts of the questions (5)")
    parser.add_argument("--seed", type=whole_from(0), default=1, help="which question is in which part (1)")
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb train surrogate`` and return its exit code.

    Raises:
        JudgebenchError: The data cannot be used, or the folder not be written.
    """
    import msgspec

    from judgebench.store.runs import check_outside_of_runs, write_report
    from judgebench.training.judge_files import read_rows
    from judgebench.training.surrogate import judge_config, train_surrogate

    args = build_parser().parse_all(argv)
    check_outside_of_runs(Path(args.out), "--out")
    rows, left_out = read_rows(Path(args.data))
    for reason, number in left_out.items():
        print(f"Left out: {number} ({reason}).", file=sys.stderr)
    outcome = train_surrogate(rows, parts=args.parts, seed=args.seed)
    print("\n".join(_lines(outcome)))
    folder = Path(args.out)
    write_report(folder / "surrogate.json", msgspec.json.format(msgspec.json.encode(outcome), indent=1))
    write_report(folder / "judge.py", judge_config(outcome.weights).encode())
    print(f"Config and figures are in {args.out}. Ask the surrogate with: --judges {args.out}/judge.py")
    return 0


def _lines(outcome: SurrogateOutcome) -> Iterator[str]:
    from tabulate import tabulate

    yield (
        f"{outcome.pairs} pairs of {outcome.questions} questions; figures are over the {outcome.decided} on which the "
        "judge preferred one answer."
    )
    yield ""
    cells = [_cells("questions", outcome.by_question)]
    if outcome.by_model is not None:
        cells.append(_cells("models", outcome.by_model))
    headers = ["held out", "agrees with the judge", "the longer wins", "above it, points"]
    yield tabulate(cells, headers=headers, disable_numparse=True)
    if outcome.rank_correlation is not None:
        yield ""
        yield (
            f"Ranking of {len(outcome.ratings)} models by held-out verdicts: Kendall's tau with the judge's "
            f"{outcome.rank_correlation:.2f}."
        )
    yield ""
    strongest = sorted(outcome.odds.items(), key=lambda one: -abs(one[1] - 1 if one[1] > 1 else 1 / one[1] - 1))
    said = ", ".join(f"{name} {odds:.2f}" for name, odds in strongest[:5])
    yield f"Odds of winning for one standard deviation more of a feature, all else equal: {said}."
    if outcome.by_question.gain is None or outcome.by_question.gain[1] <= 0:
        yield "On these pairs it is not clearly better than taking the longer answer."


def _cells(held_out: str, held: Held) -> list[str]:
    gain = "-" if held.gain is None else "{:+.1f} ({:+.1f} to {:+.1f})".format(*held.gain)
    return [held_out, _share(held.agreement), _share(held.longer), gain]


def _share(metric: Metric) -> str:
    if metric.value is None or metric.ci95 is None:
        return "-" if metric.value is None else f"{metric.value:.1f}%"
    return f"{metric.value:.1f}% ({metric.ci95[0]:.1f} to {metric.ci95[1]:.1f})"
