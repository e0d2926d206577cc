"""Which end of a metric is the good one, declared where the metric is defined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

Better = Literal["high", "low"] | None
"""``high``: more is better; ``low``: less is; ``None``: neither end is good by itself, as with a rate of ties."""

F = TypeVar("F", bound=Callable[..., Any])


def metric(*, better: Better) -> Callable[[F], F]:
    """Declare which end of a metric is good; models are ranked by a headline only where more is better.

    It stands above a metric's function: ``@metric(better="high")``.
    """

    def declare(function: F) -> F:
        function.better = better  # type: ignore[attr-defined]
        return function

    return declare


def declared(figures: Mapping[str, Better], name: str) -> Better:
    """Return which end of a score's figure is good; one in parts (``accuracy/math``) goes by the name of the whole.

    A figure that is not declared has no good end that anybody knows of.
    """
    return figures[name] if name in figures else figures.get(name.partition("/")[0])
