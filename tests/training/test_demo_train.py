"""What ``make demo-train`` asks after the training: a run whose every verdict is read, and right where the judge is."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from benchmarks.demo_train import prepare
from judgebench.cli.main import run
from judgebench.testing import ProviderService
from judgebench.testing.protocol import KEY, MODEL
from judgebench.testing.records import ServiceRequest

ASKED = re.compile(r"Correct answer: (.*)\nAnswer 1: (.*)\nAnswer 2: (.*)\nScores:$")


def test_the_run_of_the_demo_asks_about_every_pair_in_both_orders(tmp_path: Path) -> None:
    prepare(tmp_path, training=40, test=6)
    rows = [json.loads(line) for line in (tmp_path / "test.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == 6
    right = {row["answer1" if row["winner"] == "A" else "answer2"] for row in rows}

    def judge(request: ServiceRequest) -> str:
        _, one, _ = ASKED.search(request.text).groups()  # type: ignore[union-attr]
        return "9 2\n" if one in right else "2 9\n"

    (tmp_path / "trained").mkdir()
    shutil.copy(tmp_path / "judge.py", tmp_path / "trained" / "judge.py")
    with ProviderService("completions", judge) as service:
        changed = {"url": service.url, "api_key": KEY, "model": MODEL, "launch": "None"}
        argv = [str(tmp_path / "run.py"), "--work-dir", str(tmp_path / "runs"), "--no-preflight", "--override"]
        assert run([*argv, *(f"models.*.{name}={value}" for name, value in changed.items())]) == 0
        assert len(service.requests) == 2 * 2 * len(rows)
    for name in ("untrained", "trained"):
        (result,) = (tmp_path / "runs").glob(f"2*/results/{name}/held_out_pairs.json")
        assert json.loads(result.read_text("utf-8"))["accuracy"] == 100
