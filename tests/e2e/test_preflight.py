"""What a user learns before the first request that costs something: of slow services, and of all dead ones at once."""

from __future__ import annotations

import json

import pytest

from judgebench.testing.faultservice.service import closed_port
from tests.e2e.harness import Bench

WAITS = "preflight: waiting for the service of"


def test_a_service_that_keeps_the_run_waiting_is_named_once_with_the_limit(bench: Bench) -> None:
    bench.judge.latency = lambda: 3.0 if len(bench.judge.requests) <= 1 else 0.0
    done = bench.jb()
    assert done.code == 0, done.text
    assert done.text.count(WAITS) == 1, done.text
    (line,) = [line for line in done.text.splitlines() if WAITS in line]
    assert f"'judge' at {bench.judge.url}" in line
    assert "at most 30 s" in line


def test_a_service_that_is_asked_for_long_is_named_though_each_reply_is_quick(bench: Bench) -> None:
    bench.model.latency = lambda: 1.3 if len(bench.model.requests) <= 2 else 0.0
    done = bench.jb(models=("toy_model", "other_model"))
    assert done.code == 0, done.text
    assert done.text.count(WAITS) == 1, done.text


def test_a_slow_service_is_told_to_people_beside_the_events(bench: Bench) -> None:
    bench.model.latency = lambda: 3.0 if len(bench.model.requests) <= 1 else 0.0
    done = bench.jb("--json")
    assert done.code == 0, done.text
    assert f"{WAITS} 'toy-model' at {bench.model.url}" in done.err
    assert json.loads(done.out.splitlines()[0])["event"] == "launch"


def test_quick_services_are_not_told_of(bench: Bench) -> None:
    done = bench.jb()
    assert done.code == 0, done.text
    assert WAITS not in done.text


def test_all_dead_services_are_told_at_once(bench: Bench) -> None:
    bench.model_keys = {"url": f"http://127.0.0.1:{closed_port()}"}
    bench.judge_keys = {"url": f"http://127.0.0.1:{closed_port()}"}
    bench.write()
    done = bench.jb()
    assert done.code == 3, done.text
    assert "jb: endpoint: 2 services cannot be used" in done.text
    assert "The service of 'toy-model'" in done.text
    assert "The service of 'judge'" in done.text
    assert done.text.count("cannot be reached") == 2
    assert bench.runs == []


def test_one_dead_service_of_several_tasks_is_told_once(bench: Bench) -> None:
    bench.judge_keys = {"url": f"http://127.0.0.1:{closed_port()}"}
    bench.write()
    done = bench.jb(models=("toy_model", "other_model"))
    assert done.code == 3, done.text
    assert done.text.count("cannot be reached") == 1
    assert "jb: endpoint: The service of 'judge'" in done.text


@pytest.mark.parametrize("prompt", ["What is the answer?", "{question:>9}", "{{question}}"])
def test_a_prompt_that_holds_nothing_of_its_sample_is_told(bench: Bench, prompt: str) -> None:
    done = bench.jb("--override", f"datasets.toy.prompt={prompt}")
    assert "dataset toy: its prompt holds no {question}, so every sample is asked the same" in done.text


def test_a_prompt_that_holds_its_sample_is_not(bench: Bench) -> None:
    assert "asked the same" not in bench.jb().text
