"""``jb try``: one judgment now, of a typed answer or an item of a run, with the place where the verdict was read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from judgebench.cli.parser import Parser, run_folder, whole_from
from judgebench.cli.serve import add_save
from judgebench.cli.view import add_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from judgebench.records.findings import PresentationVerdict
    from judgebench.records.flow import Prompt, Verdict
    from judgebench.records.request import Selection
    from judgebench.records.run import JudgeConfig
    from judgebench.session.trying import TriedAgain
    from judgebench.stages.one_judgment import OneJudgment

_EXAMPLE = """\
examples:
  jb try correctness_letter --question "What is 2+2?" --answer 4 --reference 4
  jb try pair_compare --question "Write a haiku." --answer "$(cat a.txt)" --answer "$(cat b.txt)"
  jb try --item latest sums-judge 44                   the run's judge, about one item again
  jb try correctness_letter --item latest sums-judge 44    what another judge says of it
  jb try correctness_letter --web

The judge is asked as a run would ask it; nothing is written, but for the test cases
that are saved on the page, and no run is changed. Its service is set with
JB_JUDGE_URL or --override, as in a run.
"""


def build_parser() -> Parser:
    """Return the parser of ``jb try``."""
    parser = Parser(
        prog="jb try",
        description="Let a judge look at one answer: print prompt, reply, and what was read from where.",
        epilog=_EXAMPLE,
    )
    parser.add_argument(
        "judge",
        nargs="?",
        default="",
        metavar="JUDGE",
        help="name of a judge or model config, or a .py file; with --item: the row's own where none is named",
    )
    parser.add_argument("--judge", dest="abbr", default="", metavar="ABBR", help="which judge, if JUDGE names several")
    parser.add_argument("--question", default="", metavar="TEXT", help="what was asked; the field {question}")
    parser.add_argument(
        "--answer", action="append", default=[], metavar="TEXT", help="the answer; twice for judges that compare"
    )
    parser.add_argument("--reference", default=None, metavar="TEXT", help="the right answer")
    parser.add_argument(
        "--field", action="append", default=[], metavar="NAME=TEXT", help="a further field that the prompt shows"
    )
    parser.add_argument("--image", action="append", default=[], metavar="FILE", help="an image of the question")
    item = parser.add_argument_group("an item of a run, in place of question and answer")
    item.add_argument(
        "--item", nargs=3, metavar=("RUN", "ROW", "ID"), help="what the judges of this run were shown of an item"
    )
    item.add_argument("--model", default="", metavar="NAME", help="the tested model, if several have the row")
    item.add_argument("--repeat", type=whole_from(0), default=0, metavar="N", help="which repetition (default 0)")
    item.add_argument(
        "-w", "--work-dir", default="outputs/default", metavar="DIR", help="folder that holds the run folders"
    )
    parser.add_argument("--config-dir", action="append", default=[], metavar="DIR", help="folder of your own configs")
    parser.add_argument(
        "--override", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="change config values"
    )
    parser.add_argument("--prices", default="", metavar="FILE", help="your table of prices (.json, .csv), as in a run")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--web", action="store_true", help="try it on a page in a browser instead")
    add_port(parser)
    add_save(parser)
    return parser


def run(argv: list[str]) -> int:
    """Carry out ``jb try`` and return its exit code: 0 where a verdict was read, 4 where none was.

    Raises:
        UsageError: There is no judge or no answer to judge, or a field is not NAME=TEXT.
        JudgebenchError: The judge cannot be used.
    """
    import asyncio
    import sys
    from pathlib import Path

    from judgebench.errors import ExitCode, UsageError
    from judgebench.records.request import Selection
    from judgebench.session.trying import try_judge

    args = build_parser().parse_all(argv)
    selection = Selection(
        judges=[args.judge] if args.judge else [], config_dirs=args.config_dir, overrides=args.override
    )

    def tell(line: str) -> None:
        print(line, file=sys.stderr)

    if args.item:
        return _run_item(args, selection, tell)
    if not args.judge:
        raise UsageError("No judge is named.", hint="Name one, or an item of a run: jb try --item RUN ROW ID")
    if args.web:
        _on_a_page(selection, args)
        return 0
    if not args.answer:
        raise UsageError("There is no answer to judge.", hint="Give it with: --answer TEXT, or try it with: --web")
    judge, judgment = asyncio.run(
        try_judge(
            selection,
            _fields(args),
            args.answer,
            args.reference,
            [Path(name) for name in args.image],
            tell,
            abbr=args.abbr,
            prices=args.prices,
        )
    )
    print(_as_json(judge, judgment) if args.json else "\n".join(_lines(judge, judgment, args.answer)))
    return int(ExitCode.DONE if judgment.verdict.status == "ok" else ExitCode.ITEMS_FAILED)


def _run_item(args: argparse.Namespace, selection: Selection, tell: Callable[[str], None]) -> int:
    """Let a judge look at an item of a run."""
    import asyncio
    from pathlib import Path

    from judgebench.cli.items import numbered_item, opened
    from judgebench.errors import ExitCode, UsageError
    from judgebench.query import Filter
    from judgebench.session.trying import ItemOfRun, try_item

    if args.question or args.answer or args.reference is not None or args.field or args.image:
        raise UsageError("--item brings question, answer and fields along.", hint="Leave the other flags out.")
    name, row, id = args.item
    run = opened(run_folder(name, Path(args.work_dir)))
    number = numbered_item(run, Filter(row=row, model=args.model), id)
    which = ItemOfRun(row, number, args.repeat, args.model)
    tried = asyncio.run(try_item(run, which, selection, tell, abbr=args.abbr, prices=args.prices))
    if args.json:
        print(_as_json(tried.judge, tried.judgment))
    else:
        print("\n".join([*_lines(tried.judge, tried.judgment, tried.answers), _in_the_run(tried)]))
    return int(ExitCode.DONE if tried.judgment.verdict.status == "ok" else ExitCode.ITEMS_FAILED)


def _in_the_run(tried: TriedAgain) -> str:
    """Return a line that says what the run says of the item."""
    from judgebench.cli.item_blocks import decided
    from judgebench.errors import visible

    line, verdict = tried.item.line, tried.judgment.verdict
    same = (verdict.status, verdict.decision, verdict.score) == (line.status, line.decision, line.score)
    said = "the same" if same else decided(line.status, line.decision, line.score, line.reason)
    return visible(f"In the run {line.judge or line.model} says: {said}. The reply above is not kept there.")


def _on_a_page(selection: Selection, args: argparse.Namespace) -> None:
    """Try the judge in a browser, with the given case in the form.

    Raises:
        JudgebenchError: As ``serve_judge``, or an image cannot be read.
    """
    from pathlib import Path

    from judgebench.cli.serve import serve_judge
    from judgebench.serving.requests import JudgmentRequest, image_text

    fields = _fields(args)
    first = JudgmentRequest(
        question=fields.pop("question", None), answers=args.answer, reference=args.reference, fields=fields,
        images=[image_text(Path(name)) for name in args.image[:1]],
    )  # fmt: skip
    args.host = "127.0.0.1"

    def tell(_address: str, link: str, _key: str) -> None:
        print(f"{link}\nOpen this link in a browser. Ctrl-C ends the page.", flush=True)

    serve_judge(selection, args, tell, first=first)


def _fields(args: argparse.Namespace) -> dict[str, str]:
    from judgebench.errors import UsageError

    fields = {"question": args.question} if args.question else {}
    for text in args.field:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--field {text!r} is not of the form NAME=TEXT.")
        fields[name] = value
    return fields


def _as_json(judge: JudgeConfig, judgment: OneJudgment) -> str:
    import msgspec

    from judgebench.serving.replies import as_json

    whole = as_json(judge.abbr, judgment, questions=True)
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode()


def _prompt_text(prompt: Prompt) -> str:
    """Return a prompt for people; who says what is told where there are several messages."""
    from judgebench.content.parts import in_words

    if isinstance(prompt, str) or len(prompt) == 1:
        return in_words(prompt)
    return "\n".join(f"[{message.get('role', '')}] {in_words([message])}" for message in prompt)


def _lines(judge: JudgeConfig, judgment: OneJudgment, answers: list[str]) -> Iterator[str]:
    from judgebench.content.parts import in_words
    from judgebench.errors import visible

    readings = _readings(judgment)
    for question in judgment.questions:
        name = f" {question.presentation}" if question.presentation else ""
        yield f"--- prompt{name} ---"
        yield visible(_prompt_text(question.prompt))
        yield f"--- reply{name} ---"
        if question.reply.reasoning:
            yield f"(thought before it: {visible(question.reply.reasoning)})"
        yield visible(question.reply.text or (question.reply.error.message if question.reply.error else ""))
        if (read := readings.get(question.presentation)) is not None and len(judgment.questions) > 1:
            yield f"({_said(read, question.reply.text)})"
    if judgment.constrained:
        yield f"--- replies {judgment.constrained} ---"
    yield "--- verdict ---"
    last = judgment.questions[-1].reply.text if judgment.questions else ""
    yield f"{judge.abbr}: {_said(judgment.verdict, last)}"
    if judgment.questions:
        shown = [in_words(question.prompt) for question in judgment.questions]
        for number, answer in enumerate(answers[1:], 2):
            if not any(answer in text for text in shown):
                yield f"(answer {number} was not shown: this judge does not look at so many)"
        yield _cost(judgment)


def _readings(judgment: OneJudgment) -> dict[str, PresentationVerdict]:
    """Return what was read in each presentation that was asked once."""
    found = judgment.verdict.presentations
    return {one.presentation: one for one in found if one.repeat == 0}


def _said(verdict: Verdict | PresentationVerdict, text: str) -> str:
    from judgebench.errors import visible

    if verdict.status != "ok":
        return f"no verdict ({verdict.status}): {visible(verdict.reason)}"
    what = " ".join(str(one) for one in (verdict.decision, verdict.score) if one is not None)
    if verdict.span is None:
        return what
    start, end = verdict.span if isinstance(verdict.span, tuple) else (verdict.span.start, verdict.span.end)
    return f"{what}, read from {visible(text[start:end])!r} (characters {start} to {end} of the reply)"


def _cost(judgment: OneJudgment) -> str:
    from judgebench.errors import how_many
    from judgebench.records.prices import money

    questions, used = judgment.questions, judgment.usage
    calls = how_many(len(questions), "call")
    seconds = sum(question.reply.latency for question in questions)
    line = f"{calls}, {used.prompt_tokens} tokens read, {used.completion_tokens} tokens written, {seconds:.1f} s"
    if judgment.cost is None or judgment.price is None or judgment.price.free:
        return line
    return f"{line}, {money(judgment.cost, judgment.price.currency)}"
