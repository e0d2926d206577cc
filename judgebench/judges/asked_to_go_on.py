"""A judge that is asked to go on where its reply ends without a verdict, as JudgeBench's five-level judge is."""

from __future__ import annotations

from typing import Any

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.asking import Ask, JudgeItem
from judgebench.judges.grammars.patterns import NOTHING
from judgebench.judges.viewed import Viewed
from judgebench.judges.wrapper import continued
from judgebench.records import Prompt, Reply, Verdict

_WORDS = "Go on from where you stopped, and end with your verdict in the form that you were asked for."


class AskedToGoOn(Viewed):
    """``Viewed`` with a further turn in each view whose reply holds no label at all; the last reply is the one read.

    JudgeBench (Tan et al. 2024) allows two attempts. The grammar must search for labels (``unique_label``,
    ``first_match``, ``last_match``).
    """

    class Config(Viewed.Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=AskedToGoOn, ...)``, beside those of ``Viewed``.

        Attributes:
            attempts: Replies at most, the first one included; 1 never asks again.
            words: What the judge is told.
        """

        attempts: int = 2
        words: str = _WORDS

    config: Config

    def __init__(self, config: Config) -> None:
        if config.attempts < 1:
            raise ConfigError(f"method.attempts: must be 1 or more, not {config.attempts}.")
        super().__init__(config)
        self.config = config

    def identity(self) -> dict[str, Any]:
        """Return the identity of ``Viewed`` with the further turns."""
        return {**super().identity(), "method": "asked_to_go_on"}

    async def judge(self, item: JudgeItem, ask: Ask) -> Verdict:
        """Ask all views at once, each until it holds a label or the attempts are used up."""
        again: dict[str, int] = {}

        async def going_on(prompt: Prompt, *, view: str = "", **params: Any) -> Reply:
            reply = await ask(prompt, view=view, **params)
            for number in range(1, self.config.attempts):
                if self.grammar(view).read(reply).reason != NOTHING:
                    break
                prompt = continued(prompt, reply.text, self.config.words)
                again[view] = number
                reply = await ask(prompt, view=f"{view}{'-' if view else ''}again{number}", **params)
            return reply

        verdict = await super().judge(item, going_on)
        if not again:
            return verdict
        views = [_marked(view, again) for view in verdict.details["views"]]
        return msgspec.structs.replace(verdict, span=None, details={**verdict.details, "views": views})


def _marked(view: dict[str, Any], again: dict[str, int]) -> dict[str, Any]:
    """Say how often a view was asked to go on, and drop its span, which is one of the last reply."""
    times = again.get(view["view"])
    if times is None:
        return view
    return {**{key: value for key, value in view.items() if key != "span"}, "asked_to_go_on": times}
