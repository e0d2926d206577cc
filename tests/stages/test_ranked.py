"""Which headline ranks the models of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgebench.metrics.comparisons.comparisons import ComparisonColumns
from judgebench.metrics.rates.named import metric
from judgebench.metrics.rates.tally import Tally
from judgebench.records.flow import Counts, Metric, TaskResult
from judgebench.records.run import Typed
from judgebench.report.results import write_comparisons, write_result
from judgebench.report.schema import RowSpec
from judgebench.stages.summarize import RankedRow, rankings_of
from judgebench.store.run_folder import RunFolder


@metric(better="high")
def declared(tally: Tally) -> Metric:
    return Metric(value=float(len(tally)))


def undeclared(tally: Tally) -> Metric:
    return Metric(value=float(len(tally)))


def ranked(folder: Path, headline: str, score: str = "") -> list[tuple[str, int | None]]:
    """Return the order of two models, of which ``low`` has 1 and ``high`` 60; empty where they are not ranked."""
    run = RunFolder(folder)
    for model, value in (("low", 1.0), ("high", 60.0)):
        result = TaskResult(
            model=model, dataset="d", data_abbr="d", judge=None, version="v", mode="gen", headline=headline,
            metrics={headline: Metric(value=value, n=9)}, counts=Counts(),
        )  # fmt: skip
        write_result(run.result(model, "d"), result)
    spec = RowSpec(name="d", dataset="d", judge="", models=["low", "high"])
    row = RankedRow(spec, ["low", "high"], [], Typed(type=score, options={}) if score else None)
    return [(one.model, one.rank) for ranking in rankings_of(run, [row], "p")[0] for one in ranking.models]


UPWARDS = [("high", 1), ("low", 2)]


@pytest.mark.parametrize(
    ("headline", "score", "order"),
    [
        ("accuracy", "", UPWARDS),
        ("pass@3", "", UPWARDS),
        ("accuracy (3 runs average)", "", UPWARDS),
        ("invalid_rate", "", []),
        ("score_shift", "", []),
        (f"{__name__}.declared", "", UPWARDS),
        (f"{__name__}.undeclared", "", []),
        ("no_such_package.metric", "", []),
        ("robustness", "BiasScore", UPWARDS),
        ("flip_rate/bandwagon", "BiasScore", []),
        ("violation_rate/refusal", "BiasScore", []),
        ("directed_flip/position", "BiasScore", []),
        ("noise_floor", "BiasScore", []),
        ("delta_accuracy/verbosity", "BiasScore", []),
        ("false_positive_rate", "VerifierScore", []),
        ("agreement", "VerifierScore", UPWARDS),
        ("mean_score", "PointScore", []),
        ("pearson", "PointScore", UPWARDS),
        ("win_rate", "WinScore", []),
        ("accuracy", "no_such_package.Score", []),
    ],
)
def test_models_are_ranked_only_where_more_of_the_headline_is_declared_better(
    tmp_path: Path, headline: str, score: str, order: list[Any]
) -> None:
    assert ranked(tmp_path, headline, score) == order


def test_only_results_of_several_versions_are_told_not_to_be_comparable(tmp_path: Path) -> None:
    assert noted(tmp_path / "same", ["v", "v"]) == []
    assert noted(tmp_path / "other", ["v", "w"]) == ["the versions differ, so the numbers are not comparable"]


def noted(folder: Path, versions: list[str]) -> list[str]:
    """Return what a ranking of two models says of itself, whose results have these versions."""
    run = RunFolder(folder)
    for model, version in zip("mn", versions, strict=True):
        write_result(run.result(model, "d"), result(model, version=version))
    (ranking,), _ = rankings_of(run, [RankedRow(ROW, ["m", "n"], [])], "p")
    return ranking.notes


def result(model: str, value: float = 50.0, version: str = "v") -> TaskResult:
    return TaskResult(
        model=model, dataset="d", data_abbr="d", judge=None, version=version, mode="gen", headline="accuracy",
        metrics={"accuracy": Metric(value=value, n=2, better="high")}, counts=Counts(),
    )  # fmt: skip


ROW = RowSpec(name="d", dataset="d", judge="", models=["m", "n", "o"])


@pytest.mark.parametrize("kept", [["m"], ["m", "n"], ["m", "n", "o"]])
def test_judges_are_rated_item_by_item_where_two_of_them_keep_what_they_were_right_about(
    tmp_path: Path, kept: list[str]
) -> None:
    run = RunFolder(tmp_path)
    for model, value in (("m", 100.0), ("n", 50.0), ("o", 0.0)):
        write_result(run.result(model, "d"), result(model, value))
        if model in kept:
            columns = ComparisonColumns()
            for item in range(2):
                columns.add_decision(item, 0, right=model == "m" or (model == "n" and item == 0))
            write_comparisons(run.comparisons(model, "d"), result(model, value), "gold", columns)
    (ranking,), _ = rankings_of(run, [RankedRow(ROW, ["m", "n", "o"], [])], "p")
    assert [(one.model, one.rank) for one in ranking.models] == [("m", 1), ("n", 2), ("o", 3)]
    rated = any("item by item" in note for note in ranking.notes)
    assert (rated, bool(ranking.pairs)) == ((len(kept) > 1,) * 2)


@pytest.mark.parametrize("harm", ["gone", "damaged", "of another result"])
def test_a_ranking_is_of_what_can_be_read(tmp_path: Path, harm: str) -> None:
    run = RunFolder(tmp_path)
    for model, value in (("m", 20.0), ("n", 60.0), ("o", 40.0)):
        write_result(run.result(model, "d"), result(model, value))
    path = run.result("n", "d")
    if harm == "gone":
        path.unlink()
    elif harm == "damaged":
        path.write_text("{")
    else:
        columns = ComparisonColumns()
        columns.add_decision(0, 0, right=True)
        for model, version in (("n", "v"), ("o", "another")):
            write_comparisons(run.comparisons(model, "d"), result(model, version=version), "gold", columns)
    (ranking,), _ = rankings_of(run, [RankedRow(ROW, ["m", "n", "o"], [])], "p")
    assert [one.model for one in ranking.models] == (["n", "o", "m"] if harm == "of another result" else ["o", "m"])
    assert ranking.pairs == []
    assert json.loads(run.ranking("d").read_text())["models"][0]["model"] == ranking.models[0].model


def test_a_ranking_that_no_result_makes_any_more_is_removed(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for model in "mn":
        write_result(run.result(model, "d"), result(model))
    assert len(rankings_of(run, [RankedRow(ROW, ["m", "n"], [])], "p")[0]) == 1
    assert run.ranking("d").exists()
    run.result("m", "d").unlink()
    assert rankings_of(run, [RankedRow(ROW, ["m", "n"], [])], "p") == ([], [])
    assert not run.ranking("d").exists()
