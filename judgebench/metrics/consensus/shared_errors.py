"""Do judges err together? Then their consensus is sure and wrong, and no method without labels can know.

On items with a label or a rule's decision: how often two judges are both wrong, against how often they would be if
their errors were independent given what is right.

Source: E. Kim et al. (2025), Correlated errors in large language models, arXiv:2506.07962, for the measure.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from itertools import combinations
from typing import NamedTuple, TypeVar

Item = TypeVar("Item", bound=Hashable)

LEAST_ITEMS = 30
WARNING = (
    "Judges that err in the same way agree on the wrong decision, and no consensus can tell. On the adversarial "
    "questions of LLMBar the consensus by Dawid and Skene of three language models, asked in both orders, is right in "
    "27.6%: less often than a coin."
)
"""What stands beside every consensus whose judges have not been compared with labels."""


class SharedErrors(NamedTuple):
    """How two judges err together.

    Attributes:
        both: Share of the items on which both are wrong.
        expected: What it would be if their errors were independent given what is right.
        z: How many standard errors lie between them.
        n: Items that both read and of which is known what is right.
    """

    first: str
    second: str
    both: float
    expected: float
    z: float
    n: int

    @property
    def together(self) -> bool:
        """Whether they err together more often than chance allows (one-sided, 1%)."""
        return self.n >= LEAST_ITEMS and self.z > 2.326


def shared_errors(said: Mapping[str, Mapping[Item, Hashable]], true: Mapping[Item, Hashable]) -> list[SharedErrors]:
    """Return how each two judges err together, the worst first.

    Args:
        said: By judge: what it says of each item.
        true: What is right, of as many items as is known.
    """
    found = []
    for first, second in combinations(said, 2):
        items = [item for item in true if item in said[first] and item in said[second]]
        if not items:
            continue
        both = sum(said[first][one] != true[one] and said[second][one] != true[one] for one in items)
        expected = variance = 0.0
        for decision in {true[one] for one in items}:
            own = [one for one in items if true[one] == decision]
            wrong = [sum(said[judge][one] != decision for one in own) / len(own) for judge in (first, second)]
            expected += len(own) * wrong[0] * wrong[1]
            variance += len(own) * wrong[0] * (1 - wrong[0]) * wrong[1] * (1 - wrong[1])
        z = (both - expected) / math.sqrt(variance) if variance > 0 else 0.0
        n = len(items)
        found.append(SharedErrors(first, second, both / n, expected / n, z, n))
    return sorted(found, key=lambda one: -one.z)
