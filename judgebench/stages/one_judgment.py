"""One judgment by hand: a judge looks at one case now, and nothing is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.attachments import Attachments, image_of
from judgebench.content.media import MediaSource
from judgebench.content.prompts import fit
from judgebench.engine.client import Traffic, open_client
from judgebench.judges.core.contract import CallFailedError, Case, checked, method_of
from judgebench.models.access import environment_of_this_thread, model_config, prompt_kind
from judgebench.records.flow import Prompt, Reply, Request, Verdict
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
    """

    verdict: Verdict
    questions: list[Question]
    constrained: str = ""


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


async def judge_one(judge: JudgeConfig, case: Case, attachments: str, environ: Mapping[str, str]) -> OneJudgment:
    """Let a judge look at one case.

    Args:
        judge: The judge; one without a model asks nobody.
        case: What it is shown.
        attachments: Folder of the case's images.
        environ: Where keys and addresses are looked up.

    Raises:
        EndpointError: The judge's service can serve nobody.
        ConfigError: The method cannot judge such a case.
    """
    questions: list[Question] = []
    method = method_of(judge.method)
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
