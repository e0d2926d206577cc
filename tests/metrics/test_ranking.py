from __future__ import annotations

import gzip
import itertools
import json
import math
import random
import statistics
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.errors import DataError
from judgebench.metrics.comparisons.bradley_terry import Rating, bradley_terry
from judgebench.metrics.comparisons.columns import Comparison
from judgebench.metrics.comparisons.elo import elo
from judgebench.metrics.comparisons.ranking import separability
from judgebench.metrics.rates.named import compute
from judgebench.metrics.rates.preferences import tie_rate, win_rate
from judgebench.metrics.rates.tally import Tally, TallyOutcome
from judgebench.metrics.statistics.correlation import kendall, mean_ranks, pearson, spearman
from judgebench.metrics.statistics.intervals import share_of
from judgebench.metrics.statistics.ordinal import krippendorff_alpha, weighted_kappa
from judgebench.records.flow import Metric
from tests.recordings import recording

GRADES = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=25)


def compared(decisions: str) -> Tally:
    """One letter per comparison: A won, B lost, t tie, u unparsed."""
    tally = Tally()
    for number, letter in enumerate(decisions):
        decision = {"A": "A>>B", "B": "B", "t": "tie"}.get(letter)
        tally.add(TallyOutcome(id=number, status="ok" if decision else "unparsed", decision=decision))
    return tally


def test_win_rate_counts_ties_half_and_bounds_the_unread() -> None:
    """Wins plus half the ties over the scored; the unread may all be losses, or wins."""
    metric = win_rate(compared("AAtBu"))
    assert (metric.value, metric.n) == (62.5, 4)
    assert metric.bounds == (50.0, 70.0)
    assert tie_rate(compared("AAtBu")).value == 25.0
    assert tie_rate(compared("AAtBu")).bounds == pytest.approx((20.0, 40.0))
    assert list(compute(compared("AB"))) == ["win_rate"]
    assert win_rate(compared("uu")).value is None


@pytest.mark.parametrize("rate", [win_rate, tie_rate])
def test_a_comparison_made_again_adds_nothing(rate: Callable[[Tally], Metric]) -> None:
    """Four equal repeats have the error and the interval of one."""
    once, again = compared("AAtBtABA"), Tally(4)
    for number, decision in enumerate(["A>>B", "A>>B", "tie", "B", "tie", "A>>B", "B", "A>>B"]):
        for repeat in range(4):
            again.add(TallyOutcome(id=number, repeat=repeat, status="ok", decision=decision))
    assert (rate(again).n, rate(again).value) == (32, pytest.approx(rate(once).value))
    assert rate(again).stderr == pytest.approx(rate(once).stderr)
    assert rate(again).ci95 == pytest.approx(rate(once).ci95)


@pytest.mark.parametrize(("decisions", "value"), [("A" * 9, 100.0), ("B" * 9, 0.0), ("t" * 9, 50.0), ("AB" * 9, 50.0)])
def test_win_rates_of_simple_judges(decisions: str, value: float) -> None:
    """Perfect, inverted, always-tie and coin judges."""
    metric = win_rate(compared(decisions))
    assert metric.value == value
    assert metric.ci95[0] <= value <= metric.ci95[1]


def test_alpaca_eval_win_rates_are_reproduced() -> None:
    """Mean preference and its standard error of every recorded model, to 1e-9."""
    folder = recording("alpaca_eval2")
    expected = json.loads((folder / "expected.json").read_text())
    compared_models = 0
    for path in sorted(folder.glob("judgments/*.jsonl.gz")):
        figures = expected[path.name.removesuffix(".jsonl.gz")]
        rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
        known = [row["preference"] for row in rows if row["preference"] is not None]
        metric = share_of([(1.5 if value == 0 else value) - 1 for value in known], range(len(known)))
        assert metric.value == pytest.approx(figures["win_rate"], abs=1e-9)
        assert metric.stderr == pytest.approx(figures["standard_error"], abs=1e-9)
        compared_models += 1
    assert compared_models >= 10


def test_prometheus_grades_correlate_as_published() -> None:
    """Pearson between the recorded runs of a judge."""
    for name in ("mt_bench_eval", "vicuna_eval"):
        path = recording(f"prometheus_eval/{name}.jsonl.gz")
        grades = [json.loads(line)["gpt4_score"] for line in gzip.decompress(path.read_bytes()).splitlines()]
        runs = list(zip(*grades, strict=True))
        found = [round(pearson(a, b), 4) for a, b in itertools.combinations(runs, 2)]
        figures = json.loads((path.parent / "expected.json").read_text())
        assert sorted(found) == sorted(figures[name]["pairwise_pearson_of_three_gpt4_runs"])


