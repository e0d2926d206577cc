"""Where a judge errs more: by length, by slice, by place; and what its sureness is worth. Through `jb label report`."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from judgebench.cli.main import run as jb
from judgebench.metrics.statistics.calibration import brier_score, calibration_error
from judgebench.records.facts import Label, answer_hash
from judgebench.records.findings import PresentationVerdict
from judgebench.store.labels import append_labels
from judgebench.store.run_folder import RunFolder
from judgebench.trust.agreement import agreements
from tests.query.made import MadeRun, call, prediction, verdict
from tests.trust.made import WORDS

N = 240


def labelled(path: Path, texts: list[str], decisions: list[str]) -> Path:
    append_labels(
        path / "labels/toy.jsonl",
        [
            Label(id=number, answer_hash=answer_hash(text), annotator="ada", decision=decision, probability=1.0)
            for number, (text, decision) in enumerate(zip(texts, decisions, strict=True))
        ],
    )
    return path


def single(path: Path, *, models: tuple[str, ...] = ("north",)) -> Path:
    """A judge that accepts long wrong answers and rejects right ones about algebra, and is sure where it is right."""
    rng = random.Random(6)
    run = MadeRun(path)
    for model in models:
        truth = [rng.random() < 0.5 for _ in range(N)]
        long = [rng.random() < 0.4 for _ in range(N)]
        texts = [f"{model} {number} {'so ' * (60 if wide else 2)}" for number, wide in enumerate(long)]
        algebra = [number % 3 == 0 for number in range(N)]
        said = [
            not (at and rng.random() < 0.5) if right else wide and rng.random() < 0.6
            for right, wide, at in zip(truth, long, algebra, strict=True)
        ]
        run.add(
            model, "toy", "strict",
            predictions=[prediction(number, text) for number, text in enumerate(texts)],
            calls=[call(number, "I say so") for number in range(N)],
            verdicts=[
                msgspec.structs.replace(
                    verdict(number, WORDS[one], text=texts[number]),
                    meta={"category": "algebra" if algebra[number] else "words", "source": f"s{number}"},
                    probabilities={WORDS[one]: 0.9, WORDS[not one]: 0.1}
                    if one == truth[number]
                    else {WORDS[one]: 0.6, WORDS[not one]: 0.4},
                )
                for number, one in enumerate(said)
            ],
        )  # fmt: skip
        labelled(path, texts, [WORDS[right] for right in truth])
    return path


def test_errors_by_length_and_by_slice_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = single(tmp_path / "20260101_000000")
    (found,) = agreements(RunFolder(path))
    tested = {(one.by, one.what): one.tested for one in found.errors}
    long = tested["length of the answer", "wrong answers accepted"]
    assert long.p_value < 0.01
    assert long.rates["long"][0] > long.rates["short"][0]
    assert tested["category", "right answers rejected"].p_value < 0.01
    assert tested["category", "wrong answers accepted"].p_value > 0.05
    assert not any(by == "source" for by, _ in tested), "a field that names items parts nothing"
    assert jb(["label", "report", str(path)]) == 0
    out = capsys.readouterr().out
    assert "wrong answers accepted by length of the answer: " in out
    assert "THE JUDGE DOES NOT ERR ALIKE" in out
    assert "no visible difference: " in out


def test_slices_of_questions_that_several_models_answered_are_tested_by_question(tmp_path: Path) -> None:
    (found,) = agreements(RunFolder(single(tmp_path / "20260101_000000", models=("north", "south"))))
    tested = {(one.by, one.what): one.tested.p_value for one in found.errors}
    assert tested["category", "right answers rejected"] < 0.01
    assert tested["tested model", "right answers rejected"] > 0.05


def test_a_pull_to_the_first_place_is_found(tmp_path: Path) -> None:
    rng = random.Random(7)
    run = MadeRun(tmp_path / "20260101_000000")
    better = [rng.choice("AB") for _ in range(120)]
    texts = [f"North {number}.\0South {number}." for number in range(120)]
    verdicts = []
    for number, right in enumerate(better):
        said = [
            PresentationVerdict(
                presentation=order, order=order, status="ok",
                prefers=order[0] if rng.random() < 0.5 else right,  # type: ignore[arg-type]
            )
            for order in ("AB", "BA")
        ]  # fmt: skip
        verdicts.append(msgspec.structs.replace(verdict(number, right, text=texts[number]), presentations=said))
    run.add(
        "north", "toy", "pair",
        predictions=[prediction(number, "North.") for number in range(120)],
        calls=[call(number, "I say") for number in range(120)],
        verdicts=verdicts,
    )  # fmt: skip
    run.close()
    (found,) = agreements(RunFolder(labelled(run.path, texts, list(better))))
    (place,) = (one.tested for one in found.errors if one.by == "place of the better answer")
    assert place.p_value < 0.01
    assert place.rates["second"][0] > 0.3 > place.rates["first"][0]


def test_what_sureness_is_worth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert brier_score([(1.0, 1.0), (0.5, 0.0)]) == pytest.approx(0.125)
    assert calibration_error([(0.95, 1.0), (0.95, 0.0), (0.15, 0.0), (1.0, 1.0)]) == pytest.approx((0.9 + 0.15) / 4)
    assert brier_score([]) is None
    assert calibration_error([]) is None
    path = single(tmp_path / "20260101_000000")
    (found,) = agreements(RunFolder(path))
    assert found.brier.value is not None
    assert found.brier.interval is not None
    assert found.brier.interval[0] <= found.brier.value <= found.brier.interval[1]
    assert jb(["label", "report", str(path)]) == 0
    assert f"Brier score {found.brier.value:.2f} (" in capsys.readouterr().out
