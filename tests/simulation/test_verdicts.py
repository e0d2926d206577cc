"""Simulated judges are what they are declared to be: closed forms, at sizes where chance does not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from judgebench.errors import UsageError
from judgebench.simulation.verdicts import expected_figures, figures_of, judge_answers, judge_pairs
from judgebench.simulation.worlds import (
    SimulatedJudge,
    SimulatedModel,
    answer_again,
    draw_answers,
    draw_items,
    drop_to,
)

N = 200_000
NEAR = 0.005
"""More than four standard errors of a share at this size."""


@pytest.mark.parametrize("spread", [0.0, 1.0, 3.0])
def test_a_model_has_its_quality_whatever_the_difficulty(spread: float) -> None:
    items = draw_items(N, spread=spread, slices={"easy": 3, "hard": 1})
    answers = draw_answers(items, SimulatedModel(0.8, slices={"hard": 0.4}))
    hard = items.slice == items.slices.index("hard")
    assert hard.mean() == pytest.approx(0.25, abs=NEAR)
    assert answers.right[hard].mean() == pytest.approx(0.4, abs=2 * NEAR)
    assert answers.right[~hard].mean() == pytest.approx(0.8, abs=NEAR)
    if spread:
        assert items.difficulty[answers.right].mean() < items.difficulty[~answers.right].mean() - 0.1 * spread


@pytest.mark.parametrize(
    "judge",
    [
        SimulatedJudge(sensitivity=0.9, specificity=0.7),
        SimulatedJudge(sensitivity=0.9, specificity=0.7, noise=0.05),
        SimulatedJudge(sensitivity=0.9, specificity=0.7, noise=0.05, longer=0.3),
        SimulatedJudge(sensitivity=0.9, specificity=0.7, correlation=0.5),
    ],
)
def test_a_judge_has_its_error_rates_and_flips_as_often_as_its_noise_says(judge: SimulatedJudge) -> None:
    answers = draw_answers(draw_items(N), SimulatedModel(0.6))
    said, again = (judge_answers(answers, judge, nth=nth) for nth in (0, 1))
    assert said[answers.right].mean() == pytest.approx(judge.accepts_right, abs=NEAR)
    assert said[~answers.right].mean() == pytest.approx(judge.accepts_wrong, abs=NEAR)
    assert (said != again).mean() == pytest.approx(2 * judge.noise * (1 - judge.noise), abs=NEAR)


@pytest.mark.parametrize("correlation", [0.0, 0.4, 1.0])
def test_two_judges_err_together_as_often_as_their_correlation_says(correlation: float) -> None:
    answers = draw_answers(draw_items(N), SimulatedModel(0.5))
    one = SimulatedJudge(sensitivity=0.8, specificity=0.8, correlation=correlation, name="one")
    wrong = [judge_answers(answers, judge) != answers.right for judge in (one, replace(one, name="other"))]
    assert np.corrcoef(*wrong)[0, 1] == pytest.approx(correlation, abs=2 * NEAR)


def test_equal_answers_get_equal_verdicts_and_a_drift_begins_on_its_date() -> None:
    model, judge = SimulatedModel(0.7), SimulatedJudge(drift=0.1, drifts_on="2026-03-01", unread=0.02)
    before = draw_answers(draw_items(N), model)
    after = answer_again(before, model, reworded=0.3)
    same = before.wording == after.wording
    assert same.mean() == pytest.approx(0.7, abs=NEAR)
    assert (before.right == after.right)[same].all()
    said = {date: judge_answers(answers, judge, date=date) for date, answers in (("2026-02-28", before),)}
    said["2026-03-01"] = judge_answers(after, judge, date="2026-03-01")
    first, second = said.values()
    assert np.isnan(first).mean() == pytest.approx(0.02, abs=NEAR)
    read = ~np.isnan(first) & ~np.isnan(second) & same
    assert not (second[read] > first[read]).any()
    assert 1 - (second[read] / first[read].clip(0.5))[first[read] == 1].mean() == pytest.approx(0.1, abs=NEAR)
    steady = replace(judge, drift=0.0, unread=0.0)
    assert (judge_answers(before, steady) == judge_answers(after, steady))[same].all()


def test_a_drop_is_as_large_as_it_was_asked_for() -> None:
    before = draw_answers(draw_items(N), SimulatedModel(0.8))
    after = drop_to(before, 3.0, reworded=0.25)
    assert before.quality - after.quality == pytest.approx(0.03, abs=0.002)
    assert (before.wording == after.wording)[before.right != after.right].sum() == 0


@pytest.mark.parametrize("first", [0.0, 0.2, 0.6, 1.0])
@pytest.mark.parametrize("accuracy", [0.0, 0.5, 0.8, 1.0])
def test_a_pull_to_the_first_answer_has_its_closed_form(first: float, accuracy: float) -> None:
    items = draw_items(N)
    one, other = (draw_answers(items, SimulatedModel(0.5, name=name)) for name in ("a", "b"))
    judge = SimulatedJudge(accuracy=accuracy, first=first)
    assert figures_of(judge_pairs(one, other, judge)) == pytest.approx(expected_figures(judge), abs=2 * NEAR)


def test_ties_unread_replies_and_length_have_theirs() -> None:
    items = draw_items(N)
    one, other = (draw_answers(items, SimulatedModel(0.5, name=name)) for name in ("a", "b"))
    always = judge_pairs(one, other, SimulatedJudge(tie=1.0))
    assert figures_of(always)[:2] == (0.0, 0.0)
    assert figures_of(always).consistent == 1.0
    lost = judge_pairs(one, other, SimulatedJudge(unread=0.1))
    assert np.isnan(lost.said["AB"]).mean() == pytest.approx(0.1, abs=NEAR)
    longer = judge_pairs(one, other, SimulatedJudge(longer=1.0)).said
    assert (longer["AB"] == longer["BA"]).all()
    assert (longer["AB"] == np.sign(one.words - other.words)).all()


def test_a_smaller_world_is_the_beginning_of_a_larger_one_and_the_seed_decides() -> None:
    small, large = (draw_answers(draw_items(n), SimulatedModel()) for n in (50, 80))
    assert (large.right[:50] == small.right).all()
    judge = SimulatedJudge(noise=0.1)
    assert (judge_answers(large, judge)[:50] == judge_answers(small, judge)).all()
    other = draw_answers(draw_items(50, seed=1), SimulatedModel(), seed=1)
    assert (other.right != small.right).any()


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="The specificity of the judge 'judge' is 80, and not a share"):
        SimulatedJudge(specificity=80)
    with pytest.raises(UsageError, match="The hard of the model 'model' is 2"):
        SimulatedModel(slices={"hard": 2.0})
