"""Judge, then check the judge's own explanation; an explanation that does not hold gives no verdict."""

from __future__ import annotations

from typing import Any

from judgebench.errors import ConfigError
from judgebench.judges import load
from judgebench.judges.asking import Ask, JudgeItem
from judgebench.judges.dynamic import Scene
from judgebench.judges.reviewing import matter, review
from judgebench.judges.showing import Showing
from judgebench.judges.wrapper import Listening, Wrapper, with_details
from judgebench.records import Verdict

_CHECK = (
    """\
A judge has looked at an answer to a question. Do not judge the answer anew: check the judge's explanation. It holds \
if what it says about the answer is there to be seen, and if the verdict follows from it.

"""
    + matter("checked")
    + """
Say in a sentence or two what does or does not hold. Then end your reply with exactly one line, one of these:
VERDICT: HOLDS
VERDICT: FAILS"""
)


class VerifiedJudge(Wrapper):
    """Keeps another judge's verdict only if its explanation passes a check; asks again up to ``attempts`` times.

    The judge-then-verify unit of verdict (Haize Labs 2025). With ``Repeated`` around it: verify three times and vote.
    """

    class Config(Showing, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=VerifiedJudge, ...)``, beside those of ``Showing``.

        Attributes:
            judge: ``dict(type=..., ...)`` of any judge that explains itself.
            attempts: How often the judge may try; after the last failed check the item is unparsed.
            check: The prompt of the check; may name ``{judged}``, ``{explanation}``, ``{fence}`` and the fields.
        """

        judge: dict[str, Any]
        attempts: int = 2
        check: str = _CHECK

    def __init__(self, config: Config) -> None:
        if config.attempts < 1:
            raise ConfigError(f"method.attempts: must be 1 or more, not {config.attempts}.")
        super().__init__(config, [config.judge])
        self.config = config
        self._grammar = load.grammar_of({"type": "anchored", "words": {"HOLDS": "holds", "FAILS": "fails"}})

    async def judge(self, item: JudgeItem, ask: Ask) -> Verdict:
        """Judge and check, until an explanation holds."""
        scene = Scene(item, self.config, [self.config.check])
        checks: list[str] = []
        verdict = Verdict(status="unparsed")
        for attempt in range(1, self.config.attempts + 1):
            heard = Listening(ask, f"try{attempt}")
            verdict = await self.inner[0].judge(item, heard)
            if verdict.status != "ok" or not heard.said:
                return with_details(verdict, checks=checks)
            text = review(scene, self.config.check, "method.check", heard.said)
            reading = self._grammar.read(await ask([{"role": "user", "content": text}], view=f"check{attempt}"))
            checks.append(reading.label or "unparsed")
            if reading.label == "holds":
                return with_details(verdict, checks=checks)
        reason = f"the explanation did not pass its check ({', '.join(checks)})"
        return Verdict(status="unparsed", reason=reason, details={**verdict.details, "checks": checks})
