"""The gate's drops from a baseline: through the command line, on runs whose truth is known."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from judgebench.cli.main import run as jb
from judgebench.errors import UnknownNameError, UsageError
from judgebench.report.allowed_drops import parse_drop
from judgebench.report.gate import gate_run
from judgebench.report.gate_file import GateConditions
from tests.report.runs import put
from tests.trust.made import judged, judged_run
from tests.trust.test_comparing import texts


def made(
    path: Path,
    truth: list[bool],
    said: list[bool | None],
    wave: list[int],
    *,
    model: str = "north",
    judge: str = "strict",
) -> Path:
    run = judged_run(path, truth, said, answers=texts(truth, wave), model=model, judge=judge)
    words = ["u" if one is None else "1" if one else "0" for one in said]
    put(run.path, model, f"toy-{judge}", words, judge=judge, data_abbr="toy")
    return run.path


def pair(
    folder: Path, *, n: int = 600, worse: float = 0.0, drift: float = 0.0, noise: float = 0.0, seed: int = 0
) -> list[Path]:
    rng = random.Random(seed)
    truth = [rng.random() < 0.8 for _ in range(n)]
    wave = [int(rng.random() < 0.4) for _ in range(n)]
    after = [
        right if not change else rng.random() < 0.8 and rng.random() >= worse
        for right, change in zip(truth, wave, strict=True)
    ]
    said = [one if rng.random() >= noise else not one for one in judged(truth, sensitivity=1, specificity=1)]
    again = [one if rng.random() >= noise else not one for one in judged(after, sensitivity=1, specificity=1)]
    again = [one and rng.random() >= drift for one in again]
    return [
        made(folder / "20260101_000000", truth, said, [0] * n),
        made(folder / "20260102_000000", after, again, wave),
    ]


def decided(runs: list[Path], *drops: str) -> list[str]:
    gate = GateConditions(baseline=str(runs[0]), max_drop=list(drops))
    return [one.decision for one in gate_run(runs[1], gate).checks]


def test_a_real_drop_fails_and_an_unchanged_run_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, worse = pair(tmp_path / "a", worse=0.5)
    words = ["gate", str(worse), "--baseline", str(before), "--max-drop", "toy-strict.accuracy=2"]
    assert jb([*words, "--markdown", str(tmp_path / "gate.md"), "--junit", str(tmp_path / "gate.xml")]) == 5
    out = capsys.readouterr().out
    assert "FAIL" in out
    assert "600 items of both runs; dropped by" in out
    assert "| fail | north:toy-strict.accuracy drop |" in (tmp_path / "gate.md").read_text()
    assert "gate-failed" in (tmp_path / "gate.xml").read_text()
    copy = tmp_path / "20260103_000000"
    shutil.copytree(before, copy)
    assert jb(["gate", str(copy), "--baseline", str(before), "--max-drop", "toy-strict.accuracy=0"]) == 0
    assert jb(["gate", str(before), "--baseline", str(before), "--max-drop", "toy-strict.accuracy=0"]) == 2
    assert "is the run itself, which never drops" in capsys.readouterr().err


def test_a_stricter_judge_alone_fails_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, drifted = pair(tmp_path, drift=0.12)
    assert jb(["gate", str(drifted), "--baseline", str(before), "--max-drop", "toy-strict.accuracy=2"]) == 6
    out = capsys.readouterr().out
    assert "the judge moved by -" in out
    assert "answers that are the same in both; without that the drop is" in out


def test_an_unchanged_model_fails_at_most_one_gate_in_twenty(tmp_path: Path) -> None:
    """A/A through the gate itself: a noisy judge, 40% of the answers worded anew, nothing allowed."""
    found = Counter(
        decision
        for seed in range(40)
        for decision in decided(pair(tmp_path / str(seed), n=60, noise=0.05, seed=seed), "toy-strict.accuracy=0")
    )
    assert found["fail"] <= 6  # 2 are expected at most; more than 6 of 40 happen once in 300 times
    assert found["cannot tell"] > 25


def test_several_drops_share_the_error(tmp_path: Path) -> None:
    """Five drops of one row: the p-value of one that fails alone is multiplied."""
    for seed in range(30):
        runs = pair(tmp_path / str(seed), n=150, worse=0.13, seed=seed)
        alone = decided(runs, "toy-strict.accuracy=0")
        many = decided(runs, *["toy-strict.accuracy=0"] * 8)
        assert len(many) == 8
        if alone == ["fail"] and many == ["cannot tell"] * 8:
            break
    else:
        pytest.fail("Holm changed no decision")


def test_a_relative_drop_and_a_missing_result(tmp_path: Path) -> None:
    before, worse = pair(tmp_path, worse=0.5)
    assert decided([before, worse], "north:toy-strict.accuracy=60%", "toy-strict.accuracy=1%") == ["pass", "fail"]
    (worse / "results/north/toy-strict.json").unlink()
    put(worse, "north", "other", "11")
    gate = GateConditions(baseline=str(before), max_drop=["toy-strict.accuracy=2"])
    (check,) = gate_run(worse, gate).checks
    assert check.decision == "cannot tell"
    assert "this run has no result" in check.message


@pytest.mark.parametrize(
    ("drop", "said"),
    [
        ("toy-strict.accuracy", "cannot be read"),
        ("accuracy=2", "cannot be read"),
        ("toy-strict.accuracy=-1", "cannot be read"),
        ("toy-strict.kappa=2", "drops are measured of accuracy"),
    ],
)
def test_a_drop_that_cannot_be_used_is_told(drop: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_drop(drop)


def test_a_baseline_and_a_drop_need_each_other(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--max-drop needs --baseline"):
        GateConditions(max_drop=["toy.accuracy=2"]).rules()
    runs = pair(tmp_path, n=30)
    with pytest.raises(UnknownNameError, match="matches nothing in these runs"):
        decided(runs, "no-such.accuracy=2")
