"""Agreement, whether the judge may replace annotators, risk and coverage, and plans for labels."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from judgebench.cli.main import run as jb
from judgebench.metrics.statistics.annotators import alternative_annotator, gwet_ac1, human_ceiling
from judgebench.metrics.statistics.differential import error_by_group
from judgebench.metrics.statistics.risk_coverage import risk_coverage
from judgebench.records.facts import Label, RecordedVerdict, answer_hash
from judgebench.records.findings import PresentationVerdict
from judgebench.store.labels import append_labels
from judgebench.store.run_folder import RunFolder
from judgebench.trust.agreement import agreements, gold_agreements
from judgebench.trust.judged import judged_rows
from tests.query.made import MadeRun, call, prediction, verdict
from tests.trust.made import WORDS, judged, judged_run


def test_gwets_ac1_by_hand() -> None:
    """Two raters: both right 118, both wrong 2, apart 5 (K. L. Gwet's case of a high share and a low kappa)."""
    units = [[1.0, 1.0]] * 118 + [[0.0, 1.0]] * 5 + [[0.0, 0.0]] * 2
    share = (118 + 2.5) / 125
    chance = 2 * share * (1 - share)
    assert gwet_ac1(units) == pytest.approx((120 / 125 - chance) / (1 - chance))
    assert gwet_ac1([[1.0, 1.0]]) is None


def crowd(
    seed: int, *, people: float, judge: float, n: int = 120
) -> tuple[dict[int, float], dict[str, dict[int, float]]]:
    rng = random.Random(seed)
    truth = [float(rng.random() < 0.6) for _ in range(n)]

    def said(right: float) -> dict[int, float]:
        return {at: one if rng.random() < right else 1 - one for at, one in enumerate(truth)}

    return said(judge), {name: said(people) for name in ("ada", "bob", "cyd")}


def test_a_good_judge_may_replace_annotators_and_a_coin_may_not() -> None:
    good, people = crowd(2, people=0.8, judge=0.95)
    coin, _ = crowd(3, people=0.8, judge=0.5)
    assert alternative_annotator(good, people).passes  # type: ignore[union-attr]
    assert not alternative_annotator(coin, people).passes  # type: ignore[union-attr]
    assert alternative_annotator(good, {"ada": people["ada"]}) is None  # nobody to agree with
    scores = {at: 5 * one for at, one in good.items()}
    graded = {name: {at: 5 * one for at, one in said.items()} for name, said in people.items()}
    assert alternative_annotator(scores, graded, numeric=True).passes  # type: ignore[union-attr]


def test_the_human_ceiling_leaves_one_out() -> None:
    people = {"a": {1: 1.0, 2: 1.0}, "b": {1: 1.0, 2: 0.0}, "c": {1: 0.0}}
    # item 1: of a the others are even, of b too, of c they say 1; item 2: a and b disagree
    assert human_ceiling(people) == (0.0, 3)
    assert human_ceiling({"a": {1: 1.0}}) is None


def test_risk_falls_with_coverage_where_the_judge_knows_what_it_knows() -> None:
    found = risk_coverage([0.9, 0.8, 0.7, 0.6], [0, 0, 1, 1])
    assert found is not None
    assert found.curve == pytest.approx([0, 0, 1 / 3, 1 / 2])
    assert found.area == pytest.approx((1 / 3 + 1 / 2) / 4)
    assert found.accuracy_at(0.5) == 1.0
    tied = risk_coverage([1, 1, 1, 1], [0, 0, 1, 1])
    assert tied is not None
    assert tied.curve == pytest.approx([0.5] * 4)
    assert risk_coverage([], []) is None


def test_a_report_says_whether_the_judge_may_replace_the_annotators(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(5)
    truth = [rng.random() < 0.6 for _ in range(100)]
    run = judged_run(tmp_path / "20260101_000000", truth, judged(truth, sensitivity=0.97, specificity=0.95)).path
    assert jb(["label", "report", str(run)]) == 2
    assert "has no labels" in capsys.readouterr().err
    (row,) = judged_rows(RunFolder(run))
    append_labels(
        run / "labels/toy.jsonl",
        [
            Label(
                id=id,
                answer_hash=answer.answer_hash,
                annotator=name,
                decision=WORDS[truth[id] if rng.random() < 0.85 else not truth[id]],
            )
            for (id, _), answer in row.answers.items()
            for name in ("ada", "bob", "cyd")
        ],
    )
    (found,) = agreements(RunFolder(run))
    assert found.shared == 100
    assert found.percent.value is not None
    assert found.percent.interval is not None
    assert found.percent.interval[0] < found.percent.value < found.percent.interval[1]
    assert found.replacement is not None
    assert found.replacement.passes
    assert jb(["label", "report", str(run)]) == 0
    out = capsys.readouterr().out
    assert "the judge may replace annotators: winning rate 1.00" in out
    assert "Krippendorff's alpha among the annotators" in out
    assert "corrected by 100 labels" in out


def test_a_plan_says_how_many_labels_are_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(6)
    truth = [rng.random() < 0.6 for _ in range(3000)]
    run = judged_run(tmp_path / "20260101_000000", truth, judged(truth, sensitivity=0.9, specificity=0.8)).path
    (row,) = judged_rows(RunFolder(run))
    chosen = rng.sample(sorted(row.answers.values(), key=lambda one: one.id), 100)
    append_labels(
        run / "labels/toy.jsonl",
        [
            Label(
                id=one.id,
                answer_hash=one.answer_hash,
                annotator="ada",
                decision=WORDS[truth[one.id]],
                probability=1 / 30,
            )
            for one in chosen
        ],
    )
    assert jb(["label", "plan", str(run), "--half-width", "4"]) == 0
    out = capsys.readouterr().out
    assert "100 labels give ±" in out
    needed = int(out.split("more give ±4")[0].split()[-1])
    assert 80 < needed < 500
    assert jb(["label", "plan", str(run), "--half-width", "0.1"]) == 0
    assert "not possible" in capsys.readouterr().out


def test_a_judge_that_favours_a_model_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two models are right equally often; wrong answers of one of them are accepted three times as often."""
    rng = random.Random(9)
    path = tmp_path / "20260101_000000"
    run: MadeRun | None = None
    for model, specificity in (("north", 0.85), ("south", 0.5)):
        truth = [rng.random() < 0.5 for _ in range(120)]
        texts = [f"{model} says {number} {right}" for number, right in enumerate(truth)]
        said = judged(truth, sensitivity=0.95, specificity=specificity, seed=len(texts))
        run = run or MadeRun(path)
        run.add(
            model,
            "toy",
            "strict",
            predictions=[prediction(number, text) for number, text in enumerate(texts)],
            calls=[call(number, "I say so") for number in range(120)],
            verdicts=[
                verdict(number, WORDS[bool(one)], text=text)
                for number, (one, text) in enumerate(zip(said, texts, strict=True))
            ],
        )
        append_labels(
            path / "labels/toy.jsonl",
            [
                Label(id=number, answer_hash=answer_hash(text), annotator="ada", decision=WORDS[right], probability=1.0)
                for number, (text, right) in enumerate(zip(texts, truth, strict=True))
            ],
        )
    (found,) = agreements(RunFolder(path))
    by_model = {one.what: one.tested for one in found.errors if one.by == "tested model"}
    accepted, rejected = by_model["wrong answers accepted"], by_model["right answers rejected"]
    assert accepted.p_value < 0.01
    assert rejected.p_value > 0.05
    assert accepted.rates["south"][0] > 2 * accepted.rates["north"][0]
    assert jb(["label", "report", str(path)]) == 0
    assert "THE JUDGE FAVOURS SOME MODELS" in capsys.readouterr().out


def test_errors_by_group_are_not_found_where_there_are_none() -> None:
    """Hard questions make errors of all models alike: the permutations within questions are not fooled."""
    rng = np.random.default_rng(4)
    alarms = 0
    for seed in range(60):
        hard = rng.random(60) < 0.5
        wrong = np.concatenate([rng.random(60) < np.where(hard, 0.8, 0.05) for _ in range(2)]).astype(float)
        found = error_by_group(["a"] * 60 + ["b"] * 60, list(wrong), [*range(60), *range(60)], seed=seed)
        assert found is not None
        alarms += found.p_value <= 0.05
    assert alarms <= 8
    assert error_by_group(["a", "a"], [0, 1], [1, 2]) is None


def test_a_tested_judge_is_reported_beside_the_truth_of_its_benchmark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both orders agree on 30 of 40 pairs, 24 rightly; the judge errs where the better answer is shown second."""
    made = MadeRun(tmp_path / "20260101_000000")
    said = ["A"] * 24 + ["B"] * 6 + ["split"] * 10
    verdicts = [
        RecordedVerdict(
            id=id,
            status="ok",
            decision=one,
            gold="A>B",
            answer_hash=f"{id}",
            presentations=[
                PresentationVerdict(order="AB", status="ok", prefers="second" if one == "B" else "first"),
                PresentationVerdict(order="BA", status="ok", prefers="first" if one == "A" else "second"),
            ],
        )
        for id, one in enumerate(said)
    ]
    made.add("north", "pairs", verdicts=verdicts)
    (found,) = gold_agreements(RunFolder(made.path))
    assert (found.judge, found.labelled, found.percent.value) == ("north", 40, 24 / 40)
    assert found.risk is not None
    assert found.risk.accuracy_at(0.75) == pytest.approx(24 / 30)
    assert found.risk.area == pytest.approx((30 * 0.2 + sum((6 + n) / (30 + n) for n in range(1, 11))) / 40)
    assert agreements(RunFolder(made.path)) == []
    assert jb(["label", "report", str(made.path)]) == 0
    out = capsys.readouterr().out
    assert "north on pairs: 40 verdicts on items of which the truth is known" in out
    assert "misjudged by place of the better answer: first 15.0% of 40, second 40.0% of 40" in out
    assert "replace annotators" not in out
