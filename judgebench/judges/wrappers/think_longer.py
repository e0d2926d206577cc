"""Make a judge think on before its verdict counts: the "wait" continuation of simple test-time scaling."""

from __future__ import annotations

from typing import Any

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case
from judgebench.judges.wrappers.wrapper import Wrapper, continued, with_details
from judgebench.records.flow import Prompt, Reply, Verdict

_WAIT = (
    "Wait. Before this counts, go through it once more: is there a step, a fact or a requirement that you took for "
    "granted? Say what you find, and then end your reply once more exactly as you were asked to."
)


class ThinkLonger(Wrapper):
    """Answers each reply of another judge with "wait", ``times`` times; the last reply is the one that is read.

    Simple test-time scaling (Muennighoff et al. 2025; for judges: J1, 2025): accuracy as a function of ``times``.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=ThinkLonger, ...)``.

        Attributes:
            judge: ``dict(type=..., ...)`` of any judge that asks.
            times: How often it is told to wait.
            words: What it is told.
        """

        judge: dict[str, Any]
        times: int = 1
        words: str = _WAIT

    def __init__(self, config: Config) -> None:
        if config.times < 1:
            raise ConfigError(f"method.times: must be 1 or more, not {config.times}.")
        super().__init__(config, [config.judge])
        self.config = config

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Judge with every reply thought over."""

        async def thinking(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
            reply = await ask(prompt, presentation=presentation, **params)
            for number in range(self.config.times):
                prompt = continued(prompt, reply.text, self.config.words)
                reply = await ask(
                    prompt, presentation=f"{presentation}{'-' if presentation else ''}wait{number + 1}", **params
                )
            return reply

        return with_details(await self.inner[0].judge(case, thinking), waited=self.config.times)
