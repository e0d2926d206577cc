"""The pytest plug-in, as pytest runs it: in a process of its own, or inside of this one."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from judgebench.session import pytest_plugin
from judgebench.testing import ProviderService, ServiceReply
from tests.trust.test_drops import pair

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
IMPORTS = "from judgebench.session.pytest_plugin import assert_metric, assert_no_drop\n"


def inside(pytester: pytest.Pytester, test: str, *flags: str) -> pytest.RunResult:
    """Run a test file with the plug-in, as its entry point loads it."""
    pytester.makepyfile(IMPORTS + test)
    plugin = () if _installed() else ("-p", pytest_plugin.__name__)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", *plugin, *flags)


def _installed() -> bool:
    from importlib.metadata import entry_points

    return any(one.value == pytest_plugin.__name__ for one in entry_points(group="pytest11"))


def test_the_entry_point_names_the_plugin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"pytest-judgebench": pytest_plugin.__name__}


def test_it_costs_nothing_where_it_is_not_used() -> None:
    """Importing it imports no other module of ours, and nothing that pytest does not import itself."""
    code = (
        "import sys, pytest; before = set(sys.modules); import judgebench.session.pytest_plugin\n"
        "print(*sorted(name for name in set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    new = done.stdout.split()
    assert [name for name in new if name.startswith("judgebench")] == [
        "judgebench", "judgebench.session", "judgebench.session.pytest_plugin",
    ]  # fmt: skip
    assert {name.partition(".")[0] for name in new} - {"judgebench"} <= set(sys.stdlib_module_names)


def test_a_metric_is_asserted_of_a_run_folder(pytester: pytest.Pytester, tmp_path: Path) -> None:
    run, _ = pair(tmp_path, n=60)
    test = f"""
def test_passes():
    assert assert_metric({str(run)!r}, "toy-strict.accuracy>=20").decision == "pass"

def test_fails():
    assert_metric({str(run)!r}, "toy-strict.accuracy>=99")

def test_cannot_tell():
    assert_metric({str(run)!r}, "toy-strict.accuracy>=75")

def test_cannot_tell_is_enough():
    assert_metric({str(run)!r}, "toy-strict.accuracy>=75", undecided=True)
"""
    done = inside(pytester, test)
    done.assert_outcomes(passed=2, failed=2)
    done.stdout.fnmatch_lines(["*FAIL *north:toy-strict.accuracy*wanted >= 99*", "*Gate: CANNOT TELL*"])
    done.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_a_drop_is_asserted_from_a_baseline_file(pytester: pytest.Pytester, tmp_path: Path) -> None:
    before, worse = pair(tmp_path, worse=0.5)
    file = tmp_path / "baseline.json"

    def code(run: Path, *flags: str) -> pytest.RunResult:
        body = f"def test_drop():\n    assert_no_drop({str(run)!r}, 'toy-strict.accuracy=2', baseline={str(file)!r})\n"
        return inside(pytester, body, *flags)

    first = code(before)
    first.assert_outcomes(failed=1)
    first.stdout.fnmatch_lines(["*is written from this run; commit it.*"])
    code(before).assert_outcomes(passed=1)
    code(worse).assert_outcomes(failed=1)
    code(worse, "--jb-update-baseline").assert_outcomes(passed=1)
    code(worse).assert_outcomes(passed=1)


def test_the_fixture_runs_and_tells_why_a_run_failed(pytester: pytest.Pytester, tmp_path: Path) -> None:
    (tmp_path / "toy.jsonl").write_text('{"question": "What is twice 2?", "answer": "4"}\n' * 12)
    with ProviderService("openai", lambda request: ServiceReply("It is 4")) as service:
        test = f"""
DATA = dict(type="JsonlDataset", abbr="toy", path={str(tmp_path / "toy.jsonl")!r}, input_columns=["question"],
            output_column="answer", prompt="{{question}}", evaluator=dict(type="NumberEqual"))
MODEL = dict(type="VLLMCustomAPIChat", abbr="m", model="test-model", url={service.url!r}, retry=0,
             api_key="test-key")

def test_run(jb_run):
    run = jb_run(models=MODEL, datasets=DATA, preflight=False)
    assert_metric(run, "toy.accuracy>=50")

def test_failure(jb_run):
    jb_run(models=MODEL, datasets=dict(DATA, path="nowhere.jsonl"), preflight=False)

def test_refusal(jb_run):
    jb_run(models=dict(MODEL, url="http://127.0.0.1:9/v1"), datasets=DATA, preflight=False)
"""
        done = inside(pytester, test, "--jb-work-dir", str(tmp_path / "runs"))
    done.assert_outcomes(passed=1, failed=2)
    done.stdout.fnmatch_lines(
        ["*did not end well: The data file 'nowhere.jsonl' was not found*", "*did not end well: *cannot be reached*"]
    )
    assert list((tmp_path / "runs").glob("2*"))
