"""Several checks of one answer by one judge model, all of which, or most of which, must pass: compound validators."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case, all_of
from judgebench.judges.wrappers.wrapper import Listening, Wrapper, stated
from judgebench.records.findings import StepVerdict
from judgebench.records.flow import Verdict


class Compound(Wrapper):
    """Passes an answer by ``sequence`` (in turn, up to the first that fails), ``unanimity`` or ``vote``.

    UQ validators (2025) are such: low-level checks, repeated and voted, in a sequence that all must pass. The decision
    is ``passed`` or ``failed``; ``details["checks"]`` says what each found, and ``steps`` which of them passed.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=Compound, ...)``.

        Attributes:
            judges: ``dict(type=..., ...)`` of each check.
            rule: How their verdicts are put together.
            passes: Decisions with which a check passes.
            unread: What a check without a readable verdict is: the item is ``unparsed``, or it counts as ``failed``.
            passed: Decision of an answer that passes. ``failed``: of one that does not.
        """

        judges: list[dict[str, Any]]
        rule: Literal["sequence", "unanimity", "vote"] = "sequence"
        passes: list[str] = msgspec.field(default_factory=lambda: ["correct"])
        unread: Literal["unparsed", "failed"] = "unparsed"
        passed: str = "correct"
        failed: str = "incorrect"

    def __init__(self, config: Config) -> None:
        if not config.judges or not config.passes:
            raise ConfigError(
                "method.judges: name at least one check, and in passes the decisions with which it passes."
            )
        super().__init__(config, config.judges, where="judges")
        self.config = config

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Run the checks and put their verdicts together."""
        verdicts: list[Verdict] = []
        asks = [Listening(ask, f"check{number}") for number in range(1, len(self.inner) + 1)]
        if self.config.rule == "sequence":
            for judge, own in zip(self.inner, asks, strict=True):
                verdicts.append(await judge.judge(case, own))
                if self._passes(verdicts[-1]) is not True:
                    break
        else:
            verdicts += await all_of(judge.judge(case, own) for judge, own in zip(self.inner, asks, strict=True))
        unasked = next((one for one in verdicts if one.status not in {"ok", "unparsed"}), None)
        if unasked is not None:
            return unasked
        details = {"checks": [stated(one) for one in verdicts]}
        outcomes = [self._passes(one) for one in verdicts]
        steps = [StepVerdict(correct=one) for one in outcomes if one is not None]
        passed = self._outcome(outcomes)
        if passed is None:
            return Verdict(status="unparsed", reason="a check could not be read", details=details)
        decision = self.config.passed if passed else self.config.failed
        return Verdict(status="ok", decision=decision, steps=steps, details=details)

    def _passes(self, verdict: Verdict) -> bool | None:
        if verdict.status != "ok":
            return False if self.config.unread == "failed" else None
        return verdict.decision in self.config.passes

    def _outcome(self, outcomes: list[bool | None]) -> bool | None:
        if self.config.rule == "vote":
            return None if None in outcomes else outcomes.count(True) * 2 > len(outcomes)
        if False in outcomes:
            return False  # one failed check decides, whatever an unread one would have said
        return None if None in outcomes else True
