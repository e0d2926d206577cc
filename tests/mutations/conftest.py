"""Made items of every benchmark, and extreme judges of them, each worked out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from judgebench.records.flow import Metric, Sample
from tests.mutations.items import kinds_of, shipped
from tests.mutations.judge import Shares, SimulatedJudge
from tests.mutations.page import found_by, made_items
from tests.mutations.runs import levels_of, writer_of

ItemsOf = Callable[[str], list[Sample]]
JudgeOf = Callable[..., SimulatedJudge]
FiguresOf = Callable[[str, str], dict[str, Metric]]


@pytest.fixture(scope="session")
def items_of() -> ItemsOf:
    """Return the made items of a dataset."""
    return cache(made_items)


@pytest.fixture(scope="session")
def figures_of(items_of: ItemsOf) -> FiguresOf:
    """Return the figures of an extreme judge by the dataset's abbr and its name."""
    return cache(lambda abbr, extreme: found_by(shipped()[abbr], items_of(abbr), extreme))


@pytest.fixture(scope="session")
def judge_of() -> JudgeOf:
    """Return a simulated judge of a dataset, whose shares are exact over the made items."""

    def made(abbr: str, shares: Shares) -> SimulatedJudge:
        data = shipped()[abbr]
        return SimulatedJudge(writer_of(data), shares, kinds=len(kinds_of(data)), levels=levels_of(data))

    return made
