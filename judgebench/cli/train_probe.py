"""``jb train probe``: a judge that reads hidden states, trained on a recorded judge run or on a file of labels."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgebench.cli.parser import Parser, number_within, run_folder, share

if TYPE_CHECKING:
    from judgebench.training.examples import LabelledText, TeacherFacts

_EXAMPLE = """\
examples:
  jb train probe --from latest --judge rubric --out probes
  jb train probe --data probing.jsonl --aspect logicality --above 3 --out probes
  jb train probe --show probes/logicality.probe.npz

A row of FILE has a label (label, score or decision), and question and answer,
or text. Layer, pooling and regularization are chosen inside the training part;
the printed figures are those of items that were held out, beside TF-IDF, the
length alone, the most frequent label, shuffled labels, and with --ask the same
model asked by a prompt. Stopped at any moment, the command goes on where it was.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb train probe``."""
    parser = Parser(
        prog="jb train probe",
        description="Train a linear probe on the hidden states of a small model.",
        epilog=_EXAMPLE,
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--from", dest="run", default="", metavar="RUN", help="recorded run whose judge is the teacher")
    source.add_argument("--data", default="", metavar="FILE", help="labelled rows (.jsonl, .json, .gz)")
    source.add_argument("--show", default="", metavar="PROBE", help="print what a probe file says of itself")
    source.add_argument("--check", default="", metavar="PROBE", help="check that a probe predicts what its file says")
    parser.add_argument("--judge", default="", metavar="ABBR", help="the teacher, where the run has several judges")
    parser.add_argument("--tested-model", default="", metavar="ABBR", help="learn from the answers of one model alone")
    parser.add_argument("--dataset", default="", metavar="ABBR", help="learn from one dataset alone")
    parser.add_argument("-w", "--work-dir", default="outputs/default", metavar="DIR", help="folder of the run folders")
    parser.add_argument("--label", default="", metavar="COLUMN", help="column of the label, where it has another name")
    parser.add_argument("--aspect", action="append", default=[], metavar="NAME", help="only this aspect; several times")
    parser.add_argument(
        "--above",
        type=number_within(-1e12, 1e12),
        default=None,
        metavar="SCORE",
        help="two labels: above SCORE, or not",
    )
    parser.add_argument("--unbalanced", action="store_true", help="keep all rows, not as many of each label")
    parser.add_argument("--prompt", default="", metavar="TEXT", help="text whose states are read, with {fields}; @FILE")
    parser.add_argument(
        "--model", default="gemma3_270m_states", metavar="NAME", help="model config of the states (%(default)s)"
    )
    parser.add_argument("--layers", default="3,9,15", metavar="N,N", help="layers to search (%(default)s); -1 the last")
    parser.add_argument("--pools", default="last,mean", metavar="P,P", help="of last, mean, min, max (%(default)s)")
    parser.add_argument("--span", default="item", choices=("item", "text", "all"), help="tokens pooled (%(default)s)")
    parser.add_argument("--test", type=share, default=0.2, metavar="SHARE", help="share held out (%(default)s)")
    parser.add_argument(
        "--cv-parts", type=int, default=5, metavar="N", help="parts of the cross-validation (%(default)s)"
    )
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="number of splits (%(default)s)")
    parser.add_argument("--ask", default="", metavar="NAME", help="model config that is asked for the labels in words")
    parser.add_argument("--out", "-o", default="probes", metavar="DIR", help="folder to write into (%(default)s)")
    parser.add_argument("--name", default="probe", metavar="NAME", help="name of the judge config (%(default)s)")
    parser.add_argument("--config-dir", action="append", default=[], metavar="DIR", help="folder of your own configs")
    parser.add_argument(
        "--override", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="change values of the model"
    )
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb train probe`` and return its exit code.

    Raises:
        JudgebenchError: The examples, the model or a probe file cannot be used.
    """
    args = build_parser().parse_all(argv)
    if args.show or args.check:
        return _look(Path(args.show or args.check).expanduser(), all_of_it=bool(args.show))
    return _train(args)


