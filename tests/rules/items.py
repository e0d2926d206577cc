"""Items for rule-based checks, and the one way to run them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from judgebench.judges.core.contract import Case, JudgeMethod
from judgebench.records.flow import Prompt, Reply, Verdict


async def ask_nobody(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
    raise AssertionError("a rule asked a model")


def item(answer: str, reference: Any, *, truncated: bool = False, **fields: Any) -> Case:
    return Case(id=0, uid="0" * 16, repeat=0, fields=fields, reference=reference, answer=answer, truncated=truncated)


def judge_all(method: JudgeMethod, items: Sequence[Case]) -> list[Verdict]:
    async def run() -> list[Verdict]:
        try:
            return list(await asyncio.gather(*(method.judge(one, ask_nobody) for one in items)))
        finally:
            if (close := getattr(method, "aclose", None)) is not None:
                await close()

    return asyncio.run(run())


def judge(method: JudgeMethod, answer: str, reference: Any, **more: Any) -> Verdict:
    return judge_all(method, [item(answer, reference, **more)])[0]
