"""Stages with gates: an answer that fails an early stage has its low score, and later stages are not asked."""

from __future__ import annotations

from typing import Any

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case
from judgebench.judges.wrappers.wrapper import Listening, Wrapper, stated, with_details
from judgebench.records.flow import Verdict


class Gate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stage that must be passed.

    Attributes:
        judge: ``dict(type=..., ...)`` of the stage's judge.
        passes: Decisions with which the stage is passed.
        score: Score of an answer that is not.
    """

    judge: dict[str, Any]
    passes: list[str]
    score: float


class Gated(Wrapper):
    """Asks gate after gate; what passes them all has the last judge's score plus ``offset`` (VStyle, 2025)."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=Gated, ...)``.

        Attributes:
            gates: The stages, in order.
            judge: ``dict(type=..., ...)`` of the judge that scores what has passed them.
            offset: Added to its score, so that whatever passes stands above whatever does not.
        """

        gates: list[Gate]
        judge: dict[str, Any]
        offset: float = 0.0

    def __init__(self, config: Config) -> None:
        if not config.gates:
            raise ConfigError("method.gates: name at least one gate.")
        super().__init__(config, [*(gate.judge for gate in config.gates), config.judge])
        self.decisions = []
        self.config = config

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Ask up to the first gate that is not passed."""
        passed: list[dict[str, Any]] = []
        for number, (gate, judge) in enumerate(zip(self.config.gates, self.inner, strict=False), 1):
            verdict = await judge.judge(case, Listening(ask, f"gate{number}"))
            passed.append(stated(verdict))
            if verdict.status != "ok":
                return with_details(verdict, gates=passed)
            if verdict.decision not in gate.passes:
                return Verdict(status="ok", score=gate.score, details={"gates": passed, "stopped_at": number})
        last = await self.inner[-1].judge(case, Listening(ask, "last"))
        score = last.score + self.config.offset if last.score is not None else None
        return with_details(msgspec.structs.replace(last, score=score), gates=passed)
