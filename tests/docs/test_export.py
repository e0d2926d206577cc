"""docs/export.md does what it says: its columns are those of the table, and its listener logs what a run found."""

from __future__ import annotations

from pathlib import Path

from judgebench.query import open_query
from judgebench.query.frame import columns_of
from tests.docs.pages import files, names_in_table, page
from tests.e2e.conftest import stand
from tests.query.test_query import fill

PAGE = page("export.md")
MLFLOW = """\
from contextlib import contextmanager

@contextmanager
def start_run(tags):
    log(f"run {tags}")
    yield

def log_metric(name, value):
    log(f"{name} = {value}")

def log(line):
    with open("mlflow.log", "a") as file:
        file.write(line + "\\n")
"""
"""Stands for MLflow, which is large."""


def test_the_columns_are_documented_and_no_others(tmp_path: Path) -> None:
    query = open_query(fill(tmp_path / "run"))
    assert set(names_in_table(PAGE, "## Columns")) == set(columns_of(query)) - set(query.fields)


def test_the_listener_logs_the_figures_of_a_run(tmp_path: Path) -> None:
    written = files(PAGE)
    assert len(written["my_bench/mlflow_results.py"].split("class ")[1].splitlines()) <= 11
    with stand(tmp_path) as bench:
        for name, code in [*written.items(), ("mlflow.py", MLFLOW)]:
            (bench.folder / name).parent.mkdir(exist_ok=True, parents=True)
            (bench.folder / name).write_text(code)
        done = bench.jb("--no-preflight", "--listeners", "mlflow_results", env={"PYTHONPATH": str(bench.folder)})
        assert done.code == 0, done.text
        logged = (bench.folder / "mlflow.log").read_text()
    assert logged.startswith("run {'exit_code': '0'}\n")
    assert "toy-model:toy-judge.accuracy = 83.33" in logged
