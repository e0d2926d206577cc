"""Null answer: one answer is replaced by a text that says nothing."""

from __future__ import annotations

from judgebench.judges.asking import JudgeItem
from judgebench.judges.perturbed import Perturbation, Perturbed, target, with_answer

NOTHING = "This text is here in place of an answer."
"""The constant text; the same for every question, so it answers none."""


class NullAnswer(Perturbation):
    """Replaces one answer by a constant text: the other of a pair must win, and alone it cannot be right."""

    def perturb(self, item: JudgeItem, seed: int) -> Perturbed | None:
        """Return the item with one answer replaced; nothing that gold said about it holds any more."""
        first = self.dice(item, seed).random() < 0.5 or item.baseline is None
        changed = with_answer(item, NOTHING, first=first)
        if item.baseline is None:
            return Perturbed(item=changed, target="worse", expects="must_flip", keeps_gold=False)
        kept = item.baseline if first else item.answer
        if not kept.strip():
            return None
        return Perturbed(item=changed, target=target(item, first=not first), expects="must_flip", keeps_gold=False)
