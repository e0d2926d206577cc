"""docs/notebook.ipynb runs as a notebook, under pytest and in a thread, and leaves the process as it was."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import DOCS
from tests.e2e.conftest import stand
from tests.e2e.harness import ROOT, Bench

BEFORE = "import os\n_before = dict(os.environ)"
AFTER = "{name: value for name, value in os.environ.items() if _before.get(name) != value}, _before.keys() - os.environ"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    for name in [name for name in os.environ if name.startswith("JB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    (tmp_path / "home").mkdir()
    for name in ("MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    with stand(tmp_path) as made:
        yield made
    from matplotlib import pyplot as plt

    plt.close("all")


def tag(cell: Any) -> str:
    return next(iter(cell.metadata.get("tags", [])), "")


def sources(bench: Bench) -> dict[str, str]:
    """The code of the cells, with the addresses of the services of this test, by tag (or by number)."""
    addresses = f"MODEL_URL, JUDGE_URL = {bench.model.url!r}, {bench.judge.url!r}"
    import nbformat  # here, and not by each worker that collects the tests

    notebook = nbformat.read(DOCS / "notebook.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [tag(cell) for cell in cells if tag(cell)] == ["parameters", "run", "table", "plot"]
    return {
        tag(cell) or str(at): addresses if tag(cell) == "parameters" else cell.source for at, cell in enumerate(cells)
    }


def test_the_notebook_runs_and_plots_and_the_run_leaves_no_trace_in_its_kernel(bench: Bench) -> None:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook()
    for name, source in sources(bench).items():
        around = [("before", BEFORE), (name, source), ("after", AFTER)] if name == "run" else [(name, source)]
        notebook.cells += [nbformat.v4.new_code_cell(text, metadata={"name": one}) for one, text in around]
    NotebookClient(notebook, timeout=100, kernel_name="python3").execute()
    outputs = {cell.metadata["name"]: cell.outputs for cell in notebook.cells}
    assert outputs["run"] == [], "a run prints nothing"
    assert outputs["after"][0].data["text/plain"] == "({}, set())", "a run leaves the environment as it was"
    assert "83.33" in outputs["table"][0].data["text/plain"]
    (plot,) = [one for one in outputs["plot"] if "image/png" in one.get("data", {})]
    assert len(plot.data["image/png"]) > 1000


def executed(code: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Execute cells as a notebook does, in a running event loop; returns the names and what the environment became."""
    names: dict[str, Any] = {"__name__": "__main__"}

    async def cells() -> None:
        for name, source in code.items():
            compiled = compile(source, f"cell {name}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            done = eval(compiled, names)
            if inspect.isawaitable(done):
                await done

    asyncio.run(cells())
    return names, {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


@pytest.mark.parametrize("threaded", [False, True], ids=["pytest", "thread"])
def test_the_same_cells_under_pytest_and_in_a_thread(
    bench: Bench, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, threaded: bool
) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    code = sources(bench)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done: list[tuple[dict[str, Any], dict[str, str]]] = []
    if threaded:
        thread = threading.Thread(target=lambda: done.append(executed(code)))
        thread.start()
        thread.join(200)
    else:
        done.append(executed(code))
    ((names, after),) = done
    assert capfd.readouterr() == ("", "")
    assert after == environment
    assert sorted(names["accuracy"].index) == ["cold", "warm"]
    assert names["accuracy"].value.round(2).tolist() == [83.33, 83.33]
    assert len(names["axes"].patches) == 2
