"""``jb label``: draw answers for people to label, take in their labels, or label in the terminal."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from judgebench.cli.parser import Parser, add_run, points, run_folder, share, whole_from
from judgebench.errors import UsageError, how_many

if TYPE_CHECKING:
    from judgebench.cli.labelling import LabelledTexts
    from judgebench.query.run_query import RunQuery
    from judgebench.records.draws import Draw, DrawnAnswer
    from judgebench.store.run_folder import RunFolder
    from judgebench.trust.judged import JudgedRow

_EXAMPLE = """\
example:
  jb label draw latest --n 100         draw 100 answers; writes labels.csv
  jb label latest                      label them here, one key each
  jb label add latest labels.csv       or fill in the sheet, and take it in
  jb label report latest               how far do annotators and judge agree?
  jb label plan latest --half-width 2  how many more labels narrow the interval?

Labels belong to answers: they count in every run that gives the same answer
to the same item (jb ... --labels FILE). docs/trust.md says what follows.
"""


def build_parser(command: str = "") -> Parser:
    """Return the parser of ``jb label``, or of one of its commands."""
    said, flags, _ = COMMANDS[command]
    known = _flags()
    parser = Parser(prog=f"jb label {command}".rstrip(), description=said, epilog=None if command else _EXAMPLE)
    add_run(parser)
    for name in flags:
        parser.add_argument(name, **known[name])
    return parser


def _flags() -> dict[str, dict[str, Any]]:
    """Return what the commands may be told beside the run, each said once."""
    from judgebench.records.draws import Strategy

    return {
        "file": {"type": Path, "metavar": "FILE", "help": "the labels: columns id, label, and more"},
        "--n": {"type": whole_from(1), "default": 100, "metavar": "N", "help": "how many answers (default: 100)"},
        "--strategy": {
            "choices": get_args(Strategy),
            "default": "uniform",
            "help": "uniform: all alike (default); stratified: as many of each verdict and model; active: rather where "
            "the judge is unsure; disagreement: rather where judges and rules disagree",
        },
        "--seed": {"type": whole_from(0), "default": 0, "metavar": "N", "help": "of the random numbers (default: 0)"},
        "--calibration": {
            "type": share,
            "default": 0.0,
            "metavar": "SHARE",
            "help": "part of the questions whose labels you may tune a judge on; they count in no corrected score",
        },
        "--row": {"default": "", "metavar": "ROW", "help": "the result row, where the run has several"},
        "--out": {
            "type": Path,
            "default": Path("labels.csv"),
            "metavar": "FILE",
            "help": "the sheet (default: labels.csv)",
        },
        "--random": {
            "action": "store_true",
            "help": "the labels without a probability are a random part of the answers, each as likely as any other",
        },
        "--annotator": {"default": "", "metavar": "NAME", "help": "who labels (default: your login name)"},
        "--epsilon": {
            "type": share,
            "default": 0.2,
            "metavar": "SHARE",
            "help": "advantage that people are given in the alternative annotator test (default: 0.2)",
        },
        "--half-width": {
            "type": _half_width,
            "default": 2.0,
            "metavar": "POINTS",
            "help": "of the 95%% interval (default: 2)",
        },
    }


def _half_width(text: str) -> float:
    if not (value := points(text)):
        raise argparse.ArgumentTypeError("no number of labels makes an interval of width 0")
    return value


def run(argv: list[str]) -> int:
    """Carry out ``jb label`` or one of its commands and return the exit code.

    Raises:
        JudgebenchError: The run, the file or a label cannot be used.
    """
    from judgebench.cli.console import within_window
    from judgebench.store.run_folder import RunFolder

    command = argv[0] if argv and argv[0] in COMMANDS else ""
    args = build_parser(command).parse_all(argv[1:] if command else argv)
    print(within_window(COMMANDS[command].carry_out(RunFolder(run_folder(args.run, Path(args.work_dir))), args)))
    return 0


def _report(run: RunFolder, args: argparse.Namespace) -> str:
    from judgebench.report.agreed import agreement_in_words
    from judgebench.trust.agreement import agreements, gold_agreements

    lines = [
        line
        for one in [*agreements(run, args.row, epsilon=args.epsilon), *gold_agreements(run, args.row)]
        for line in agreement_in_words(one, args.epsilon)
    ]
    return "\n".join([*(lines or _no_labels(run)), *_scores(run, args.row)])


def _plan(run: RunFolder, args: argparse.Namespace) -> str:
    from judgebench.report.agreed import plan_in_words
    from judgebench.trust.label_plan import label_plans

    plans = label_plans(run, args.half_width, args.row)
    lines = [line for one in plans for line in plan_in_words(one, args.half_width)]
    return "\n".join(lines or _scores(run, args.row) or _no_labels(run))


def _no_labels(run: RunFolder) -> list[str]:
    """Refuse a run without labels.

    Raises:
        UsageError: Always.
    """
    raise UsageError(
        f"The run {run.timestamp} has no labels on judged answers.",
        hint=f"Draw some first: jb label draw {run.path} --n 50",
    )


def _draw(run: RunFolder, args: argparse.Namespace) -> str:
    from judgebench.store.runs import write_report
    from judgebench.trust.judged import judged_rows
    from judgebench.trust.label_files import sheet
    from judgebench.trust.labelled import LabelBook
    from judgebench.trust.row_draw import draw_row

    rows = judged_rows(run)
    row = _row_named(args.row, [one.row for one in rows if one.judge] or [one.row for one in rows], run)
    made = draw_row(run, row, rows, n=args.n, strategy=args.strategy, seed=args.seed, calibration=args.calibration)
    labels = LabelBook(run).labels(made.dataset)
    said = {(one.id, one.answer_hash): one.decision or f"{one.score:g}" for one in labels}
    write_report(args.out, sheet(_texts(run, made, said), made.dataset))
    open_ = sum((one.id, one.answer_hash) not in said for one in made.answers)
    drawn = len(made.answers)
    labelled = f"; {drawn - open_} have a label already" if open_ < drawn else ""
    return (
        f"Drew {drawn} of the {made.population} answers of {row} ({args.strategy}, seed {args.seed}){labelled}.\n"
        f"Label them here, one key each:\n  jb label {run.path}\n"
        f"Or fill in the column label of the sheet {args.out}, and take it in:\n  jb label add {run.path} {args.out}"
    )


def _texts(
    run: RunFolder, drawn: Draw, said: dict[tuple[int, str], str]
) -> Iterator[tuple[DrawnAnswer, dict[str, str]]]:
    from judgebench.query.run_query import open_query

    query = open_query(run.path)
    for one in drawn.answers:
        shown = _shown(query, drawn.row, one)
        texts = {"question": shown.question, "reference": shown.reference, "answer": shown.answer}
        yield one, texts | {"label": said.get((one.id, one.answer_hash), "")}


def _shown(query: RunQuery, row: str, one: DrawnAnswer) -> LabelledTexts:
    """Return what an annotator sees of an answer; of a comparison both answers, that of the tested model as A."""
    from judgebench.cli.labelling import LabelledTexts

    item = query.item(row, one.id, one.repeat, model=one.model)
    reference = item.reference if isinstance(item.reference, str) else ""
    if isinstance(item.reference, list):
        reference = " / ".join(map(str, item.reference))
    question, answer = item.question, item.answer
    against = next((source.against for source in query.rows if (source.row, source.model) == (row, one.model)), "")
    other = next((each for each in item.answers if (each.model, each.repeat) == (against, one.repeat)), None)
    if against and other is not None:
        answer = f"A:\n{answer}\n\nB:\n{other.answer}"
    elif (against or not answer) and item.calls:  # the answers stand in the judge's prompt alone
        prompt = item.calls[0].prompt
        question = prompt if isinstance(prompt, str) else "\n\n".join(str(each.get("content", "")) for each in prompt)
        answer = f"A:\n{answer}" if answer else ""
    return LabelledTexts(question, reference, answer)


def _add(run: RunFolder, args: argparse.Namespace) -> str:
    from judgebench.trust.adding import add_labels
    from judgebench.trust.label_files import read_label_file

    written = read_label_file(args.file)
    if not written:
        raise UsageError(
            f"{args.file} holds no label: the column label is empty.", hint="Fill it in, then add it again."
        )
    done = add_labels(run, written, annotator=args.annotator or _login(), random=args.random)
    renew(run)
    lines = [f"{how_many(done.added, 'label')} added, {done.known} there already."]
    if done.void:
        lines.append(
            f"{how_many(done.void, 'label is void: its answer has', 'labels are void: their answers have')} changed."
        )
    if done.elsewhere:
        lines.append(
            f"{how_many(done.elsewhere, 'label is', 'labels are')} about a dataset, model or item that this run lacks."
        )
    return "\n".join([*lines, *_scores(run)])


def renew(run: RunFolder) -> None:
    """Write the summary anew, where the run has one, so that it says what the labels make of the scores."""
    if not run.plans():
        return
    from judgebench.cli.other_parsers import newest_plan
    from judgebench.stages.summarize import write_summary

    write_summary(run, newest_plan(run))


def _scores(run: RunFolder, row: str = "") -> list[str]:
    from judgebench.report.corrected import in_words
    from judgebench.trust.corrected import corrected_scores

    return [line for score in corrected_scores(run, row) for line in in_words(score)]


def _label(run: RunFolder, args: argparse.Namespace) -> str:
    from datetime import datetime

    from judgebench.cli.labelling import label_all
    from judgebench.query.run_query import open_query
    from judgebench.records.facts import Label
    from judgebench.store.labels import append_labels, same_annotator
    from judgebench.trust.judged import judged_rows
    from judgebench.trust.labelled import LabelBook

    book = LabelBook(run)
    if not book.draws:
        raise UsageError(
            f"No answers of the run {run.timestamp} have been drawn.",
            hint=f"Draw first: jb label draw {run.path} --n 50",
        )
    row = _row_named(args.row, [one.row for one in book.draws], run)
    drawn = next(one for one in book.draws if one.row == row)
    who = args.annotator or _login()
    me = same_annotator(who)
    labels = book.labels(drawn.dataset)
    labelled = {(one.id, one.answer_hash) for one in labels if same_annotator(one.annotator) == me}
    open_ = [one for one in drawn.answers if (one.id, one.answer_hash) not in labelled]
    kind = _kind(judged_rows(run, row))
    query = open_query(run.path)

    def keep(at: int, said: str) -> None:
        one = open_[at]
        label = Label(
            answer_hash=one.answer_hash,
            id=one.id,
            model=one.model,
            repeat=one.repeat,
            annotator=who,
            decision=None if kind == "score" else said,
            score=float(said) if kind == "score" else None,
            split=one.split,
            probability=one.probability,
            blind=True,
            time=datetime.now().astimezone().isoformat(timespec="seconds"),
        )
        append_labels(run.labels(drawn.dataset), [label])

    given = label_all(
        len(open_),
        lambda at: _shown(query, row, open_[at]),
        keep,
        kind=kind,
        done=len(drawn.answers) - len(open_),
    )
    left = len(open_) - given
    rest = f"{left} of the draw are left. Go on with:\n  jb label {run.path}" if left else "all done."
    renew(run)
    return "\n".join([f"\n{how_many(given, 'label')} by {who} kept; {rest}", *_scores(run, row)])


def _kind(rows: list[JudgedRow]) -> str:
    return next((one.kind for one in rows if one.kind is not None), "right")


def _row_named(name: str, rows: list[str], run: RunFolder) -> str:
    """Return the row that is meant.

    Raises:
        UsageError: There is none of that name, or several to choose from.
    """
    known = list(dict.fromkeys(rows))
    if name in known or (not name and len(known) == 1):
        return name or known[0]
    if not known:
        raise UsageError(f"The run {run.timestamp} has no verdicts.", hint="Judge it first: jb --reuse")
    wrong = f"has no row {name!r} to label" if name else "has several rows"
    raise UsageError(f"The run {run.timestamp} {wrong}.", hint=f"Name one with --row: {', '.join(known)}.")


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


class Command(NamedTuple):
    """What ``jb label`` can do: its description, what it is told beside the run, and what does it."""

    description: str
    flags: tuple[str, ...]
    carry_out: Callable[[RunFolder, argparse.Namespace], str]


COMMANDS = {
    "": Command(
        "Label the drawn answers of a run here, without seeing the judge's verdicts.", ("--row", "--annotator"), _label
    ),
    "draw": Command(
        "Draw answers for people to label, each with a probability that is recorded.",
        ("--n", "--strategy", "--seed", "--calibration", "--row", "--out"),
        _draw,
    ),
    "add": Command("Take labels from a CSV or JSONL file into a run.", ("file", "--random", "--annotator"), _add),
    "report": Command(
        "Say how far annotators (or the gold of a benchmark) and judge agree, and what labels make of the scores.",
        ("--row", "--epsilon"),
        _report,
    ),
    "plan": Command(
        "Say how many more labels make a corrected score as sure as you wish.", ("--row", "--half-width"), _plan
    ),
}
"""Word after ``jb label`` to what it does; without one the drawn answers are labelled here."""
