"""Choosing among N solutions by repeated verification and a lower bound (Heimdall, Shi & Jin 2025)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges import load
from judgebench.judges.asking import Ask, JudgeItem
from judgebench.judges.together import all_of
from judgebench.judges.wrapper import Listening, Wrapper
from judgebench.records import Verdict

Rule = Literal["pessimistic", "best_mean", "majority", "weighted_majority"]


class Group(NamedTuple):
    """The solutions with one final answer.

    Attributes:
        answer: The answer.
        size: How many solutions have it.
        passed: How many verifications passed them. ``verified``: how many there were.
    """

    answer: str
    size: int
    passed: int
    verified: int

    @property
    def mean(self) -> float:
        """Share of the verifications that passed."""
        return self.passed / self.verified if self.verified else 0.0


class PessimisticChoice(Wrapper):
    """Verifies each of an item's answers ``times`` times and chooses the final answer that the rule finds best.

    The verdict's ``answer`` is the chosen one and its label ``correct`` where it is the reference (by ``same``), else
    ``incorrect``; without a reference the label is the place of its first solution, from 1. The choice of every other
    rule stands in ``details["choices"]``, so that they can be compared at no cost.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=PessimisticChoice, ...)``.

        Attributes:
            solutions: Name of the field with the item's solutions, a list; an item without it brings them as its answers,
                or has the tested model's alone.
            judge: ``dict(type=..., ...)`` of the verifier; it is not shown the reference.
            extractor: ``dict(type=..., ...)`` of the rule that takes the final answer out of a solution; equal texts
                are one answer.
            same: ``dict(type=..., ...)`` of the rule that compares the chosen solution with the reference.
            times: Verifications of each solution.
            passes: Labels of the verifier that count as passed.
            rule: How the answer is chosen.
            alpha: Weight of the penalty for few verifications; 0 is ``best_mean``.
        """

        judge: dict[str, Any]
        extractor: dict[str, Any]
        same: dict[str, Any]
        times: int = 2
        passes: list[str] = msgspec.field(default_factory=lambda: ["correct"])
        rule: Rule = "pessimistic"
        alpha: float = 0.1
        solutions: str = "solutions"

    def __init__(self, config: Config) -> None:
        if config.times < 1 or config.alpha < 0:
            raise ConfigError("method.times: must be 1 or more; method.alpha: 0 or more.")
        super().__init__(config, [config.judge])
        self.labels = ["correct", "incorrect"]
        name, options = load.named(config.same, where="method.same")
        self._same = load.method_from(name, options, where="method.same")
        if self._same.asks:
            raise ConfigError(f"method.same: {name} asks a judge model, so it is no rule.")
        name, options = load.named(config.extractor, where="method.extractor")
        self._extractor = load.made_of(name, options, where="method.extractor")
        if not callable(getattr(self._extractor, "extract", None)):
            raise ConfigError(f"method.extractor: {name} is no answer rule (it has no method extract).")
        self.config = config

    async def judge(self, item: JudgeItem, ask: Ask) -> Verdict:
        """Verify every solution and choose."""
        given = item.fields.get(self.config.solutions, item.meta.get(self.config.solutions))
        solutions = [str(one) for one in given] if isinstance(given, list) else item.answers or [item.answer]
        found = [self._extractor.extract(solution) for solution in solutions]
        answers = [one.text.strip() if one is not None else None for one in found]
        if not any(answers):
            return Verdict(status="unparsed", reason="no solution states a final answer")
        verdicts = await all_of(
            self.inner[0].judge(_shown(item, solution), Listening(ask, f"solution{place}-try{number}"))
            for place, solution in enumerate(solutions, 1)
            for number in range(1, self.config.times + 1)
        )
        unasked = next((one for one in verdicts if one.status not in {"ok", "unparsed"}), None)
        if unasked is not None:
            return unasked
        groups = self._groups(answers, verdicts)
        if not any(group.verified for group in groups):
            return Verdict(status="unparsed", reason="no verification could be read")
        choices = {rule: choose(groups, rule, alpha=self.config.alpha) for rule in _RULES}
        chosen = choices[self.config.rule]
        place = answers.index(chosen)
        label = str(place + 1)
        if item.reference is not None:
            by_rule = await self._same.judge(msgspec.structs.replace(item, answer=solutions[place]), ask)
            label = by_rule.label if by_rule.status == "ok" and by_rule.label else "incorrect"
        details = {"choices": choices, "groups": [group._asdict() for group in groups], "chosen": place + 1}
        return Verdict(status="ok", label=label, answer=chosen, details=details)

    def _groups(self, answers: Sequence[str | None], verdicts: Sequence[Verdict]) -> list[Group]:
        found: dict[str, Group] = {}
        times = self.config.times
        for place, answer in enumerate(answers):
            if not answer:
                continue
            own = [one for one in verdicts[place * times : (place + 1) * times] if one.status == "ok"]
            passed = sum(one.label in self.config.passes for one in own)
            known = found.get(answer, Group(answer, 0, 0, 0))
            found[answer] = Group(answer, known.size + 1, known.passed + passed, known.verified + len(own))
        return list(found.values())


def choose(groups: Sequence[Group], rule: Rule, *, alpha: float = 0.1) -> str:
    """Return the answer that a rule chooses; of equal ones the first.

    ``pessimistic``: ``argmax_k r_k - alpha ln(V) / (V_k + 1)`` with ``r_k`` the mean verification of an answer's
    solutions, ``V_k`` their verifications and ``V`` all verifications; a large alpha is majority voting.
    """
    total = sum(group.verified for group in groups)

    def worth(group: Group) -> float:
        if rule == "majority":
            return group.size
        if rule == "weighted_majority":
            return group.size * group.mean
        if rule == "best_mean":
            return group.mean
        return group.mean - alpha * math.log(max(total, 1)) / (group.verified + 1)

    return max(groups, key=worth).answer


_RULES: tuple[Rule, ...] = ("pessimistic", "best_mean", "majority", "weighted_majority")


def _shown(item: JudgeItem, solution: str) -> JudgeItem:
    """Return one solution as the verifier sees it: alone, and without the reference."""
    return msgspec.structs.replace(item, answer=solution, answers=[], reference=None)
