"""The check of the catalogue passes for what is shipped, and says what a config or a real file lacks."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from judgebench.config.dataset_pages import page
from judgebench.config.described import described
from judgebench.config.registry import Registry
from judgebench.errors import DataError
from replay.catalogue import faults_of, main, read_items

ROW = {"idx": 0, "question": "What is 1?", "reasoning": "It is 1.", "previous_score": [True]}


def test_every_described_config_is_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out
    assert ", 0 faults" in said
    assert int(said.split()[0]) > 30


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"licence": " "}, "about['licence'] is empty"),
        ({"published": "somewhere", "source": "somebody"}, "names no repository, hub or site"),
        ({}, "docs/datasets/rmb.md is not what the config says"),
    ],
)
def test_what_a_config_lacks_is_said(change: dict[str, str], said: str) -> None:
    file = next(file for file in Registry([]).files("datasets") if file.name == "rmb")
    one = described(file.path)
    assert one.about is not None
    made = page(file, one)
    assert list(faults_of("rmb", one, made, made)) == []
    changed = one._replace(about=msgspec.structs.replace(one.about, **change))
    written = made if change else "an older page"
    (fault,) = faults_of("rmb", changed, written, made)
    assert said in fault
    (fault,) = faults_of("rmb", one, "", made)
    assert "there is no page docs/datasets/rmb.md" in fault


def test_real_files_are_read_where_they_are_and_a_bad_row_is_named(tmp_path: Path) -> None:
    assert list(read_items("realcritic", tmp_path)) == [("realcritic", None)]
    path = tmp_path / "RealCritic/data/mix_data/gsm8k/test.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(ROW) + "\n")
    assert list(read_items("realcritic", tmp_path)) == [("realcritic", 1)]
    path.write_text(json.dumps({**ROW, "previous_score": ["perhaps"]}) + "\n")
    with pytest.raises(DataError, match=r"test\.jsonl:1"):
        list(read_items("realcritic", tmp_path))


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data-dir", str(tmp_path / "none")]) == 1
    assert "There is no data folder" in capsys.readouterr().out
