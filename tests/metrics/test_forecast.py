"""How well one ranking foretells another, by hand."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.metrics.comparisons.forecast import forecast
from judgebench.metrics.comparisons.ranked import RankedModel, Ranking, Rated
from judgebench.metrics.comparisons.ranking import compare_rankings, rank_by_scores
from judgebench.metrics.statistics.intervals import Z95
from judgebench.records.flow import Metric


def ranked(name: str, /, **models: tuple[float, float]) -> Ranking:
    """A ranking by scores: value and standard error of each model."""
    metrics = {
        model: Metric(value=value, n=9, stderr=error, ci95=(value - Z95 * error, value + Z95 * error))
        for model, (value, error) in models.items()
    }
    return rank_by_scores(metrics, by="accuracy", dataset=name, data_abbr="d", judge=None)


PEOPLE = ranked("people", a=(90, 1), b=(80, 1), c=(70, 1), d=(69, 1))
"""Sure of all pairs but c and d."""


def test_agreement_with_confidence_by_hand() -> None:
    """Of five sure pairs ab is turned round (0), ac and bc are open (a half each), ad and bd are alike (1 each)."""
    judge = ranked("judge", a=(60, 1), b=(70, 1), c=(65, 4), d=(20, 1))
    found = forecast(judge, PEOPLE)
    assert (found.ranking, found.reference, found.sure_pairs) == ("judge", "people", 5)
    assert found.agreement == pytest.approx(100 * (0 + 0.5 + 0.5 + 1 + 1) / 5)


def test_brier_score_and_log_loss_by_hand() -> None:
    """Two models, 3 apart with errors 3 and 4: Phi(3 / 5) for the order that the reference has."""
    chance = NormalDist().cdf(0.6)
    right = forecast(ranked("judge", a=(53, 3), b=(50, 4)), PEOPLE)
    wrong = forecast(ranked("judge", a=(50, 3), b=(53, 4)), PEOPLE)
    assert (right.foretold_pairs, right.brier) == (1, pytest.approx((1 - chance) ** 2))
    assert wrong.brier == pytest.approx(chance**2)
    assert right.log_loss == pytest.approx(-math.log(chance))
    assert wrong.log_loss == pytest.approx(-math.log(1 - chance))


def test_a_coin_and_an_oracle() -> None:
    """Equal values are a coin's forecast; far apart in the right order is the oracle's."""
    coin = forecast(ranked("coin", a=(50, 2), b=(50, 2), c=(50, 2), d=(50, 2)), PEOPLE)
    assert (coin.agreement, coin.brier) == (50.0, 0.25)
    assert coin.log_loss == pytest.approx(math.log(2))
    oracle = forecast(ranked("oracle", a=(99, 0.1), b=(66, 0.1), c=(33, 0.1), d=(1, 0.1)), PEOPLE)
    assert (oracle.agreement, oracle.brier) == (100.0, pytest.approx(0.0))
    inverted = forecast(ranked("inverted", a=(1, 1), b=(33, 1), c=(66, 1), d=(99, 1)), PEOPLE)
    assert (inverted.agreement, inverted.brier) == (0.0, pytest.approx(1.0))


def test_an_impossible_event_that_came_true_has_no_log_loss() -> None:
    """A forecast without error that is wrong: Brier 1, and the log-loss is no number."""
    found = forecast(ranked("judge", a=(1, 0), b=(2, 0)), PEOPLE)
    assert (found.brier, found.log_loss) == (1.0, None)
    assert "infinite" in found.note


def rated(name: str, **models: tuple[int, float | None, tuple[float | None, float | None] | None]) -> Ranking:
    entries = [
        RankedModel(model=model, rank=rank, bradley_terry=Rated(value=value, ci95=interval))
        for model, (rank, value, interval) in models.items()
    ]
    return Ranking(dataset=name, data_abbr="d", judge=name, kind="comparisons", by="bradley_terry", models=entries)


def test_ratings_with_open_ends_or_none_foretell_only_what_they_can() -> None:
    """A model without a finite rating has its place and no probability; an open interval reaches everything beyond."""
    judge = rated("j", a=(1, None, None), b=(2, 1100.0, (1050.0, None)), c=(3, 1000.0, (990.0, 1010.0)))
    found = forecast(judge, PEOPLE)
    assert (found.sure_pairs, found.foretold_pairs, found.brier) == (3, 0, None)
    assert found.agreement == pytest.approx(100 * (0.5 + 0.5 + 1) / 3)  # bc is told apart, a is told from nobody
    assert "no pair has errors" in found.note
    finite = rated(
        "j", b=(1, 1100.0, (1100 - 3 * Z95, 1100 + 3 * Z95)), c=(2, 1095.0, (1095 - 4 * Z95, 1095 + 4 * Z95))
    )
    assert forecast(finite, PEOPLE).brier == pytest.approx((1 - NormalDist().cdf(1)) ** 2)


def test_a_reference_that_is_sure_of_nothing_is_told() -> None:
    """No sure pair, and pairs on one place are not foretold."""
    found = forecast(PEOPLE, ranked("vague", a=(50, 20), b=(50, 20)))
    assert (found.sure_pairs, found.agreement, found.foretold_pairs, found.brier) == (0, None, 0, None)
    assert found.note.startswith("the reference separates no two models")
    assert forecast(PEOPLE, ranked("one", a=(50, 20))).note == "fewer than two models"


def test_two_rankings_foretell_each_other() -> None:
    """Both directions stand in the comparison, the second as a forecast of the first before."""
    judge = ranked("judge", a=(60, 1), b=(70, 1), c=(65, 4), d=(20, 1))
    found = compare_rankings(PEOPLE, judge)
    assert [(one.ranking, one.reference) for one in found.forecasts] == [("judge", "people"), ("people", "judge")]
    assert found.forecasts[0] == forecast(judge, PEOPLE)


@given(
    st.dictionaries(st.sampled_from("abcd"), st.tuples(st.floats(0, 100), st.floats(0.1, 30)), min_size=2, max_size=4)
)
def test_scores_are_shares(models: dict[str, tuple[float, float]]) -> None:
    """Agreement is in 0..100, Brier in 0..1, and a ranking never disagrees with itself."""
    judge = ranked("judge", **models)
    found, itself = forecast(judge, PEOPLE), forecast(judge, judge)
    assert found.agreement is None or 0 <= found.agreement <= 100
    assert found.brier is None or 0 <= found.brier <= 1
    assert itself.agreement in (None, 100.0)
    assert itself.brier is None or itself.brier <= 0.25
