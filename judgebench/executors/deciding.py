"""Who hears the verdicts of a run while it works, and says which tasks need do no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from judgebench.records.facts import LiveVerdict

DECIDED = "decided"
"""What a task is told that need do no more (``judgebench.stages.task``)."""


class Decider(Protocol):
    """Decides while the run works."""

    def hear(self, task: str, verdicts: Sequence[LiveVerdict]) -> list[str]:
        """Take in what a task says of its answers; returns the tasks that need do no more, each once."""
        ...
