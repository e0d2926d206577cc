"""Rule first, judge where the rule cannot settle.

A rule is cheap and never moody, but strict: what it calls wrong may be right in another form. Which of its outcomes
settle an item is declared. How many items each of the two settled, and how often they differ where both spoke, can be
counted from the verdicts.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case, JudgeMethod, method_from
from judgebench.judges.wrappers.wrapper import stated
from judgebench.records.flow import Prompt, Verdict


class Cascade(JudgeMethod):
    """Asks the judge only about items that the rule's verdict does not settle.

    ``settled_by`` is ``rule`` or ``judge``; ``details["rule"]`` and ``details["judge"]`` are what each said.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=Cascade, ...)``.

        Attributes:
            rule: ``dict(type=..., ...)`` of a rule, which never asks.
            judge: ``dict(type=..., ...)`` of a judge method.
            settles: Decisions of the rule that settle an item, such as ``["correct"]``. A rule that could not read the
                answer never settles.
            ask_always: Ask the judge about settled items too, for comparison; the rule's verdict stands all the same.
        """

        rule: dict[str, Any]
        judge: dict[str, Any]
        settles: list[str]
        ask_always: bool = False

    version: ClassVar[int] = 1

    def __init__(self, config: Config) -> None:
        self.config = config
        rule_type, rule_options = plugins.split(config.rule, where="method.rule")
        judge_type, judge_options = plugins.split(config.judge, where="method.judge")
        self._rule = method_from(rule_type, rule_options, where="method.rule")
        self._judge = method_from(judge_type, judge_options, where="method.judge")
        if self._rule.asks:
            raise ConfigError(f"method.rule: {rule_type} asks a judge model, so it is not a rule.")
        if not self._judge.asks:
            raise ConfigError(f"method.judge: {judge_type} never asks a model, so it is not a judge.")
        if not config.settles:
            raise ConfigError(
                "method.settles: name the decisions of the rule that settle an item, such as ['correct']."
            )
        self.needs_logprobs = self._judge.needs_logprobs
        self.holds_workers = self._rule.holds_workers or self._judge.holds_workers
        self.decisions = list(dict.fromkeys([*config.settles, *self._judge.decisions]))

    @property
    def offers_schema(self) -> bool:
        """Whether a question of the judge comes with the schema of its reply."""
        return self._judge.offers_schema

    def identity(self) -> dict[str, Any]:
        """Return both parts and what settles."""
        return {
            "method": "cascade",
            "version": self.version,
            "rule": self._rule.identity(),
            "judge": self._judge.identity(),
            "settles": self.config.settles,
            "ask_always": self.config.ask_always,
        }

    def prompts(self, case: Case) -> list[tuple[str, Prompt]]:
        """Return the judge's rendered prompts, for a look before anything is sent."""
        return self._judge.prompts(case)

    async def aclose(self) -> None:
        """End what the rule and the judge hold."""
        await self._rule.aclose()
        await self._judge.aclose()

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Apply the rule, and ask the judge where it does not settle."""
        by_rule = await self._rule.judge(case, ask)
        settled = by_rule.status == "ok" and by_rule.decision in self.config.settles
        said = {"rule": stated(by_rule)}
        if settled and not self.config.ask_always:
            return _settled(by_rule, said)
        by_judge = await self._judge.judge(case, ask)
        said["judge"] = stated(by_judge)
        if settled:
            return _settled(by_rule, said)
        return msgspec.structs.replace(
            by_judge,
            answer=by_judge.answer or by_rule.answer,
            settled_by="judge",
            details={**by_judge.details, **said},
        )


def _settled(by_rule: Verdict, said: dict[str, Any]) -> Verdict:
    return msgspec.structs.replace(by_rule, span=None, settled_by="rule", details={**by_rule.details, **said})
