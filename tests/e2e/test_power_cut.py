"""What a power cut leaves: files that end too early, or in rubbish. What was lost is asked again, and nothing else."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from tests.e2e.harness import Bench

FILES = ("toy", "toy-judge")


def place(bench: Bench, name: str) -> Path:
    return bench.run / "predictions" / "toy-model" / f"{name}.jsonl"


def spoil(path: Path, dice: random.Random) -> set[int]:
    """Cut or garble a file from a random byte on; returns the ids whose lines are as they were."""
    whole = path.read_bytes()
    offset = dice.randrange(len(whole))
    lost = len(whole) - offset
    tail = {
        "cut": b"",
        "zeros": bytes(lost),
        "few zeros": bytes(dice.randrange(1, 5000)),
        "rubbish": bytes(dice.randrange(0x80, 0xC0) for _ in range(lost)),
        "rubbish with line ends": b"".join(
            bytes([dice.choice([0x0A, 0x0D, 0xFF, 0x00, 0x7B])]) for _ in range(dice.randrange(lost + 1))
        ),
    }[dice.choice(["cut", "cut", "zeros", "few zeros", "rubbish", "rubbish with line ends"])]
    path.write_bytes(whole[:offset] + tail)
    still = set(path.read_bytes().split(b"\n"))
    return {json.loads(line)["id"] for line in whole.split(b"\n") if line and line in still}


def check_power_cut(bench: Bench, seed: int) -> None:
    dice = random.Random(seed)
    expected = bench.result()
    kept = {name: spoil(place(bench, name), dice) for name in FILES}
    bench.model.forget()
    bench.judge.forget()
    done = bench.jb("--no-preflight", "--reuse")
    assert done.code == 0, done.text
    assert bench.asked() == dict.fromkeys(set(range(6)) - kept["toy"], 1)
    assert bench.judged() == dict.fromkeys(set(range(6)) - kept["toy-judge"], 1)
    result = bench.result()
    assert result["counts"] == expected["counts"]
    assert result["metrics"] == expected["metrics"]
    for name in FILES:
        assert [row["id"] for row in bench.rows(name)] == list(range(6))


def test_a_cut_or_garbled_tail_costs_what_it_held(finished: Bench) -> None:
    for seed in range(4):
        check_power_cut(finished, seed)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_many_cut_or_garbled_tails(finished: Bench) -> None:
    for seed in range(100, 200):
        check_power_cut(finished, seed)
        for rubbish in finished.run.rglob("*.damaged"):
            rubbish.unlink()


def test_what_was_asked_is_known_by_its_hash_where_its_settings_are_lost(bench: Bench) -> None:
    temperature = "models.toy-model.generation_kwargs.temperature"
    assert bench.jb("--no-preflight", "--override", f"{temperature}=0.6").code == 0
    shutil.rmtree(bench.run / "configs" / "identity")
    bench.model.forget()
    assert bench.jb("--no-preflight", "--reuse", "--override", f"{temperature}=0.6").code == 0
    assert bench.model.requests == []
    for lost in (bench.run / "configs" / "identity").rglob("*.json"):
        lost.write_bytes(b"\0" * 100)
    assert bench.jb("--no-preflight", "--reuse", "--override", f"{temperature}=0.1").code == 0
    assert bench.asked() == dict.fromkeys(range(6), 1)
    assert bench.result()["counts"]["ok"] == 6


def test_a_run_of_another_format_is_refused_with_the_reason_and_left_alone(finished: Bench) -> None:
    bench = finished
    (plan,) = bench.run.joinpath("configs").glob("*.json")
    for number, word, flags in ((2, "newer", ()), (0, "older", ("--mode", "viz")), (2, "newer", ("--dry-run",))):
        plan.write_text(json.dumps({**json.loads(plan.read_text()), "format": number}))
        before = {path: path.read_bytes() for path in bench.run.rglob("*") if path.is_file()}
        refused = bench.jb("--reuse", *flags)
        assert refused.code == 2, refused.text
        assert f"{word} version" in refused.text
        assert {path: path.read_bytes() for path in bench.run.rglob("*") if path.is_file()} == before


def test_data_that_nothing_could_score_is_refused_before_it_is_asked(bench: Bench) -> None:
    config = bench.folder / "configs" / "datasets" / "toy_gen.py"
    config.write_text(config.read_text().replace(", evaluator=dict(type=NumberEqual)", ""))
    refused = bench.jb(dataset="toy_gen")
    assert refused.code == 2, refused.text
    assert "Nothing can score the dataset 'toy'" in refused.text
    assert bench.model.requests == []
    assert bench.jb("--mode", "infer", dataset="toy_gen").code == 0


def test_the_newest_config_is_continued_whatever_the_process_ids(finished: Bench) -> None:
    from tests.e2e.harness import JB, run

    bench = finished
    (dump,) = bench.run.joinpath("configs").glob("*.py")
    stamp = dump.name[:15]
    newer = dump.with_name(f"{stamp}_1.py")
    newer.write_text(dump.read_text().replace("'toy-model'", "'renamed'").replace('"toy-model"', '"renamed"'))
    plan = dump.with_suffix(".json")
    newer.with_suffix(".json").write_text(plan.read_text())
    for file in (dump, plan):
        file.rename(file.with_stem(f"{stamp}_9"))
    done = run([*JB, "--reuse", "--dry-run"], bench.folder)
    assert "infer:renamed/toy" in done.text


def test_a_secret_that_only_a_config_file_held_is_named_when_the_run_is_continued_without_it(bench: Bench) -> None:
    from tests.e2e.harness import JB, run

    bench.model_keys = bench.judge_keys = {"api_key": "sk-literal-0123"}
    bench.write()
    assert bench.jb("--no-preflight").code == 0
    refused = run([*JB, "--reuse", "--rejudge"], bench.folder)
    assert refused.code == 3, refused.text
    assert "JB_SECRET_" in refused.text
    assert "Traceback" not in refused.text
    names = ("JB_SECRET_TOY_MODEL_API_KEY", "JB_SECRET_JUDGE_API_KEY")
    again = run([*JB, "--reuse", "--rejudge"], bench.folder, env=dict.fromkeys(names, "sk-literal-0123"))
    assert again.code == 0, again.text
