"""Writes small sources and reads them through the loaders' public door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judgebench.datasets import CsvDataset, JsonlDataset
from judgebench.records.flow import Sample
from judgebench.records.run import DatasetConfig, Typed


def written(folder: Path, text: str | bytes, name: str = "data.jsonl") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read_jsonl(path: Path, **keys: Any) -> list[Sample]:
    keys = {"input_columns": ["question"], "output_column": "answer", **keys}
    return list(JsonlDataset(JsonlDataset.Config(path=str(path), **keys)).samples(None))


def read_csv(path: Path, **keys: Any) -> list[Sample]:
    keys = {"input_columns": ["question"], "output_column": "answer", **keys}
    return list(CsvDataset(CsvDataset.Config(path=str(path), **keys)).samples(None))


def dataset(path: Path | str, **keys: Any) -> DatasetConfig:
    options = {"path": str(path), "input_columns": ["question"], "output_column": "answer", "id_column": "id", **keys}
    return DatasetConfig(
        abbr="d", loader=Typed(type="judgebench.datasets.JsonlDataset", options=options), prompt="{question}"
    )
