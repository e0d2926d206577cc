"""Runs through ``jb`` itself for ``benchmarks.gate --pipeline N``: is what it decides what is true?

A loopback service answers and judges. It is right with a known chance, in each run anew, and the judge errs at random.
Half of the runs stop early on a threshold (85% right, wanted at least 70%), a quarter on a drop that is none, and a
quarter on one of 15 points, each from a baseline file that a run of its own has written.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import judgebench
from judgebench.testing import ProviderService, ServiceReply, ServiceRequest

ITEMS = 300
NOISE = 0.015


@contextlib.contextmanager
def services(right: Callable[[int], bool], dice: random.Random) -> Iterator[dict[str, Any]]:
    """Yield what is asked of a service whose answers are right where ``right`` says so."""

    def answer(request: ServiceRequest) -> ServiceReply:
        number = int(re.findall(r"twice (\d+)", request.text)[-1])
        return ServiceReply(f"It is {2 * number + (not right(number))}, twice {number}.")

    def judge(request: ServiceRequest) -> ServiceReply:
        said, number = map(int, re.findall(r"It is (\d+), twice (\d+)", request.text)[-1])
        correct = (said == 2 * number) ^ (dice.random() < NOISE)
        return ServiceReply(f"VERDICT: {'A' if correct else 'B'}")

    with ProviderService("openai", answer) as model, ProviderService("openai", judge) as judging:
        service = {"type": "VLLMCustomAPIChat", "retry": 0, "batch_size": 4, "api_key": "test-key"}
        yield {
            "models": {"abbr": "m", "model": "test-model", "url": model.url, **service},
            "datasets": {
                "type": "JsonlDataset", "abbr": "toy", "path": "toy.jsonl", "input_columns": ["question"],
                "output_column": "answer", "prompt": "{question}",
                "judge_infer_cfg": {
                    "judge_model": {"abbr": "judge", "model": "test-model", "url": judging.url, **service},
                    "method": {"type": "ReferenceVerifier"},
                },
            },
            "preflight": False,
        }  # fmt: skip


def through_the_pipeline(runs: int) -> list[str]:
    """Make the runs, print what was decided, and return what is wrong."""
    found: Counter[tuple[str, str]] = Counter()
    saved = asked = 0
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            rows = [{"question": f"What is twice {n}?", "answer": str(2 * n)} for n in range(ITEMS)]
            Path("toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
            for seed in range(runs):
                kind = ("threshold", "A/A", "threshold", "drop")[seed % 4]
                decision, answered = _one(kind, seed)
                found[kind, decision] += 1
                asked += answered
                saved += ITEMS - answered
        finally:
            os.chdir(here)
    print(f"\n{runs} runs through jb, {ITEMS} items each, judge noise {NOISE:.1%}, --stop-when-decided")
    for (kind, decision), count in sorted(found.items()):
        print(f"  {kind:<10} {decision:<12} {count}")
    print(f"  asked {asked:,} of {runs * ITEMS:,} answers, saved {saved / (runs * ITEMS):.0%}")
    wrong = found["threshold", "fail"] + found["A/A", "fail"] + found["drop", "pass"]
    # Each is wrong with a chance of at most 5%; more than 4 of 20 happen once in 400 times.
    return [f"{wrong} of {runs} runs through jb were decided wrongly"] if wrong > max(1, runs // 5) else []


def _one(kind: str, seed: int) -> tuple[str, int]:
    dice = random.Random(seed)
    before = [dice.random() < 0.85 for _ in range(ITEMS)]
    gate: dict[str, Any] = {"min": ["toy-judge.accuracy>=70"]}
    if kind != "threshold":
        gate = {"baseline": f"baseline{seed}.json", "max_drop": ["toy-judge.accuracy=1"]}
        with services(before.__getitem__, dice) as what:
            outcome = judgebench.run(**what, work_dir=f"base{seed}")
        judgebench.gate(outcome, gate)  # writes the file
    level = 0.70 if kind == "drop" else 0.85
    after = [dice.random() < level if dice.random() < 0.5 or kind == "drop" else one for one in before]
    with services(after.__getitem__, dice) as what:
        outcome = judgebench.run(**what, gate=gate, stop_when_decided=True, work_dir=f"run{seed}")
    assert outcome.gate is not None, outcome.errors
    assert not outcome.errors, outcome.errors
    answers = next(outcome.path.glob("predictions/m/toy.jsonl"))
    return outcome.gate.decision, len(answers.read_text().splitlines())
