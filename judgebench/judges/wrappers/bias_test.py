"""Does a judge change its verdict when nothing that matters has changed? Any judge, asked about changed items as well.

::

    method=dict(type=BiasTest, judge=dict(type=PairComparison, ...), perturbations=["bandwagon", "verbosity"]),
    score=dict(type=BiasScore),
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, CallFailedError, Case, all_of
from judgebench.judges.wrappers.perturbed import Kind, Perturbation, Perturbed, kind_of, perturbation_of, shipped
from judgebench.judges.wrappers.wrapper import Listening, Wrapper
from judgebench.records.findings import BiasFindings, PerturbedVerdict, RepeatedVerdict
from judgebench.records.flow import Verdict
from judgebench.records.pairs import FLIPPED

FOR_GOOD = frozenset({"bad_request", "content_filter", "context_length"})
"""Faults that asking again cannot mend: a service that filters injections, an answer made too long."""

_FENCE = re.compile(r"=== [0-9a-f]{20} ===")


class BiasTest(Wrapper):
    """Asks a judge about every item as it is, the same once more, and about each perturbed item.

    The verdict is that on the unchanged item. ``bias`` holds under ``again`` what was decided when the same
    questions were put a second time, which is the judge's noise, and under ``tests`` one entry for each perturbation:
    its name, target and expectation with the verdict in the frame of the unchanged item, or why it was ``skipped``.

    Source: the bias tests of Reasoning-based Bias Detection (H. Yang et al. 2025, arXiv:2505.17100) and of the study of
    large reasoning models as judges (Q. Wang et al. 2025), in our own words.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=BiasTest, ...)``.

        Attributes:
            judge: ``dict(type=..., ...)`` of any judge that asks.
            perturbations: Names of perturbations, or ``dict(type=..., ...)`` with their keys; empty takes every shipped
                one that makes sense for the items.
            again: How many more times the same questions are put about the unchanged item; 0 measures no noise.
            seed: Of everything that is drawn.
        """

        judge: dict[str, Any]
        perturbations: list[str | dict[str, Any]] = []
        again: int = 1
        seed: int = 0

    def __init__(self, config: Config) -> None:
        if config.again < 0:
            raise ConfigError(f"method.again: must be 0 or more, not {config.again}.")
        super().__init__(config, [config.judge])
        self.config = config
        specs = config.perturbations or shipped()
        made = [perturbation_of(one, where=f"method.perturbations[{at}]") for at, one in enumerate(specs)]
        self._perturbations = dict(made)
        if len(self._perturbations) < len(made) or {"", "again"} & self._perturbations.keys():
            raise ConfigError(
                "method.perturbations: two have the same name, or one is named 'again'.",
                hint='Name them: dict(type="verbosity", words=200, name="very_long")',
            )

    def identity(self) -> dict[str, Any]:
        """Return the judge's identity and each perturbation's."""
        tests = {name: one.identity() for name, one in self._perturbations.items()}
        return {**super().identity(), "perturbations": tests}

    def notes(self) -> list[str]:
        """Say what the figures rest on."""
        return [
            f"which of two answers a perturbation changes is drawn by the item's content and seed {self.config.seed}"
        ]

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Judge an item, unchanged and changed.

        Raises:
            ConfigError: A perturbation that the config names makes no sense for items of this kind.
        """
        chosen = self._chosen(case)
        plain = await self.inner[0].judge(case, Listening(ask))
        if plain.status != "ok" or plain.equal_answers:
            return tested(plain, BiasFindings()) if plain.status == "unparsed" else plain
        again = [
            repeated(await self.inner[0].judge(case, Listening(ask, f"again{number or ''}")))
            for number in range(self.config.again)
        ]
        seen = self._seen(case)
        tests = await all_of(self._test(name, one, case, ask, seen) for name, one in chosen.items())
        return tested(plain, BiasFindings(again=again, tests=tests))

    def _chosen(self, case: Case) -> dict[str, Perturbation]:
        kind = kind_of(case)
        fitting = {name: one for name, one in self._perturbations.items() if kind in one.kinds}
        named = self._perturbations if self.config.perturbations else fitting
        strange = [name for name in named if name not in fitting]
        if strange or not fitting:
            raise ConfigError(
                f"method.perturbations: {strange[0] if strange else 'a bias test'} makes no sense for {_ITEMS[kind]}.",
                hint="Leave it out: position and option_rename are for pairs, the others for pairs and single answers.",
            )
        return fitting

    async def _test(self, name: str, perturbation: Perturbation, case: Case, ask: Ask, seen: str) -> PerturbedVerdict:
        """Return what one perturbation did to the verdict."""
        changed = perturbation.perturb(case, self.config.seed)
        if changed is None:
            return PerturbedVerdict(test=name, skipped="does not apply")
        if seen and self._seen(changed.case) == seen:
            return PerturbedVerdict(test=name, skipped="not shown")
        about = PerturbedVerdict(
            test=name, expects=changed.expects, target=changed.target, keeps_gold=changed.keeps_gold
        )
        try:
            verdict = await self.inner[0].judge(changed.case, Listening(ask, name))
        except CallFailedError as error:
            if error.reply.error is None or error.reply.error.kind not in FOR_GOOD:
                raise
            return msgspec.structs.replace(about, status="judge_failed", reason=error.reply.error.kind)
        if changed.mirrored and verdict.status == "ok" and verdict.decision is None:
            return PerturbedVerdict(test=name, skipped="a score has no mirror image")
        said = _as_before(verdict, changed)
        return msgspec.structs.replace(
            about, status=said.status, decision=said.decision, score=said.score, reason=said.reason
        )

    def _seen(self, case: Case) -> str:
        """Return what the judge is asked first, without the fence, which every text changes; empty if unknown."""
        prompts = self.prompts(case)
        return _FENCE.sub("", str(prompts)) if prompts else ""


_ITEMS: dict[Kind, str] = {
    "pair": "pairs of answers",
    "point": "single answers",
    "list": "items with more than two answers",
}


def tested(plain: Verdict, bias: BiasFindings) -> Verdict:
    """Return a verdict with what the test found; its span is dropped, because the last reply is another one."""
    return msgspec.structs.replace(plain, span=None, bias=bias)


def repeated(verdict: Verdict) -> RepeatedVerdict:
    """Return what was decided when the same question was put again."""
    return RepeatedVerdict(status=verdict.status, decision=verdict.decision, score=verdict.score, reason=verdict.reason)


def _as_before(verdict: Verdict, changed: Perturbed) -> Verdict:
    """Return a verdict in the frame of the unchanged item."""
    if not changed.mirrored or verdict.decision is None:
        return verdict
    return msgspec.structs.replace(verdict, decision=FLIPPED.get(verdict.decision, verdict.decision))
