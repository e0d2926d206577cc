"""What is imported once for all tasks that are forked from one process."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

from judgebench.identity.watermark import Watermark
from judgebench.judges.aggregations import AggregationConfig
from judgebench.judges.parsers import reading
from judgebench.models.contract import ServiceConfig
from judgebench.records.flow import JudgeCall, Prediction, TaskResult
from judgebench.records.manifest import RunManifest
from judgebench.records.run import Plan
from judgebench.stages import warm_up as warming
from judgebench.stages.warm_up import warm_up


@pytest.mark.parametrize(
    ("stages", "asks", "reads"),
    [(["infer"], True, False), (["judge"], True, True), (["extract"], False, True), (["summarize"], False, False)],
)
def test_what_the_stages_need_is_imported_and_nothing_that_only_others_do(
    monkeypatch: pytest.MonkeyPatch, stages: list[str], asks: bool, reads: bool
) -> None:
    really, imported = importlib.import_module, list[str]()
    parsers: list[str] = []

    def noted(name: str) -> ModuleType:
        imported.append(name)
        if name == "uvloop":
            raise ImportError(name)
        return really(name)

    def parser(declared: dict[str, str]) -> object:
        parsers.append(declared["type"])
        return reading.parser_of(declared)

    monkeypatch.setattr(warming.importlib, "import_module", noted)
    monkeypatch.setattr(warming, "parser_of", parser)
    warm_up(stages)
    module = {"judge": "judge_infer"}.get(stages[0], stages[0])
    assert f"judgebench.stages.{module}" in imported
    assert ("judgebench.engine.http" in imported, bool(parsers)) == (asks, reads)
    assert ("judgebench.judges.core.declared" in imported) == reads
    assert not asks or imported[0] == "judgebench.engine.http", "first of all, while certificates can wait"


@pytest.mark.parametrize(
    ("stage", "read"),
    [
        ("infer", (Plan, Prediction, ServiceConfig)),
        ("judge", (Plan, Prediction, JudgeCall, ServiceConfig, AggregationConfig)),
        ("extract", (Plan, Prediction, JudgeCall, Watermark)),
        ("summarize", (Plan, TaskResult, RunManifest)),
    ],
)
def test_the_fields_of_what_a_stage_reads_are_known_before_it_is_forked(
    monkeypatch: pytest.MonkeyPatch, stage: str, read: tuple[type, ...]
) -> None:
    known: list[type] = []
    monkeypatch.setattr(warming.msgspec.json, "Decoder", known.append)
    warm_up([stage])
    assert set(read) <= set(known)
