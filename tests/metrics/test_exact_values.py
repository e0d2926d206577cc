"""Figures whose exact value can be worked out another way: by hand, or by a derivative taken numerically."""

from __future__ import annotations

import math

import msgspec
import pytest

from judgebench.metrics.comparisons.bradley_terry import bradley_terry
from judgebench.metrics.comparisons.columns import Comparison
from judgebench.metrics.comparisons.comparisons import ComparisonColumns, orders_of
from judgebench.metrics.comparisons.elo import elo, shuffled_elo
from judgebench.metrics.rates.accuracy import weighted_accuracy
from judgebench.metrics.rates.agreement import Confusion, cohen_kappa, kappa, score_shift
from judgebench.metrics.rates.correction import LEAST_YOUDEN, accuracy_ppi, accuracy_rogan_gladen, rogan_gladen
from judgebench.metrics.rates.tally import Tally, TallyOutcome
from judgebench.metrics.statistics.intervals import effective_size
from judgebench.records.flow import Verdict

from .test_agreement import judged, table


def test_the_error_of_kappa_is_that_of_the_delta_method() -> None:
    cells = {"tp": 30, "fp": 9, "fn": 1, "tn": 20}
    n = sum(cells.values())

    def slope(cell: str) -> float:
        """How kappa changes with the share of one cell, all others staying as they are."""
        step = 1e-5 * n
        ends = (
            cohen_kappa(Confusion(**{**cells, cell: cells[cell] + moved}).pairs())  # type: ignore[arg-type]
            for moved in (step, -step)
        )
        upper, lower = (value for value in ends if value is not None)
        return (upper - lower) / (2 * step) * n

    slopes = {cell: slope(cell) for cell in cells}
    mean = sum(cells[cell] / n * slopes[cell] for cell in cells)
    variance = sum(cells[cell] * (slopes[cell] - mean) ** 2 for cell in cells) / (n - 1) / n
    assert kappa(table(**cells)).stderr == pytest.approx(math.sqrt(variance), rel=1e-6)


def test_the_error_of_a_shift_is_that_of_paired_differences() -> None:
    shift = score_shift(table(tp=0, fp=1, fn=0, tn=1))  # differences 1 and 0: standard deviation sqrt(1/2)
    assert (shift.value, shift.stderr) == (50.0, pytest.approx(100 * math.sqrt(0.5 / 2)))


def test_few_clusters_make_a_sample_smaller_by_their_degrees_of_freedom() -> None:
    # t quantiles at 97.5%: 12.706204736 for 1 degree of freedom, 3.182446305 for 3.
    stderr = math.sqrt(0.25 / 3) * 1.5  # a design effect of 2.25
    size = effective_size(0.5, stderr, clusters=2, n=4, least=0.01)
    assert size == pytest.approx(4 / 2.25 * (3.182446305284263 / 12.706204736432095) ** 2)


def test_a_judge_who_tells_just_enough_apart_is_corrected() -> None:
    just = Confusion(tp=7, fp=5, fn=3, tn=5)  # 1 - 0.5 - 0.3
    assert LEAST_YOUDEN == 1 - 0.5 - 0.3
    found = rogan_gladen(6, 10, just)
    assert found is not None
    assert found.share == pytest.approx((0.6 - 0.5) / 0.2)
    assert rogan_gladen(6, 10, Confusion(tp=69, fp=50, fn=31, tn=50)) is None


@pytest.mark.parametrize("figure", [accuracy_ppi, accuracy_rogan_gladen])
def test_items_that_nobody_decided_change_no_correction(figure: object) -> None:
    known = [("correct", "correct")] * 6 + [("correct", "incorrect")] * 2 + [("incorrect", "incorrect")] * 4
    unlabelled = [("correct", None)] * 7 + [("incorrect", None)] * 5
    found, more = (figure(judged([*known, *unlabelled, *rest])) for rest in ([], [(None, None)] * 9))  # type: ignore[operator]
    assert found.value is not None
    assert (more.value, more.stderr, more.ci95) == (found.value, found.stderr, found.ci95)


def wins(count: int, sample: int = 0) -> list[Comparison]:
    return [Comparison("a", "b", 1.0, sample=sample)] * count


def test_who_is_ahead_gains_less_from_the_next_comparison() -> None:
    expected = 1 / (1 + 10 ** (-4 / 400))  # at 1002 against 998
    assert elo(wins(2))["a"].value == pytest.approx(1002 + 4 * (1 - expected))
    assert elo(wins(2))["b"].value == pytest.approx(998 - 4 * (1 - expected))
    assert shuffled_elo(wins(2), shuffles=3).ratings["a"].value == pytest.approx(elo(wins(2))["a"].value)


def test_a_resample_of_short_items_plays_its_own_comparisons_and_no_more() -> None:
    found = shuffled_elo([*wins(3, sample=0), *wins(1, sample=1)], rounds=200, seed=1).ratings["a"]
    assert found.interval is not None
    # A quarter of the resamples each hold two comparisons and six comparisons.
    assert found.interval.low == pytest.approx(elo(wins(2))["a"].value)
    assert found.interval.high == pytest.approx(elo(wins(6))["a"].value)


def test_a_percentile_between_two_resamples_is_taken_outwards() -> None:
    comparisons = [Comparison("a", "b", float(sample % 3 > 0), sample=sample) for sample in range(30)]
    ends = []
    for seed in range(20):
        found = bradley_terry(comparisons, rounds=2, seed=seed, coverage=0.5)["a"]
        assert found.interval is not None
        ends.append(found.interval.low < found.value < found.interval.high)
    assert any(ends)  # two resamples, one on either side: both of them are ends


def test_a_tied_presentation_is_no_win_of_the_place_it_was_shown_in() -> None:
    presentations = [
        {"presentation": at, "order": at, "status": "ok", "decision": "tie" if at == "BA" else "A"}
        for at in ("AB", "BA")
    ]
    comparisons = ComparisonColumns()
    comparisons.add(
        0,
        0,
        msgspec.convert({"status": "ok", "decision": "tie", "presentations": presentations}, Verdict),
        ("long answer", "short"),
    )
    found = orders_of(comparisons)
    assert (found["first_shown_rate"].value, found["first_shown_rate"].n) == (100.0, 1)
    assert found["longer_preferred"].value is None  # a tie prefers neither


def test_one_order_asked_twice_says_nothing_of_consistency() -> None:
    presentations = [
        {"presentation": "AB", "order": "AB", "repeat": at, "status": "ok", "decision": "AB"[at]} for at in (0, 1)
    ]
    comparisons = ComparisonColumns()
    comparisons.add(
        0, 0, msgspec.convert({"status": "ok", "decision": "tie", "presentations": presentations}, Verdict), ("a", "b")
    )
    assert (orders_of(comparisons)["consistency"].value, orders_of(comparisons)["first_shown_rate"].value) == (
        None,
        50.0,
    )


def test_the_error_of_a_weighted_share_is_that_of_a_ratio() -> None:
    tally = Tally()
    for at, (decision, weight) in enumerate([("correct", 1.0), ("incorrect", 3.0), ("correct", 1.0)]):
        tally.add(TallyOutcome(id=at, status="ok", decision=decision, weight=weight))
    found = weighted_accuracy(tally)
    # Deviations from 2/5 of each weight: 0.6, -1.2 and 0.6; sqrt(3/2 (0.36 + 1.44 + 0.36)) / 5.
    assert (found.value, found.stderr) == (40.0, pytest.approx(36.0))
