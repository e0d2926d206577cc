"""Position: the two answers in each other's place."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from judgebench.judges.core.contract import Case
from judgebench.judges.wrappers.perturbed import Kind, Perturbation, Perturbed


class Position(Perturbation):
    """Shows the second answer first; a judge that moves to it prefers the first place, whatever stands there."""

    kinds: ClassVar[tuple[Kind, ...]] = ("pair",)

    def perturb(self, case: Case, seed: int) -> Perturbed | None:  # noqa: ARG002 - there is nothing to draw
        """Return the item with its answers exchanged."""
        if case.baseline is None or case.baseline == case.answer:
            return None
        changed = msgspec.structs.replace(case, answer=case.baseline, baseline=case.answer, answers=case.answers[::-1])
        return Perturbed(case=changed, target="B", mirrored=True)
