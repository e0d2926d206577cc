"""Option rename: both answers get names that mean nothing."""

from __future__ import annotations

from typing import ClassVar

from judgebench.judges.core.contract import Case
from judgebench.judges.wrappers.perturbed import Kind, Perturbation, Perturbed, with_answer

_NAMES = (("Option Q", "Option K"), ("Response 7", "Response 3"), ("Text North", "Text South"), ("Entry V", "Entry M"))


class OptionRename(Perturbation):
    """Heads both answers with names of their own, beside those that the judge's prompt gives them."""

    kinds: ClassVar[tuple[Kind, ...]] = ("pair",)

    def perturb(self, case: Case, seed: int) -> Perturbed | None:
        """Return the item with a name above each answer; the bias has no direction."""
        if case.baseline is None:
            return None
        dice = self.dice(case, seed)
        names = list(dice.choice(_NAMES))
        dice.shuffle(names)
        changed = with_answer(case, f"{names[0]}:\n{case.answer}")
        changed = with_answer(changed, f"{names[1]}:\n{case.baseline}", first=False)
        return Perturbed(case=changed)
