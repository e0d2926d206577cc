"""``jb train judge``: a LoRA adapter for the model of a judge, from recorded or published judgments."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgebench.cli.parser import Parser, number_within, share, whole_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from judgebench.records.run import JudgeConfig
    from judgebench.training.judge_examples import Judge
    from judgebench.training.judge_files import JudgmentRow
    from judgebench.training.judge_training import TrainingJob

_EXAMPLE = """\
examples:
  jb train judge --judge my_judge.py --data pairs.jsonl --out trained
  jb train judge --judge pair_scores --base models/qwen --data judgelm_train_100k.jsonl \\
     --without-reference pair_scores_bare --reference-drop 0.25 --out trained
  jb --models m --datasets d --judges trained/judge.py
  jb train judge --judge pair_scores --data judgelm.jsonl --only-examples --out for_trl

A training that was stopped goes on with the same command.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb train judge``."""
    parser = Parser(
        prog="jb train judge",
        description="Train the model of a judge on judgments, with the judge's own prompts.",
        epilog=_EXAMPLE,
    )
    parser.add_argument("--judge", required=True, metavar="JUDGE", help="name of a judge config, or a .py file")
    parser.add_argument("--data", required=True, metavar="FILE", help="judgments (JSONL)")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for adapter, report and config")
    parser.add_argument(
        "--base",
        default="",
        metavar="MODEL",
        help="folder of a transformers model or a GGUF file; the judge's own without",
    )
    parser.add_argument(
        "--test", default="", metavar="FILE", help="judgments to test with, in place of a held-out part"
    )
    parser.add_argument("--held-out", type=share, default=0.1, metavar="SHARE", help="questions to test with (0.1)")
    parser.add_argument("--swap", type=share, default=0.5, metavar="SHARE", help="pairs in the other order (0.5)")
    parser.add_argument(
        "--without-reference",
        default="",
        metavar="JUDGE",
        help="the judge that shows no reference, for --reference-drop",
    )
    parser.add_argument(
        "--reference-drop", type=share, default=0.0, metavar="SHARE", help="rows shown without reference (0)"
    )
    parser.add_argument(
        "--completion", action="append", default=[], metavar="DECISION=REPLY", help="the reply that says a decision"
    )
    parser.add_argument(
        "--only-examples",
        action="store_true",
        help="train nothing: write the examples as TRL reads them (DIR/train.jsonl, DIR/test.jsonl)",
    )
    whole = whole_from(1)
    parser.add_argument("--steps", type=whole, default=150, help="updates (150)")
    parser.add_argument("--batch", type=whole, default=24, help="examples of an update (24)")
    parser.add_argument("--rank", type=whole, default=6, help="rank of the adapter (6)")
    parser.add_argument(
        "--learning-rate", type=number_within(0, 1), default=1e-3, metavar="RATE", help="highest rate (0.001)"
    )
    parser.add_argument("--max-length", type=whole, default=1024, metavar="TOKENS", help="longest example (1024)")
    parser.add_argument("--seed", type=whole_from(0), default=1, help="source of chance (1)")
    parser.add_argument("--threads", type=whole_from(0), default=0, help="computing threads (all)")
    parser.add_argument("--config-dir", action="append", default=[], metavar="DIR", help="folder of your own configs")
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb train judge`` and return its exit code.

    Raises:
        JudgebenchError: The data, the judge or the base cannot be used.
    """
    import sys

    args = build_parser().parse_all(argv)
    from judgebench.training.judge_training import train_judge

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    if args.only_examples:
        print(_written(args, say))
        return 0
    report = train_judge(_job(args, say), _progress(say, args.steps), say)
    print(_table(report))
    for warning in report["warnings"]:
        print(f"Warning: {warning}")
    print(f"Adapter, report and config are in {args.out}. Ask the judge with: --judges {args.out}/judge.py")
    return 0


def _written(args: argparse.Namespace, say: Callable[[str], None]) -> str:
    """Write what would be trained on, and return what was written, in words."""
    from judgebench.store.journal import make_folder
    from judgebench.store.runs import check_outside_of_runs
    from judgebench.training.judge_examples import check_leakage, examples, write_examples

    check_outside_of_runs(Path(args.out), "--out")
    _, judge, without = _judges(args)
    _, train, test, _ = _rows(args, say)
    check_leakage(train, test, "The test set")
    made = examples(train, judge, seed=args.seed, swap=args.swap, without=without, drop=args.reference_drop)
    held = examples(test, judge, seed=args.seed, swap=0.0, without=without, drop=0.0)
    make_folder(Path(args.out), "--out")
    write_examples(made, Path(args.out) / "train.jsonl")
    write_examples(held, Path(args.out) / "test.jsonl")
    swapped, bare = sum(one.swapped for one in made), sum(not one.with_reference for one in made)
    return (
        f"{len(made)} examples are in {args.out}/train.jsonl ({swapped} with the answers in the other order, {bare} "
        f"without reference), and {len(held)} of other questions in {args.out}/test.jsonl."
    )


