"""Name swap: the people in the question get other names, everywhere."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from judgebench.judges.asking import JudgeItem
from judgebench.judges.perturbed import Perturbation, Perturbed

_NAMES = (
    "Aisha", "Alice", "Amara", "Anna", "Ben", "Bob", "Carlos", "Carol", "Chen", "Dave", "Diego", "Elena", "Emily",
    "Fatima", "Hiroshi", "Ingrid", "Ivan", "Jamal", "James", "John", "Julia", "Kenji", "Kofi", "Lars", "Lena", "Linda",
    "Luis", "Maria", "Mary", "Mei", "Mike", "Nadia", "Natalia", "Olga", "Omar", "Peter", "Priya", "Rahul", "Sam",
    "Sara", "Sarah", "Sofia", "Tariq", "Tom", "Tim", "Weng", "Yuki", "Zainab",
)  # fmt: skip
"""First names of people in exercises."""

_ALONE = re.compile(
    rf"(?<!\bof )(?<!King )(?<!Queen )(?<!Saint )(?<!St )(?<!St\. )(?<!Pope )\b({'|'.join(_NAMES)})\b(?!-)(?! [A-Z])"
)
"""A first name without surname or title: with one it may be a known person, whose name is part of the matter."""


class NameSwap(Perturbation):
    """Gives the people that the question names other names, in the question, the reference and the answers."""

    def perturb(self, item: JudgeItem, seed: int) -> Perturbed | None:
        """Return the item with other names; ``None`` where its fields name nobody."""
        shown = [text for text in item.fields.values() if isinstance(text, str)]
        found = list(dict.fromkeys(name for text in shown for name in _ALONE.findall(text)))
        everything = "\n".join([*shown, item.answer, item.baseline or "", *_references(item), *item.answers])
        free = [name for name in _NAMES if not re.search(rf"\b{name}\b", everything)]
        if not found or len(free) < len(found):
            return None
        others = dict(zip(found, self.dice(item, seed).sample(free, len(found)), strict=True))
        of_people = re.compile(rf"\b({'|'.join(found)})\b(?! [A-Z])")

        def renamed(text: Any) -> Any:
            return of_people.sub(lambda match: others[match[1]], text) if isinstance(text, str) else text

        reference = (
            [renamed(one) for one in item.reference] if isinstance(item.reference, list) else renamed(item.reference)
        )
        changed = msgspec.structs.replace(
            item,
            fields={name: renamed(value) for name, value in item.fields.items()},
            reference=reference,
            answer=renamed(item.answer),
            baseline=renamed(item.baseline),
            answers=[renamed(one) for one in item.answers],
        )
        return Perturbed(item=changed)


def _references(item: JudgeItem) -> list[str]:
    return item.reference if isinstance(item.reference, list) else [item.reference or ""]
