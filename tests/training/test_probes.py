"""``jb train probe`` end to end on a planted service: what is planted is found, and nothing else is."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from judgebench import evaluate_samples
from judgebench.cli.main import run
from judgebench.judges.probe_file import read_probe
from judgebench.testing import PlantedStates, planted_states
from tests.training.conftest import LAYER, POOL, train, write_model, write_rows

pytestmark = pytest.mark.skipif(find_spec("sklearn") is None, reason="needs the extra probe")


def figures(probes: Path) -> dict[str, dict]:
    return json.loads((probes / "probe.report.json").read_text())["probes"][0]["held_out"]


def test_a_planted_direction_is_found_and_shuffled_labels_are_chance(trained: Path) -> None:
    held_out = figures(trained)
    assert held_out["probe"]["macro_f1"] == 1.0
    assert held_out["shuffled labels"]["macro_f1"] < 0.75
    assert held_out["TF-IDF of words"]["macro_f1"] < 0.75
    facts = read_probe(trained / "probe.probe.npz").facts
    assert (facts.represent.layers, facts.represent.pools) == ([LAYER], [POOL])


def test_labels_that_follow_from_nothing_are_learned_no_better_than_chance(
    tmp_path: Path, configs: Path, rows: list[dict], capsys: pytest.CaptureFixture[str]
) -> None:
    mixed = np.random.default_rng(1).permutation([row["label"] for row in rows[:120]])
    data = [{**row, "label": int(one)} for row, one in zip(rows, mixed, strict=False)]
    assert train(write_rows(tmp_path / "rows.jsonl", data), configs, tmp_path / "probes") == 0
    assert figures(tmp_path / "probes")["probe"]["macro_f1"] < 0.75
    said = capsys.readouterr().out
    assert "not clearly different from" in said
    assert "not run: LoRA classifier" in said


def test_a_recorded_run_is_scored_again_without_a_model_and_teaches_another_probe(
    tmp_path: Path,
    planted: PlantedStates,
    configs: Path,
    trained: Path,
    rows: list[dict],
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = rows[120:]
    write_rows(tmp_path / "answers.jsonl", [{"question": one["question"], "prediction": one["answer"]} for one in rows])
    argv = ["--predictions", str(tmp_path / "answers.jsonl"), "--config-dir", str(trained), "--judges", "probe"]
    assert run([*argv, "--work-dir", str(tmp_path / "out")]) == 0
    (folder,) = (tmp_path / "out").glob("2*")
    verdicts = next((folder / "verdicts").glob("*/*.jsonl"))
    read = [json.loads(line) for line in verdicts.read_text().splitlines()]
    probe = read_probe(trained / "probe.probe.npz")
    texts = [probe.facts.prompt.format(question=one["question"], answer=one["answer"]) for one in rows]
    states = np.array([planted_states(text, LAYER, POOL, planted.width) for text in texts], dtype=float)
    assert [one["score"] for one in read] == [float(label) for label in probe.probe.predict(states)]
    calls = next((folder / "predictions").glob("*/*-probe.jsonl")).read_text().splitlines()
    (array,) = json.loads(calls[0])["parts"]
    assert array["shape"] == [1, 1, planted.width]
    before, asked = verdicts.read_bytes(), len(planted.received)
    verdicts.unlink()
    assert run(["--mode", "eval", "--reuse", folder.name, "--work-dir", str(tmp_path / "out")]) == 0
    assert (verdicts.read_bytes(), len(planted.received)) == (before, asked)
    capsys.readouterr()
    argv = ["train", "probe", "--from", folder.name, "--work-dir", str(tmp_path / "out"), "--model", "planted"]
    argv += ["--config-dir", str(configs), "--layers", str(LAYER), "--pools", POOL, "--seeds", "1", "--cv-parts", "2"]
    assert run([*argv, "--out", str(tmp_path / "again")]) == 0
    assert "the teacher took 1.0 calls" in capsys.readouterr().out
    assert read_probe(tmp_path / "again" / "probe.probe.npz").facts.teacher.startswith("probe (planted), run ")


def test_a_killed_training_asks_nothing_twice(tmp_path: Path, rows: list[dict]) -> None:
    with PlantedStates(delay=0.05) as slow:
        own = write_model(tmp_path / "configs", slow.url, batch_size=2)
        data = write_rows(tmp_path / "rows.jsonl", rows[:60])
        argv = [
            "train",
            "probe",
            "--data",
            str(data),
            "--model",
            "planted",
            "--config-dir",
            str(own),
            "--cv-parts",
            "2",
        ]
        argv += ["--layers", str(LAYER), "--pools", POOL, "--seeds", "1", "--out", str(tmp_path / "probes")]
        child = subprocess.Popen([sys.executable, "-m", "judgebench", *argv], stderr=subprocess.DEVNULL)
        ends = time.monotonic() + 120
        while len(slow.received) < 20 and time.monotonic() < ends:
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        asked = len(slow.received)
        assert 20 <= asked < 60
        assert run(argv) == 0
        assert len(slow.received) - len(set(slow.received)) <= 3  # what was on its way


def test_a_half_written_row_is_dropped(
    tmp_path: Path, planted: PlantedStates, configs: Path, trained: Path, rows: list[dict]
) -> None:
    shutil.copytree(trained, tmp_path / "probes")
    (features,) = (tmp_path / "probes" / "features").iterdir()
    with (features / "states.f32").open("ab") as file:
        file.write(b"\x01\x02\x03")
    with (features / "index.jsonl").open("ab") as file:
        file.write(b'{"sha256": "ab')
    asked = len(planted.received)
    assert train(write_rows(tmp_path / "rows.jsonl", rows[:120]), configs, tmp_path / "probes") == 0
    assert (figures(tmp_path / "probes"), len(planted.received)) == (figures(trained), asked)


def judged(folder: Path, found: Path, url: str) -> list[dict]:
    """Return the verdicts on one answer by the trained judge, whose service is now at another address."""
    write_rows(folder / "answers.jsonl", [{"question": "What is number 1?", "prediction": "It is one."}])
    argv = ["--predictions", str(folder / "answers.jsonl"), "--config-dir", str(found), "--judges", "probe"]
    argv += ["--override", f"judges.probe.url={url}", "--work-dir", str(folder / "out"), "--no-preflight"]
    run(argv)
    (verdicts,) = (folder / "out").glob("2*/verdicts/*/*.jsonl")
    return [json.loads(line) for line in verdicts.read_text().splitlines()]


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        (lambda: PlantedStates(weights="planted-2"), "was trained on planted (weights planted-1)"),
        (lambda: PlantedStates(layers=LAYER - 1), "there are layers 1 to 4"),
        (lambda: PlantedStates(spoil=lambda _: True), "not finite"),
        (lambda: PlantedStates(refuse=lambda _: ("context_length_exceeded", "9000 tokens")), "9000 tokens"),
        (lambda: PlantedStates(width=9), "the vector has 9 numbers"),
    ],
)
def test_no_verdict_is_guessed_from_other_states(tmp_path: Path, trained: Path, service, reason: str) -> None:
    with service() as other:
        (verdict,) = judged(tmp_path, trained, other.url)
    assert verdict["status"] == "judge_failed"
    assert reason in verdict["reason"]
    assert verdict.get("score") is None


def test_pickles_and_objects_are_refused_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foreign = tmp_path / "foreign.probe.npz"
    foreign.write_bytes(pickle.dumps({"model": 1}))
    assert run(["train", "probe", "--check", str(foreign)]) == 2
    assert "is a pickle: opening it runs whatever program its author put inside" in capsys.readouterr().err
    np.savez(tmp_path / "objects.probe.npz", mean=np.array([{"a": 1}], dtype=object))
    assert run(["train", "probe", "--show", str(tmp_path / "objects.probe.npz")]) == 2
    assert "Python objects" in capsys.readouterr().err
    np.savez(tmp_path / "bare.probe.npz", mean=np.zeros(3))
    assert run(["train", "probe", "--show", str(tmp_path / "bare.probe.npz")]) == 2
    assert "lacks scale, coef, intercept, classes, meta" in capsys.readouterr().err


def test_a_changed_probe_fails_its_self_check(
    tmp_path: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(shutil.copy(trained / "probe.probe.npz", tmp_path))
    assert run(["train", "probe", "--check", str(path)]) == 0
    with np.load(path, allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    np.savez(path, **{**arrays, "coef": -arrays["coef"]})
    assert run(["train", "probe", "--check", str(path)]) == 2
    assert "fails its self-check" in capsys.readouterr().err


def test_pairs_are_scored_and_the_best_are_kept(tmp_path: Path, configs: Path, trained: Path, rows: list[dict]) -> None:
    samples = [{"question": row["question"], "prediction": row["answer"]} for row in rows[:40]]
    scored = evaluate_samples(samples, probes=trained, model="planted", config_dirs=[str(configs)])
    assert [one["total_score"] for one in scored] == [row["label"] for row in rows[:40]]
    assert scored[0].keys() == {"question", "prediction", "probe", "total_score"}
    best = evaluate_samples(samples, probes=trained, model="planted", config_dirs=[str(configs)], top_percent=0.25)
    assert [one["total_score"] for one in best] == [1] * 10
    (tmp_path / "pairs.json").write_text(json.dumps(samples))
    argv = ["score", str(tmp_path / "pairs.json"), "--probes", str(trained), "--model", "planted"]
    assert run([*argv, "--config-dir", str(configs)]) == 0
    assert json.loads((tmp_path / "pairs_planted_binary_evaled.json").read_text()) == scored


def test_what_cannot_be_learned_is_told_before_anything_is_asked(
    tmp_path: Path, planted: PlantedStates, configs: Path, rows: list[dict], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = len(planted.received)
    files = {
        "all 30 labels are 1": [{**row, "label": 1} for row in rows[:30]],
        "cannot be split": rows[:6],
        "row 1 has no label": [{"id": 1, "answer": "a"}],
    }
    for said, data in files.items():
        argv = ["train", "probe", "--model", "planted", "--config-dir", str(configs), "--out", str(tmp_path / "out")]
        assert run([*argv, "--data", str(write_rows(tmp_path / "rows.jsonl", data))]) == 2
        assert said in capsys.readouterr().err
    data = write_rows(tmp_path / "rows.jsonl", rows[:40])
    assert run(["train", "probe", "--model", "gemma3_270m", "--data", str(data), "--out", str(tmp_path / "out")]) == 2
    assert "writes text; a probe reads hidden states" in capsys.readouterr().err
    assert len(planted.received) == asked
