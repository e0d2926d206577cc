"""Runs in which few items change: what was not seen in 20 questions may be there in others, and is not ruled out."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from judgebench.cli.main import run as jb
from judgebench.metrics.statistics.paired import (
    DropDecision,
    PairedMean,
    decided_drop,
    equivalence_p_value,
    paired_mean,
    without_shift,
)
from judgebench.metrics.statistics.prediction_powered import column
from judgebench.store.run_folder import RunFolder
from judgebench.trust.comparing import compare_runs
from tests.trust.test_drops import made


def changes(n: int, lost: int, gained: int, *, repeats: int = 1) -> PairedMean:
    differences = column([-1.0] * lost + [1.0] * gained + [0.0] * (n - lost - gained))
    found = paired_mean(np.repeat(differences, repeats), np.repeat(np.arange(n), repeats), scale=1.0)
    assert found is not None
    return found


def chance(n: int, lost: int, gained: int, p_lost: float, p_gained: float) -> float:
    ways = math.comb(n, lost) * math.comb(n - lost, gained)
    return ways * p_lost**lost * p_gained**gained * (1 - p_lost - p_gained) ** (n - lost - gained)


@pytest.mark.parametrize("n", [12, 30, 100])
@pytest.mark.parametrize(("margin", "gained"), [(0.02, 0.0), (0.02, 0.02), (0.05, 0.0), (0.05, 0.04)])
def test_a_drop_of_as_much_as_is_allowed_hardly_ever_passes_or_fails(n: int, margin: float, gained: float) -> None:
    """Computed for all numbers of changes. Student's interval alone passes it in 78% of sets of 12."""
    lost = gained + margin
    most = int((lost + gained) * n + 6 * math.sqrt((lost + gained) * n) + 6)
    found: dict[DropDecision, float] = {"pass": 0.0, "fail": 0.0, "cannot tell": 0.0}
    for down in range(min(n, most) + 1):
        for up in range(min(n, most) + 1 - down):
            if (weight := chance(n, down, up, lost, gained)) > 1e-7:
                found[decided_drop(changes(n, down, up), None, margin)] += weight
    assert found["pass"] < 0.06
    assert found["fail"] < 0.06


def test_repeats_are_no_further_questions() -> None:
    assert changes(20, 1, 0, repeats=5).interval() == pytest.approx(changes(20, 1, 0).interval())


def test_p_values_are_those_of_the_intervals() -> None:
    for found in (changes(40, 0, 0), changes(40, 3, 0), changes(40, 9, 4), changes(40, 1, 30), changes(40, 40, 0)):
        for level in (0.8, 0.9, 0.99):
            low, high = found.interval(level)
            tail = (1 - level) / 2
            if high < 1:
                assert found.below(high) == pytest.approx(tail, rel=1e-6)
            if low > -1:
                assert found.above(low) == pytest.approx(tail, rel=1e-6)


def test_no_change_in_few_questions_is_no_equality() -> None:
    assert equivalence_p_value(changes(20, 0, 0), 0.02) > 0.05
    assert equivalence_p_value(changes(400, 0, 0), 0.02) < 0.05


def test_scores_that_change_by_a_part_of_their_scale_leave_less_open() -> None:
    whole = paired_mean(column([-4.0] * 2 + [0.0] * 38), np.arange(40), scale=4.0)
    part = paired_mean(column([-1.0] * 8 + [0.0] * 32), np.arange(40), scale=4.0)
    plain = paired_mean(column([-1.0] * 8 + [0.0] * 32), np.arange(40))
    assert whole is not None
    assert part is not None
    assert plain is not None
    assert whole.value == part.value
    assert part.interval()[0] > whole.interval()[0]
    assert part.interval()[0] <= plain.interval()[0]


def test_where_every_answer_is_the_same_nothing_is_left_open() -> None:
    unchanged = without_shift(column([0.0] * 12), np.arange(12), column([1.0] * 12), scale=1.0)
    assert decided_drop(changes(12, 0, 0), unchanged, 0.0) == "pass"
    assert decided_drop(changes(12, 0, 0), None, 0.02) == "cannot tell"


def test_the_gate_says_how_many_questions_would_rule_a_drop_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = [number % 3 > 0 for number in range(40)]
    for name, ending in (("20260101_000000", 0), ("20260102_000000", 1)):
        made(tmp_path / name, truth, list(truth), [ending] * 40)
    (found,) = compare_runs(RunFolder(tmp_path / "20260101_000000"), RunFolder(tmp_path / "20260102_000000"))
    assert found.difference is not None
    assert found.difference.interval()[0] < -0.05
    words = ["gate", str(tmp_path / "20260102_000000"), "--baseline", str(tmp_path / "20260101_000000")]
    assert jb([*words, "--max-drop", "toy-strict.accuracy=2"]) == 6
    out = " ".join(capsys.readouterr().out.split())
    assert "some 133 questions would decide" in out
    assert jb([*words, "--max-drop", "toy-strict.accuracy=2", "--on", "value"]) == 0, "it did not drop on these items"


def test_a_gate_on_the_value_fails_what_dropped_by_more_on_these_items(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = [number % 3 > 0 for number in range(60)]
    worse = [right and number > 5 for number, right in enumerate(truth)]
    before = made(tmp_path / "20260101_000000", truth, list(truth), [0] * 60)
    after = made(tmp_path / "20260102_000000", worse, list(worse), [1] * 60)
    words = ["gate", str(after), "--baseline", str(before), "--max-drop"]
    assert jb([*words, "toy-strict.accuracy=5"]) == 6
    assert jb([*words, "toy-strict.accuracy=5", "--on", "value"]) == 5
    assert jb([*words, "toy-strict.accuracy=7", "--on", "value"]) == 0
    assert "dropped by 6.67; allowed 7" in capsys.readouterr().out
