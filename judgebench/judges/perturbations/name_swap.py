"""Name swap: the people in the question get other names, everywhere."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from judgebench.judges.core.contract import Case
from judgebench.judges.wrappers.perturbed import Perturbation, Perturbed

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

    def perturb(self, case: Case, seed: int) -> Perturbed | None:
        """Return the item with other names; ``None`` where its fields name nobody."""
        shown = [text for text in case.fields.values() if isinstance(text, str)]
        found = list(dict.fromkeys(name for text in shown for name in _ALONE.findall(text)))
        everything = "\n".join([*shown, case.answer, case.baseline or "", *_references(case), *case.answers])
        free = [name for name in _NAMES if not re.search(rf"\b{name}\b", everything)]
        if not found or len(free) < len(found):
            return None
        others = dict(zip(found, self.dice(case, seed).sample(free, len(found)), strict=True))
        of_people = re.compile(rf"\b({'|'.join(found)})\b(?! [A-Z])")

        def renamed(text: Any) -> Any:
            return of_people.sub(lambda match: others[match[1]], text) if isinstance(text, str) else text

        reference = (
            [renamed(one) for one in case.reference] if isinstance(case.reference, list) else renamed(case.reference)
        )
        changed = msgspec.structs.replace(
            case,
            fields={name: renamed(value) for name, value in case.fields.items()},
            reference=reference,
            answer=renamed(case.answer),
            baseline=renamed(case.baseline),
            answers=[renamed(one) for one in case.answers],
        )
        return Perturbed(case=changed)


def _references(case: Case) -> list[str]:
    return case.reference if isinstance(case.reference, list) else [case.reference or ""]
