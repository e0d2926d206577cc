"""Every config of the catalogue that ``jb ls`` names has rows, a table of mutations, a scripted run and a page."""

from __future__ import annotations

import pytest

from judgebench.config.registry import Registry
from tests.catalogue import test_catalogue, test_model_catalogue, test_model_runs, test_runs
from tests.catalogue.layouts import LAYOUTS
from tests.catalogue.model_layouts import MODEL_LAYOUTS
from tests.docs.pages import ROOT

NAMES = sorted(file.name for file in Registry([]).files("datasets") if file.path.parent.name.endswith("_catalogue"))


@pytest.mark.parametrize("name", NAMES)
def test_a_config_of_the_catalogue_has_passed_everything(name: str) -> None:
    assert (ROOT / "docs/datasets" / f"{name}.md").is_file()
    if name in LAYOUTS:
        assert {config for config, _ in test_catalogue.declared().values()} >= {name}
        assert name in test_runs.CONFIGS
    else:
        assert name in MODEL_LAYOUTS
        assert name in test_model_catalogue.CONFIGS
        assert name in {*test_model_runs.CONFIGS, *test_model_runs.TWICE}
