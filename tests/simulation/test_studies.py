"""What simulations say of estimators, metrics, gates and plans, through ``jb simulate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from judgebench.cli.main import run as jb
from judgebench.simulation.planning import pair_moments
from judgebench.simulation.verdicts import judge_answers
from judgebench.simulation.worlds import SimulatedJudge, SimulatedModel, draw_answers, draw_items, drop_to


def figures(tmp_path: Path, *words: str) -> list[dict[str, Any]]:
    file = tmp_path / "figures.json"
    assert jb(["simulate", *words, "--json", str(file)]) == 0
    found: list[dict[str, Any]] = json.loads(file.read_text())["figures"]
    return found


def test_more_items_do_not_mend_a_judge_and_labels_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "p.svg"
    found = figures(
        tmp_path,
        *("coverage", "--judge", "sensitivity=0.95,specificity=0.7", "--items", "3000", "--labels", "100"),
        *("--draws", "60", "--picture", str(picture)),
    )
    by = {one["estimator"]: one for one in found}
    assert by["judge alone"]["held"] < 0.1
    assert by["judge alone"]["width"] < by["corrected"]["width"]
    for name in ("labels alone", "corrected", "Rogan-Gladen"):
        assert by[name]["held"] >= 0.85  # 0.95, less three standard errors of 60 draws
    assert by["corrected"]["width"] < by["labels alone"]["width"]
    assert "Simulated: 60 worlds, seeds 0 to 59." in capsys.readouterr().out
    drawn = picture.read_text()
    assert drawn.count('class="misses"') > 2
    assert "judge alone, 25,000 items" in drawn


def test_a_metric_orders_judges_better_with_more_items(tmp_path: Path) -> None:
    judges = [f"sensitivity={share},specificity={share}" for share in (0.95, 0.9, 0.8)]
    flags = [word for judge in judges for word in ("--judge", judge)]
    found = figures(tmp_path, "judges", *flags, "--items", "20", "200", "--draws", "40")
    tau = {(one["metric"], one["n"]): one["tau"] for one in found}
    assert tau["balanced accuracy", 200] > 0.9
    assert tau["balanced accuracy", 200] > tau["balanced accuracy", 20]
    assert tau["Kendall's tau of the models", 20] < tau["balanced accuracy", 20]


def test_a_gate_on_numbers_alone_raises_false_alarms_and_ours_keeps_its_level(tmp_path: Path) -> None:
    found = figures(tmp_path, "gate", "--judge", "noise=0.05", "--items", "200", "--drop", "8", "--draws", "300")
    failed = {(one["rule"].partition(" (")[0], one["drop"]): one["failed"] for one in found}
    assert failed["point rule", 0] > 0.2
    assert failed["paired interval and anchors", 0] <= 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5
    assert failed["paired interval", 8] > 0.4 > failed["unpaired z-test", 8]
    assert failed["McNemar's exact test", 0] < 0.05


def test_the_moments_of_a_plan_are_those_of_a_simulation() -> None:
    model, judge = SimulatedModel(0.8), SimulatedJudge(sensitivity=0.9, specificity=0.8, noise=0.02)
    expected = pair_moments(model, judge, 3.0, 0.3, 0.1)
    before = draw_answers(draw_items(400_000), model)
    after = drop_to(before, 3.0, reworded=0.3, churn=0.1)
    changed = before.wording != after.wording
    true = after.right.astype(float) - before.right
    said = judge_answers(after, judge, date="2") - judge_answers(before, judge, date="1")
    assert (said[changed].mean(), said[changed].var()) == pytest.approx(expected.judged, abs=0.01)
    assert (true[changed].mean(), true[changed].var()) == pytest.approx(expected.true, abs=0.01)
    assert np.cov(said[changed], true[changed])[0, 1] == pytest.approx(expected.shared, abs=0.01)
    assert said[~changed].var() == pytest.approx(expected.noise, abs=0.005)


def test_a_plan_says_how_many_items_and_labels_show_a_drop_and_simulation_agrees(tmp_path: Path) -> None:
    judge = "sensitivity=0.95,specificity=0.9"
    found = figures(tmp_path, "plan", "--drop", "3", "--judge", judge, "--draws", "200")
    people, alone, *corrected = found
    assert people["items"] < alone["items"]
    assert alone["shows"] == pytest.approx(3 * (0.95 - 0.1))
    assert corrected
    assert [one["labels"] for one in corrected] == sorted((one["labels"] for one in corrected), reverse=True)
    for one in found:
        assert one["power"] > 0.8 - 0.12, one


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["coverage", "--judge", "sensitivty=0.9"], "'sensitivty=0.9' is no key of a judge"),
        (["coverage", "--judge", "noise=much"], "'much' is no number"),
        (["coverage", "--judge", "noise=1.5"], "The noise of the judge 'judge 1' is 1.5, and not a share"),
        (["coverage", "--items", "50", "--labels", "50"], "50 labels of 50 items leave none without a label"),
        (["judges"], "'judges' needs two judges"),
        (["plan", "--drop", "40"], "A drop of 40 points needs more answers that changed"),
        (["plan", "--reworded", "0"], "--reworded 0 is not between 0 and 1"),
    ],
)
def test_what_cannot_be_simulated_is_told(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert jb(["simulate", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("what", ["coverage", "judges", "gate"])
def test_a_judge_of_which_nothing_is_read_has_no_figures(
    what: str, capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    judge = ["--judge", "unread=1"]
    more = judge if what == "judges" else []
    labels = ["--labels", "10"] if what == "coverage" else []
    assert jb(["simulate", what, *judge, *more, *labels, "--items", "20", "--draws", "2"]) == 0
    assert "nan" not in capsys.readouterr().out
    assert [str(one.message) for one in recwarn] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["gate", "--drop", "nan"], "'nan' is not a number from 0.1 to 100"),
        (["plan", "--drop", "1e-9"], "'1e-9' is not a number from 0.1 to 100"),
        (["coverage", "--spread", "-1"], "'-1' is not a number from 0 to 100"),
        (["plan", "--label-price", "nan"], "'nan' is not a number from 0"),
        (["coverage", "--quality", "70%"], "for 70 percent write 0.7"),
        (["coverage", "--pipeline", "x"], "--pipeline is for: jb simulate gate"),
        (["plan", "--picture", "x.svg"], "--picture is for: jb simulate coverage"),
    ],
)
def test_what_no_world_can_be_is_refused(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert jb(["simulate", *words]) == 2
    assert told in capsys.readouterr().err


def test_a_file_in_the_place_of_the_runs_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    place = str(tmp_path / "file")
    assert jb(["simulate", "gate", "--items", "10", "--draws", "1", "--pipeline", place]) == 3
    assert "cannot be made: Not a directory" in capsys.readouterr().err
