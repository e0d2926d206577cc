from __future__ import annotations

import itertools
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.metrics.rates.named import compute
from judgebench.metrics.rates.repeats import (
    accuracy_n_runs_average,
    avg_at_n,
    chance_of_at_most,
    cons_at_k,
    maj_correct_at_k,
    pass_all_at_k,
    pass_at_k,
    vote,
)
from judgebench.metrics.rates.tally import Tally, TallyRow
from tests.metrics.tallies import outcome, tally_of

WORDS = st.integers(1, 4).flatmap(lambda n: st.lists(st.text("01upn", min_size=n, max_size=n), min_size=1, max_size=8))
COMPLETE = st.integers(1, 5).flatmap(lambda n: st.lists(st.text("01", min_size=n, max_size=n), min_size=1, max_size=6))


def answered(words: list[str], answers: list[str]) -> Tally:
    """Verdict letters and, beside them, one letter per extracted answer (a blank for none)."""
    tally = Tally(max(map(len, words)))
    for number, (word, given_answers) in enumerate(zip(words, answers, strict=True)):
        for repeat, (letter, answer) in enumerate(zip(word, given_answers, strict=True)):
            tally.add(outcome(number, repeat, letter, answer=answer.strip() or None))
    return tally


def test_half_of_the_questions_always_wrong() -> None:
    """Repeats are grouped by question: four repeats, three of six questions always wrong, give 50 everywhere."""
    tally = answered(["1111"] * 3 + ["0000"] * 3, ["aaaa"] * 3 + ["bbbb"] * 3)
    metrics = compute(tally)
    assert {name: metric.value for name, metric in metrics.items()} == {
        "accuracy (4 runs average)": 50.0, "avg@4": 50.0, "pass@4": 50.0, "cons@4": 50.0, "maj_correct@4": 50.0,
    }  # fmt: skip
    assert {metric.n for name, metric in metrics.items() if "@" in name} == {6}


@given(COMPLETE, st.integers(1, 5))
def test_subset_metrics_equal_enumeration(words: list[str], k: int) -> None:
    """pass@k, all-of-k and more-than-half are the averages over all k-subsets of the repeats."""
    n = len(words[0])
    tally = tally_of(words)
    rules = {
        pass_at_k: lambda drawn: "1" in drawn,
        pass_all_at_k: lambda drawn: "0" not in drawn,
        maj_correct_at_k: lambda drawn: drawn.count("1") > k / 2,
    }
    for metric, rule in rules.items():
        found = metric(tally, k)
        if k > n:
            assert found.value is None
            assert str(n) in found.note
            continue
        per_question = [
            statistics.fmean(rule("".join(drawn)) for drawn in itertools.combinations(word, k)) for word in words
        ]
        assert found.value == pytest.approx(100 * statistics.fmean(per_question))


@given(st.integers(1, 12), st.data())
def test_the_unbiased_pass_formula(n: int, data: st.DataObject) -> None:
    """1 - C(n-c, k) / C(n, k), to the last digit."""
    import math

    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert 1 - chance_of_at_most(0, n, c, k) == 1 - math.comb(n - c, k) / math.comb(n, k)


@given(WORDS, st.integers(1, 4))
def test_bounds_hold_every_completion(words: list[str], k: int) -> None:
    """Whatever the unscored repeats would have been, the metric of the completed run lies within the bounds."""
    n = len(words[0])
    if k > n:
        return
    for metric in (lambda tally: pass_at_k(tally, k), lambda tally: maj_correct_at_k(tally, k), avg_at_n,
                   accuracy_n_runs_average):  # fmt: skip
        found = metric(tally_of(words))
        assert found.bounds is not None
        low, high = found.bounds
        assert 0 <= low <= high <= 100
        if found.value is not None:
            assert low - 1e-9 <= found.value <= high + 1e-9
        for filled in ("0", "1"):
            complete = ["".join(letter if letter in "01" else filled for letter in word) for word in words]
            assert low - 1e-9 <= metric(tally_of(complete)).value <= high + 1e-9


@given(COMPLETE)
def test_without_gaps_both_averages_agree(words: list[str]) -> None:
    """The run average and avg@n differ only where repeats are unscored."""
    tally = tally_of(words)
    runs, average = accuracy_n_runs_average(tally), avg_at_n(tally)
    assert runs.value == pytest.approx(average.value)
    if average.stderr is not None:
        assert runs.stderr == pytest.approx(average.stderr)


def test_questions_with_too_few_scored_repeats_are_left_out_and_bounded() -> None:
    """An unscored repeat is neither right nor wrong."""
    metric = pass_at_k(tally_of(["1100", "00uu", "0000"]), 4)
    assert (metric.value, metric.n) == (50.0, 2)
    assert metric.bounds == pytest.approx((100 / 3, 200 / 3))
    assert metric.note == "1 of 3 questions have fewer than 4 scored repeats"


def test_a_vote_is_over_answers_not_over_verdicts() -> None:
    """Two right repeats of five win when the wrong ones differ; the c > k/2 rule says wrong."""
    tally = answered(["11000"], ["aabcd"])
    assert cons_at_k(tally, 5).value == 100.0
    assert maj_correct_at_k(tally, 5).value == 0.0


def test_tied_answers_share_the_vote() -> None:
    """A tie counts as the expected result of drawing lots."""
    assert cons_at_k(answered(["1100"], ["aabb"]), 4).value == 50.0
    assert cons_at_k(answered(["100"], ["abc"]), 3).value == pytest.approx(100 / 3)


def test_repeats_without_an_answer_abstain() -> None:
    """No answer, no vote."""
    assert cons_at_k(answered(["1000"], ["a   "]), 4).value == 100.0


def test_a_vote_needs_answers() -> None:
    """Without an extractor there is no number, and the note says what is missing."""
    metric = cons_at_k(tally_of(["11", "00"]), 2)
    assert metric.value is None
    assert "extractor" in metric.note


def test_failed_predictions_can_turn_a_close_vote() -> None:
    """Two against one with one failed repeat is open; three against none is settled."""
    assert cons_at_k(answered(["110p"], ["aab "]), 4).bounds == (0.0, 100.0)
    assert cons_at_k(answered(["111p"], ["aaa "]), 4).bounds == (100.0, 100.0)


def test_a_winning_answer_without_verdict_is_unscored() -> None:
    """The vote is clear and nobody says whether it is right."""
    metric = cons_at_k(answered(["uu0", "111"], ["aab", "ccc"]), 3)
    assert (metric.value, metric.n, metric.bounds) == (100.0, 1, (50.0, 100.0))


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from("01"), st.integers(1, 3)), min_size=1, max_size=6), st.data())
def test_vote_bounds_hold_what_a_failed_repeat_could_do(cast: list[tuple[str, int]], data: st.DataObject) -> None:
    """A repeat that failed might have given any answer, right or wrong."""
    rows = [TallyRow(0, at, "ok", int(letter), answer) for at, (letter, answer) in enumerate(cast)]
    failed = TallyRow(0, len(rows), "prediction_failed", None, 0)
    low, high = vote([*rows, failed])[1]
    healed = TallyRow(0, len(rows), "ok", data.draw(st.integers(0, 1)), data.draw(st.integers(1, 4)))
    settled_value = vote([*rows, healed])[0]
    same = [row.grade for row in rows if row.answer == healed.answer]
    if len({*same, healed.grade}) == 1:  # judges that contradict themselves on equal answers are another matter
        assert low - 1e-9 <= settled_value <= high + 1e-9
