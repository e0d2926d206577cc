"""Position: the two answers in each other's place."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from judgebench.judges.asking import JudgeItem
from judgebench.judges.perturbed import Kind, Perturbation, Perturbed


class Position(Perturbation):
    """Shows the second answer first; a judge that moves to it prefers the first place, whatever stands there."""

    kinds: ClassVar[tuple[Kind, ...]] = ("pair",)

    def perturb(self, item: JudgeItem, seed: int) -> Perturbed | None:  # noqa: ARG002 - there is nothing to draw
        """Return the item with its answers exchanged."""
        if item.baseline is None or item.baseline == item.answer:
            return None
        changed = msgspec.structs.replace(item, answer=item.baseline, baseline=item.answer, answers=item.answers[::-1])
        return Perturbed(item=changed, target="B", mirrored=True)