@given(GRADES)
def test_correlations_agree_with_their_definitions(grades: list[tuple[int, int]]) -> None:
    """Kendall by counting pairs, Pearson by the standard library, Spearman by ranks counted out."""
    first, second = [a for a, _ in grades], [b for _, b in grades]
    signs = [((a1 > a2) - (a1 < a2), (b1 > b2) - (b1 < b2)) for (a1, b1), (a2, b2) in itertools.combinations(grades, 2)]
    free1, free2 = sum(a != 0 for a, _ in signs), sum(b != 0 for _, b in signs)
    if not free1 or not free2:
        assert kendall(first, second) is pearson(first, second) is spearman(first, second) is None
        return
    assert kendall(first, second) == pytest.approx(sum(a * b for a, b in signs) / math.sqrt(free1 * free2))
    assert pearson(first, second) == pytest.approx(statistics.correlation(first, second))
    ranks = [[sum(o < v for o in side) + (side.count(v) + 1) / 2 for v in side] for side in (first, second)]
    expected = statistics.correlation(*ranks)
    assert spearman(first, second) == pytest.approx(expected)


@given(GRADES, st.randoms(use_true_random=False))
def test_correlations_do_not_depend_on_the_order(grades: list[tuple[int, int]], rng: random.Random) -> None:
    """Pairs may come in any order."""
    shuffled = grades[:]
    rng.shuffle(shuffled)
    for measure in (pearson, spearman, kendall):
        before = measure(*zip(*grades, strict=True))
        after = measure(*zip(*shuffled, strict=True))
        assert after == (None if before is None else pytest.approx(before))


def test_a_constant_judge_has_no_correlation() -> None:
    """Null, not zero; unequal lists are a mistake."""
    assert pearson([3, 3, 3], [1, 2, 3]) is None
    assert mean_ranks([10, 20, 10]) == [1.5, 3.0, 1.5]
    with pytest.raises(ValueError, match="equally long"):
        pearson([1], [1, 2])


@given(GRADES)
def test_quadratic_kappa_by_its_matrices(grades: list[tuple[int, int]]) -> None:
    """Against the textbook form with observed and expected matrices."""
    pairs = Counter(grades)
    total = len(grades)
    first, second = Counter(a for a, _ in grades), Counter(b for _, b in grades)
    observed = sum((a - b) ** 2 for a, b in grades)
    expected = sum(first[a] * second[b] * (a - b) ** 2 for a in first for b in second) / total
    found = weighted_kappa(pairs)
    assert found == (pytest.approx(1 - observed / expected) if expected else None)


def test_krippendorff_alpha_of_his_own_example() -> None:
    """The worked example with four observers and missing ratings: .743 nominal, .815 ordinal, .849 interval."""
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    units = [[grade for grade in unit if grade is not None] for unit in zip(*observers, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(units, "ordinal") == pytest.approx(0.815, abs=5e-4)
    assert krippendorff_alpha(units, "interval") == pytest.approx(0.849, abs=5e-4)
    assert krippendorff_alpha([[1, 1], [1]]) is None


def comparisons_of(table: dict[tuple[str, str], tuple[int, int, int]]) -> list[Comparison]:
    """Wins, ties and losses of pairs, with one item per comparison."""
    outcomes = [
        (first, second, outcome)
        for (first, second), counts in table.items()
        for outcome, count in zip((1.0, 0.5, 0.0), counts, strict=True)
        for _ in range(count)
    ]
    return [Comparison(first, second, outcome, sample=at) for at, (first, second, outcome) in enumerate(outcomes)]


def expected_win_rate(rating: float, other: float) -> float:
    """The chance that a model of one rating beats one of another, as Elo defines it."""
    return 1 / (1 + 10 ** ((other - rating) / 400))


def test_a_star_of_comparisons_has_the_win_rates_as_ratings() -> None:
    """With one baseline the fitted win rate is the mean of outcomes, ties half."""
    table = {("a", "base"): (7, 2, 1), ("b", "base"): (3, 3, 4), ("base", "c"): (6, 0, 4)}
    ratings = bradley_terry(comparisons_of(table), anchor="base", anchored_at=1000)
    assert ratings["base"].value == 1000
    for name, share in (("a", 0.8), ("b", 0.45), ("c", 0.4)):
        assert expected_win_rate(ratings[name].value, 1000) == pytest.approx(share, abs=1e-6)
    assert list(ratings) == ["a", "base", "b", "c"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from((0.0, 0.5, 1.0))), max_size=40))
