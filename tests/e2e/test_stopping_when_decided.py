"""A run stops when its gate is decided, keeps what it has, and goes on where it stopped."""

from __future__ import annotations

import json
import re
from pathlib import Path
from zlib import crc32

import pytest

import judgebench
from judgebench.cli.main import run
from tests.e2e.harness import Bench, model_answer, slower_after

N = 400


def gate_of(bench: Bench, text: str) -> tuple[str, ...]:
    (bench.folder / "gate.toml").write_text(text)
    return ("--gate", "gate.toml", "--stop-when-decided", "--no-preflight")


@pytest.fixture
def large(bench: Bench) -> Bench:
    """400 rows; the model is wrong at every tenth. Late answers leave time to decide, however busy the machine is."""
    bench.n = N
    bench.write()
    bench.model.answer = model_answer(lambda number: number % 10 == 0)
    for service in (bench.model, bench.judge):
        slower_after(100, service, first=0.01, then=0.5)
    return bench


def quick(bench: Bench) -> None:
    """Let the services answer at once: everything is to be asked."""
    bench.model.latency = bench.judge.latency = 0.0


def sent(bench: Bench) -> tuple[int, int]:
    return len(bench.model.requests), len(bench.judge.requests)


def test_it_stops_when_every_rule_is_decided_and_goes_on_with_reuse(large: Bench) -> None:
    flags = gate_of(large, 'min = ["toy-judge.accuracy>=60"]\nmax = ["toy-judge.unparsed<=20"]\n')
    done = large.jb(*flags)
    assert done.code == 0, done.text
    answered, judged = sent(large)
    assert answered < N * 0.7, "it stopped"
    assert judged <= answered
    assert re.search(r"PASS +toy-model:toy-judge.accuracy = .* of 400 items, asked in random order", done.text), (
        done.text
    )
    assert "Gate: PASS (2 pass, 0 fail, 0 cannot tell)" in done.text
    assert f"Saved:   about {N - answered} answers and" in done.text, done.text
    asked = [number for number, _ in sorted(large.asked().items())]
    assert min(asked) < 40 < 360 < max(asked), "from everywhere in the data"

    again = large.jb("--reuse", *flags)
    assert again.code == 0, again.text
    assert sent(large) == (answered, judged), "decided is decided"

    later = run_gate(large, "--min", "toy-judge.accuracy>=60")
    assert later == 0, "jb gate decides by the same items"

    quick(large)
    whole = large.jb("--reuse", "--no-preflight")
    assert whole.code == 0, whole.text
    assert sent(large) == (N, N), "without the flag it asks the rest, and nothing twice"
    assert all(times == 1 for times in large.asked().values())
    assert large.result()["counts"]["ok"] == N


def run_gate(bench: Bench, *flags: str) -> int:
    return run(["gate", str(bench.run), *flags])


def test_a_failure_stops_it_too_and_an_open_rule_asks_everything(large: Bench) -> None:
    done = large.jb(*gate_of(large, 'min = ["toy-judge.accuracy>=99"]\n'))
    assert done.code == 5, done.text
    answered, _ = sent(large)
    assert answered < N
    quick(large)
    near = large.jb("--reuse", *gate_of(large, 'min = ["toy-judge.accuracy>=90"]\n'))
    assert near.code == 6, near.text
    assert sent(large) == (N, N)
    assert "Saved:" not in near.text


def test_a_drop_from_a_baseline_file_stops_it(large: Bench) -> None:
    quick(large)
    assert large.jb("--no-preflight").code == 0
    base = large.folder / "baseline.json"
    gate = 'baseline = "baseline.json"\nmax_drop = ["toy-judge.accuracy=2"]\n'
    (large.folder / "gate.toml").write_text(gate)
    assert run_gate(large, "--file", str(large.folder / "gate.toml")) == 6
    assert json.loads(base.read_text())["rows"][0]["row"] == "toy-judge"
    for service in (large.model, large.judge):
        service.requests.clear()
        slower_after(100, service, first=0.01, then=0.5)
    large.model.answer = model_answer(lambda number: number % 2 == 0)
    done = large.jb(*gate_of(large, gate))
    assert done.code == 5, done.text
    assert len(large.model.requests) < N / 2
    assert "FAIL         toy-model:toy-judge.accuracy drop = " in done.text


def test_what_fails_or_is_unread_enters_by_its_bounds(large: Bench) -> None:
    """A third of the replies say nothing, so nothing shows that 90% are right."""
    said = large.judge.answer
    large.judge.answer = lambda body: "I cannot say." if crc32(str(body).encode()) % 3 == 0 else said(body)
    done = large.jb(*gate_of(large, 'min = ["toy-judge.accuracy>=40"]\nmax = ["toy-judge.unparsed<=10"]\n'))
    assert done.code == 5, done.text
    assert re.search(r"PASS +toy-model:toy-judge.accuracy", done.text), done.text
    assert re.search(r"FAIL +toy-model:toy-judge.unparsed", done.text), done.text
    assert len(large.model.requests) < N


def test_what_cannot_be_decided_on_the_way_is_told_before_anything_is_sent(
    large: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(large.folder)

    def code(text: str, *more: str) -> int:
        flags = gate_of(large, text)
        return run(["--models", "toy_model", "--datasets", "toy_llmjudge", *flags, *more])

    assert code('min = ["toy-judge.kappa>=0.5"]') == 2
    assert "The rule 'toy-judge.kappa >= 0.5' cannot be decided while the run goes on." in capsys.readouterr().err
    assert code('min = ["toy.accuracy>=50"]') == 2, "of a rule's row"
    assert "in rows that a judge decides: toy-judge." in capsys.readouterr().err
    assert code('min = ["toy-judge.accuracy>=50"]', "--merge-ds") == 2
    assert run(["--models", "toy_model", "--datasets", "toy_llmjudge", "--stop-when-decided"]) == 2
    assert "--stop-when-decided needs --gate." in capsys.readouterr().err
    assert not large.model.requests
    assert not large.runs


def test_from_python_it_is_an_option(large: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(large.folder)
    outcome = judgebench.run(
        models="toy_model", datasets="toy_llmjudge", gate="toy-judge.accuracy>=50", stop_when_decided=True,
        preflight=False,
    )  # fmt: skip
    assert outcome.ok, outcome.errors
    assert outcome.gate is not None
    assert outcome.gate.decision == "pass"
    assert outcome.saved.startswith("Saved:")
    assert len(large.model.requests) < N
