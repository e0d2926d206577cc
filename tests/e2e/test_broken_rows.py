"""A broken row is told before anything is paid for, wherever it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judgebench.preflight.rows import read_rows
from judgebench.records.run import DatasetConfig, Options, Typed
from tests.e2e.harness import Bench

BROKEN = [
    '{"question": "What is twice 29?"}',
    '{"question": "What is twice 29?", "answer": "58"',
    '{"question": "What is twice 29?", "answer": "58", "answer": "59", "name": "q-29"}',
    '{"question": null, "answer": "58", "name": "q-29"}',
    '{"question": "What is twice 29?", "answer": "58", "name": "q-3"}',
]


def toy(folder: Path, rows: int, last: str = "") -> Path:
    good = [{"question": f"What is twice {i}?", "answer": str(2 * i), "name": f"q-{i}"} for i in range(rows)]
    lines = [json.dumps(row) for row in good]
    path = folder / "toy.jsonl"
    path.write_text("\n".join([*lines, last]))
    return path


@pytest.mark.parametrize("last", BROKEN)
def test_a_broken_last_row_is_told_before_anything_is_asked(bench: Bench, last: str) -> None:
    toy(bench.folder, 29, last)
    done = bench.jb()
    assert done.code == 2, done.text
    assert "toy.jsonl:30" in done.text
    assert not bench.model.requests
    assert not bench.judge.requests
    assert not bench.runs


def test_rows_that_are_not_asked_may_be_broken(bench: Bench) -> None:
    toy(bench.folder, 6, BROKEN[0])
    done = bench.jb("--num-prompts", "6")
    assert done.code == 0, done.text


def test_a_broken_file_of_answers_to_compare_with_is_told_before_anything_is_asked(bench: Bench) -> None:
    (bench.folder / "others.jsonl").write_text('{"output": "It is 0."}\n{"outptu": "It is 2."}\n')
    (bench.folder / "configs" / "judges" / "against.py").write_text(
        "from judgebench.models import VLLMCustomAPIChat\nfrom judgebench.judges import PairComparison\n"
        "judges = [dict(abbr='against', baseline=dict(path='others.jsonl'),\n"
        "    method=dict(type=PairComparison, aggregate=dict(type='both_or_tie', unread='unparsed')),\n"
        f"    judge_model=dict(type=VLLMCustomAPIChat, abbr='j', model='j', url={bench.judge.url!r}))]\n"
    )
    done = bench.jb("--judges", "against")
    assert done.code == 2, done.text
    assert "others.jsonl:2: the column 'output' of the baseline must hold a text" in done.text
    assert not bench.model.requests
    assert not bench.runs


def test_where_the_time_for_it_ends_it_is_said_how_many_rows_were_checked(tmp_path: Path) -> None:
    path = toy(tmp_path, 20, BROKEN[0])
    loader = Typed(type="JsonlDataset", options={"path": str(path), "input_columns": ["question", "answer"]})
    dataset = DatasetConfig(abbr="toy", loader=loader, prompt="{question}")
    read = read_rows([dataset], Options(), lambda line: None, longest=0)
    assert read.first["toy"].fields["answer"] == "0"
    (said,) = read.findings
    assert said.startswith("dataset toy: rows 1 to 1 were checked in the 0 s")
