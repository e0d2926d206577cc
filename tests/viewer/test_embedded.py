"""A run of the embedded model, followed in a browser from its first task to its report."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.harness import JB, environment, wait_until
from tests.viewer.browser import Page
from tests.viewer.conftest import viewing

DEMO = [*JB, "--models", "gemma3_270m", "--datasets", "demo_facts", "demo_facts_llmjudge", "--num-prompts", "3"]
"""What ``make demo`` runs, with three of its questions."""
FIRST_SIGHT = 900
"""Pixels that a reader sees without moving the page."""


@pytest.mark.local
def test_a_run_of_the_embedded_model_is_followed_to_its_end(chromium: Page, tmp_path: Path) -> None:
    """Its page shows the tasks while the model works, then what there is to say; so does the report, in both themes."""
    outputs = tmp_path / "outputs" / "default"
    log = tmp_path / "log.txt"
    with log.open("wb") as file:
        process = subprocess.Popen(DEMO, cwd=tmp_path, env=environment(), stdout=file, stderr=file)
    try:
        wait_until(lambda: list(outputs.glob("2*/events.jsonl")) or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        (run,) = outputs.glob("2*")
        with viewing(outputs) as view:
            chromium.size(1280, FIRST_SIGHT)
            chromium.theme("light")
            chromium.goto(view.link)
            chromium.until("location.search === ''")
            chromium.goto(f"{view.base}/runs/{run.name}")
            chromium.evaluate("window.stayed = true")
            chromium.until("document.querySelectorAll('.task').length >= 2")
            assert process.poll() is None, "the run was over before its page showed a task"
            chromium.until("document.getElementById('live-note').innerText === 'The run is done.'", 200)
            # a row that was ready before the others has had its table since then
            chromium.until("document.getElementById('findings').innerText.includes('gemma3-270m has accuracy')", 60)
            assert chromium.evaluate("window.stayed") is True
            assert process.wait(200) == 0, log.read_text()
            chromium.goto(f"{view.base}/runs/{run.name}/items/gemma3-270m/demo_facts-judge/1/0")
            shown = chromium.text()
            assert re.search(r"read as (in)?correct by its probabilities: correct \d+\.\d%, incorrect \d+\.\d%", shown)
            assert "cut off" not in shown  # one token is all that this judge is asked for
    finally:
        process.terminate()
        process.wait(200)
    (report,) = run.glob("summary/*.html")
    for theme in ("light", "dark"):
        chromium.theme(theme)
        chromium.goto(report.as_uri())
        parts = {
            "score": "95% interval",
            "unsure": "items would leave",
            "judge": "rule",
            "unscored": " items were scored",
        }
        for about, words in parts.items():
            assert words in chromium.text(f"dd.{about}")
            low = chromium.evaluate(f"document.querySelector('dd.{about}').getBoundingClientRect().bottom")
            assert low <= FIRST_SIGHT, f"{about} in {theme}"
        ink, paper = chromium.evaluate(
            "[getComputedStyle(document.querySelector('dd.judge')).color, getComputedStyle(document.body)"
            ".backgroundColor].map(one => one.match(/\\d+/g).slice(0, 3).reduce((sum, each) => sum + +each, 0))"
        )
        assert (ink < paper) == (theme == "light")
    assert chromium.errors == []
