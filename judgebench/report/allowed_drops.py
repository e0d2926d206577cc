"""Allowed drops of a gate: how they are written. ``toy-judge.accuracy=2``, ``toy-judge.accuracy/category=*=5%``."""

from __future__ import annotations

import re
from typing import NamedTuple

from judgebench.errors import UsageError

DROPPABLE = ("accuracy", "win_rate", "mean_score")
"""Metrics whose drop can be measured: means over items, which two runs have in common."""
EVERY = "*"
"""As the value of a slice: each one that there is."""
_DROP = re.compile(r"(?P<name>.+?)\.(?P<metric>\w+)(?:/(?P<by>[^=]+)=(?P<value>.*))?=(?P<margin>[^=]+)")


class AllowedDrop(NamedTuple):
    """How much lower than in the baseline a metric may be.

    Attributes:
        model: Abbr of the tested model; empty for every one of the row.
        row: The row.
        metric: ``accuracy``, ``win_rate`` or ``mean_score``.
        margin: In the metric's unit, points for shares; percent of the baseline's value where ``relative``.
        by: Field of the samples whose slice it is about; empty for the whole row.
        value: The slice; ``*`` for each.
    """

    model: str
    row: str
    metric: str
    margin: float
    relative: bool
    by: str = ""
    value: str = ""

    @property
    def sliced(self) -> str:
        """The metric with its slice: ``accuracy/category=algebra``."""
        return f"{self.metric}/{self.by}={self.value}" if self.by else self.metric

    def __str__(self) -> str:
        name = f"{self.model}:{self.row}" if self.model else self.row
        return f"{name}.{self.sliced}={self.margin:g}{'%' if self.relative else ''}"


def parse_drop(text: str) -> AllowedDrop:
    """Return an allowed drop such as ``aime2025-judge.accuracy=2``; ``=5%`` is 5 percent of the baseline's value.

    Raises:
        UsageError: It is none.
    """
    match = _DROP.fullmatch(text.strip()) or _DROP.fullmatch(f"?.{text.strip()}")
    found = {name: (part or "").strip() for name, part in match.groupdict().items()} if match is not None else {}
    model, _, row = found.get("name", "").rpartition(":")
    try:
        margin = float(found.get("margin", "").removesuffix("%"))
    except ValueError:
        margin = -1.0
    if not row or row == "?" or not 0 <= margin < 100:
        raise UsageError(
            f"The drop {text!r} cannot be read; it should be [<model>:]<row>.<metric>=<points from 0>.",
            hint="For example: --max-drop 'aime2025-judge.accuracy=2', or =5% for a share of the baseline's value",
        )
    if found["metric"] not in DROPPABLE:
        raise UsageError(
            f"The drop {text!r} is one of {found['metric']!r}; drops are measured of {', '.join(DROPPABLE)}.",
            hint="For other metrics write a condition: --min or --max.",
        )
    relative = found["margin"].endswith("%")
    if 0 < margin < 0.1 and not relative and found["metric"] != "mean_score":
        raise UsageError(
            f"The drop {text!r} allows {margin:g} points; {100 * margin:g} points are written as {100 * margin:g}.",
            hint="Drops of shares are in points from 0 to 100; 0 allows none.",
        )
    return AllowedDrop(model, row, found["metric"], margin, relative, found["by"], found["value"])
