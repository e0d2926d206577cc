"""Does a judge err where it could not answer the question itself? And does a reference help it there?

Source: M. Krumdick et al. (2025), No free labels: limitations of LLM-as-a-judge without human grounding,
arXiv:2503.05061.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from judgebench.metrics.rates.agreement import cohen_kappa, percent_agreement
from judgebench.metrics.statistics.intervals import Interval
from judgebench.metrics.statistics.jeffreys import jeffreys


class AgreementCell(NamedTuple):
    """Agreement of the judge with people in one cell.

    Attributes:
        agreement: Share of the items on which they agree. ``interval``: its 95% interval.
        kappa: Cohen's; ``None`` where both say one thing alone.
        n: Items.
    """

    agreement: float
    interval: Interval
    kappa: float | None
    n: int


def agreement_by_knowledge(
    said: Sequence[float], true: Sequence[float], knows: Sequence[bool], reference: Sequence[str]
) -> dict[tuple[bool, str], AgreementCell]:
    """Return the agreement apart for what the judge can answer itself and for each origin of the reference.

    Args:
        said: The judge's verdicts.
        true: The labels.
        knows: Whether the judge itself answers the question of each verdict right, when it is asked.
        reference: Where the reference came from that the judge was shown: ``none``, ``own``, ``model``, ``human``, ...
    """
    cells: dict[tuple[bool, str], Counter[tuple[float, float]]] = {}
    for verdict, label, able, origin in zip(said, true, knows, reference, strict=True):
        cells.setdefault((able, origin), Counter())[verdict, label] += 1
    found = {}
    for name in sorted(cells, key=lambda one: (not one[0], one[1])):
        pairs = cells[name]
        n = pairs.total()
        agreed = sum(count for (verdict, label), count in pairs.items() if verdict == label)
        share = percent_agreement(pairs) or 0.0
        found[name] = AgreementCell(share, jeffreys(agreed, n), cohen_kappa(pairs), n)
    return found
