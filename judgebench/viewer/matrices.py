"""Tables in which everybody stands against everybody: models in a ranking, judges of the same answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from judgebench.metrics.comparisons.ranked import Ranking
from judgebench.records.diagnostics import JudgesCompared
from judgebench.viewer import figures


class MatrixCell(NamedTuple):
    """What one says of another.

    Attributes:
        text: The figure; empty where there is none. ``below``: what it rests on.
        kind: Class of its colour, if any.
    """

    text: str = ""
    below: str = ""
    kind: str = ""


class Matrix(NamedTuple):
    """Names, and a line of cells for each.

    Attributes:
        about: What it is about.
    """

    about: str
    names: list[str]
    lines: list[tuple[str, list[MatrixCell]]]


def head_to_head(ranking: Ranking) -> Matrix | None:
    """Return how often each model won against each other, the best first; ``None`` for two models or fewer."""
    names = [one.model for one in ranking.models if one.comparisons]
    if len(names) < 3:
        return None
    cells: dict[tuple[str, str], MatrixCell] = {}
    for pair in ranking.pairs:
        if pair.comparisons:
            cells[pair.first, pair.second] = _won(pair.wins, pair.ties, pair.losses)
            cells[pair.second, pair.first] = _won(pair.losses, pair.ties, pair.wins)
    return _matrix(ranking.dataset, names, cells)


def _won(wins: int, ties: int, losses: int) -> MatrixCell:
    share = 100 * (wins + ties / 2) / (wins + ties + losses)
    kind = "good" if share > 50 else "bad" if share < 50 else ""
    return MatrixCell(figures.number(share), f"{wins} won, {ties} tied, {losses} lost", kind)


def between_judges(pairs: Sequence[tuple[str, str, JudgesCompared]]) -> list[Matrix]:
    """Return how far judges agree, a matrix for each dataset and model that three of them or more looked at.

    Args:
        pairs: Dataset, model and two judges.
    """
    found: dict[tuple[str, str], dict[tuple[str, str], MatrixCell]] = {}
    for dataset, model, pair in pairs:
        first, second = pair.judges
        kappa = f"κ {figures.number(pair.kappa, 'coefficient')} of {pair.n:,}"
        cell = MatrixCell(figures.number(pair.agreement), kappa)
        found.setdefault((dataset, model), {}).update({(first, second): cell, (second, first): cell})
    matrices = []
    for (dataset, model), cells in found.items():
        names = list(dict.fromkeys(name for name, _ in cells))
        if len(names) > 2:
            matrices.append(_matrix(f"{model} on {dataset}", names, cells))
    return matrices


def _matrix(about: str, names: list[str], cells: dict[tuple[str, str], MatrixCell]) -> Matrix:
    return Matrix(about, names, [(name, [cells.get((name, other), MatrixCell()) for other in names]) for name in names])
