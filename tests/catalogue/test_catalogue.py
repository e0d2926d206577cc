"""Every benchmark of judges of the catalogue: rows of its published layout, extreme judges, bad rows."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from judgebench.errors import JudgebenchError
from judgebench.records.flow import Sample
from judgebench.records.run import DatasetConfig
from tests.catalogue.files import Layout, write
from tests.catalogue.judging import datasets, figures, items, value_of
from tests.catalogue.layouts import LAYOUTS
from tests.catalogue.picture_layouts import VIESCORE_TASKS

SHIPPED = Path(__file__).parents[2] / "judgebench/configs/datasets"
PATHS = {
    path.stem: path
    for folder in ("judge_catalogue", "picture_benchmarks")
    for path in (SHIPPED / folder).glob("*.py")
    if not path.stem.startswith("_")
} | {"projudge_bench": SHIPPED / "judge_benchmarks/projudge_bench.py"}
"""Where the config files are, by their names."""
CONFIGS = sorted(PATHS)

MUTATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "evalbiasbench": ("accuracy", {"right": 100, "wrong": 0, "coin": 50, "first": 50, "unread": 0}),
    # gold 0 to 3 equally often: the contrary grade is never right, and one and the same grade is right by chance
    "llmjudge": ("kappa", {"right": 1, "wrong": -1 / 3, "coin": 1 / 3, "tie": 0, "unread": None}),
    # grades 3 and 9; the contrary grades are 8 and 2
    "wildbench": ("mean_score", {"right": 6, "wrong": 5, "coin": 5.5, "tie": 5, "unread": None}),
    "position_bias_mt_bench": ("consistency", {"right": 100, "wrong": 100, "first": 0, "tie": 100, "unread": None}),
    "position_bias_dev_bench": ("consistency", {"right": 100, "wrong": 100, "first": 0, "unread": None}),
    "paperbench_judge_eval": (
        "macro_f1",
        {"right": 100, "wrong": 0, "coin": 50, "first": 100 / 3, "unread": None},
    ),
    "rmb_pairs": ("accuracy", {"right": 100, "wrong": 0, "coin": 50, "first": 50, "unread": 0}),
    "rmb_best_of_n": ("all_right", {"right": 100, "wrong": 0, "first": 0, "unread": 0}),
    "mm_eval": ("accuracy", {"right": 100, "wrong": 0, "coin": 50, "first": 50, "unread": 0}),
    "healthbench_meta": (
        "f1_balanced",
        {"right": 100, "wrong": 0, "coin": 50, "first": 100 / 3, "unread": None},
    ),
    "biggen_bench": ("pearson_by_part", {"right": 1, "wrong": -1, "coin": 0, "tie": None, "unread": None}),
    **{
        f"agent_reward_bench_{name}": (
            "precision",
            {"right": 100, "wrong": 0, "coin": 50, "first": 50, "unread": None},
        )
        for name in ("success", "side_effect", "looping")
    },
    "vl_rewardbench": ("accuracy", {"right": 100, "wrong": 0, "first": 0, "unread": 0}),
    "multimodal_rewardbench": ("accuracy", {"right": 100, "wrong": 0, "coin": 50, "first": 50, "unread": 0}),
    "multi_crit": ("all_right", {"right": 100, "wrong": 0, "first": 0, "unread": 0}),
    "realcritic": ("agreement", {"right": 100, "wrong": 0, "coin": 50, "first": 50, "unread": None}),
    **{
        f"no_free_labels_{name}": (
            "cohen_kappa",
            {"right": 1, "wrong": -1, "coin": 0, "first": 0, "unread": None},
        )
        for name in ("none", "own", "other", "human")
    },
    **{
        f"judgerbench_a_{language}": (
            "accuracy",
            {"right": 100, "wrong": 0, "coin": 50, "first": 50, "unread": 0},
        )
        for language in ("en", "cn")
    },
    **{
        f"judgerbench_b_{name}": (
            "accuracy",
            {"right": 100, "wrong": 0, "coin": 50, "first": 50, "unread": 0},
        )
        for name in ("alignment_bench", "alpaca_eval", "arenahard", "wildbench")
    },
    **{
        f"judgerbench_b_{name}": ("agreement", {"right": 100, "wrong": 0, "coin": 50, "first": 50, "unread": None})
        for name in ("fofo", "fofo_cn")
    },
    # of the two steps of a solution one is right
    **{
        name: ("step_accuracy", {"right": 100, "wrong": 0, "coin": 50, "first": 50, "tie": 50, "unread": 0})
        for name in ("projudge_bench", "projudge_bench_pictures")
    },
    # right in both questions by a quarter of the coins; equal grades, and contradictions, are ties
    "mj_bench": ("accuracy", {"right": 100, "wrong": 0, "coin": 25, "first": 0, "unread": 0}),
    "mj_bench_single": ("accuracy", {"right": 100, "wrong": 0, "coin": 25, "tie": 0, "unread": 0}),
    # of the pictures of one occupation all have the same grade, of the other 12 of 28 pairs; the contrary grades are
    # as even, and one grade for everybody is as even as can be
    **{
        f"mj_bench_bias{scale}": ("acc", {"right": 5 / 7, "wrong": 5 / 7, "tie": 1, "unread": None})
        for scale in ("", "_10", "_words")
    },
    "mllm_judge_score": ("pearson_by_part", {"right": 1, "wrong": -1, "coin": 0, "tie": None, "unread": None}),
    # two of eight pairs are ties; of the others four are won by the first answer
    "mllm_judge_pair": ("accuracy", {"right": 100, "wrong": 0, "first": 50, "tie": 25, "unread": 0}),
    # every order of three; the contrary order, and all others than ABC, are two edits from the true one
    "mllm_judge_batch": ("edit_distance", {"right": 0, "wrong": 2 / 3, "first": 5 / 9, "unread": None}),
    **{
        f"viescore_{task.lower().replace('-', '_')}": (
            "spearman",
            {"right": 1, "wrong": -1, "coin": 0, "tie": None, "unread": None},
        )
        for task in VIESCORE_TASKS
    },
    "judgerbench_v2": ("accuracy", {"right": 100, "wrong": 0, "coin": 50, "first": 50, "unread": 0}),
    **{
        f"rbd_{name}": ("accuracy", {"right": 100, "wrong": 0, "coin": 50, "first": 50, "unread": 0})
        for name in ("verbosity_plain", "verbosity", "position", "bandwagon")
    },
    # two of eight pairs are ties, which a judge that contradicts itself gets
    **{
        f"webdevjudge_{name}": ("accuracy", {"right": 100, "wrong": 0, "first": 25, "tie": 25, "unread": 0})
        for name in ("code", "screenshots")
    },
    # people's means of 2, 4 or 8 items of a metric: right is in their order, the contrary in the other
    "judge_bench": ("spearman", {"right": 1, "wrong": -1, "tie": None, "unread": None}),
    "long_judge_ma": ("accuracy", {"right": 100, "wrong": 0, "coin": 25, "first": 0, "unread": 0}),
    "long_judge_verify": ("agreement", {"right": 100, "wrong": 0, "coin": 50, "first": 50, "unread": None}),
}
"""The headline of each dataset, and its value for judges that always do the same, by the rule of the benchmark."""


@cache
def declared() -> dict[str, tuple[str, DatasetConfig]]:
    """Every dataset of the catalogue by abbr, with the name of its config."""
    return {abbr: (config, data) for config in CONFIGS for abbr, data in datasets(config).items()}


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Sample]]:
    """The items of a dataset, read from files of its published layout."""

    @cache
    def written(config: str) -> Path:
        folder = tmp_path_factory.mktemp(config)
        write(folder, LAYOUTS[config]().files)
        return folder

    def read(abbr: str) -> list[Sample]:
        config, data = declared()[abbr]
        return items(data, written(config))

    return cache(read)


def test_every_config_has_rows_and_a_table_of_mutations() -> None:
    assert sorted(LAYOUTS) == CONFIGS
    assert sorted(MUTATIONS) == sorted(declared())


@pytest.mark.parametrize("abbr", MUTATIONS)
def test_extreme_judges_get_what_the_rule_says(abbr: str, read: Callable[[str], list[Sample]]) -> None:
    _, data = declared()[abbr]
    headline, wanted = MUTATIONS[abbr]
    found = {extreme: value_of(data, read(abbr), extreme) for extreme in wanted}
    assert {name for name, _ in found.values()} == {headline}
    assert {extreme: value for extreme, (_, value) in found.items()} == {
        extreme: None if value is None else pytest.approx(value, abs=1e-9) for extreme, value in wanted.items()
    }


@pytest.mark.parametrize("abbr", MUTATIONS)
def test_what_is_never_read_is_counted(abbr: str, read: Callable[[str], list[Sample]]) -> None:
    _, data = declared()[abbr]
    found = figures(data, read(abbr), "unread")
    assert (found["unread"].value or 0) >= len(read(abbr))
    assert figures(data, read(abbr), "right")["unread"].value == 0


def spoiled(layout: Layout, column: str, value: Any) -> Layout:
    """The layout with another value in one row, ``...`` for none at all; with one line more where it is a text."""
    files = dict(layout.files)
    content = copy.deepcopy(files[layout.main])
    if isinstance(content, str) and layout.main.endswith(".csv"):
        content += value
    elif isinstance(content, str):
        line = content.splitlines()[-1].split(" ")
        content += f"{line[0]} 0 {'' if value is ... else value} {line[3]}\n"
    else:
        row = content[-1] if isinstance(content, list) else content
        if isinstance(row, dict) and column not in row:
            first = next(iter(row.values()))
            row = first[-1] if isinstance(first, list) else first
        row.pop(column)
        if value is not ...:
            row[column] = value
    return layout._replace(files={**files, layout.main: content})


@pytest.mark.parametrize("config", CONFIGS)
def test_a_bad_row_is_refused_with_its_file_and_its_number(config: str, tmp_path: Path) -> None:
    """A row without answers, or with a gold label that nobody knows."""
    layout = LAYOUTS[config]()
    for number, (column, value) in enumerate(layout.must_be_refused()):
        folder = tmp_path / f"{number}"
        write(folder, spoiled(layout, column, value).files)
        refused = []
        for data in datasets(config).values():
            try:
                items(data, folder)
            except JudgebenchError as error:
                refused.append(str(error))
        assert refused, (column, value)
        assert any(Path(layout.main).name + ":" in said for said in refused), refused
