"""The page about adding a judge does what it says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.e2e.harness import Bench, prompt_text

PAGE = Path(__file__).parents[2] / "docs" / "add-a-judge.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_the_judges_of_the_page_judge(bench: Bench) -> None:
    config, method, own = BLOCKS
    assert len(config.splitlines()) < 30
    assert len(method.splitlines()) < 30
    folder = bench.folder / "configs/judges"
    for name, text in {"polite": config, "doubting": own}.items():
        (folder / f"{name}.py").write_text(text.replace("http://localhost:8080", bench.judge.url))
    (bench.folder / "doubting.py").write_text(method)
    bench.judge.answer = lambda body: "VERDICT: " + ("NO" if "Are you sure" in prompt_text(body) else "YES")
    env = {"PYTHONPATH": f"{bench.folder}:{Path(__file__).parents[2]}"}
    done = bench.jb("--judges", "polite", "doubting", "--no-preflight", dataset="toy_gen", env=env)
    assert done.code == 0, done.text
    assert bench.result("toy-polite")["metrics"]["accuracy"]["value"] == 100
    assert bench.result("toy-doubting")["metrics"]["accuracy"]["value"] == 0
    assert [row["presentation"] for row in bench.rows("toy-doubting")][:2] == ["doubt", "first"]
    assert "doubting + polite" in done.text or "polite + doubting" in done.text
