"""The generated pages of datasets are those of the configs, and so are ``jb ls datasets --kind`` and ``jb show``."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgebench.cli.main import run as main
from judgebench.config.dataset_pages import pages
from tests.docs.pages import DOCS

CONFIG = """
from judgebench.datasets import JsonlDataset
from judgebench.judges import NumberEqual

about = dict(title="Sums", source="us", published="nowhere", licence="MIT", size="2", columns="question, answer",
             asks="a sum", scored="by the number", unread="wrong", checked="by eye"{more})
sums_datasets = [dict(abbr="sums", type=JsonlDataset, path="sums.jsonl", input_columns=["question"],
                      output_column="answer", prompt="{{question}}", evaluator=dict(type=NumberEqual))]
"""


def config(folder: Path, more: str = "") -> str:
    (folder / "datasets").mkdir()
    (folder / "datasets/sums.py").write_text(CONFIG.format(more=more))
    return str(folder)


def test_the_pages_are_made_of_the_configs() -> None:
    made = pages()
    there = {path.name: path.read_text("utf-8") for path in (DOCS / "datasets").glob("*.md")}
    assert there == made, "run: make docs"


def test_every_dataset_stands_in_the_index_once() -> None:
    index = pages()["README.md"]
    assert index.count("`demo_facts`") == 1
    assert index.count("[`evalbiasbench`](evalbiasbench.md)") == 1
    assert '" "' not in index, "a docstring holds the quotes of a text that was broken over two lines"


def test_datasets_are_listed_by_what_is_tested_and_by_images(capsys: pytest.CaptureFixture[str]) -> None:
    listed = {}
    for kind in ("judge", "model"):
        for images in ("yes", "no"):
            assert main(["ls", "datasets", "--kind", kind, "--images", images]) == 0
            listed[kind, images] = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert "rewardbench" in listed["judge", "no"]
    assert "mj_bench" in listed["judge", "yes"]
    assert "mmlu_gen" in listed["model", "no"]
    assert "gedit_llmjudge" in listed["model", "yes"]
    assert sum(map(len, listed.values())) == len(set().union(*listed.values()))
    assert main(["ls", "models", "--kind", "judge"]) == 2


def test_a_config_is_shown_with_its_description_and_where_its_file_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "sums", "--config-dir", config(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "# Sums. us" in shown
    assert "put the file at <folder>/sums.jsonl and pass --data-dir <folder>" in shown


def test_a_description_with_an_unknown_key_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "sums", "--config-dir", config(tmp_path, ", license='MIT'")]) == 2
    said = capsys.readouterr().err
    assert "sums.py: about:" in said
    assert "license" in said
