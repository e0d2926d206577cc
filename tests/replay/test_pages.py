"""Every shipped benchmark of judges has a page that names its parser, its aggregation and what an unread presentation
counts as."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from replay.study import shipped

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "judges"
CONFIGS = sorted(
    path.stem
    for folder in ("judge_benchmarks", "picture_benchmarks")
    for path in (ROOT / "judgebench/configs/datasets" / folder).glob("*.py")
    if not path.stem.startswith("_")
)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_page_says_what_the_config_does(name: str) -> None:
    index = (PAGES / "benchmarks-of-judges.md").read_text("utf-8")
    row = next(line for line in index.splitlines() if f"`{name}`" in line)
    link = re.search(r"\((.+?\.md)\)", row)
    assert link, row
    page = (PAGES / link[1]).read_text("utf-8")
    assert name in page
    for dataset in shipped(name):
        method = dataset["method"]
        parser = method["parser"] if isinstance(method["parser"], str) else method["parser"]["type"]
        assert f"`{parser}`" in page
        assert f"`{method['aggregate']['type'].rpartition('.')[2]}`" in page
        assert all(
            part in page for part in ("Weaknesses", "Source", "Calls per item", "An unread presentation counts as")
        )
        if dataset["score"].get("unread") in ("tie", "half"):
            assert f'`unread="{dataset["score"]["unread"]}"`' in page


def test_every_benchmark_is_listed() -> None:
    assert len(CONFIGS) >= 18
