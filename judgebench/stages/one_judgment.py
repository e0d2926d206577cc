"""Judgments outside of a run: a judge that is ready looks at one case after another, or at many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.attachments import Attachments, image_of
from judgebench.content.media import MediaSource
from judgebench.content.prompts import MissingFieldError, fit
from judgebench.engine.allowance import OwnAllowance
from judgebench.engine.client import Traffic, behind, open_caching_client
from judgebench.errors import EndpointError, LimitReachedError, UsageError
from judgebench.identity.questions import question_uuid
from judgebench.judges.core.contract import CallFailedError, Case, JudgeMethod, checked, method_of
from judgebench.models.access import environment_of_this_thread, model_config, prompt_kind
from judgebench.models.contract import Client
from judgebench.models.prices import found_price, read_prices
from judgebench.records.flow import Prompt, Reply, Request, Usage, Verdict
from judgebench.records.prices import Price
from judgebench.records.run import JudgeConfig
from judgebench.records.spending import FLAGS, Limits
from judgebench.stages.asks import Questions
from judgebench.stages.constraining import constraint_of, hold_of

_GRADES = {"correct": 1.0, "incorrect": 0.0, "invalid": 0.0}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What the judge was asked, and what it replied.

    Attributes:
        presentation: Name of the question among those about the case.
        prompt: As it was sent. ``reply``: As the judge's model gave it.
    """

    presentation: str
    prompt: Prompt
    reply: Reply


