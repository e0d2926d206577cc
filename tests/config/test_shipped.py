from __future__ import annotations

import msgspec
import pytest

from judgebench.config.dump import dump_config
from judgebench.config.registry import KINDS, Registry
from judgebench.config.resolve import load_run
from judgebench.config.show import show
from judgebench.records.request import Selection

FILES = [file for kind in KINDS for file in Registry().files(kind)]


@pytest.mark.parametrize("file", FILES, ids=[f"{file.kind}/{file.name}" for file in FILES])
def test_every_shipped_config_resolves_and_every_key_has_an_origin(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = show(file.kind, file.name, environ={})
    keys = [line for line in text.splitlines() if " = " in line and "  # " in line]
    assert keys
    assert all(line.rpartition("  # ")[2] for line in keys)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("models", "vllm_api_general_chat"),
        ("models", "vllm_api_stream_chat"),
        ("models", "vllm_api_general"),
        ("models", "openai_chat"),
        ("models", "openai_responses"),
        ("models", "anthropic_chat"),
        ("models", "gemini_chat"),
        ("models", "ollama_chat"),
        ("models", "azure_chat"),
        ("models", "bedrock_chat"),
        ("models", "openrouter_chat"),
        ("models", "hf_chat"),
        ("summarizers", "default"),
        ("summarizers", "example"),
    ],
)
def test_the_names_that_the_documentation_uses_are_registered(kind, name):
    assert Registry().find(kind, name).shipped


def test_the_summary_of_mmlu_takes_in_every_subject_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load_run(Selection(models=["vllm_api_general_chat"], datasets=["mmlu_gen"], summarizer="mmlu"), {})
    groups = {group.name: group.subsets for group in config.summarizer.summary_groups}
    of_fields = [row for name, rows in groups.items() if name not in {"mmlu", "mmlu-weighted"} for row in rows]
    assert sorted(of_fields) == sorted(groups["mmlu"]) == sorted(config.datasets)
    assert len(of_fields) == 57


def test_the_judge_of_the_documented_data_set_is_overridden_by_its_abbr(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("aime2025_llmjudge", "aime2025_gen_0_shot_llmjudge"):
        config = load_run(
            Selection(models=["vllm_api_general_chat"], datasets=[name], overrides=["judges.judge.host_port=9000"]),
            {},
        )
        (judge,) = config.datasets["aime2025"].judges
        assert (judge.abbr, judge.model["host_port"]) == ("judge", 9000)
        assert ("aime2025-judge", "judge") in config.datasets["aime2025"].rows()


@pytest.mark.parametrize("name", ["aime2025", "gsm8k"])
def test_rule_and_judge_of_one_data_set_share_its_answers(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load_run(Selection(models=["vllm_api_general_chat"], datasets=[f"{name}_gen", f"{name}_llmjudge"]), {})
    assert config.datasets[name].rows() == [(name, ""), (f"{name}-judge", "judge")]


def test_a_shipped_run_loads_again_from_its_own_dump(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chosen = Selection(
        models=["vllm_api_general_chat", "vllm_api_stream_chat"], datasets=["aime2025_llmjudge", "mmlu_gen"],
        summarizer="mmlu",
    )  # fmt: skip
    config = load_run(chosen, {})
    (tmp_path / "dump.py").write_text(dump_config(config))
    again = load_run(Selection(config="dump.py"), {})
    assert msgspec.structs.replace(again, sources={}) == msgspec.structs.replace(config, sources={})
