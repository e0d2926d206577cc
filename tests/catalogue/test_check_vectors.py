"""Figures of the catalogue's formulas that were worked out without the program, and what large inputs may take."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from judgebench.content.prompts import render
from judgebench.datasets.samples import samples_of
from judgebench.errors import ConfigError, MissingDataError
from judgebench.metrics.contract import Measure
from judgebench.metrics.scores.attempt_score import AttemptScore, AttemptScoreConfig
from judgebench.metrics.scores.calibration_score import calibration_error
from judgebench.metrics.scores.instruction_score import InstructionScore, InstructionScoreConfig
from judgebench.metrics.scores.rubric_points_score import clipped, share_of_points
from judgebench.records.findings import StepVerdict
from judgebench.records.flow import Sample, Verdict
from judgebench.records.run import Options
from tests.catalogue.files import write
from tests.catalogue.judging import datasets
from tests.catalogue.model_layouts import MODEL_LAYOUTS


def sample(number: int, **meta: Any) -> Sample:
    return Sample(id=number, uid="u", fields={}, meta=meta)


def value(measure: Measure, name: str) -> float | None:
    return measure.result()[name].value


def test_the_calibration_error_of_humanitys_last_exam() -> None:
    stated = [(37 * i % 251 / 251, 7 * i % 3 == 0) for i in range(250)]
    assert calibration_error(stated, 100) == pytest.approx(0.281646, abs=1e-6)
    assert calibration_error(stated, 100, omit_last=True) == pytest.approx(0.077658, abs=1e-6)
    assert calibration_error([(0.9, True), (0.8, False), (0.4, True)], 100) == pytest.approx(0.033333, abs=1e-6)
    assert calibration_error([], 100) is None


def test_the_figures_of_simpleqa_and_what_an_unread_reply_is() -> None:
    decisions = ["correct"] * 40 + ["incorrect"] * 30 + ["not_attempted"] * 30
    scores = {unread: AttemptScore(AttemptScoreConfig(unread=unread)) for unread in ("drop", "not_attempted")}
    for score in scores.values():
        for number, decision in enumerate(decisions):
            score.add(sample(number), 0, Verdict(status="ok", decision=decision))
    assert value(scores["drop"], "given_attempted") == pytest.approx(57.1429, abs=1e-4)
    assert value(scores["drop"], "f1") == pytest.approx(47.0588, abs=1e-4)
    for score in scores.values():
        score.add(sample(100), 0, Verdict(status="unparsed"))
    assert value(scores["drop"], "not_attempted") == pytest.approx(30)
    assert value(scores["not_attempted"], "not_attempted") == pytest.approx(100 * 31 / 101)
    assert value(scores["drop"], "unread") == 1


def test_points_of_healthbench_are_clipped_in_the_mean_alone() -> None:
    assert share_of_points([(5, True), (3, False), (-2, True)]) == pytest.approx(0.375)
    assert share_of_points([(5, False), (3, False), (-2, True)]) == pytest.approx(-0.25)
    assert share_of_points([(-2, True)]) is None
    assert clipped([(1, 0.375), (2, -0.25), (3, 0.9)]).value == pytest.approx(0.341667, abs=1e-6)
    assert clipped([(1, -0.25), (2, -0.1)]).value == 0


def test_instructions_over_repeats() -> None:
    """Three samples with 4, 3 and 2 perfect answers of 4."""
    score, later = InstructionScore(InstructionScoreConfig()), InstructionScore(InstructionScoreConfig())
    for number, perfect in enumerate((4, 3, 2)):
        for repeat in range(4):
            steps = [StepVerdict(correct=True), StepVerdict(correct=repeat < perfect)]
            decision = "correct" if repeat < perfect else "incorrect"
            (score if number else later).add(
                sample(number, instructions=[["a", {}], ["b", {}]]),
                repeat,
                Verdict(status="ok", decision=decision, score=sum(one.correct for one in steps) / 2, steps=steps),
            )
    score.merge(later)
    assert value(score, "prompt_accuracy") == pytest.approx(75)
    assert value(score, "instruction_accuracy") == pytest.approx(100 * 21 / 24)
    assert value(score, "pif") == pytest.approx(100 * 21 / 24)
    assert value(score, "pif_n_k/4-3") == pytest.approx(66.6667, abs=1e-4)
    assert value(score, "instruction_accuracy/a") == 100
    assert "pif_n_k/4-4" in score.result()


def test_a_conversation_is_sent_as_it_is() -> None:
    messages = [{"role": "user", "content": "Hi {x}"}, {"role": "assistant", "content": "Yes?"}]
    template: Any = [{"role": "system", "content": "Be {how}."}, {"role": "conversation", "content": "{messages}"}]
    assert render(template, {"how": "brief", "messages": messages}) == [
        {"role": "system", "content": "Be brief."},
        *messages,
    ]
    with pytest.raises(ConfigError, match="one field that holds a list of messages"):
        render(template, {"how": "brief", "messages": "no list"})


def test_the_documents_of_one_question_at_a_time_are_in_memory(tmp_path: Path) -> None:
    (data,) = datasets("aa_lcr").values()
    layout = MODEL_LAYOUTS["aa_lcr"]()
    long = {path: "word " * 40_000 for path in layout.files if path.endswith(".txt")}
    write(tmp_path, {**layout.files, **long})
    options = Options(data_dir=str(tmp_path))
    tracemalloc.start()
    sizes = [len(one.fields["documents"]) for one in samples_of(data, options)]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert min(sizes) > 400_000
    assert most < 0.75 * sum(sizes)
    first = next(iter(samples_of(data, options))).fields["documents"]
    assert first.startswith("BEGIN DOCUMENT 1:\nword")
    next(tmp_path.rglob("a 3.txt")).unlink()
    with pytest.raises(MissingDataError, match=r"AA-LCR_Dataset\.csv:\d+: the document 'a 3\.txt' is not in"):
        list(samples_of(data, options))
