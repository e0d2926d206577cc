"""One judgment by hand: a judge looks at one case now, and nothing is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.attachments import Attachments, image_of
from judgebench.content.media import MediaSource
from judgebench.content.prompts import MissingFieldError, fit
from judgebench.engine.client import Traffic, open_client
from judgebench.errors import UsageError
from judgebench.judges.core.contract import CallFailedError, Case, checked, method_of
from judgebench.models.access import environment_of_this_thread, model_config, prompt_kind
from judgebench.models.prices import found_price, read_prices
from judgebench.records.flow import Prompt, Reply, Request, Verdict
from judgebench.records.prices import Price
from judgebench.records.run import JudgeConfig
from judgebench.stages.asks import Questions
from judgebench.stages.constraining import constraint_of, hold_of


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
        questions: All that was asked, in order.
        constrained: Whether the service held the replies to a schema, and how that is known; empty where nobody asked.
        price: What the judge's tokens cost; ``None`` where nobody says.
    """

    verdict: Verdict
    questions: list[Question]
    constrained: str = ""
    price: Price | None = None

    @property
    def cost(self) -> float | None:
        """What the calls cost; ``None`` where no price is known, or a reply did not tell its tokens."""
        usages = [question.reply.usage for question in self.questions]
        if self.price is None or None in usages:
            return None
        return sum(self.price.cost(usage) for usage in usages if usage is not None)


def case_by_hand(
    fields: dict[str, Any], answers: list[str], reference: str | None, images: list[Path], folder: str
) -> Case:
    """Return a case made of what was typed; its images are put into a folder of attachments.

    Raises:
        DataError: An image cannot be read, or is none.
    """
    store = Attachments(Path(folder))
    for number, path in enumerate(images):
        name = "image" if number == 0 else f"image_{number + 1}"
        source = MediaSource(value=path.name, folder=str(path.absolute().parent), place="--image", column=str(path))
        fields[name] = image_of(source, store)
    return Case(
        id=0,
        uid="by-hand",
        repeat=0,
        fields=fields,
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


async def judge_one(
    judge: JudgeConfig, case: Case, attachments: str, environ: Mapping[str, str], *, price: Price | None = None
) -> OneJudgment:
    """Let a judge look at one case.

    Args:
        judge: The judge; one without a model asks nobody.
        case: What it is shown.
        attachments: Folder of the case's images.
        environ: Where keys and addresses are looked up.
        price: What the judge's tokens cost; ``None`` where nobody says.

    Raises:
        EndpointError: The judge's service can serve nobody.
        UsageError: The judge needs something that the case lacks, or is a panel, which looks at no case itself.
    """
    try:
        judgment = await _judged(judge, case, attachments, environ)
    except MissingFieldError as error:
        given = "--question TEXT" if error.field == "question" else f"--field {error.field}=TEXT"
        raise UsageError(
            f"The judge {judge.abbr!r} shows {{{error.field}}}, which was not given.", hint=f"Give it with: {given}"
        ) from error
    if judgment.verdict.status == "not_judged":
        raise UsageError(
            f"The judge {judge.abbr!r} cannot judge this: {judgment.verdict.reason}.",
            hint="Give what it lacks with: --reference TEXT, a second --answer TEXT, or --field NAME=TEXT",
        )
    return msgspec.structs.replace(judgment, price=price)


async def _judged(judge: JudgeConfig, case: Case, attachments: str, environ: Mapping[str, str]) -> OneJudgment:
    questions: list[Question] = []
    method = method_of(judge.method)
    if method.aggregates_verdicts:
        raise UsageError(
            f"{judge.abbr!r} is a panel: it aggregates the verdicts of other judges and looks at no answer itself.",
            hint=f"Try one of its members: {', '.join(judge.members)}" if judge.members else "Try one of its members.",
        )
    with environment_of_this_thread(environ):
        if not judge.model:
            return OneJudgment(verdict=checked(await method.judge(case, _nobody)), questions=questions)
        config = model_config(judge.model)
        asking = Questions(judge, prompt_kind(config))
        constrained = ""
        async with open_client(config, Traffic()) as client:
            if judge.constrain != "off":
                found = await constraint_of(judge, client.ask)
                asking.hold = hold_of(judge, found.key)
                constrained = f"held to a schema by {found.key}" if found.key else f"free: {found.why}"

            async def ask(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
                form = fit(prompt, asking.kind)
                sent = asking.sent(params)
                reply = await client.ask(Request(prompt=form, params=sent, attachments=attachments))
                questions.append(Question(presentation=presentation, prompt=form, reply=reply))
                if reply.status != "ok":
                    raise CallFailedError(reply)
                return asking.seen(reply)

            try:
                verdict = checked(await method.judge(case, ask))
            except CallFailedError as error:
                verdict = Verdict(status="judge_failed", reason=str(error))
            finally:
                await method.aclose()
    return OneJudgment(verdict=verdict, questions=questions, constrained=constrained)


async def _nobody(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:  # noqa: ARG001 - part of Ask
    raise CallFailedError(Reply(status="failed"))
