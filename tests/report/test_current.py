"""Which results newer work has made stale: the plans of a run say it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from judgebench.records.flow import Counts, TaskResult
from judgebench.records.run import DatasetConfig, JudgeConfig, Options, Plan, SummarizerConfig, TaskSpec, Typed
from judgebench.report.current import Plans
from judgebench.store.run_folder import RunFolder

FIRST, SECOND, THIRD = "20260305_100000_1", "20260305_110000_2", "20260305_120000_3"
METHOD = Typed(type="x.Method")
MODEL = {"type": "x.Model"}


def part(one: str, *tested_models: str) -> JudgeConfig:
    return JudgeConfig(
        abbr=f"round_robin-vs-{one}",
        model=MODEL,
        method=METHOD,
        compare_with=one,
        round_robin="round_robin",
        tested_models=[*tested_models],
    )


DATASET = DatasetConfig(
    abbr="d",
    loader=Typed(type="x.Loader"),
    evaluator=Typed(type="x.Rule"),
    rule_row=True,
    judges=[
        JudgeConfig(abbr="j", model=MODEL, method=METHOD),
        JudgeConfig(abbr="k", model=MODEL, method=METHOD),
        JudgeConfig(abbr="panel", method=METHOD, members=["j"]),
        JudgeConfig(abbr="pair", model=MODEL, method=METHOD, compare_with="b"),
        part("b", "a"),
        part("c", "a", "b"),
    ],
)
ROWS = [(model, row) for model in "abc" for row in ("d", "d-j", "d-k", "d-panel")]
ROWS += [
    ("a", "d-pair"),
    ("c", "d-pair"),
    ("a", "d-round_robin-vs-b"),
    ("a", "d-round_robin-vs-c"),
    ("b", "d-round_robin-vs-c"),
]
ROUND_ROBIN = [(model, "d-round_robin") for model in "abc"]


def plan(run: Path, name: str, *tasks: tuple[str, str, str]) -> None:
    made = Plan(
        name=name,
        run_dir=str(run),
        timestamp=name[:15],
        mode="all",
        command=["jb"],
        models={model: {} for model in "abc"},
        datasets={"d": DATASET},
        summarizer=SummarizerConfig(),
        combinations=[(model, "d") for model in "abc"],
        options=Options(),
        tasks=[
            TaskSpec(id=str(task), stage=task[0], name="", model=task[1], datasets=["d"], judge=task[2])  # type: ignore[arg-type]
            for task in tasks
        ],
    )
    (run / "configs").mkdir(parents=True, exist_ok=True)
    (run / "configs" / f"{name}.json").write_bytes(msgspec.json.encode(made))


def stale(run: Path, made_by: str = FIRST) -> set[tuple[str, str]]:
    """The rows whose results are stale, if all are of one plan."""
    plans = Plans(RunFolder(run))
    results = [
        TaskResult(
            model=model, dataset=row, data_abbr="d", judge=None, version="", mode="gen", headline="accuracy",
            metrics={}, counts=Counts(), plan=made_by,
        )
        for model, row in [*ROWS, *ROUND_ROBIN]
    ]  # fmt: skip
    return {(one.model, one.dataset) for one in results if plans.stale(one)}


@pytest.mark.parametrize(
    ("task", "rows"),
    [
        (("summarize", "", ""), set()),
        (("extract", "a", "k"), {("a", "d-k")}),
        (("extract", "b", ""), {("b", "d")}),
        (("judge", "a", "j"), {("a", "d-j"), ("a", "d-panel")}),
        (("judge", "c", "pair"), {("c", "d-pair")}),
        (("judge", "a", "round_robin-vs-b"), {("a", "d-round_robin-vs-b"), *ROUND_ROBIN}),
        (
            ("infer", "c", ""),
            {("c", row) for row in ("d", "d-j", "d-k", "d-panel", "d-pair")}
            | {("a", "d-round_robin-vs-c"), ("b", "d-round_robin-vs-c"), *ROUND_ROBIN},
        ),
    ],
)
def test_a_task_makes_stale_what_rests_on_it(
    tmp_path: Path, task: tuple[str, str, str], rows: set[tuple[str, str]]
) -> None:
    everything = [(stage, model, "") for stage in ("infer", "extract") for model in "abc"]
    plan(tmp_path, FIRST, *everything)
    assert stale(tmp_path) == set()
    plan(tmp_path, SECOND, task)
    assert stale(tmp_path) == rows
    assert stale(tmp_path, SECOND) == set()
    plan(tmp_path, THIRD)
    assert stale(tmp_path) == rows, "a later plan without a task for them mends nothing"


def test_of_a_plan_that_cannot_be_read_nobody_knows_what_it_began(tmp_path: Path) -> None:
    plan(tmp_path, FIRST, ("extract", "a", "k"))
    (tmp_path / "configs" / f"{SECOND}.json").write_bytes(b'{"name": "\xff')
    assert stale(tmp_path) == {*ROWS, *ROUND_ROBIN}


def test_a_result_of_no_plan_of_the_run_is_older_than_any(tmp_path: Path) -> None:
    assert stale(tmp_path, "") == set(), "without plans there is nothing newer"
    plan(tmp_path, FIRST, ("extract", "a", "k"))
    assert stale(tmp_path, "") == stale(tmp_path, "elsewhere") == {("a", "d-k")}
