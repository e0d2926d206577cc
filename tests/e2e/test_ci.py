"""The action and the template of docs/ci.md: their shell steps are run as the CI servers run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")
from tests.e2e.harness import Bench, environment, model_answer  # noqa: E402

PAGE = (Path(__file__).parents[2] / "docs" / "ci.md").read_text("utf-8")
INSTALL = re.compile(r"\bpip install\b")
PASSES, FAILS, OPEN = (f'min = ["toy-judge.accuracy{wanted}"]\n' for wanted in (">=50", ">=99", ">=75"))


def blocks() -> list[Any]:
    found = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return [yaml.safe_load(text) for text in found]


@pytest.fixture
def ci(bench: Bench) -> Bench:
    """A quarter of 60 answers is wrong; programs named ``jb`` and ``gh`` are on the path."""
    bench.n = 60
    bench.write()
    bench.model.answer = model_answer(lambda number: number % 4 == 0)
    programs = bench.folder / "bin"
    programs.mkdir()
    (programs / "jb").write_text(f'#!/bin/sh\nexec {sys.executable} -m judgebench "$@"\n')
    (programs / "gh").write_text('#!/bin/sh\necho "$@" >> gh.log\ncase "$*" in *--edit-last*) exit 1 ;; esac\n')
    for one in programs.iterdir():
        one.chmod(0o755)
    return bench


def steps(bench: Bench, gate: str, **inputs: str) -> tuple[int, str]:
    """Run the steps of the action like a runner: bash with -eo pipefail, one after the other, until one fails."""
    (bench.folder / "gate.toml").write_text(gate)
    action = blocks()[0]
    given = {name: one.get("default", "") for name, one in action["inputs"].items()} | inputs
    given["flags"] = "--models toy_model --datasets toy_llmjudge --no-preflight"
    values = {f"inputs.{name}": value for name, value in given.items()}
    values |= {"github.token": "t", "github.event.pull_request.number": "7"}
    code, said = 0, ""
    for step in action["runs"]["steps"]:
        if INSTALL.search(step["run"]) or (code and "always()" not in str(step.get("if", ""))):
            continue
        env = {name: values[value[3:-2].strip()] for name, value in step.get("env", {}).items()}
        done = _bash(bench, step["run"], env)
        said += done.stdout + done.stderr
        code = code or done.returncode
    return code, said


def _bash(bench: Bench, text: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    path = f"{bench.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
    return subprocess.run(
        command, cwd=bench.folder, env=environment({**env, "PATH": path}), capture_output=True, text=True, check=False
    )


def test_the_action_passes_and_comments(ci: Bench) -> None:
    code, said = steps(ci, PASSES)
    assert code == 0, said
    assert "## Gate of " in (ci.folder / "gate.md").read_text()
    assert (ci.folder / "gate.xml").exists()
    assert (ci.folder / "gh.log").read_text().splitlines() == [
        "pr comment 7 --body-file gate.md --edit-last", "pr comment 7 --body-file gate.md",
    ]  # fmt: skip


def test_the_action_fails_and_comments_too(ci: Bench) -> None:
    code, said = steps(ci, FAILS)
    assert code == 5, said
    assert ": fail" in (ci.folder / "gate.md").read_text().splitlines()[0]
    assert (ci.folder / "gh.log").exists()


@pytest.mark.parametrize(("undecided", "wanted"), [("fail", 6), ("pass", 0)])
def test_what_is_undecided_is_the_users_choice(ci: Bench, undecided: str, wanted: int) -> None:
    code, said = steps(ci, OPEN, undecided=undecided)
    assert code == wanted, said
    assert ("::warning::" in said) == (undecided == "pass")


def test_the_action_stops_where_the_run_itself_is_wrong(ci: Bench) -> None:
    code, said = steps(ci, 'min = ["toy-judge.nothing>=50"]\n')
    assert code == 2, said
    assert not (ci.folder / "gate.md").exists()


def test_the_gitlab_job_does_the_same(ci: Bench) -> None:
    job = blocks()[2]["judged-gate"]
    (ci.folder / "gate.toml").write_text(FAILS)
    variables = job["variables"] | {"JB_FLAGS": "--models toy_model --datasets toy_llmjudge --no-preflight"}
    lines = [line for line in job["script"] if not INSTALL.search(line)]
    done = _bash(ci, "\n".join(lines), variables)
    assert done.returncode == 5, done.stdout + done.stderr
    assert job["allow_failure"]["exit_codes"] == [6]
    for name in (*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]):
        assert (ci.folder / name).exists()
