"""The toy benchmark with a perfect judge."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.harness import Bench, judge_answer, model_answer
from tests.faultservice import FaultService


@contextmanager
def stand(folder: Path) -> Iterator[Bench]:
    """Six questions, one of which (number 5) the model answers wrongly."""
    with (
        FaultService(model_answer(lambda i: i == 5), model="m") as model,
        FaultService(judge_answer(), model="j") as judge,
    ):
        made = Bench(folder, model, judge)
        made.write()
        yield made


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """The benchmark, never run."""
    with stand(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a whole run leaves, made once for all that only go on from there."""
    with stand(tmp_path_factory.mktemp("finished")) as made:
        done = made.jb()
        assert done.code == 0, done.text
    return made.folder / "outputs"


@pytest.fixture
def finished(bench: Bench, outputs: Path) -> Bench:
    """The benchmark after a whole run; its services, which stand elsewhere now, have been asked nothing yet."""
    shutil.copytree(outputs, bench.folder / "outputs")
    return bench
