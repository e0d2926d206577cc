"""Benchmarks of judges read from the hub: the library takes a local folder for a repository; no network is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
READ = """
import json, sys
from judgebench.config.resolve import load_run
from judgebench.datasets.open import count_of, loader_of, samples_of, stamp_of
from judgebench.plan.request import Selection
from judgebench.plan.spec import Options
name, hub, abbr = sys.argv[1:]
overrides = [f"datasets.*.hub.path={hub!r}"]
run = load_run(Selection(models=["vllm_api_general_chat"], datasets=[name], overrides=overrides), {})
data = run.datasets[abbr]
options = Options(data_dir="nowhere")
assert (count_of(data, options), stamp_of(data, options)) == (None, "")
print(json.dumps([[s.key, s.fields, s.answers, s.gold, s.meta] for s in samples_of(data, options)]))
"""


def repository(folder: Path, files: dict[str, dict[str, list[dict[str, Any]]]]) -> Path:
    """Lay out a repository: rows by subset and split."""
    made = folder / "repository"
    card = ["---", "configs:"]
    for subset, splits in files.items():
        card += [f"- config_name: {subset}", "  data_files:"]
        for split, rows in splits.items():
            path = made / subset / f"{split}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
            card += [f"  - split: {split}", f"    path: {subset}/{split}.jsonl"]
    (made / "README.md").write_text("\n".join([*card, "---", ""]))
    return made


def read(folder: Path, name: str, hub: Path, abbr: str) -> list[Any]:
    """Read a shipped data set in a process of its own, because the library takes its settings from the environment."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("JB_")}
    cache = str(folder / "cache")
    env = {**kept, "PYTHONPATH": str(REPOSITORY), "HF_HUB_OFFLINE": "1", "HF_HOME": cache, "HF_DATASETS_CACHE": cache}
    done = subprocess.run(
        [sys.executable, "-c", READ, name, str(hub), abbr],
        capture_output=True, text=True, cwd=folder, timeout=100, env=env, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found


def test_all_splits_of_a_subset_are_read_and_name_their_model(tmp_path: Path) -> None:
    row = {"question_content": "Double it.", "pos_response": "x+x", "neg_response": "x", "difficulty": "easy"}
    meta = [
        {"error_code": -2, "inputs": "1", "output": "1", "expected": "2", "error_message": ""},
        {"error_code": -4, "inputs": "", "output": "", "expected": "", "error_message": "ZeroDivisionError"},
    ]
    repair = [{**row, "wrong_code": "x*1", "wrong_meta": one} for one in meta]
    hub = repository(tmp_path, {"codegen": {"a.1_b": [row]}, "coderepair": {"one": repair[:1], "two": repair[1:]}})
    found = read(tmp_path, "code_judge_bench", hub, "code_judge_bench_coderepair")
    assert [meta["split"] for *_, meta in found] == ["one", "two"]
    questions = [fields["question"] for _, fields, *_ in found]
    assert all("x*1" in question for question in questions)
    assert "It gives a wrong answer.\nInput:\n1\nIts output:\n1\nExpected output:\n2" in questions[0]
    assert "It stops with an error.\nError:\nZeroDivisionError" in questions[1]
    assert found[0][2:4] == [["x+x", "x"], "A"]
    (only,) = read(tmp_path, "code_judge_bench", hub, "code_judge_bench_codegen")
    assert only[4]["split"] == "a.1_b"


def test_lists_of_lists_and_images_come_through(tmp_path: Path) -> None:
    steps = [["one", "1", "", ""], ["two", "0", "Reasoning Error", "It does not follow."]]
    row = {"question": "Why?", "subject": "Physics", "data_type": "pure_text", "process_evaluation": steps}
    rows = [{**row, "id": "p-1", "image_paths": {"a": None}}, {**row, "id": "p-2", "image_paths": {"a": "x.png"}}]
    ((key, fields, _, gold, meta),) = read(
        tmp_path, "projudge_bench", repository(tmp_path, {"default": {"test": rows}}), "projudge_bench"
    )
    assert (key, gold, meta["error_types"]) == ("p-1", [True, False], ["", "Reasoning Error"])
    assert fields == {"problem": "Why?", "steps": "[0] one\n\n[1] two"}


def test_named_splits_are_read_in_their_order(tmp_path: Path) -> None:
    row = {"question": "?", "context": "c", "question_id": "x", "positive_response": "a", "negative_response": "b"}
    splits = ("refusal_answerable", "refusal_unanswerable", "faithfulness_qa", "faithfulness_summ",
              "completeness_qa", "completeness_summ", "conciseness_qa", "conciseness_summ")  # fmt: skip
    hub = repository(tmp_path, {"default": {split: [row, row] for split in splits}})
    found = read(tmp_path, "contextual_judge_bench", hub, "contextual_judge_bench")
    assert [key for key, *_ in found] == [f"{split}-{number}" for split in splits for number in (0, 1)]
