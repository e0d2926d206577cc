"""The simulation behind the gate's figures: its rules for all tables at once are those of the gate, and it runs."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import gate as simulation
from judgebench.metrics.statistics.intervals import mcnemar_exact
from judgebench.metrics.statistics.paired import decided_drop, paired_mean, without_shift
from judgebench.metrics.statistics.prediction_powered import column
from judgebench.trust.sequences import RuleSequence, decided_so_far


@pytest.mark.parametrize(("noise", "drop", "margin"), [(0.0, 0.0, 0.0), (0.05, 0.03, 0.0), (0.2, 0.06, 0.02)])
def test_the_paired_rule_is_the_gates_own(noise: float, drop: float, margin: float) -> None:
    pair = simulation.pairs(np.random.default_rng(3), 60, 80, noise=noise, drop=drop)
    fails, passes = simulation.ours(pair, margin)
    questions = np.arange(80)
    for before, after, same, failed, passed in zip(*pair, fails, passes, strict=True):
        difference = paired_mean(after - before, questions, scale=1.0)
        assert difference is not None
        unmoved = without_shift(after - before, questions, column(same), scale=1.0)
        assert decided_drop(difference, unmoved, margin) == ("fail" if failed else "pass" if passed else "cannot tell")


def test_mcnemar_is_the_exact_test() -> None:
    pair = simulation.pairs(np.random.default_rng(4), 200, 60, noise=0.1, drop=0.1)
    for before, after, failed in zip(pair.before, pair.after, simulation.mcnemar(pair), strict=True):
        lost, gained = int((before > after).sum()), int((after > before).sum())
        assert failed == (lost > gained and mcnemar_exact(lost, gained) < 0.05)


def test_the_sequence_is_the_gates_own() -> None:
    x = simulation.shares(0.85, 400)(np.random.default_rng(5), 20)
    logs = simulation.log_capital(x, 0.7), simulation.log_capital(1 - x, 1 - 0.7)
    up, down = (simulation.first_time(one, 2 / simulation.ALPHA) for one in logs)
    for values, first, other in zip(x, up, down, strict=True):
        end = min(first, other)
        assert _decided(values[: end - 1]) == "cannot tell"
        if end <= 400:
            assert _decided(values[:end]) == ("pass" if first <= other else "fail")


def _decided(values: np.ndarray) -> str:
    (decision,) = decided_so_far([RuleSequence(values, values, 0.7, wants_above=True)])
    return decision


def test_a_small_run_of_it_is_as_it_has_to_be(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "SIZES", (100,))
    monkeypatch.setattr(simulation, "BATCH", 40)
    assert simulation.report(40) == []
    said = capsys.readouterr().out
    assert "A/A: false alarms" in said
    assert "85% right, wanted >= 80%" in said


def test_it_notices_a_gate_that_alarms_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "SIZES", (100,))
    monkeypatch.setattr(simulation, "_stopping", lambda tables: iter(()))
    monkeypatch.setitem(simulation.RULES, "this gate", simulation.point_rule)
    assert any("paired, 100 items" in line for line in simulation.report(40))
