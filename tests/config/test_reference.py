from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from judgebench.config.reference import attributes, reference
from judgebench.models.contract import LaunchConfig, ModelConfig, ServiceConfig, Timeouts
from judgebench.records.run import DatasetConfig, FewShot, JudgeConfig, Resources, SummarizerConfig, SummaryGroup

SCHEMAS = [
    ModelConfig, ServiceConfig, LaunchConfig, Timeouts, DatasetConfig, FewShot, JudgeConfig, SummarizerConfig,
    SummaryGroup, Resources,
]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_key_says_what_it_means(schema):
    said = attributes(schema)
    assert [field.name for field in msgspec.structs.fields(schema) if not said.get(field.name)] == []


def test_the_printed_reference_is_the_page_in_the_docs():
    page = Path(__file__).parents[2] / "docs" / "configuration.md"
    assert page.read_text("utf-8") == reference(), "run: python -m judgebench.config.reference > docs/configuration.md"


def test_the_module_prints_it():
    done = subprocess.run(
        [sys.executable, "-m", "judgebench.config.reference"], capture_output=True, text=True, check=True
    )
    assert done.stdout == reference()


def test_every_documented_key_of_the_judge_model_block_is_in_the_page():
    keys = (
        "attr type abbr path model stream request_rate use_timestamp retry api_key host_ip host_port url max_out_len"
        " batch_size trust_remote_code generation_kwargs pred_postprocessor"
    )
    assert [key for key in keys.split() if f"| `{key}` |" not in reference()] == []