def _judges(args: argparse.Namespace) -> tuple[JudgeConfig, Judge, Judge | None]:
    config, judge = _judge(args.judge, args)
    return config, judge, _judge(args.without_reference, args)[1] if args.without_reference else None


def _rows(
    args: argparse.Namespace, say: Callable[[str], None]
) -> tuple[list[JudgmentRow], list[JudgmentRow], list[JudgmentRow], dict[str, int]]:
    """Return all rows, those to train on, those to test with, and how many were left out, by reason."""
    from judgebench.errors import DataError
    from judgebench.training.judge_examples import split
    from judgebench.training.judge_files import read_rows

    rows, left_out = read_rows(Path(args.data))
    if args.test:
        train, (test, _) = rows, read_rows(Path(args.test))
    else:
        train, test = split(rows, args.held_out, args.seed)
    if not test:
        raise DataError("No question is held out.", hint="Give more data, a larger --held-out, or a --test file.")
    for reason, number in left_out.items():
        say(f"Left out: {number} ({reason}).")
    return rows, train, test, left_out


def _job(args: argparse.Namespace, say: Callable[[str], None]) -> TrainingJob:
    from judgebench.models.llama_cpp import file_sha256
    from judgebench.store.runs import check_outside_of_runs
    from judgebench.training.base_model import find_base
    from judgebench.training.judge_training import TrainingJob
    from judgebench.training.lora import Settings

    check_outside_of_runs(Path(args.out), "--out")
    config, judge, without = _judges(args)
    rows, train, test, left_out = _rows(args, say)
    launch = {} if args.base else dict((config.model.get("launch") or {}).get("options", {}))
    say("Looking for the base model; an embedded one is converted once, which takes a minute.")
    return TrainingJob(
        rows=train,
        test=test,
        config=config,
        judge=judge,
        without=without,
        base=find_base(args.base or str(config.model.get("path") or config.model.get("abbr", "")), launch),
        settings=Settings(
            steps=args.steps, batch=args.batch, rank=args.rank, learning_rate=args.learning_rate,
            max_length=args.max_length, seed=args.seed, threads=args.threads,
        ),
        out=Path(args.out),
        swap=args.swap,
        drop=args.reference_drop,
        data={
            "file": Path(args.data).name, "sha256": file_sha256(Path(args.data)), "rows": len(rows),
            "left_out": left_out,
        },
    )  # fmt: skip


def _judge(name: str, args: argparse.Namespace) -> tuple[JudgeConfig, Judge]:
    from judgebench.config.resolve import load_judges
    from judgebench.errors import UsageError
    from judgebench.judges.core.contract import method_of
    from judgebench.models.access import model_config, prompt_kind
    from judgebench.records.request import Selection
    from judgebench.training.judge_examples import Judge

    found = load_judges(Selection(judges=[name], config_dirs=args.config_dir)).judges
    if len(found) != 1:
        raise UsageError(f"--judge {name} names {len(found)} judges; one can be trained at a time.")
    (config,) = found
    if not config.model:
        raise UsageError(f"The judge {config.abbr!r} asks no model, so there is nothing to train.")
    completions = {}
    for text in args.completion:
        decision, equals, reply = text.partition("=")
        if not equals:
            raise UsageError(f"--completion {text!r} is not of the form DECISION=REPLY.")
        completions[decision] = reply.replace("\\n", "\n")
    return config, Judge(method_of(config.method), prompt_kind(model_config(config.model)), completions)


def _progress(say: Callable[[str], None], steps: int) -> Callable[[dict[str, Any]], None]:
    smooth: list[float] = []

    def tell(figures: dict[str, Any]) -> None:
        smooth.append(figures["loss"] if not smooth else 0.9 * smooth[-1] + 0.1 * figures["loss"])
        step = figures["step"]
        if step % 10 == 0 or step in {1, steps}:
            minutes, seconds = divmod(round(figures["left"]), 60)
            speed = figures["tokens"] / max(figures["seconds"], 1e-9)
            say(f"step {step} of {steps}, loss {smooth[-1]:.3f}, {speed:.0f} tokens/s, {minutes}:{seconds:02d} left")

    return tell


def _table(report: dict[str, Any]) -> str:
    from tabulate import tabulate

    before, after = report["held_out"]["before"], report["held_out"]["after"]
    rows = [
        [name.replace("_", " "), *(_cell(one[name]) for one in (before, after))]
        for name in ("agreement", "consistency", "both_orders_right", "unparsed")
        if name in after
    ]
    return tabulate(rows, headers=[f"held-out ({after['rows']} rows)", "untrained", "trained"])


def _cell(figure: dict[str, Any]) -> str:
    if not figure["of"]:
        return "-"
    low, high = 100 * figure["low"], 100 * figure["high"]
    return f"{100 * figure['share']:.1f}% ({low:.1f} to {high:.1f})"
