"""Which headline ranks the models of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from judgebench.metrics.rates.named import metric
from judgebench.metrics.rates.tally import Tally
from judgebench.records.flow import Counts, Metric, TaskResult
from judgebench.records.run import Typed
from judgebench.report.results import write_result
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
