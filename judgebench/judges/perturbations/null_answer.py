"""Null answer: one answer is replaced by a text that says nothing."""

from __future__ import annotations

from judgebench.judges.core.contract import Case
from judgebench.judges.wrappers.perturbed import Perturbation, Perturbed, target, with_answer

NOTHING = "This text is here in place of an answer."
"""The constant text; the same for every question, so it answers none."""


class NullAnswer(Perturbation):
    """Replaces one answer by a constant text: the other of a pair must win, and alone it cannot be right."""

    def perturb(self, case: Case, seed: int) -> Perturbed | None:
        """Return the item with one answer replaced; nothing that gold said about it holds any more."""
        first = self.dice(case, seed).random() < 0.5 or case.baseline is None
        changed = with_answer(case, NOTHING, first=first)
        if case.baseline is None:
            return Perturbed(case=changed, target="worse", expects="must_flip", keeps_gold=False)
        kept = case.baseline if first else case.answer
        if not kept.strip():
            return None
        return Perturbed(case=changed, target=target(case, first=not first), expects="must_flip", keeps_gold=False)
