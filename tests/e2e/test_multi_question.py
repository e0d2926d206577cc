"""A kill in the middle of a judge that asks several questions about an item: going on asks nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.harness import Bench, model_answer, wait_until
from tests.e2e.loopback_judge import loopback_judge
from tests.faultservice import FaultService

JUDGES = """
from judgebench.models import VLLMCustomAPIChat
service = dict(type=VLLMCustomAPIChat, model='j', url={url!r}, batch_size=2, retry=0)
debate = dict(type='Debate', rounds=2)
judges = [
    dict(abbr='debate', judge_model=service, method=debate),
    dict(abbr='votes', judge_model=service, method=dict(type='Repeated', times=3,
        judge=dict(type='ReferenceVerifier'), fold=dict(type='majority', unread='drop'))),
    dict(abbr='panel', method=dict(type='Panel', fold=dict(type='unanimous', unread='unparsed'), quorum=2)),
]
"""
PAIRS = """
from judgebench.models import VLLMCustomAPIChat
service = dict(type=VLLMCustomAPIChat, model='j', url={url!r}, batch_size=2, retry=0)
judges = [dict(abbr='resolved', judge_model=service, compare_with='first', method=dict(type='SwapResolved'))]
"""


def lines(bench: Bench, row: str) -> list[dict[str, object]]:
    """The whole lines of a file of judge calls, as they are on disk now."""
    files = list((bench.folder / "outputs/default").glob(f"2*/predictions/toy-model/{row}.jsonl"))
    text = files[0].read_text("utf-8") if files else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def questions(bench: Bench) -> Counter[str]:
    """How often the judge was asked each question."""
    return Counter(json.dumps(one.body.get("messages"), sort_keys=True) for one in bench.judge.requests)


def killed_midway(bench: Bench, at_least: int, *flags: str, rows: list[str], models: tuple[str, ...]) -> None:
    process = bench.start(*flags, "--no-preflight", dataset="toy_gen", models=models)
    try:
        wait_until(lambda: sum(len(lines(bench, row)) for row in rows) >= at_least, timeout=60)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    wait_until(lambda: bench.judge.in_flight == 0)


def judges(bench: Bench, text: str) -> None:
    (bench.folder / "configs/judges/several.py").write_text(text.format(url=bench.judge.url))
    bench.judge.answer = loopback_judge
    bench.judge.latency = 0.08


@pytest.mark.parametrize("at_least", [3, 17])
def test_a_killed_debate_and_panel_ask_no_recorded_question_again(bench: Bench, at_least: int) -> None:
    judges(bench, JUDGES)
    rows = ["toy-debate", "toy-votes"]
    killed_midway(bench, at_least, "--judges", "several", rows=rows, models=("toy_model",))
    wait_until(lambda: not _alive(bench.folder))
    recorded = {str(line["uuid"]) for row in rows for line in lines(bench, row)}
    before = questions(bench)
    bench.judge.latency = 0.0
    done = bench.jb("--judges", "several", "--reuse", "--no-preflight", dataset="toy_gen")
    assert done.code == 0, done.text
    written = [line for row in rows for line in lines(bench, row)]
    assert len(written) == 6 * 5 + 6 * 3  # two rounds of two advocates and a decision; three votes
    assert recorded <= {str(line["uuid"]) for line in written}
    # Asked in all: every question once, but for what was in flight when the run was killed.
    lost = sum(before.values()) - len(recorded)
    assert len(written) <= sum(questions(bench).values()) <= len(written) + lost
    assert 0 <= lost <= 4
    assert bench.result("toy-panel")["counts"]["ok"] == 6
    bench.judge.forget()
    again = bench.jb("--judges", "several", "--reuse", "--mode", "eval", "--no-preflight", dataset="toy_gen")
    assert again.code == 0, again.text
    assert bench.judge.requests == []


def test_a_killed_second_stage_goes_on_where_it_stopped(bench: Bench) -> None:
    judges(bench, PAIRS)
    steady = bench.judge.answer

    def prefers_the_first(body: dict[str, object]) -> object:
        prompt = str(body["messages"])
        return "VERDICT: A" if "contradict each other" not in prompt else steady(body)  # type: ignore[arg-type]

    bench.judge.answer = prefers_the_first  # type: ignore[assignment]  # the two orders contradict each other
    with FaultService(model_answer(lambda i: True), model="m") as other:
        path = bench.folder / "configs/models/other_model.py"
        path.write_text(path.read_text().replace(bench.model.url, other.url))
        models = ("other_model", "toy_model")
        killed_midway(bench, 5, "--judges", "several", rows=["toy-resolved"], models=models)
        wait_until(lambda: not _alive(bench.folder))
        recorded = len(lines(bench, "toy-resolved"))
        before = sum(questions(bench).values())
        bench.judge.latency = 0.0
        done = bench.jb("--judges", "several", "--reuse", "--no-preflight", dataset="toy_gen", models=models)
    assert done.code == 0, done.text
    asked = len(lines(bench, "toy-resolved"))
    assert asked == 5 * 3  # question 5 is answered alike by both
    assert asked <= sum(questions(bench).values()) <= asked + before - recorded
    assert bench.result("toy-resolved")["metrics"]["win_rate"]["value"] == pytest.approx(100 * 5.5 / 6)


def _alive(folder: Path) -> bool:
    """Whether a process of a run in the folder is left (a task outlives the kill of its session for a moment)."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return any("judgebench.stages" in line and str(folder) in line for line in listed.splitlines())