def test_ratings_solve_the_likelihood_equations(fights: list[tuple[int, int, float]]) -> None:
    """Each model's expected score under the ratings is the score it has; order and sides do not matter."""
    ring = [(0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0), (3, 0, 1.0)]
    comparisons = [Comparison(f"m{a}", f"m{b}", outcome) for a, b, outcome in ring + fights if a != b]
    ratings = bradley_terry(comparisons)
    for name, rating in ratings.items():
        mine = [(one.second, one.outcome) for one in comparisons if one.first == name]
        mine += [(one.first, 1 - one.outcome) for one in comparisons if one.second == name]
        expected = sum(expected_win_rate(rating.value, ratings[other].value) for other, _ in mine)
        assert expected == pytest.approx(sum(outcome for _, outcome in mine), abs=1e-4)
    swapped = [Comparison(one.second, one.first, 1 - one.outcome) for one in reversed(comparisons)]
    for name, rating in bradley_terry(swapped).items():
        assert rating.value == pytest.approx(ratings[name].value, abs=1e-6)


def test_weights_are_repetitions() -> None:
    """A comparison of weight 3 counts as three."""
    table = {("a", "b"): (3, 0, 1)}
    weighted = [Comparison("a", "b", 1.0, weight=3.0), Comparison("a", "b", 0.0)]
    assert bradley_terry(weighted)["a"].value == pytest.approx(bradley_terry(comparisons_of(table))["a"].value)


def test_a_model_that_wins_all_has_no_finite_rating() -> None:
    """It is infinitely better, and the others are rated by the comparisons among them alone."""
    among = {("b", "c"): (6, 2, 4), ("c", "d"): (5, 0, 3)}
    swept = {("a", "b"): (20, 0, 0), ("c", "e"): (5, 0, 0)}
    ratings = bradley_terry(comparisons_of({**among, **swept}))
    assert ratings["a"].value == math.inf
    assert ratings["e"].value == -math.inf
    for name, rating in bradley_terry(comparisons_of(among)).items():
        assert rating.value == pytest.approx(ratings[name].value)


def test_bootstrapped_ratings_are_seeded_and_hold_the_estimate() -> None:
    """The same seed gives the same intervals; clearly different models are separable."""
    comparisons = comparisons_of({("a", "base"): (60, 10, 10), ("b", "base"): (10, 10, 60)})
    first = bradley_terry(comparisons, anchor="base", rounds=200, seed=4)
    assert first == bradley_terry(comparisons, anchor="base", rounds=200, seed=4)
    for rating in first.values():
        assert rating.interval.low <= rating.value <= rating.interval.high
    assert separability(first) == 100.0
    assert separability({"a": Rating(1.0)}) is None


def test_models_without_common_comparisons_are_refused() -> None:
    """Two islands have no common scale; an anchor must have fought."""
    with pytest.raises(DataError, match="no comparisons connect them"):
        bradley_terry(comparisons_of({("a", "b"): (1, 0, 1), ("c", "d"): (1, 0, 1)}))
    with pytest.raises(DataError, match="anchor"):
        bradley_terry(comparisons_of({("a", "b"): (1, 0, 1)}), anchor="z")
    with pytest.raises(DataError, match="no comparisons"):
        bradley_terry([])


def test_elo_keeps_the_sum_and_follows_the_order() -> None:
    """Points won are points lost; one comparison between equals moves half of K."""
    ratings = elo([Comparison("a", "b", 1.0)])
    assert (ratings["a"].value, ratings["b"].value) == (1002.0, 998.0)
    many = elo(comparisons_of({("a", "b"): (5, 2, 3), ("b", "c"): (4, 0, 6)}))
    assert sum(rating.value for rating in many.values()) == pytest.approx(3000)


def test_against_scipy_where_it_is_installed() -> None:
    """The same correlations as scipy."""
    stats = pytest.importorskip("scipy.stats")
    first, second = [1, 4, 2, 2, 5, 3], [2, 5, 1, 3, 3, 3]
    assert kendall(first, second) == pytest.approx(stats.kendalltau(first, second).statistic)
    assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second).statistic)
