"""A judge that is asked to go on where its reply ends without a verdict, as JudgeBench's five-level judge is."""

from __future__ import annotations

from typing import Any

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case
from judgebench.judges.core.declared import DeclaredJudge
from judgebench.judges.parsers.patterns import NOTHING
from judgebench.judges.wrappers.wrapper import continued
from judgebench.records.findings import PresentationVerdict
from judgebench.records.flow import Prompt, Reply, Verdict

_WORDS = "Go on from where you stopped, and end with your verdict in the form that you were asked for."


class ContinuedJudge(DeclaredJudge):
    """``DeclaredJudge`` with a further turn in each presentation whose reply holds no decision at all.

    The last reply is the one read.

    JudgeBench (Tan et al. 2024) allows two tries. The parser must search for decisions (``unique_decision``,
    ``first_match``, ``last_match``).
    """

    class Config(DeclaredJudge.Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=ContinuedJudge, ...)``, beside those of ``DeclaredJudge``.

        Attributes:
            tries: Replies at most, the first one included; 1 never asks again.
            words: What the judge is told.
        """

        tries: int = 2
        words: str = _WORDS

    config: Config

    def __init__(self, config: Config) -> None:
        if config.tries < 1:
            raise ConfigError(f"method.tries: must be 1 or more, not {config.tries}.")
        super().__init__(config)
        self.config = config

    def identity(self) -> dict[str, Any]:
        """Return the identity of ``DeclaredJudge`` with the further turns."""
        return {**super().identity(), "method": "further_turns"}

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Ask all presentations at once, each until it holds a decision or the tries are used up."""
        again: dict[str, int] = {}

        async def going_on(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
            reply = await ask(prompt, presentation=presentation, **params)
            for number in range(1, self.config.tries):
                if self.parser(presentation).read(reply).reason != NOTHING:
                    break
                prompt = continued(prompt, reply.text, self.config.words)
                again[presentation] = number
                reply = await ask(
                    prompt, presentation=f"{presentation}{'-' if presentation else ''}again{number}", **params
                )
            return reply

        verdict = await super().judge(case, going_on)
        if not again:
            return verdict
        presentations = [_marked(presentation, again) for presentation in verdict.presentations]
        return msgspec.structs.replace(verdict, span=None, presentations=presentations)


def _marked(presentation: PresentationVerdict, again: dict[str, int]) -> PresentationVerdict:
    """Say how often a presentation was asked to go on, and drop its span, which is one of the last reply."""
    times = again.get(presentation.presentation)
    if times is None:
        return presentation
    return msgspec.structs.replace(presentation, span=None, values={**presentation.values, "further_turns": times})
