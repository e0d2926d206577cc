"""Rows that a resumed run passes over: the others are what they are when all are read, by number and by line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.datasets import jsonl_file
from judgebench.datasets.columns import Row
from judgebench.datasets.jsonl_file import rows_of, wanted_rows
from judgebench.datasets.samples import PlannedSamples
from judgebench.datasets.selection import Wanted
from judgebench.records.run import DatasetConfig, Options, Typed

BEFORE = st.sampled_from(["", "", "", "", "\n", " \n", "\t\r\n", "  "])


@given(
    st.lists(st.tuples(BEFORE, st.integers(0, 30)), min_size=1, max_size=30),
    st.integers(0, 31),
    st.sets(st.integers(0, 30)),
    st.integers(1, 60),
    st.booleans(),
    st.booleans(),
)
def test_wanted_rows_are_those_of_the_whole_file(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, int]],
    first: int,
    also: set[int],
    piece: int,
    ended: bool,
    packed: bool,
) -> None:
    text = "".join(f"{before}{json.dumps({'n': at, 'x': 'x' * size})}\n" for at, (before, size) in enumerate(rows))
    data = (text if ended else text[:-1]).encode()
    path = tmp_path_factory.getbasetemp() / ("rows.jsonl.gz" if packed else "rows.jsonl")
    path.write_bytes(gzip.compress(data) if packed else data)
    wanted = Wanted(min([first, *also]), lambda number: number >= first or number in also)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonl_file, "_PIECE", piece)
        found: list[Row | None] = []
        for one in wanted_rows(path, wanted):
            found += [None] * one if isinstance(one, int) else [one]
    expected = [row if wanted.holds(at) else None for at, row in enumerate(rows_of(path))]
    assert found == expected


@pytest.mark.parametrize(
    "options",
    [{}, {"num_prompts": 7}, {"num_prompts": 3}, {"shuffle": 1}, {"shuffle": 1, "num_prompts": 5}, {"ids": ["2-8"]},
     {"shard": "1/2"}],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["JsonlDataset", "CsvDataset"])
def test_wanted_samples_are_those_that_the_options_choose(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    rows = [{"question": f"q{at}", "answer": str(at)} for at in range(12)]
    if kind == "JsonlDataset":
        (tmp_path / "d").write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        (tmp_path / "d").write_text(
            "question,answer\n" + "".join(f"{row['question']},{row['answer']}\n" for row in rows)
        )
    keys = {"path": "d", "input_columns": ["question"], "output_column": "answer"}
    loader = Typed(type=f"judgebench.datasets.{kind}", options=keys)
    planned = PlannedSamples(
        DatasetConfig(abbr="d", loader=loader, prompt="{question}"), Options(data_dir=str(tmp_path), **options)
    )
    wanted = Wanted(2, lambda id_: id_ >= 6 or id_ == 2)
    assert list(planned.read(wanted=wanted)) == [sample for sample in planned.read() if wanted.holds(sample.id)]
