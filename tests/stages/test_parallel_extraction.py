"""Which extractions are spread over processes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from judgebench.datasets.samples import PlannedSamples
from judgebench.records.run import DatasetConfig, Options, Typed
from judgebench.stages.parallel_extraction import parts_for


def test_a_score_sees_every_item_in_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the dataset: of a part alone it would make figures of that part."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(4)), raising=False)
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"question": str(at), "answer": "1"}) + "\n" for at in range(8)))
    loader = Typed(
        type="JsonlDataset", options={"path": str(rows), "input_columns": ["question"], "output_column": "answer"}
    )
    dataset = DatasetConfig(abbr="d", loader=loader)
    samples = PlannedSamples(dataset, Options())
    assert len(parts_for(dataset, samples, repeats=20_000)) == 4
    scored = msgspec.structs.replace(dataset, score=Typed(type="PairScore", options={}))
    assert parts_for(scored, samples, repeats=20_000) == []
