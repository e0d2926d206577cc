"""Judge, then check the judge's own explanation; an explanation that does not hold gives no verdict."""

from __future__ import annotations

from typing import Any

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case
from judgebench.judges.core.showing import Showing
from judgebench.judges.methods.dynamic import Scene
from judgebench.judges.methods.reviewing import matter, review
from judgebench.judges.parsers.reading import parser_of
from judgebench.judges.wrappers.wrapper import Listening, Wrapper, with_details
from judgebench.records.flow import Verdict

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
    """Keeps another judge's verdict only if its explanation passes a check; asks again up to ``tries`` times.

    The judge-then-verify unit of verdict (Haize Labs 2025). With ``Repeated`` around it: verify three times and vote.
    """

    class Config(Showing, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=VerifiedJudge, ...)``, beside those of ``Showing``.

        Attributes:
            judge: ``dict(type=..., ...)`` of any judge that explains itself.
            tries: How often the judge may try; after the last failed check the item is unparsed.
            check: The prompt of the check; may name ``{judged}``, ``{explanation}``, ``{fence}`` and the fields.
        """

        judge: dict[str, Any]
        tries: int = 2
        check: str = _CHECK

    def __init__(self, config: Config) -> None:
        if config.tries < 1:
            raise ConfigError(f"method.tries: must be 1 or more, not {config.tries}.")
        super().__init__(config, [config.judge])
        self.config = config
        self._parser = parser_of({"type": "anchored", "words": {"HOLDS": "holds", "FAILS": "fails"}})

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Judge and check, until an explanation holds."""
        scene = Scene(case, self.config, [self.config.check])
        checks: list[str] = []
        verdict = Verdict(status="unparsed")
        for nth_try in range(1, self.config.tries + 1):
            listener = Listening(ask, f"try{nth_try}")
            verdict = await self.inner[0].judge(case, listener)
            if verdict.status != "ok" or not listener.said:
                return with_details(verdict, checks=checks)
            text = review(scene, self.config.check, "method.check", listener.said)
            reading = self._parser.read(await ask([{"role": "user", "content": text}], presentation=f"check{nth_try}"))
            checks.append(reading.decision or "unparsed")
            if reading.decision == "holds":
                return with_details(verdict, checks=checks)
        reason = f"the explanation did not pass its check ({', '.join(checks)})"
        return Verdict(status="unparsed", reason=reason, details={**verdict.details, "checks": checks})
