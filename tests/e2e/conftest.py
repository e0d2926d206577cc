"""The toy benchmark with a perfect judge, on this machine and on a throw-away Slurm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from judgebench.testing.faultservice import FaultService
from tests.e2e.harness import Bench, judge_answer, model_answer
from tests.e2e.slurm_bench import N, write_executor
from tests.executors.throwaway_slurm import ThrowawaySlurm, throwaway_slurm


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


@pytest.fixture(scope="module")
def cluster() -> Iterator[ThrowawaySlurm]:
    """Two nodes on this machine, for all tests of a module."""
    with throwaway_slurm(nodes=2) as cluster:
        yield cluster


@pytest.fixture
def own_cluster() -> Iterator[ThrowawaySlurm]:
    """Two nodes for a test that leaves the controller in a state in which no other test could use it."""
    with throwaway_slurm(nodes=2) as cluster:
        yield cluster


@pytest.fixture
def frail_cluster() -> Iterator[ThrowawaySlurm]:
    """Two nodes for a test that breaks them; Slurm notices that soon."""
    with throwaway_slurm(nodes=2, patience=6) as cluster:
        yield cluster


@pytest.fixture
def slurm_bench(tmp_path: Path) -> Iterator[Bench]:
    """The benchmark with more questions, every third of them answered wrongly, and an executor ``cluster``."""
    with (
        FaultService(model_answer(lambda i: i % 3 == 0), model="m") as model,
        FaultService(judge_answer(), model="j") as judge,
    ):
        made = Bench(tmp_path, model, judge, n=N)
        made.model_keys = made.judge_keys = {"batch_size": 2}
        made.write()
        write_executor(made)
        yield made
