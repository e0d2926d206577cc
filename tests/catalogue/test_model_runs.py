"""Every dataset for models of the catalogue through ``jb``, on files of its published layout, in one run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.catalogue.files import write
from tests.catalogue.model_layouts import MODEL_LAYOUTS
from tests.catalogue.test_model_catalogue import CONFIGS, MUTATIONS
from tests.e2e.harness import JB, run

SCRIPTED = {"type": "tests.catalogue.scripted.OneReplyModel", "path": ""}
TWICE = {"aime2025_llmjudge", "drop_llmjudge", "gsm8k_llmjudge", "triviaqa_llmjudge"}
"""Configs whose datasets have the names of others."""


@pytest.mark.timeout(600)
def test_a_model_that_says_one_thing_has_a_figure_in_every_row(tmp_path: Path) -> None:
    names = [name for name in CONFIGS if name not in TWICE]
    for name in names:
        write(tmp_path / "data", MODEL_LAYOUTS[name]().files)
    (tmp_path / "configs/models").mkdir(parents=True)
    (tmp_path / "configs/models/m.py").write_text(f"models = [dict(**{SCRIPTED}, abbr='m')]\n")
    checks = "tests.catalogue.checks.TABLE"
    changed = [f"datasets.{name}.evaluator.checks={checks}" for name in ("ifeval", "ifbench")]
    changed += [
        "judges.judge.attr=local",
        f"judges.loose.method.checks={checks}",
        "judges.judge.type=tests.catalogue.scripted.OneReplyModel",
    ]
    command = [*JB, "--models", "m", "--datasets", *names, "--data-dir", "data", "--work-dir", "runs"]
    flags = ["--num-prompts", "2", "--merge-ds"]  # one task asks for all datasets: 0.1 s of CPU less for each
    done = run([*command, *flags, "--override", *changed], tmp_path, timeout=540)
    assert done.code in (0, 4), done.text  # 4: a row has nothing that could be read
    (folder,) = (tmp_path / "runs").glob("2*/results/m")
    found = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    judged = {"aime2025-judge", "drop-judge", "gsm8k-judge", "triviaqa-judge"}
    wanted = {one.row: one.headline for one in MUTATIONS if one.row not in judged}
    assert {row: result["headline"] for row, result in found.items()} == wanted
    assert all(result["counts"]["planned"] == 2 for result in found.values())
