"""The toy benchmark with a perfect judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Bench, judge_answer, model_answer
from tests.faultservice import FaultService


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Six questions, one of which (number 5) the model answers wrongly."""
    with (
        FaultService(model_answer(lambda i: i == 5), model="m") as model,
        FaultService(judge_answer(), model="j") as judge,
    ):
        made = Bench(tmp_path, model, judge)
        made.write()
        yield made
