"""Every benchmark of judges of the catalogue through ``jb``, on files of its published layout, with a scripted one."""

from __future__ import annotations

import json
import pprint
from pathlib import Path

import pytest

from tests.catalogue.files import write
from tests.catalogue.layouts import LAYOUTS
from tests.catalogue.test_catalogue import CONFIGS, MUTATIONS, PATHS, declared
from tests.e2e.harness import JB, run


@pytest.mark.timeout(600)
def test_a_judge_that_is_always_right_has_the_best_figure_of_every_benchmark(tmp_path: Path) -> None:
    for config in CONFIGS:
        write(tmp_path / "data", LAYOUTS[config]().files)
    firsts = {config: abbr for abbr, (config, _) in reversed(declared().items())}  # one dataset of each config
    models = [
        {"type": "tests.catalogue.scripted.ScriptedModel", "abbr": f"s-{abbr}", "path": "", "config": config}
        | {"dataset": abbr}
        for config, abbr in firsts.items()
    ]
    names = [f"judgebench.configs.datasets.{PATHS[config].parent.name}.{config}" for config in CONFIGS]
    lines = ["from mmengine.config import read_base", "with read_base():"]
    lines += [f"    from {name} import {name.rpartition('.')[2]}_datasets" for name in names]
    lines.append(f"models = {pprint.pformat(models)}")
    lines.append("datasets = " + " + ".join(f"{config}_datasets" for config in CONFIGS))
    pairs = [{"models": [f"s-{abbr}"], "datasets": [abbr]} for abbr in firsts.values()]
    lines.append(f"model_dataset_combinations = {pprint.pformat(pairs)}")
    (tmp_path / "all.py").write_text("\n".join(lines) + "\n")
    command = [*JB, "all.py", "--data-dir", "data", "--work-dir", "runs", "--max-num-workers", "2"]
    done = run(command, tmp_path, timeout=540)
    assert done.code == 0, done.text
    for abbr in firsts.values():
        headline, values = MUTATIONS[abbr]
        (path,) = (tmp_path / "runs").glob(f"2*/results/s-{abbr}/{abbr}.json")
        metrics = json.loads(path.read_text())["metrics"]
        assert next(iter(metrics)) == headline
        assert metrics[headline]["value"] == pytest.approx(values["right"]), abbr
