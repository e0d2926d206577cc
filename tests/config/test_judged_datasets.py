"""A judged dataset holds its judge: the file that ``--search`` names is the one in which the judge is changed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from judgebench.cli.main import run
from judgebench.config.registry import Registry
from judgebench.config.resolve import load_run
from judgebench.config.show import show
from judgebench.records.request import Selection

DOCUMENTED = {
    "attr", "type", "abbr", "path", "model", "stream", "request_rate", "use_timestamp", "retry", "api_key", "host_ip",
    "host_port", "url", "max_out_len", "batch_size", "trust_remote_code", "generation_kwargs", "pred_postprocessor",
}  # fmt: skip
"""The keys of AISBench's reference page."""
JUDGED = [file for file in Registry().files("datasets") if "judge_model=" in file.path.read_text("utf-8")]


def test_there_are_judged_data_sets_under_both_names_of_aime() -> None:
    names = {file.name for file in JUDGED}
    assert {"aime2025_llmjudge", "aime2025_gen_0_shot_llmjudge", "gsm8k_llmjudge", "demo_facts_llmjudge"} <= names
    assert {file.name for file in Registry().files("datasets") if file.name.endswith("_llmjudge")} <= names


def block_of(path: Path) -> ast.Call:
    (block,) = [
        keyword.value
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "judge_model"
    ]
    assert isinstance(block, ast.Call), "the block stands elsewhere"
    return block


@pytest.mark.parametrize("file", JUDGED, ids=lambda file: file.name)
def test_the_file_that_search_names_holds_the_block_with_every_documented_key(
    file, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["--search", "--datasets", file.name]) == 0
    assert str(file.path) in capsys.readouterr().out
    assert {keyword.arg for keyword in block_of(file.path).keywords} >= DOCUMENTED


@pytest.mark.parametrize("file", JUDGED, ids=lambda file: file.name)
def test_no_key_of_the_judges_model_comes_from_another_file(
    file, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    keys = [
        line.split("  # ")
        for line in show("datasets", file.name, environ={}).splitlines()
        if line.startswith("judge_model.") and not line.startswith("judge_model.launch.")  # a launch block is shared
    ]
    assert len(keys) > len(DOCUMENTED)
    elsewhere = [(key, origin) for key, origin in keys if file.path.name not in origin and origin != "default"]
    assert elsewhere == []


@pytest.mark.parametrize("file", JUDGED, ids=lambda file: file.name)
def test_a_copy_of_the_file_with_another_port_asks_there(file, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = file.path.read_text("utf-8").replace("host_port=8080", "host_port=9123")
    copy = tmp_path / "configs" / "datasets" / file.path.name
    copy.parent.mkdir(parents=True)
    copy.write_text(text.replace("launch=gemma3_270m_launch", "launch=None"))
    monkeypatch.chdir(tmp_path)
    config = load_run(Selection(models=["vllm_api_general_chat"], datasets=[file.name]), {})
    judges = [judge for dataset in config.datasets.values() for judge in dataset.judges]
    assert [judge.model["host_port"] for judge in judges] == [9123]


def test_the_two_names_of_the_judged_aime_are_one_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chosen = Selection(models=["vllm_api_general_chat"], datasets=["aime2025_llmjudge", "aime2025_gen_0_shot_llmjudge"])
    assert [judge.abbr for judge in load_run(chosen, {}).datasets["aime2025"].judges] == ["judge"]


def test_the_embedded_model_answers_and_judges_in_one_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_run(Selection(models=["gemma3_270m"], datasets=["demo_facts_llmjudge"]), {})
    (judge,) = config.datasets["demo_facts"].judges
    tested = config.models["gemma3-270m"]
    adapter = {"model": "short-answer-judge", "weights": judge.model["weights"]}
    assert judge.model == {**tested, **adapter}  # which is asked for by its name, and has weights of its own
    assert judge.model["weights"] != tested["weights"] != ""
    assert judge.model["launch"] == tested["launch"]


def test_every_shipped_judge_with_a_shared_service_says_where_it_stands() -> None:
    folder = Registry().find("judges", "correctness_letter").path.parent
    users = [path for path in folder.glob("*.py") if "import judge_model" in path.read_text("utf-8")]
    assert users
    assert [path.name for path in users if "edit it in that file" not in path.read_text("utf-8")] == []
    assert "--override judges.ABBR.host_port" in (folder / "_judge_model.py").read_text("utf-8")
