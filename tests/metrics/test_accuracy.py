from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.metrics.rates.accuracy import accuracy, invalid_rate, mean_score, unscored_rate, weighted_accuracy
from judgebench.metrics.rates.tally import Tally, TallyOutcome
from judgebench.metrics.statistics.intervals import wilson
from tests.metrics.tallies import tally_of

WORDS = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.text("01ujpn", min_size=n, max_size=n), min_size=1, max_size=12)
)


@given(st.lists(st.sampled_from("01"), min_size=1, max_size=40))
def test_one_repeat_gives_the_wilson_interval_and_the_binomial_error(letters: list[str]) -> None:
    """With one repeat the clustered interval is the plain one, exactly."""
    metric = accuracy(tally_of(letters, repeats=1))
    share = letters.count("1") / len(letters)
    assert metric.value == pytest.approx(100 * share)
    assert metric.n == len(letters)
    assert metric.ci95 == pytest.approx([100 * end for end in wilson(share, len(letters))])
    if len(letters) > 1:
        expected = statistics.stdev([100 * (letter == "1") for letter in letters]) / math.sqrt(len(letters))
        assert metric.stderr == pytest.approx(expected)
    else:
        assert metric.stderr is None


@given(WORDS)
def test_value_lies_in_interval_and_bounds(words: list[str]) -> None:
    """The estimate is inside its interval, and what the unscored items allow is around it."""
    metric = accuracy(tally_of(words))
    if metric.value is None:
        assert not any(letter in "01" for word in words for letter in word)
        assert metric.bounds == (0.0, 100.0)
        return
    assert metric.ci95 is not None
    assert metric.bounds is not None
    assert 0 <= metric.ci95[0] <= metric.value <= metric.ci95[1] <= 100
    assert metric.bounds[0] - 1e-9 <= metric.value <= metric.bounds[1] + 1e-9


@given(WORDS)
def test_bounds_are_the_values_of_the_two_completions(words: list[str]) -> None:
    """The bounds are the accuracies if all unscored were wrong, or right."""
    found = accuracy(tally_of(words)).bounds
    ends = []
    for filled in "01":
        complete = ["".join(letter if letter in "01" else filled for letter in word) for word in words]
        ends.append(accuracy(tally_of(complete)).value)
    assert found == pytest.approx(tuple(ends))


def test_copies_of_an_answer_do_not_narrow_the_interval() -> None:
    """Eight equal repeats of ten questions tell as much as one."""
    once = accuracy(tally_of(["1"] * 6 + ["0"] * 4, repeats=1))
    copied = accuracy(tally_of(["1" * 8] * 6 + ["0" * 8] * 4))
    assert copied.value == once.value
    assert copied.stderr == pytest.approx(once.stderr)
    assert copied.ci95 == pytest.approx(once.ci95)


def test_independent_repeats_narrow_the_interval() -> None:
    """Repeats that differ within every question are worth more than one trial each."""
    once = accuracy(tally_of(["1"] * 5 + ["0"] * 5, repeats=1))
    mixed = accuracy(tally_of(["10"] * 10))
    assert mixed.ci95[1] - mixed.ci95[0] < once.ci95[1] - once.ci95[0]


def test_the_cluster_error_covers_the_truth() -> None:
    """Of 400 simulated runs with correlated repeats at least 92% of the intervals hold the true rate."""
    import random

    rng = random.Random(1)
    held = 0
    for _ in range(400):
        words = []
        for _ in range(30):
            chance = rng.betavariate(0.6, 0.4)
            words.append("".join("1" if rng.random() < chance else "0" for _ in range(4)))
        low, high = accuracy(tally_of(words)).ci95
        held += low <= 60.0 <= high
    assert held >= 0.92 * 400


def test_nothing_scored_says_why() -> None:
    """Without a decision there is no number, and the note counts the reasons."""
    metric = accuracy(tally_of(["u", "u", "j"]))
    assert metric.value is None
    assert metric.note == "nothing was scored: 2 unparsed, 1 judge failed"
    assert accuracy(Tally()).note == "no item was planned"


def test_invalid_answers_are_wrong_and_have_their_own_rate() -> None:
    """Three-way verifiers: invalid is not right; it is shown."""
    tally = Tally()
    for number, decision in enumerate(["correct", "incorrect", "invalid", "correct"]):
        tally.add(TallyOutcome(id=number, status="ok", decision=decision))
    assert accuracy(tally).value == 50.0
    assert "1 invalid" in accuracy(tally).note
    assert invalid_rate(tally).value == 25.0


def test_a_question_asked_again_adds_nothing_to_the_rate_of_invalid_answers() -> None:
    """Five equal repeats have the error and the interval of one, and the bounds of their unscored ones."""
    decisions = ["correct", "incorrect", "invalid", "correct", "invalid", None]
    once, again = Tally(), Tally(5)
    for number, decision in enumerate(decisions):
        for repeat in range(5):
            one = TallyOutcome(id=number, repeat=repeat, status="ok" if decision else "unparsed", decision=decision)
            again.add(one)
            if not repeat:
                once.add(one)
    assert invalid_rate(again).value == pytest.approx(40.0)
    assert invalid_rate(again).stderr == pytest.approx(invalid_rate(once).stderr)
    assert invalid_rate(again).ci95 == pytest.approx(invalid_rate(once).ci95)
    assert invalid_rate(again).bounds == pytest.approx((100 * 2 / 6, 50.0))


def test_unscored_rate_counts_every_reason() -> None:
    """It is the complement of the scored share."""
    assert unscored_rate(tally_of(["1", "u", "j", "p"])).value == 75.0


def test_weights_count() -> None:
    """Weighted accuracy is the right weight over the scored weight; equal weights give accuracy."""
    tally = Tally()
    for number, (decision, weight) in enumerate([("correct", 3.0), ("incorrect", 1.0), ("correct", 1.0)]):
        tally.add(TallyOutcome(id=number, status="ok", decision=decision, weight=weight))
    tally.add(TallyOutcome(id=9, status="unparsed", weight=5.0))
    metric = weighted_accuracy(tally)
    assert metric.value == pytest.approx(80.0)
    assert metric.bounds == pytest.approx((40.0, 90.0))
    plain = tally_of(["1", "0", "u", "1"], repeats=1)
    assert weighted_accuracy(plain).value == accuracy(plain).value
    assert weighted_accuracy(plain).ci95 == pytest.approx(accuracy(plain).ci95)


def test_mean_score_is_over_questions_with_a_t_interval() -> None:
    """The error of scores is the standard error of the mean; repeats are clustered."""
    tally = Tally()
    for number, score in enumerate([1.0, 2.0, 4.0, 5.0]):
        tally.add(TallyOutcome(id=number, status="ok", score=score))
    tally.add(TallyOutcome(id=4, status="unparsed"))
    metric = mean_score(tally)
    assert (metric.value, metric.n) == (3.0, 4)
    assert metric.stderr == pytest.approx(statistics.stdev([1, 2, 4, 5]) / 2)
    assert metric.ci95 == pytest.approx((3 - 3.182446305 * metric.stderr, 3 + 3.182446305 * metric.stderr))
    assert mean_score(tally_of(["1"])).value is None
