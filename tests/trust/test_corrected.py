"""Corrected scores: right on average, refused where the data do not carry them."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import numpy as np
import pytest

from judgebench.cli.main import run as jb
from judgebench.metrics.statistics.misclassification import solved_share
from judgebench.metrics.statistics.prediction_powered import (
    drawn_mean,
    power_weight,
    powered_mean,
)
from judgebench.records.corrected import CorrectedScore
from judgebench.records.facts import Label, answer_hash
from judgebench.store.labels import append_labels
from judgebench.store.run_folder import RunFolder
from judgebench.trust.corrected import corrected_scores
from judgebench.trust.judged import judged_rows
from judgebench.trust.labelled import LabelBook
from tests.trust.made import judged, judged_run


def test_equal_repeats_give_the_error_of_one() -> None:
    rng = np.random.default_rng(7)
    f = rng.random(200)
    y = f[:50] + rng.normal(size=50) / 5
    chances, own, every = np.full(50, 0.25), np.arange(50), np.arange(200)
    once = drawn_mean(y, f[:50], f, chances, own, every)
    copies = [np.tile(part, 4) for part in (y, f[:50], f, chances, own, every)]
    assert drawn_mean(*copies)[:5] == pytest.approx(once[:5])  # type: ignore[index, arg-type]


def test_with_equal_chances_it_is_ppi_with_the_judge_over_all_items() -> None:
    rng = np.random.default_rng(8)
    f = rng.random(200)
    y = f[:50] + rng.normal(size=50)
    whole = drawn_mean(y, f[:50], f, np.full(50, 0.25), np.arange(50), np.arange(200), weight=0.4)
    rest = powered_mean(y, f[:50], f[50:], weight=0.4 * 150 / 200, small=True)
    assert whole is not None
    assert rest is not None
    assert whole.value == pytest.approx(rest.value)
    assert whole.stderr == pytest.approx(rest.stderr, rel=0.03)


@pytest.mark.parametrize("unequal", [False, True])
@pytest.mark.parametrize(
    ("right", "accepts", "rejects", "n"), [(0.7, 0.9, 0.8, 40), (0.8, 0.97, 0.95, 40), (0.9, 0.9, 0.5, 80)]
)
def test_the_interval_holds_the_truth_as_often_as_it_says(
    right: float, accepts: float, rejects: float, n: int, unequal: bool
) -> None:
    """600 simulated runs of 600 answers: 95% of the intervals, within what chance allows; the judge alone misses it."""
    rng = np.random.default_rng(int(1000 * right) + unequal)
    held = solved = alone = error = 0.0
    runs, size = 600, 600
    for _ in range(runs):
        y = (rng.random(size) < right).astype(float)
        f = np.where(rng.random(size) < np.where(y == 1, accepts, rejects), y, 1 - y)
        chances = np.full(size, n / size)
        if unequal:
            chances = np.where(f == 1, 0.6, 1.8) * n / size
            chances *= n / chances.sum()
        taken = rng.random(size) < chances
        found = drawn_mean(y[taken], f[taken], f, chances[taken], np.flatnonzero(taken), np.arange(size), scale=1.0)
        assert found is not None
        held += found.low <= right <= found.high
        error += found.value - right
        true, said = y[taken], f[taken]
        share = solved_share(
            float(f.mean()),
            size,
            rejected_wrong=int(((true == 0) & (said == 0)).sum()),
            wrong=int((true == 0).sum()),
            accepted_right=int(((true == 1) & (said == 1)).sum()),
            right=int((true == 1).sum()),
        )
        solved += share is None or share.low <= right <= share.high
        rate = f.mean()
        alone += abs(rate - right) < 1.96 * np.sqrt(rate * (1 - rate) / size)
    assert 0.915 <= held / runs <= 0.995  # 95% and 3 standard errors; few errors are seen where they are rare
    assert abs(error / runs) < 0.01  # no bias; that of the judge alone is up to 5 points
    if not unequal:
        assert solved / runs >= 0.93
    if accepts == 0.9 and rejects == 0.5:
        assert alone / runs < 0.5


def test_the_interval_of_lee_et_al_by_hand() -> None:
    """p = 0.6 of 100; specificity 18/20, sensitivity 27/30; all terms worked out apart."""
    found = solved_share(0.6, 100, rejected_wrong=18, wrong=20, accepted_right=27, right=30)
    assert found is not None
    assert found.value == pytest.approx(0.625)
    z2 = 1.959963984540054**2
    p, q0, q1 = (60 + z2 / 2) / (100 + z2), 19 / 22, 28 / 32
    theta = (p + q0 - 1) / (q0 + q1 - 1)
    shift = 2 * z2 * (-(1 - theta) * q0 * (1 - q0) / 22 + theta * q1 * (1 - q1) / 32)
    variance = p * (1 - p) / (100 + z2) + (1 - theta) ** 2 * q0 * (1 - q0) / 22 + theta**2 * q1 * (1 - q1) / 32
    half = 1.959963984540054 * variance**0.5 / (q0 + q1 - 1)
    assert (found.low, found.high) == pytest.approx((theta + shift - half, theta + shift + half))
    assert solved_share(0.6, 100, rejected_wrong=11, wrong=20, accepted_right=18, right=30) is None  # Youden 0.15
    assert solved_share(0.6, 100, rejected_wrong=0, wrong=0, accepted_right=27, right=30) is None


def test_a_judge_that_says_one_thing_has_no_weight() -> None:
    assert power_weight(np.array([0.0, 1, 1]), np.ones(3), np.ones(9)) == 0.0


# ---------------------------------------------------------------------------------------------------------------------


def labelled(run: Path, truth: list[bool], *, n: int, sheet: Path, **more: str) -> None:
    flags = [word for name, value in more.items() for word in (f"--{name}", value)]
    assert jb(["label", "draw", str(run), "--n", str(n), "--out", str(sheet), *flags]) == 0
    with sheet.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["label"] = "correct" if truth[int(row["id"])] else "incorrect"
    with sheet.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert jb(["label", "add", str(run), str(sheet), "--annotator", "ada"]) == 0


def one_score(run: Path) -> CorrectedScore:
    (found,) = corrected_scores(RunFolder(run))
    return found


@pytest.fixture
def truth() -> list[bool]:
    rng = random.Random(3)
    return [rng.random() < 0.6 for _ in range(400)]


@pytest.mark.parametrize("strategy", ["uniform", "stratified", "active", "disagreement"])
def test_a_lenient_judge_is_corrected_whatever_was_drawn(tmp_path: Path, truth: list[bool], strategy: str) -> None:
    said = judged(truth, sensitivity=0.95, specificity=0.5)
    run = judged_run(tmp_path / "20260101_000000", truth, said).path
    labelled(run, truth, n=120, sheet=tmp_path / "sheet.csv", strategy=strategy)
    found = one_score(run)
    right = 100 * sum(truth) / len(truth)
    assert found.judge.value is not None
    assert found.judge.value > right + 12
    assert found.corrected is not None
    assert found.corrected.ci95 is not None
    assert found.corrected.ci95[0] < right < found.corrected.ci95[1]
    assert abs(found.corrected.value - right) < 7  # type: ignore[operator]
    assert found.corrected.ci95[1] - found.corrected.ci95[0] < 20
    assert found.specificity == pytest.approx(50, abs=15)
    assert (found.solved is not None) == (strategy in {"uniform", "active", "disagreement"})  # no doubt: all alike


def test_unread_verdicts_are_inside_the_interval(tmp_path: Path, truth: list[bool]) -> None:
    said = judged(truth, sensitivity=0.95, specificity=0.9)
    read = judged_run(tmp_path / "20260101_000000", truth, said).path
    gaps = judged_run(
        tmp_path / "20260102_000000", truth, [None if at % 10 == 0 else one for at, one in enumerate(said)]
    )
    widths = []
    for run in (read, gaps.path):
        labelled(run, truth, n=100, sheet=tmp_path / "sheet.csv")
        corrected = one_score(run).corrected
        assert corrected is not None
        assert corrected.ci95 is not None
        widths.append(corrected.ci95[1] - corrected.ci95[0])
        if run == gaps.path:
            assert corrected.bounds is not None
            assert corrected.bounds[1] - corrected.bounds[0] == pytest.approx(10)
    assert 8 < widths[1] - widths[0] < 15


def test_what_the_data_do_not_carry_is_refused_with_one_sentence(tmp_path: Path, truth: list[bool]) -> None:
    coin = judged(truth, sensitivity=0.5, specificity=0.5)
    run = judged_run(tmp_path / "20260101_000000", truth, coin).path
    labelled(run, truth, n=8, sheet=tmp_path / "sheet.csv")
    few = one_score(run)
    assert few.corrected is None
    assert few.note == "refused: 8 labelled questions with a verdict are fewer than 10"
    labelled(run, truth, n=60, sheet=tmp_path / "sheet.csv")
    coin_score = one_score(run)
    assert coin_score.corrected is not None  # a useless judge does no harm: it has no weight
    assert coin_score.weight == pytest.approx(0, abs=0.2)
    assert coin_score.solved is None
    assert "hardly tells right from wrong" in coin_score.note


def test_labels_of_answers_that_somebody_chose_say_nothing_about_the_others(tmp_path: Path, truth: list[bool]) -> None:
    run = judged_run(tmp_path / "20260101_000000", truth, judged(truth, sensitivity=0.9, specificity=0.9)).path
    (row,) = judged_rows(RunFolder(run))
    chosen = [answer for answer in row.answers.values() if answer.decision == "incorrect"][:40]
    labels = [
        Label(id=one.id, answer_hash=one.answer_hash, annotator="ada", decision=str(one.decision)) for one in chosen
    ]
    append_labels(run / "labels/toy.jsonl", labels)
    found = one_score(run)
    assert found.corrected is None
    assert "were not drawn at random" in found.note
    append_labels(
        run / "labels/toy.jsonl",
        [
            Label(
                id=number,
                answer_hash=answer_hash(f"It is {number}, {'truly' if right else 'perhaps'}."),
                annotator="ada",
                decision="correct" if right else "incorrect",
            )
            for number, right in enumerate(truth)
        ],
    )
    whole = one_score(run)
    assert whole.corrected is not None
    assert whole.corrected.value == pytest.approx(100 * sum(truth) / len(truth))
    assert whole.method == "labels alone: every read answer has one"


def test_of_a_draw_that_is_labelled_in_part_the_rest_is_still_open(tmp_path: Path, truth: list[bool]) -> None:
    """Who draws all answers and stops after 60 labels knows as much as who draws 60, also about these very answers."""
    said = judged(truth, sensitivity=0.9, specificity=0.7)
    widths = []
    for name, n in (("20260101_000000", 60), ("20260102_000000", 400)):
        run, sheet = judged_run(tmp_path / name, truth, said).path, tmp_path / f"{n}.csv"
        assert jb(["label", "draw", str(run), "--n", str(n), "--out", str(sheet)]) == 0
        with sheet.open(newline="") as file:
            rows = list(csv.DictReader(file))
        with sheet.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows({**row, "label": "correct" if truth[int(row["id"])] else "incorrect"} for row in rows[:60])
        assert jb(["label", "add", str(run), str(sheet), "--annotator", "ada"]) == 0
        found = one_score(run)
        assert found.these is not None
        assert found.these[0] < 100 * sum(truth) / len(truth) < found.these[1]
        widths.append(found.these[1] - found.these[0])
    assert widths[1] == pytest.approx(widths[0], rel=0.2)


def test_labels_beside_a_draw_are_left_out(tmp_path: Path, truth: list[bool]) -> None:
    run = judged_run(tmp_path / "20260101_000000", truth, judged(truth, sensitivity=0.9, specificity=0.7)).path
    labelled(run, truth, n=60, sheet=tmp_path / "sheet.csv")
    before = one_score(run).corrected
    (row,) = judged_rows(RunFolder(run))
    drawn = LabelBook(RunFolder(run)).of(row).answers
    wrong = [one for place, one in row.answers.items() if place not in drawn and not truth[place[0]]][:30]
    append_labels(
        run / "labels/toy.jsonl",
        [Label(id=one.id, answer_hash=one.answer_hash, annotator="ada", decision="incorrect") for one in wrong],
    )
    after = one_score(run)
    assert after.corrected == before
    assert after.note == "left out: 30 labels on answers that were not drawn"


def test_void_labels_stop_a_correction(tmp_path: Path, truth: list[bool]) -> None:
    said = judged(truth, sensitivity=0.9, specificity=0.9)
    run = judged_run(tmp_path / "20260101_000000", truth, said).path
    labelled(run, truth, n=50, sheet=tmp_path / "sheet.csv")
    later = judged_run(
        tmp_path / "20260102_000000",
        truth,
        said,
        answers=[
            f"It is {at}, {'truly' if right else 'perhaps'}." + ("!" if at % 9 == 0 else "")
            for at, right in enumerate(truth)
        ],
    ).path
    assert jb(["label", "add", str(later), str(tmp_path / "sheet.csv"), "--annotator", "ada"]) == 0
    found = one_score(later)
    assert found.void > 0
    assert found.corrected is None
    assert f"refused: {found.void} of 50 labels are void" in found.note


def test_fifty_keys_and_two_commands_make_a_corrected_accuracy(
    tmp_path: Path, truth: list[bool], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = judged_run(tmp_path / "20260101_000000", truth, judged(truth, sensitivity=0.95, specificity=0.5)).path
    sheet = tmp_path / "labels.csv"
    assert jb(["label", "draw", str(run), "--n", "50", "--out", str(sheet)]) == 0
    with sheet.open(newline="") as file:
        keys = "".join("c" if truth[int(row["id"])] else "x" for row in csv.DictReader(file))
    assert len(keys) == 50
    monkeypatch.setattr("sys.stdin", io.StringIO(keys))
    capsys.readouterr()
    assert jb(["label", str(run), "--annotator", "ada"]) == 0
    out = capsys.readouterr().out
    corrected = one_score(run).corrected
    assert corrected is not None
    assert "toy-strict, north: accuracy" in out
    assert f"corrected by 50 labels: {corrected.value:.2f} (" in out
    assert "by Rogan-Gladen" in out
