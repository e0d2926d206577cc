"""Every dataset config that ships has rows, a table of mutations, a scripted run and a page, or a stated reason."""

from __future__ import annotations

import pytest

from judgebench.config.registry import Registry
from tests.catalogue import test_catalogue, test_model_catalogue, test_model_runs, test_runs
from tests.catalogue.layouts import LAYOUTS
from tests.catalogue.model_layouts import MODEL_LAYOUTS
from tests.datasets import test_published_layouts
from tests.docs.pages import ROOT
from tests.mutations.items import BENCHMARKS

SHIPPED = sorted(file.name for file in Registry([]).files("datasets"))
OLDER = sorted({*BENCHMARKS} - {*LAYOUTS})
"""Benchmarks of judges with a table of their own (``tests/mutations``), and a page in ``docs/judges``."""

OUTSIDE = {
    "aime2025_gen_0_shot_llmjudge": "another name of aime2025_llmjudge",
    "demo_facts": "its rows ship with the package, and every page of docs runs it",
    "demo_facts_llmjudge": "its rows ship with the package, and every page of docs runs it",
    "image_text_filter": "a form for pictures of one's own, which nobody publishes",
    "injection": "its rows are made here, and are attacks on judges: tests/judges",
    "judge_bias_answers": "its rows are made from answers of one's own: tests/judges",
    "judge_bias_pairs": "its rows are made from answers of one's own: tests/judges",
    "judge_critiques": "its rows are made from answers of one's own: tests/judges",
}
"""Configs that are in no table, each with the reason."""


def test_no_config_that_ships_is_outside_of_the_tables_without_a_reason() -> None:
    assert sorted([*LAYOUTS, *MODEL_LAYOUTS, *OLDER, *OUTSIDE]) == SHIPPED


@pytest.mark.parametrize("name", sorted({*LAYOUTS, *MODEL_LAYOUTS}))
def test_a_config_of_the_catalogue_has_passed_everything(name: str) -> None:
    assert (ROOT / "docs/datasets" / f"{name}.md").is_file()
    if name in LAYOUTS:
        assert {config for config, _ in test_catalogue.declared().values()} >= {name}
        assert name in test_runs.CONFIGS
    else:
        assert name in test_model_catalogue.CONFIGS
        assert name in {*test_model_runs.CONFIGS, *test_model_runs.TWICE}


@pytest.mark.parametrize("name", OLDER)
def test_an_older_benchmark_of_judges_has_its_rows_run_and_page(name: str) -> None:
    assert name in test_published_layouts.CONFIGS
    pages = (ROOT / "docs/judges/benchmarks-of-judges.md").read_text("utf-8")
    assert f"`{name}`" in pages