class OneJudgment(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        verdict: The decision, or why there is none.
        questions: All that was asked, in the order in which it was answered.
        constrained: Whether the service held the replies to a schema, and how that is known; empty where nobody asked.
        price: What the judge's tokens cost; ``None`` where nobody says.
    """

    verdict: Verdict
    questions: list[Question]
    constrained: str = ""
    price: Price | None = None

    @property
    def usage(self) -> Usage:
        """Tokens of all calls, as far as their replies told them."""
        usages = [question.reply.usage for question in self.questions if question.reply.usage is not None]
        return Usage(
            prompt_tokens=sum(one.prompt_tokens for one in usages),
            completion_tokens=sum(one.completion_tokens for one in usages),
        )

    @property
    def number(self) -> float | None:
        """The verdict as a number: its score, or 1 for ``correct`` and 0 for another decision about one answer.

        ``None`` without a verdict: what could not be read is never 0.
        """
        verdict = self.verdict
        if verdict.status != "ok":
            return None
        return verdict.score if verdict.score is not None else _GRADES.get(verdict.decision or "")

    @property
    def cost(self) -> float | None:
        """What the calls cost, those that were known already aside; ``None`` where that cannot be told."""
        usages = [question.reply.usage for question in self.questions if question.reply.tries]
        if self.price is None or None in usages:
            return None
        return sum(self.price.cost(usage) for usage in usages if usage is not None)


def case_by_hand(
    fields: Mapping[str, Any],
    answers: list[str],
    reference: str | list[str] | None,
    images: list[MediaSource],
    folder: str,
) -> Case:
    """Return a case made of what was typed or sent; its images are put into a folder of attachments.

    Raises:
        DataError: An image cannot be read, or is none.
    """
    shown = dict(fields)
    store = Attachments(Path(folder)) if images else None
    for number, source in enumerate(images):
        shown["image" if number == 0 else f"image_{number + 1}"] = image_of(source, store)
    return Case(
        id=0,
        uid="by-hand",
        repeat=0,
        fields=shown,
        reference=reference,
        answer=answers[0],
        baseline=answers[1] if len(answers) > 1 else None,
        answers=answers if len(answers) > 1 else [],
    )


def price_for(judge: JudgeConfig, file: str, environ: Mapping[str, str]) -> Price | None:
    """Return what a judge's tokens cost, from the user's own table (empty: none) or as a run finds it.

    Raises:
        DataError: The table cannot be used.
    """
    table = read_prices(Path(file).expanduser()) if file else {}
    return found_price(judge.model, table, environ) if judge.model else None


class _OpenClient:
    """A client under use, and what closes it; it is closed when the last one who uses it is done."""

    def __init__(self, client: Client, stack: AsyncExitStack, questions: Questions, constrained: str) -> None:
        self.client = client
        self.stack = stack
        self.questions = questions
        self.constrained = constrained
        self.users = 0
        self.broken = False


class ReadyJudge:
    """A judge whose model can be asked at once; made by ``ready_judge``.

    Args:
        config: The judge; one without a model asks nobody.
        method: How it judges.
        environ: Where keys and addresses are looked up.
        price: What its tokens cost; ``None`` where nobody says.
        dedup: Ask identical questions once where the temperature is 0.
        cache: Folder of the cache of replies; empty for none.
        limits: What may be spent in all; ``None`` sets no limit.
    """

    def __init__(
        self,
        config: JudgeConfig,
        method: JudgeMethod,
        environ: Mapping[str, str],
        *,
        price: Price | None,
        dedup: bool,
        cache: str,
        limits: Limits | None,
    ) -> None:
        self.config = config
        self.method = method
        self.price = price
        self.traffic = Traffic()
        self._environ = environ
        self._dedup = dedup
        self._cache = cache
        self._limits = limits
        self._allowance: OwnAllowance | None = None
        self._open: _OpenClient | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Open the client, so that what keeps it from working is known before the first case.

        Raises:
            JudgebenchError: The judge's service cannot be used.
        """
        if self.config.model:
            with environment_of_this_thread(self._environ):
                await self._ready()

    async def judge(self, case: Case, attachments: str = "") -> OneJudgment:
        """Look at one case.

        Args:
            case: What the judge is shown.
            attachments: Folder of the case's images.

        Raises:
            MissingFieldError: A prompt shows a field that the case lacks.
            EndpointError: The judge's service can serve nobody; the next case tries anew.
            LimitReachedError: What may be spent is spent.
        """
        with environment_of_this_thread(self._environ):
            if not self.config.model:
                return OneJudgment(verdict=checked(await self.method.judge(case, _nobody)), questions=[])
            used = await self._ready()
            used.users += 1
            try:
                return await self._judged(used, case, attachments)
            except EndpointError:
                used.broken = True
                if self._open is used:
                    self._open = None
                raise
            finally:
                used.users -= 1
                if used.broken and not used.users:
                    await used.stack.aclose()

    async def _judged(self, used: _OpenClient, case: Case, attachments: str) -> OneJudgment:
        made: list[Question] = []
        questions, numbers = used.questions, dict[str, int]()

        async def ask(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
            form, sent = fit(prompt, questions.kind), questions.sent(params)
            uuid = question_uuid(form, sent, questions.identity)
            nth = numbers[uuid] = numbers.get(uuid, -1) + 1
            reply = await used.client.ask(Request(prompt=form, params=sent, nth=nth, attachments=attachments))
            if reply.error is not None and reply.error.kind == "cancelled":
                raise _LimitMetError
            made.append(Question(presentation=presentation, prompt=form, reply=reply))
            if reply.status != "ok":
                raise CallFailedError(reply)
            return questions.seen(reply)

        try:
            verdict = checked(await self.method.judge(case, ask))
        except _LimitMetError as error:
            flags = ", ".join(FLAGS[name] for name in self._limits.names) if self._limits is not None else ""
            raise LimitReachedError(f"The judge has spent what it may ({flags}).", hint="Raise the limit.") from error
        except CallFailedError as error:
            verdict = Verdict(status="judge_failed", reason=str(error))
        return OneJudgment(verdict=verdict, questions=made, constrained=used.constrained, price=self.price)

    async def _ready(self) -> _OpenClient:
        if self._open is not None:
            return self._open
        async with self._opening:
            if self._open is None:
                self._open = await self._opened()
            return self._open

    async def _opened(self) -> _OpenClient:
        config = model_config(self.config.model)
        if self._limits is not None and self._allowance is None:
            self._allowance = OwnAllowance(self._limits, self.price, concurrency=config.batch_size)
        async with AsyncExitStack() as stack:
            opened = open_caching_client(
                config, self.traffic, dedup=self._dedup, cache=self._cache, allowance=self._allowance
            )
            client = await stack.enter_async_context(opened)
            questions, constrained = Questions(self.config, prompt_kind(config)), ""
            if self.config.constrain != "off":
                found = await constraint_of(self.config, behind(client).ask)
                questions.hold = hold_of(self.config, found.key)
                constrained = f"held to a schema by {found.key}" if found.key else f"free: {found.why}"
            return _OpenClient(client, stack.pop_all(), questions, constrained)

    async def aclose(self) -> None:
        """End what the judge holds."""
        with environment_of_this_thread(self._environ):
            await self.method.aclose()
            if self._open is not None:
                await self._open.stack.aclose()


class _LimitMetError(Exception):
    """A question may not be sent any more; no method takes it for a call that failed."""


@asynccontextmanager
async def ready_judge(
    judge: JudgeConfig,
    environ: Mapping[str, str],
    *,
    price: Price | None = None,
    dedup: bool = False,
    cache: str = "",
    limits: Limits | None = None,
) -> AsyncIterator[ReadyJudge]:
    """Give a judge that looks at cases as long as the context lasts; arguments are those of ``ReadyJudge``.

    Raises:
        UsageError: It is a panel, which looks at no case itself.
        ConfigError: Its method cannot be made, or the cost is limited and there is no price.
    """
    method = method_of(judge.method)
    if method.aggregates_verdicts:
        raise UsageError(
            f"{judge.abbr!r} is a panel: it aggregates the verdicts of other judges and looks at no answer itself.",
            hint=f"Try one of its members: {', '.join(judge.members)}" if judge.members else "Try one of its members.",
        )
    if limits is not None and limits.cost is not None and price is None and judge.model:
        raise UsageError(
            f"There is no price for the model of the judge {judge.abbr!r}, so its cost cannot be limited.",
            hint="Give one with --prices FILE, or limit the calls: --max-calls N",
        )
    ready = ReadyJudge(judge, method, environ, price=price, dedup=dedup, cache=cache, limits=limits)
    try:
        yield ready
    finally:
        await ready.aclose()


async def judge_one(ready: ReadyJudge, case: Case, attachments: str) -> OneJudgment:
    """Let a judge look at one case that was typed; arguments are those of ``ReadyJudge.judge``.

    Raises:
        EndpointError: The judge's service can serve nobody.
        UsageError: The judge needs something that the case lacks.
    """
    try:
        judgment = await ready.judge(case, attachments)
    except MissingFieldError as error:
        given = "--question TEXT" if error.field == "question" else f"--field {error.field}=TEXT"
        raise UsageError(
            f"The judge {ready.config.abbr!r} shows {{{error.field}}}, which was not given.",
            hint=f"Give it with: {given}",
        ) from error
    if judgment.verdict.status == "not_judged":
        raise UsageError(
            f"The judge {ready.config.abbr!r} cannot judge this: {judgment.verdict.reason}.",
            hint="Give what it lacks with: --reference TEXT, a second --answer TEXT, or --field NAME=TEXT",
        )
    return judgment


async def _nobody(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:  # noqa: ARG001 - part of Ask
    raise CallFailedError(Reply(status="failed"))
