"""A run with limits stops in time, keeps what it has, and goes on where it stopped."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import judgebench
from judgebench.cli.main import run
from judgebench.metrics.rates.tally import Tally
from judgebench.testing.faultservice import FaultService
from judgebench.testing.faultservice.faults import spoiled
from judgebench.testing.faultservice.replies import Answer, usage_of
from tests.e2e.harness import Bench, wait_until
from tests.executors.test_file_executor import write_executors

PRICE = {"input": 2.0, "output": 8.0}
"""USD for 1M tokens."""


@pytest.fixture
def priced(bench: Bench) -> Bench:
    """60 rows, and services whose replies are of log-normal length."""
    bench.n = 60
    bench.model_keys = {"price": PRICE, "batch_size": 6}
    bench.judge_keys = {"price": PRICE, "batch_size": 5}
    bench.write()
    dice, answer = random.Random(7), bench.model.answer
    bench.model.answer = lambda body: f"{'well ' * int(dice.lognormvariate(3, 0.7))}{answer(body)}"
    return bench


class Charged:
    """Counts what a service charges for all that it answers, and the dearest of it, in USD."""

    def __init__(self, service: FaultService) -> None:
        self.total = self.dearest = 0.0
        inner = service.answer

        def answer(body: dict[str, Any]) -> str | Answer:
            said = inner(body)
            usage = usage_of(body, said if isinstance(said, Answer) else Answer(said))
            cost = (usage["prompt_tokens"] * 2.0 + usage["completion_tokens"] * 8.0) / 1e6
            self.total += cost
            self.dearest = max(self.dearest, cost)
            return said

        service.answer = answer


def asked_twice(bench: Bench) -> list[int]:
    return [number for number, times in bench.asked().items() if times > 1]


def ledger(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "spending.jsonl").read_text().splitlines()]


def test_a_run_stops_at_its_limit_of_calls_and_goes_on_when_it_is_lifted(priced: Bench) -> None:
    done = priced.jb("--max-calls", "40")
    assert done.code == 7, done.text
    sent = len(priced.model.requests) + len(priced.judge.requests)
    assert 36 <= sent <= 40, "the trial calls of the preflight count too"
    assert "--max-calls is reached (40 of 40 calls)" in done.text or f"({sent} of 40 calls)" in done.text
    assert f"jb --reuse {priced.run.name} --max-calls 80" in done.text
    assert len(priced.rows()) == len(priced.model.requests) - 1
    assert priced.result()["counts"]["ok"] >= 5, "room was left to judge what was answered"

    again = priced.jb("--reuse")
    assert again.code == 7, again.text
    assert len(priced.model.requests) + len(priced.judge.requests) <= 40
    assert "--max-calls 40 holds on; --max-calls none lifts it" in again.text
    assert f"spent so far: {sent} of 40 calls" in again.text

    whole = priced.jb("--reuse", "--max-calls", "none", "--no-preflight")
    assert whole.code == 0, whole.text
    assert priced.result()["counts"]["ok"] == 60
    assert asked_twice(priced) == []
    assert [number for number, times in priced.judged().items() if times > 1] == []


def test_what_a_run_without_limits_has_spent_counts(priced: Bench) -> None:
    assert priced.jb("--mode", "infer", "--num-prompts", "20").code == 0
    done = priced.jb("--reuse", "--num-prompts", "none", "--max-calls", "30", "--no-preflight", "--mode", "infer")
    assert done.code == 7, done.text
    assert len(priced.rows()) == 30
    assert ledger(priced.run)[0]["before"]["calls"] == 20


def killed(bench: Bench, *flags: str) -> None:
    """Start a run and kill its supervisor, and so its tasks, in the middle."""
    before = len(bench.model.requests) + len(bench.judge.requests)
    process = bench.start(*flags, models=("toy_model", "other_model"))
    wait_until(lambda: len(bench.model.requests) + len(bench.judge.requests) > before + 60)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_a_cost_is_not_exceeded_by_more_than_what_was_in_flight_with_several_tasks_a_kill_and_reuse(
    priced: Bench,
) -> None:
    """Two models and their judges at once: 22 requests may be in flight."""
    priced.model.latency = priced.judge.latency = 0.02
    model, judge = Charged(priced.model), Charged(priced.judge)
    limit = 0.03
    killed(priced, "--max-cost", str(limit))
    assert model.total + judge.total < limit
    wait_until(lambda: not priced.model.in_flight and not priced.judge.in_flight)
    for _ in range(2):
        done = priced.jb("--reuse", "--no-preflight")
        assert done.code == 7, done.text
    in_flight = 12 * model.dearest + 10 * judge.dearest
    assert model.total + judge.total <= limit + in_flight
    assert model.total + judge.total >= limit / 2, "what the kill has cost is what the tasks had been allowed"
    assert sum(times > 1 for times in priced.judged().values()) <= 10 * 2, "in flight when it was killed"
    assert "--max-cost is reached" in done.text


def test_tasks_that_are_reached_through_files_keep_to_it(priced: Bench) -> None:
    write_executors(priced)
    done = priced.jb("--max-calls", "30", "--executor", "growing_files", "--no-preflight")
    assert done.code == 7, done.text
    assert 26 <= len(priced.model.requests) + len(priced.judge.requests) <= 30


def test_a_limit_in_money_needs_a_price_before_anything_is_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(bench.folder)

    def jb(*flags: str) -> str:
        code = run(["--models", "toy_model", "--datasets", "toy_llmjudge", "--max-cost", *flags, "--dry-run"])
        said = "".join(capsys.readouterr())
        assert code == (0 if "Dry run" in said else 2)
        return said

    said = jb("5")
    assert "The price of the model 'toy-model' (m) is not known, so --max-cost cannot be kept." in said
    assert "--override 'models.toy-model.price=" in said
    said = jb("5", "--override", 'models.toy-model.price={"input": 2.5, "output": 10}')
    assert "The price of the model 'judge' (j) is not known" in said
    assert "--override 'judges.judge.price=" in said
    Path("prices.csv").write_text("model,input,output,currency\nm,1,2,EUR\nj,1,2,EUR\n")
    said = jb("5", "--prices", "prices.csv")
    assert "The price of the model 'toy-model' (m) is in EUR, and --max-cost is in USD." in said
    assert "--max-cost 5EUR" in said
    assert "Dry run" in jb("5EUR", "--prices", "prices.csv")
    Path("prices.json").write_text('{"m": {"input": "much"}}')
    assert "prices.json: the price of 'm' cannot be used" in jb("5", "--prices", "prices.json")
    assert not bench.model.requests
    assert not bench.runs


@pytest.fixture
def silent(bench: Bench) -> Iterator[Bench]:
    """A service that does not say how many tokens it used."""
    bench.model.set_faults(lambda seen: "no_usage")
    return bench


def test_tokens_that_nobody_counts_cannot_be_limited(silent: Bench) -> None:
    """It is found by the trial call, and without one by the first reply."""
    done = silent.jb("--max-tokens", "1000", dataset="toy_gen")
    assert done.code == 3, done.text
    assert "does not say how many tokens a call took, so --max-tokens cannot be kept" in done.text
    assert len(silent.model.requests) == 1
    assert not silent.runs
    later = silent.jb("--max-tokens", "1000", "--no-preflight", dataset="toy_gen")
    assert later.code == 3, later.text
    assert "so --max-tokens cannot be kept" in later.text


@pytest.mark.parametrize(("count", "code"), [(10**6, 7), (10**400, 3)])
def test_a_limit_that_is_far_exceeded_names_one_that_goes_on(bench: Bench, count: int, code: int) -> None:
    """A count above what any reply can take is none."""
    bench.model.set_faults(
        lambda seen: spoiled(lambda reply: reply.update(usage={"prompt_tokens": count, "completion_tokens": count}))
    )
    done = bench.jb("--max-tokens", "1000", "--no-preflight", dataset="toy_gen")
    assert done.code == code, done.text
    if code == 7:
        (higher,) = re.findall(r"Next:.*--max-tokens (\S+) ", done.text)
        assert 2 * len(bench.rows()) * count < int(higher) < 10 * len(bench.rows()) * count


def test_nothing_is_rejudged_by_a_run_that_has_spent_what_it_may(bench: Bench) -> None:
    assert bench.jb("--no-preflight").code == 0
    done = bench.jb("--reuse", "--rejudge", "--max-calls", "10", "--no-preflight")
    assert done.code == 2, done.text
    assert "The run has spent what it may (12 of 10 calls), so --rejudge could not ask anything." in done.text
    assert len(list((bench.run / "predictions").rglob("*before*"))) == 0
    assert bench.result()["counts"]["ok"] == 6


def test_counts_that_are_none_cannot_be_limited(bench: Bench) -> None:
    bench.model.set_faults(lambda seen: "odd_usage")
    done = bench.jb("--max-tokens", "1000", dataset="toy_gen")
    assert done.code == 3, done.text
    assert "does not say how many tokens a call took, so --max-tokens cannot be kept" in done.text
    free = bench.jb(dataset="toy_gen")
    assert free.code == 0, free.text
    assert "6 calls, 0 tokens (6 replies came without token counts)" in free.text


def test_what_is_in_flight_when_a_service_stops_counting_is_kept(priced: Bench) -> None:
    number = itertools.count()
    priced.model.set_faults(lambda seen: "no_usage" if next(number) == 12 else None)
    priced.model.latency = lambda: 0.02
    done = priced.jb("--max-tokens", "100000", "--no-preflight")
    assert done.code == 3, done.text
    assert "so --max-tokens cannot be kept" in done.text
    assert len(priced.rows()) == len(priced.model.requests) < 60
    whole = priced.jb("--reuse", "--max-tokens", "none", "--no-preflight")
    assert whole.code == 0, whole.text
    assert asked_twice(priced) == []
    assert [one for one, times in priced.judged().items() if times > 1] == []


def test_a_run_in_threads_of_the_caller_keeps_to_its_limit(priced: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects that no other process can make; the limit of a run that goes on is lifted by name."""
    monkeypatch.chdir(priced.folder)

    def found(tally: Tally) -> judgebench.Metric:
        return judgebench.Metric(value=1.0, n=tally.counts().planned)

    dataset = {
        "type": "JsonlDataset", "abbr": "toy", "path": "toy.jsonl", "input_columns": ["question"],
        "output_column": "answer", "prompt": "{question}", "evaluator": {"type": "NumberEqual"},
        "metrics": ["accuracy", found],
    }  # fmt: skip
    what: dict[str, Any] = {"models": "toy_model", "datasets": dataset, "preflight": False}
    outcome = judgebench.run(**what, max_calls=25)
    assert outcome.exit_code == 7
    assert outcome.reached is not None
    assert outcome.reached.higher == "--max-calls 50"
    assert len(priced.model.requests) == 25
    whole = judgebench.run(**what, reuse="latest", lifted=["max_calls"])
    assert whole.ok, whole.errors
    assert len(priced.model.requests) == 60
