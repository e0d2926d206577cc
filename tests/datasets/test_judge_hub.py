"""Benchmarks of judges read from the hub: the library takes a local folder for a repository; no network is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
READ = """
import json, sys
from judgebench.config.resolve import load_run
from judgebench.datasets.samples import count_of, loader_of, samples_of, stamp_of
from judgebench.records.request import Selection
from judgebench.records.run import Options
options, found = Options(data_dir="nowhere"), {}
for name, hub, abbr in json.loads(sys.argv[1]):
    overrides = [f"datasets.*.hub.path={hub!r}"]
    run = load_run(Selection(models=["vllm_api_general_chat"], datasets=[name], overrides=overrides), {})
    data = run.datasets[abbr]
    assert (count_of(data, options), stamp_of(data, options)) == (None, "")
    found[abbr] = [[s.key, s.fields, s.answers, s.gold, s.meta] for s in samples_of(data, options)]
print(json.dumps(found))
"""


STEPS = [["one", "1", "", ""], ["two", "0", "Reasoning Error", "It does not follow."]]
SPLITS = ("refusal_answerable", "refusal_unanswerable", "faithfulness_qa", "faithfulness_summ",
          "completeness_qa", "completeness_summ", "conciseness_qa", "conciseness_summ")  # fmt: skip


def repositories() -> dict[str, dict[str, dict[str, list[dict[str, Any]]]]]:
    """The rows of three benchmarks, by subset and split."""
    code = {"question_content": "Double it.", "pos_response": "x+x", "neg_response": "x", "difficulty": "easy"}
    meta = [
        {"error_code": -2, "inputs": "1", "output": "1", "expected": "2", "error_message": ""},
        {"error_code": -4, "inputs": "", "output": "", "expected": "", "error_message": "ZeroDivisionError"},
    ]
    repair = [{**code, "wrong_code": "x*1", "wrong_meta": one} for one in meta]
    step = {"question": "Why?", "subject": "Physics", "data_type": "pure_text", "process_evaluation": STEPS}
    steps = [{**step, "id": "p-1", "image_paths": {"a": None}}, {**step, "id": "p-2", "image_paths": {"a": "x.png"}}]
    pair = {"question": "?", "context": "c", "question_id": "x", "positive_response": "a", "negative_response": "b"}
    return {
        "code_judge_bench": {"codegen": {"a.1_b": [code]}, "coderepair": {"one": repair[:1], "two": repair[1:]}},
        "projudge_bench": {"default": {"test": steps}},
        "contextual_judge_bench": {"default": {split: [pair, {**pair, "context": "d"}] for split in SPLITS}},
    }


def repository(folder: Path, files: dict[str, dict[str, list[dict[str, Any]]]]) -> Path:
    """Lay out a repository: rows by subset and split."""
    made = folder
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


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """All read in one process of its own, because the library takes its settings from the environment."""
    folder = tmp_path_factory.mktemp("hub")
    hubs = {name: str(repository(folder / name, files)) for name, files in repositories().items()}
    wanted = [
        (name, hubs[name], abbr)
        for name, abbr in (
            ("code_judge_bench", "code_judge_bench_codegen"),
            ("code_judge_bench", "code_judge_bench_coderepair"),
            ("projudge_bench", "projudge_bench"),
            ("contextual_judge_bench", "contextual_judge_bench"),
        )
    ]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("JB_")}
    cache = str(folder / "cache")
    env = {**kept, "PYTHONPATH": str(REPOSITORY), "HF_HUB_OFFLINE": "1", "HF_HOME": cache, "HF_DATASETS_CACHE": cache}
    done = subprocess.run(
        [sys.executable, "-c", READ, json.dumps(wanted)],
        capture_output=True, text=True, cwd=folder, timeout=250, env=env, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    read: dict[str, list[Any]] = json.loads(done.stdout)
    return read


def test_all_splits_of_a_subset_are_read_and_name_their_model(found: dict[str, list[Any]]) -> None:
    repairs = found["code_judge_bench_coderepair"]
    assert [meta["split"] for *_, meta in repairs] == ["one", "two"]
    questions = [fields["question"] for _, fields, *_ in repairs]
    assert all("x*1" in question for question in questions)
    assert "It gives a wrong answer.\nInput:\n1\nIts output:\n1\nExpected output:\n2" in questions[0]
    assert "It stops with an error.\nError:\nZeroDivisionError" in questions[1]
    assert repairs[0][2:4] == [["x+x", "x"], "A"]
    (only,) = found["code_judge_bench_codegen"]
    assert only[4]["split"] == "a.1_b"


def test_lists_of_lists_and_images_come_through(found: dict[str, list[Any]]) -> None:
    ((key, fields, _, gold, meta),) = found["projudge_bench"]
    assert (key, gold, meta["error_types"]) == ("p-1", [True, False], ["", "Reasoning Error"])
    assert fields == {"problem": "Why?", "steps": "[0] one\n\n[1] two"}


def test_named_splits_are_read_in_their_order(found: dict[str, list[Any]]) -> None:
    keys = [key for key, *_ in found["contextual_judge_bench"]]
    assert keys == [f"{split}-{number}" for split in SPLITS for number in (0, 1)]
