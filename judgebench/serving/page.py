"""The page on which a judge is tried by hand: a case goes in, prompts, replies and the verdict come out."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_request import FileField
from markupsafe import Markup

from judgebench.content.parts import in_words
from judgebench.content.prompts import MissingFieldError
from judgebench.errors import JudgebenchError
from judgebench.records.findings import PresentationVerdict
from judgebench.records.flow import Message, Prompt
from judgebench.serving.judging import append_line, judged, labelled
from judgebench.serving.replies import span_text
from judgebench.serving.requests import JudgmentRequest
from judgebench.stages.one_judgment import OneJudgment, Question, ReadyJudge, case_by_hand
from judgebench.viewer.files import own_file
from judgebench.viewer.guard import HEADERS, Guard
from judgebench.viewer.rendering import marked
from judgebench.viewer.site import MissingError, templates

_MOST_ANSWERS = 10
_TOP = 8
"""Log-probabilities that are shown of the first token."""


class ShownQuestion(NamedTuple):
    """What the judge was asked, as the page shows it.

    Attributes:
        presentation: Its name.
        messages: Role and text of each message of the prompt.
        reasoning: What the model thought. ``reply``: its reply, with the place of the verdict marked.
        error: Why there is no reply.
        read: What was read in it.
        logprobs: The likeliest first tokens.
        facts: Tokens and seconds.
    """

    presentation: str
    messages: list[tuple[str, str]]
    reasoning: str
    reply: Markup
    error: str
    read: str
    logprobs: list[tuple[str, float]]
    facts: str


class JudgePage:
    """The page of one judge.

    Args:
        judge: The judge.
        guard: Who may use the page.
        cases: File to which test cases are appended.
        first: The case that stands in the form at first.
    """

    def __init__(self, judge: ReadyJudge, guard: Guard, cases: Path, first: JudgmentRequest | None = None) -> None:
        self._judge = judge
        self._guard = guard
        self._cases = cases
        self._first = first or JudgmentRequest()
        self._templates = templates()
        self._templates.globals |= {"bundled": False, "about": []}
        self._form = _form_of(judge)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add its addresses."""
        router.add_get("/", self._guarded(self._blank))
        router.add_post("/", self._guarded(self._sent))
        router.add_get("/static/{name}", self._guarded(_static))
        router.add_get("/favicon.ico", self._guarded(_static))

    def _guarded(self, answer: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            response: web.StreamResponse
            if why := self._guard.refusal(request):
                response = self._html("trouble.html", 403, title="This page is not yours to use", message=why, hint="")
            elif self._guard.brings_token(request) and request.method == "GET":
                response = self._html("welcome.html", to="/")
                self._guard.keep(response)
            else:
                response = await self._answered(request, answer)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return guarded

    async def _answered(self, request: web.Request, answer: Handler) -> web.StreamResponse:
        try:
            return await answer(request)
        except MissingError as error:
            return self._html("trouble.html", 404, title="Not here", message=str(error), hint="")
        except web.HTTPRequestEntityTooLarge:
            return self._html("trouble.html", 413, title="Too large", message="The form is too large.", hint="")

    def _html(self, template: str, status: int = 200, **values: Any) -> web.Response:
        text = self._templates.get_template(template).render({"run": None, "current": "try", "keys": [], **values})
        return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")

    async def _blank(self, _request: web.Request) -> web.StreamResponse:
        return self._page(self._first)

    async def _sent(self, request: web.Request) -> web.StreamResponse:
        try:
            form = await request.post()
        except (ValueError, LookupError) as error:
            raise web.HTTPBadRequest from error
        case = await self._case(form)
        wanted = str(form.get("do", "judge"))
        if wanted == "swap":
            case = msgspec.structs.replace(case, answers=case.answers[::-1])
        if wanted == "more":
            case = msgspec.structs.replace(case, answers=[*case.answers, ""][:_MOST_ANSWERS])
            return self._page(case)
        said = trouble = ""
        judgment: OneJudgment | None = None
        try:
            if wanted == "save":
                said = self._saved(_given(case), str(form.get("label", "")).strip())
            else:
                judgment = await judged(self._judge, _given(case))
        except JudgebenchError as error:
            trouble = f"{error.message} {error.hint}".strip()
        return self._page(case, judgment=judgment, said=said, trouble=trouble)

    async def _case(self, form: Mapping[str, Any]) -> JudgmentRequest:
        def text(name: str) -> str:
            value = form.get(name, "")
            return value.replace("\r\n", "\n") if isinstance(value, str) else ""

        images = [text("kept_image")] if text("kept_image") else []
        image = form.get("image")
        if isinstance(image, FileField) and image.filename:
            images = ["data:;base64," + base64.b64encode(image.file.read()).decode()]
        return JudgmentRequest(
            question=text("question") or None,
            answers=[text(f"answer{number}") for number in range(_MOST_ANSWERS) if f"answer{number}" in form],
            reference=text("reference") or None,
            fields={name: text(f"field_{name}") for name in self._form.fields if text(f"field_{name}")},
            images=[] if text("no_image") else images,
        )

    def _saved(self, case: JudgmentRequest, label: str) -> str:
        if not label:
            return "Nothing was saved: say which decision is right."
        append_line(self._cases, labelled(case, label))
        return f"Saved in {self._cases} with the right decision {label}."

    def _page(
        self, case: JudgmentRequest, *, judgment: OneJudgment | None = None, said: str = "", trouble: str = ""
    ) -> web.Response:
        answers = case.answers or ([case.answer] if case.answer is not None else [])
        answers += [""] * (max(self._form.answers, 1) - len(answers))
        return self._html(
            "try.html",
            judge=self._judge.config.abbr,
            form=self._form,
            case=case,
            answers=answers,
            can_add=len(answers) < _MOST_ANSWERS,
            kept_image=case.images[0] if case.images else "",
            judgment=judgment,
            verdict=judgment.verdict if judgment else None,
            read=span_text(judgment) if judgment else "",
            questions=list(_shown(judgment)) if judgment else [],
            facts=_facts(judgment) if judgment else "",
            decisions=self._judge.method.decisions,
            said=said,
            trouble=trouble,
            cases=str(self._cases),
        )


class Form(NamedTuple):
    """What a judge's prompts show.

    Attributes:
        answers: How many answers it looks at, as far as that can be told.
        reference: Whether it shows a reference.
        fields: Further fields.
    """

    answers: int
    reference: bool
    fields: list[str]


def _form_of(judge: ReadyJudge) -> Form:
    """Return what the form asks for: the prompts are rendered, and each field that is missing is one to fill in."""
    fields: dict[str, str] = {"question": "q"}
    first, second, reference = "<first answer>", "<second answer>", "<reference>"
    shown = ""
    for _ in range(20):
        try:
            shown = str(judge.method.prompts(case_by_hand(fields, [first, second], reference, [], "")))
            break
        except MissingFieldError as error:
            fields[error.field] = "x"
        except JudgebenchError:
            break
    two = second in shown
    return Form(2 if two else 1, not shown or reference in shown, [name for name in fields if name != "question"])


def _given(case: JudgmentRequest) -> JudgmentRequest:
    """Return the case without the answers at the end that were left empty; the first may be empty."""
    answers = list(case.answers)
    while len(answers) > 1 and not answers[-1]:
        answers.pop()
    return msgspec.structs.replace(case, answers=answers)


async def _static(request: web.Request) -> web.StreamResponse:
    return own_file(request.match_info.get("name", "icon.svg"))


def _shown(judgment: OneJudgment) -> Iterator[ShownQuestion]:
    reads = {one.presentation: one for one in judgment.verdict.presentations if one.repeat == 0}
    whole = judgment.verdict.span
    for number, one in enumerate(judgment.questions, 1):
        read = reads.get(one.presentation)
        span = read.span if read is not None else None
        spans = [(span.start, span.end)] if span is not None else []
        if not spans and whole is not None and number == len(judgment.questions):
            spans = [(whole[0], whole[1])]
        said = "" if read is None else _said(read)
        yield ShownQuestion(
            presentation=one.presentation,
            messages=_messages(one.prompt),
            reasoning=one.reply.reasoning,
            reply=marked(one.reply.text, spans),
            error=one.reply.error.message if one.reply.error else "",
            read=said,
            logprobs=_likely(one),
            facts=_tokens(one),
        )


def _said(read: PresentationVerdict) -> str:
    if read.status != "ok":
        return f"not read: {read.reason}"
    score = "" if read.score is None else f"{read.score:g}"
    return f"read as {read.decision or ''} {score}".strip()


def _messages(prompt: Prompt) -> list[tuple[str, str]]:
    if isinstance(prompt, str):
        return [("prompt", prompt)]
    messages: Sequence[Message] = prompt
    return [(str(one.get("role", "")), in_words([one])) for one in messages]


def _likely(one: Question) -> list[tuple[str, float]]:
    """Return the likeliest first tokens of a reply with their log-probabilities, where they came with it."""
    if not one.reply.logprobs:
        return []
    first = one.reply.logprobs[0]
    top = first.top or {first.token: first.logprob}
    return sorted(top.items(), key=lambda pair: -pair[1])[:_TOP]


def _tokens(one: Question) -> str:
    usage = one.reply.usage
    tokens = f"{usage.prompt_tokens} tokens read, {usage.completion_tokens} written, " if usage is not None else ""
    return "known already, not asked again" if not one.reply.tries else f"{tokens}{one.reply.latency:.1f} s"


def _facts(judgment: OneJudgment) -> str:
    from judgebench.errors import how_many
    from judgebench.records.prices import money

    used, calls = judgment.usage, how_many(len(judgment.questions), "call")
    line = f"{calls}, {used.prompt_tokens} tokens read, {used.completion_tokens} written"
    if judgment.cost is None or judgment.price is None or judgment.price.free:
        return line
    return f"{line}, {money(judgment.cost, judgment.price.currency)}"
