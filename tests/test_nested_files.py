"""Files of the user's own that are nested deeper than any reader follows: one sentence, and no bug."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from judgebench.audit.published import read_published
from judgebench.config.custom import CustomDataset, read_meta
from judgebench.errors import DataError
from judgebench.models.prices import read_prices
from judgebench.models.replay import ReplayConfig, ReplayModel
from judgebench.models.turns import arguments_object
from judgebench.training.evaluating import read_pairs
from judgebench.training.examples import examples_of_file
from judgebench.training.judge_files import read_rows
from judgebench.trust.label_files import read_label_file

DEEP = '{"a":' + "[" * 100_000


async def _replayed(config: ReplayConfig) -> None:
    async with ReplayModel().open(config):
        pass


READERS: dict[str, Callable[[Path], object]] = {
    "published figures": lambda path: read_published(path, rows=[]),
    "meta file": lambda path: read_meta(CustomDataset(path="x.jsonl", meta_path=str(path))),
    "prices": read_prices,
    "recorded replies": lambda path: asyncio.run(_replayed(ReplayConfig(type="ReplayModel", abbr="r", path=str(path)))),
    "rows of others": lambda path: asyncio.run(
        _replayed(ReplayConfig(type="ReplayModel", abbr="r", path=str(path), item="id"))
    ),
    "pairs to score": read_pairs,
    "examples for probes": examples_of_file,
    "examples for judges": read_rows,
    "labels": read_label_file,
}


@pytest.mark.parametrize("what", READERS)
def test_a_file_that_is_nested_too_deeply_is_told(what: str, tmp_path: Path) -> None:
    path = tmp_path / ("deep.jsonl" if what == "labels" else "deep.json")
    path.write_text(DEEP)
    with pytest.raises(DataError, match=r"deep\.json"):
        READERS[what](path)


def test_arguments_of_a_tool_call_that_are_nested_too_deeply_are_a_text() -> None:
    assert arguments_object(DEEP) == {"text": DEEP}
