"""Who meets whom: every pair once, in files whose names depend on the two models alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.config.dump import dataset_keys
from judgebench.config.relations import with_compared_models
from judgebench.errors import ConfigError
from judgebench.records.run import DatasetConfig, JudgeConfig, Typed

METHOD = Typed(type="judgebench.judges.methods.pair_comparison.PairComparison")
PANEL = Typed(type="judgebench.judges.wrappers.panel.Panel")
MODELS = st.lists(st.sampled_from(["a", "b", "B", "c1", "c10", "c2", "z", "all"]), min_size=2, unique=True)


def round_robin(*compared_models: str, **others: JudgeConfig) -> DatasetConfig:
    judge = JudgeConfig(abbr="pair", method=METHOD, compared_models=list(compared_models))
    return DatasetConfig(abbr="d", loader=Typed(type="loader"), judges=[judge, *others.values()])


def resolved(dataset: DatasetConfig, models: list[str]) -> DatasetConfig:
    return with_compared_models(dataset, [(model, "d") for model in models])


def files(dataset: DatasetConfig, models: list[str]) -> list[tuple[str, str]]:
    """Who is asked about, and in which row: the name of the file of judge calls."""
    return [(model, row) for model in models for row, _ in dataset.rows(model)]


def pairs(dataset: DatasetConfig, models: list[str]) -> list[frozenset[str]]:
    return [
        frozenset({model, judge.compare_with}) for judge in dataset.judges for model in models if judge.looks_at(model)
    ]


@given(MODELS)
def test_every_pair_of_models_meets_once(models: list[str]) -> None:
    models = [model for model in models if model != "all"]
    if len(models) < 2:
        return
    met = pairs(resolved(round_robin("all"), models), models)
    assert len(met) == len(set(met)) == len(models) * (len(models) - 1) // 2
    assert all(len(pair) == 2 for pair in met)


@given(MODELS, st.randoms(use_true_random=False))
def test_a_model_more_changes_no_name_of_a_file(models: list[str], rng: object) -> None:
    models = [model for model in models if model != "all"]
    if len(models) < 3:
        return
    before = set(files(resolved(round_robin("all"), models[:-1]), models[:-1]))
    shuffled = models[:]
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert before < set(files(resolved(round_robin("all"), shuffled), shuffled))


@given(MODELS, st.data())
def test_named_compared_models_meet_everybody_and_the_others_not_each_other(
    models: list[str], data: st.DataObject
) -> None:
    named = data.draw(st.lists(st.sampled_from(models), min_size=1, unique=True))
    met = pairs(resolved(round_robin(*named), models), models)
    expected = {frozenset({model, name}) for model in models for name in named if model != name}
    if named == ["all"] and "all" not in models:
        return
    assert len(met) == len(set(met))
    assert set(met) == expected
    everybody = {model for model in models if model != "all"}
    if "all" not in models:
        assert set(files(resolved(round_robin(*named), models), models)) <= set(
            files(resolved(round_robin("all"), models), sorted(everybody))
        )


def test_first_names_the_first_model() -> None:
    assert set(pairs(resolved(round_robin("first"), ["b", "a", "c"]), ["b", "a", "c"])) == {
        frozenset("ab"), frozenset("bc")
    }  # fmt: skip


def test_a_panel_of_a_round_robin_has_a_part_for_each_compared_model() -> None:
    panel = JudgeConfig(abbr="panel", method=PANEL, members=["pair"], compared_models=["all"])
    found = {judge.abbr: judge for judge in resolved(round_robin("all", panel=panel), ["a", "b", "c"]).judges}
    assert found["panel-vs-b"].members == ["pair-vs-b"]
    assert (found["panel-vs-c"].tested_models, found["panel-vs-c"].round_robin) == (["a", "b"], "panel")


@pytest.mark.parametrize(
    ("compared_models", "models", "panel", "said"),
    [
        (["all"], ["a"], None, "no other model to compare with"),
        (["a"], ["a"], None, "no other model to compare with"),
        (["nobody"], ["a", "b"], None, "'nobody' does not answer"),
        (["all"], ["a", "b"], [], "does not compare with the same models as the panel"),
        (["all"], ["a", "b"], ["a"], "does not compare with the same models as the panel"),
    ],
)
def test_round_robins_that_cannot_be_are_refused(
    compared_models: list[str], models: list[str], panel: list[str] | None, said: str
) -> None:
    judge = JudgeConfig(abbr="panel", method=PANEL, members=["pair"], compared_models=panel or [])
    dataset = round_robin(*compared_models, **({} if panel is None else {"panel": judge}))
    with pytest.raises(ConfigError, match=said):
        resolved(dataset, models)


def test_a_dump_declares_the_round_robin_again() -> None:
    panel = JudgeConfig(abbr="panel", method=PANEL, members=["pair"], compared_models=["all"])
    (pair, combined) = dataset_keys(resolved(round_robin("all", panel=panel), ["a", "b", "c"]))["judge_infer_cfg"]
    assert (pair["abbr"], pair["compare_with"]) == ("pair", "all")
    assert (combined["abbr"], combined["compare_with"], combined["members"]) == ("panel", "all", ["pair"])
    (named,) = dataset_keys(resolved(round_robin("a", "b"), ["a", "b", "c"]))["judge_infer_cfg"]
    assert named["compare_with"] == ["a", "b"]
