from __future__ import annotations

import pytest

from judgebench.config.registry import KINDS, Registry
from judgebench.config.show import show

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
        ("models", "hf_chat"),
        ("summarizers", "default"),
        ("summarizers", "example"),
    ],
)
def test_the_names_that_the_documentation_uses_are_registered(kind, name):
    assert Registry().find(kind, name).shipped
