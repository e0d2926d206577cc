"""Choosing among N solutions by repeated verification and a lower bound (Heimdall, Shi & Jin 2025)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case, all_of, extractor_from, method_from
from judgebench.judges.wrappers.wrapper import Listening, Wrapper
from judgebench.metrics.statistics.choosing import ALPHA, STRATEGIES, AnswerGroup, Strategy, choose, grouped
from judgebench.records.flow import Verdict


class PessimisticChoice(Wrapper):
    """Verifies each of an item's answers ``times`` times and chooses the final answer that the rule finds best.

    The verdict's ``answer`` is the chosen one and its decision what ``same`` says of it: ``correct`` where it is the
    reference, ``incorrect`` where it is not, and unparsed where that cannot be told. Without a reference the decision
    is the place of its first solution, from 1. The choice of every other rule stands in ``details["choices"]``, so that
    they can be compared at no cost.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=PessimisticChoice, ...)``.

        Attributes:
            solutions: Name of the field with the list of the item's solutions; without it they are the answers that it
                brings along, or the tested model's alone.
            judge: ``dict(type=..., ...)`` of the verifier; it is not shown the reference.
            extractor: ``dict(type=..., ...)`` of the rule that takes the final answer out of a solution; equal texts
                are one answer.
            same: ``dict(type=..., ...)`` of the rule that compares the chosen solution with the reference.
            times: Verifications of each solution.
            passes: Decisions of the verifier that count as passed.
            rule: How the answer is chosen.
            alpha: Weight of the penalty for few verifications; 0 is ``best_mean``.
        """

        judge: dict[str, Any]
        extractor: dict[str, Any]
        same: dict[str, Any]
        times: int = 2
        passes: list[str] = msgspec.field(default_factory=lambda: ["correct"])
        rule: Strategy = "pessimistic"
        alpha: float = ALPHA
        solutions: str = "solutions"

    def __init__(self, config: Config) -> None:
        if config.times < 1 or config.alpha < 0:
            raise ConfigError("method.times: must be 1 or more; method.alpha: 0 or more.")
        super().__init__(config, [config.judge])
        self.decisions = ["correct", "incorrect"]
        name, options = plugins.split(config.same, where="method.same")
        self._same = method_from(name, options, where="method.same")
        if self._same.asks:
            raise ConfigError(f"method.same: {name} asks a judge model, so it is not a rule.")
        self.holds_workers = self.holds_workers or self._same.holds_workers
        name, options = plugins.split(config.extractor, where="method.extractor")
        self._extractor = extractor_from(name, options, where="method.extractor")
        self.config = config

    async def aclose(self) -> None:
        """End what the verifier and the rule hold."""
        await super().aclose()
        await self._same.aclose()

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Verify every solution and choose."""
        given = case.fields.get(self.config.solutions, case.meta.get(self.config.solutions))
        solutions = [str(one) for one in given] if isinstance(given, list) else case.answers or [case.answer]
        found = [self._extractor.extract(solution) for solution in solutions]
        answers = [one.text.strip() if one is not None else None for one in found]
        if not any(answers):
            return Verdict(status="unparsed", reason="no solution states a final answer")
        verdicts = await all_of(
            self.inner[0].judge(_shown(case, solution), Listening(ask, f"solution{place}-try{number}"))
            for place, solution in enumerate(solutions, 1)
            for number in range(1, self.config.times + 1)
        )
        unasked = next((one for one in verdicts if one.status not in {"ok", "unparsed"}), None)
        if unasked is not None:
            return unasked
        groups = self._groups(answers, verdicts)
        if not any(group.verified for group in groups):
            return Verdict(status="unparsed", reason="no verification could be read")
        choices = {rule: choose(groups, rule, alpha=self.config.alpha) for rule in STRATEGIES}
        chosen = choices[self.config.rule]
        place = answers.index(chosen)
        details = {"choices": choices, "groups": [group._asdict() for group in groups], "chosen": place + 1}
        decision = str(place + 1)
        if case.reference is not None:
            by_rule = await self._same.judge(msgspec.structs.replace(case, answer=solutions[place]), ask)
            if by_rule.status != "ok" or by_rule.decision is None:
                reason = f"the chosen solution could not be compared with the reference: {by_rule.reason}"
                return Verdict(status="unparsed", answer=chosen, reason=reason, details=details)
            decision = by_rule.decision
        return Verdict(status="ok", decision=decision, answer=chosen, details=details)

    def _groups(self, answers: Sequence[str | None], verdicts: Sequence[Verdict]) -> list[AnswerGroup[str]]:
        times = self.config.times
        solutions = []
        for place, answer in enumerate(answers):
            read = [one for one in verdicts[place * times : (place + 1) * times] if one.status == "ok"]
            if answer:
                solutions.append((answer, sum(one.decision in self.config.passes for one in read), len(read)))
        return grouped(solutions)


def _shown(case: Case, solution: str) -> Case:
    """Return one solution as the verifier sees it: alone, and without the reference."""
    return msgspec.structs.replace(case, answer=solution, answers=[], reference=None)
