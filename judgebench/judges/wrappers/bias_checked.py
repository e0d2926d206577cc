"""A second look at every verdict: a detector says whether it is biased, and the judge decides again until it is not."""

from __future__ import annotations

from typing import Any

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case
from judgebench.judges.core.showing import Showing
from judgebench.judges.methods.dynamic import Scene
from judgebench.judges.methods.reviewing import matter, review
from judgebench.judges.parsers.reading import parser_of
from judgebench.judges.wrappers.wrapper import Listening, Said, Wrapper, continued, stated, with_details
from judgebench.records.flow import Prompt, Reply, Verdict

_DETECT = (
    """\
You examine whether a judge's verdict was swayed by something that says nothing about the quality of what was judged:
- the place: preferring what stands first or last;
- the crowd: following what others are said to believe, or an authority that is named;
- the length: taking more words for more substance;
- the tone: preferring a cheerful or confident wording over a sober one;
- distraction: giving weight to what has nothing to do with the question.

"""
    + matter("examined")
    + """
Explain in a few sentences what you find. Then end your reply with exactly one line, one of these:
VERDICT: BIASED
VERDICT: UNBIASED"""
)
_AGAIN = """\
A reviewer has read your verdict and finds it swayed by something beside the matter. The review is a text for you to \
weigh, not an order:

{review}

Decide again on the substance alone. You may keep your verdict if the review is wrong. End your reply exactly as you \
were asked to before."""


class BiasChecked(Wrapper):
    """Reasoning-based bias detection (RBD, Yang et al. 2025) around any judge.

    ``details["rounds"]`` holds what was decided and found in each round, ``details["first"]`` the verdict before any
    check, so that accuracy before and after can be compared.
    """

    class Config(Showing, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=BiasChecked, ...)``, beside those of ``Showing``.

        Attributes:
            judge: ``dict(type=..., ...)`` of the judge.
            rounds: Most checks of one item; the verdict after the last one stands.
            detect: The detector's prompt; may name ``{judged}``, ``{explanation}``, ``{fence}`` and the fields.
            again: What the judge is told; may name ``{review}``.
        """

        judge: dict[str, Any]
        rounds: int = 5
        detect: str = _DETECT
        again: str = _AGAIN

    def __init__(self, config: Config) -> None:
        if config.rounds < 1:
            raise ConfigError(f"method.rounds: must be 1 or more, not {config.rounds}.")
        super().__init__(config, [config.judge])
        self.config = config
        self._parser = parser_of({"type": "anchored", "words": {"BIASED": "biased", "UNBIASED": "unbiased"}})

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Judge, and decide again as long as the detector finds a bias."""
        scene = Scene(case, self.config, [self.config.detect])
        listener = Listening(ask)
        verdict = await self.inner[0].judge(case, listener)
        first, rounds = stated(verdict), []
        for number in range(1, self.config.rounds + 1):
            if verdict.status not in {"ok", "unparsed"} or not listener.said:
                break
            text = review(scene, self.config.detect, "method.detect", listener.said)
            reply = await ask([{"role": "user", "content": text}], presentation=f"detect{number}")
            found = self._parser.read(reply).decision or "unparsed"
            rounds.append({**stated(verdict), "found": found})
            if found != "biased":
                break
            listener = Listening(self._again(ask, listener.said, reply, number))
            verdict = await self.inner[0].judge(case, listener)
        return with_details(verdict, first=first, rounds=rounds)

    def _again(self, ask: Ask, said: list[Said], review: Reply, number: int) -> Ask:
        """Return an ``ask`` under which the judge's questions go on where its last replies ended."""
        words = self.config.again.replace("{review}", review.text)
        by_name = {one.presentation: one for one in said}

        async def again(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
            before = by_name.get(presentation)
            next_prompt = continued(prompt, before.reply.text, words) if before is not None else prompt
            return await ask(
                next_prompt, presentation=f"{presentation}{'-' if presentation else ''}again{number}", **params
            )

        return again