def _look(path: Path, *, all_of_it: bool) -> int:
    import msgspec

    from judgebench.judges.probe_file import SELF_CHECK_ROWS, read_probe

    found = read_probe(path)  # refuses what does not pass its own check
    if all_of_it:
        print(msgspec.json.format(msgspec.json.encode(found.facts), indent=2).decode())
        return 0
    labels = ", ".join(map(str, found.probe.classes.tolist()))
    print(
        f"{path}: {found.facts.name}, {len(found.probe.mean)} features, labels {labels}; "
        f"{SELF_CHECK_ROWS} of {SELF_CHECK_ROWS} predictions are as its file says."
    )
    return 0


def _train(args: argparse.Namespace) -> int:
    import asyncio
    import sys

    from judgebench.store.runs import check_outside_of_runs
    from judgebench.training.probe_training import ProbePlan
    from judgebench.training.probes import report_lines, train_probes
    from judgebench.training.services import named_model

    out = Path(args.out).expanduser()
    check_outside_of_runs(out, "--out")
    plan = ProbePlan(
        layers=_numbers(args.layers),
        pools=_pools(args.pools),
        span=args.span,
        prompt=_prompt(args.prompt),
        test=_within(args.test, "--test", 0.05, 0.5),
        cv_parts=int(_within(args.cv_parts, "--cv-parts", 2, 20)),
        seeds=int(_within(args.seeds, "--seeds", 1, 50)),
        balance=not args.unbalanced,
    )
    examples, teacher = _examples(args)
    model = named_model(args.model, args.config_dir, args.override)
    in_words = named_model(args.ask, args.config_dir, []) if args.ask else None

    def notify(line: str) -> None:
        print(line, file=sys.stderr)

    found = asyncio.run(train_probes(examples, teacher, model, plan, out, args.name, notify, in_words=in_words))
    print("\n".join(report_lines(found)))
    print(f"\nThe probes are in {out}, all figures in {found.report}.")
    print(f"Judge with them: jb --models ... --datasets ... --config-dir {out} --judges {args.name}")
    return 0


def _examples(args: argparse.Namespace) -> tuple[list[LabelledText], TeacherFacts]:
    from judgebench.errors import UsageError
    from judgebench.training.examples import examples_of_file, with_rule

    if args.data:
        examples, teacher = examples_of_file(Path(args.data).expanduser(), label=args.label)
    else:
        from judgebench.store.run_folder import RunFolder
        from judgebench.training.run_examples import examples_of_run

        folder = RunFolder(run_folder(args.run, Path(args.work_dir)))
        examples, teacher = examples_of_run(folder, judge=args.judge, model=args.tested_model, dataset=args.dataset)
    if args.aspect:
        there = list(dict.fromkeys(one.aspect for one in examples))
        examples = [one for one in examples if one.aspect in args.aspect]
        if missing := [name for name in args.aspect if name not in there]:
            names = ", ".join(name or "(none is named)" for name in there)
            raise UsageError(f"There is no label for the aspect {missing[0]!r}; there are: {names}.")
    return with_rule(examples, args.above), teacher


def _prompt(text: str) -> str:
    from judgebench.errors import UsageError

    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).expanduser().read_text("utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--prompt {text}: the file cannot be read ({error}).") from error


def _numbers(text: str) -> list[int]:
    from judgebench.errors import UsageError

    try:
        return list(dict.fromkeys(int(one) for one in text.split(",")))
    except ValueError:
        raise UsageError(f"--layers {text!r} is no list of numbers.", hint="Such as --layers 3,9,15") from None


def _pools(text: str) -> list[Any]:
    from judgebench.errors import UsageError

    found = list(dict.fromkeys(one.strip() for one in text.split(",")))
    if strange := [one for one in found if one not in {"last", "mean", "min", "max"}]:
        raise UsageError(f"--pools: there is no {strange[0]!r}.", hint="Choose of: last, mean, min, max")
    return found


def _within(value: float, flag: str, low: float, high: float) -> float:
    from judgebench.errors import UsageError

    if not low <= value <= high:
        raise UsageError(f"{flag} must be from {low:g} to {high:g}, not {value:g}.")
    return value
