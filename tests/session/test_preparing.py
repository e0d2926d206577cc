"""What a continued run says before it begins: how much of each task is recorded already."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from judgebench.config.resolve import load_run
from judgebench.identity.questions import FileIdentity, write_identity
from judgebench.identity.watermark import Watermark
from judgebench.records.request import RunRequest, Selection
from judgebench.records.run import TaskSpec
from judgebench.session import prepare
from judgebench.store.run_folder import RunFolder

DATASET = """
from judgebench.datasets import JsonlDataset
from judgebench.judges import NumberEqual
sums_datasets = [dict(abbr="sums", type=JsonlDataset, path="sums.jsonl", input_columns=["question"],
                      output_column="answer", prompt="{question}", evaluator=dict(type=NumberEqual))]
"""


def test_of_a_large_recording_the_size_is_told_and_nothing_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.py").write_text("models = [dict(type='VLLMCustomAPIChat', abbr='m')]\n")
    (tmp_path / "sums.py").write_text(DATASET)
    (tmp_path / "sums.jsonl").write_text('{"question": "1+1?", "answer": "2"}\n' * 3)
    run = RunFolder(tmp_path / "run")
    recorded = run.predictions("m", "sums")
    recorded.parent.mkdir(parents=True)
    recorded.write_text("".join(f'{{"id": {at}, "status": "ok"}}\n' for at in (0, 2)))
    task = TaskSpec(id="infer:m/sums", name="m/sums", stage="infer", model="m", datasets=["sums"])
    with contextlib.chdir(tmp_path):
        config = load_run(Selection(models=["m.py"], datasets=["sums.py"]), {})
        request = RunRequest(selection=Selection(), reuse="latest")
        assert prepare.kept_notes(config, request, run, [task]) == ["infer:m/sums: 2 kept, 1 to ask"]
        monkeypatch.setattr(prepare, "_MOST_READ", 10)
        monkeypatch.delattr(prepare, "answered_items")
        (said,) = prepare.kept_notes(config, request, run, [task])
        assert said == "infer:m/sums: 0 MB are recorded, which the task looks through"
        mark = Watermark(below=3 << 20, ok=2)
        write_identity(run.identity("m", "sums"), FileIdentity(settings={}, watermark=mark))
        (said,) = prepare.kept_notes(config, request, run, [task])
        assert said == "infer:m/sums: 0 MB are recorded; the task goes on at its watermark"
        assert prepare.kept_notes(config, RunRequest(selection=Selection()), run, [task]) == [], "a new run"
