"""Ratings and rankings of models: what must hold whatever the comparisons, planted truths, and recorded judges."""

from __future__ import annotations

import gzip
import json
import math
import random
from itertools import permutations
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.errors import DataError
from judgebench.metrics.comparisons.bradley_terry import Rating, bradley_terry, style_controlled
from judgebench.metrics.comparisons.columns import Columns, Comparison, scale_members
from judgebench.metrics.comparisons.comparisons import ComparisonColumns, orders_of
from judgebench.metrics.comparisons.elo import elo, shuffled_elo
from judgebench.metrics.comparisons.ranking import (
    allowed_ranks,
    compare_rankings,
    rank_by_comparisons,
    rank_by_scores,
    separability,
    with_pairwise,
)
from judgebench.metrics.comparisons.style import differences, style_of
from judgebench.metrics.statistics.intervals import Interval
from judgebench.records.findings import PooledOutcome, PresentationVerdict
from judgebench.records.flow import Counts, Metric, TaskResult, Verdict
from judgebench.report.results import read_comparisons, write_comparisons
from tests.metrics.test_ranking import expected_win_rate
from tests.recordings import recording

MODELS = "abcd"
FIGHTS = st.lists(
    st.tuples(st.sampled_from(list(permutations(MODELS, 2))), st.sampled_from((0.0, 0.5, 1.0)), st.integers(0, 5)).map(
        lambda one: Comparison(*one[0], one[1], sample=one[2])
    ),
    min_size=1,
    max_size=30,
)
RING = [Comparison(a, b, 1.0, sample=at) for at, (a, b) in enumerate(zip(MODELS, MODELS[1:] + MODELS[0], strict=True))]
"""Everybody loses to somebody, so all ratings are finite."""


def named(comparisons: list[Comparison], names: dict[str, str]) -> list[Comparison]:
    return [one._replace(first=names[one.first], second=names[one.second]) for one in comparisons]


def turned(comparisons: list[Comparison]) -> list[Comparison]:
    return [one._replace(first=one.second, second=one.first, outcome=1 - one.outcome) for one in comparisons]


def planted(rng: random.Random, strengths: dict[str, float], items: int, *, bias: float = 0.0) -> list[Comparison]:
    """Games of every pair on every item by the model itself; ``bias`` is the log-odds of one unit of style."""
    return [
        Comparison(a, b, float(rng.random() < 1 / (1 + math.exp(-logit))), sample=sample, style=(longer,))
        for sample in range(items)
        for a in strengths
        for b in strengths
        if a < b
        for longer in [rng.gauss(0.3 * (a == "a") - 0.3 * (b == "a"), 1)]
        for logit in [(strengths[a] - strengths[b]) * math.log(10) / 400 + bias * longer]
    ]


@settings(max_examples=30, deadline=None)
@given(FIGHTS, st.permutations(MODELS), st.randoms(use_true_random=False))
def test_names_sides_and_order_mean_nothing(fights: list[Comparison], shuffled: list[str], rng: random.Random) -> None:
    """Relabelled, turned round and shuffled comparisons give the same ratings, of Bradley-Terry and of Elo."""
    comparisons = RING + fights
    names = dict(zip(MODELS, shuffled, strict=True))
    other = turned(named(comparisons, names))
    rng.shuffle(other)
    for fit in (bradley_terry, lambda comparisons: shuffled_elo(comparisons, shuffles=400).ratings):
        before, after = fit(comparisons), fit(other)
        exact = fit is bradley_terry
        for name, rating in before.items():
            assert after[names[name]].value == pytest.approx(rating.value, abs=1e-6 if exact else 1.0)


@settings(max_examples=30, deadline=None)
@given(FIGHTS)
def test_the_same_comparisons_in_another_order_are_the_same_ranking(fights: list[Comparison]) -> None:
    """To the last digit, intervals included: seeds and sums do not depend on the order of the comparisons."""
    one = rank_by_comparisons(fights, models=list(MODELS), dataset="d-j", data_abbr="d", judge="j", rounds=20)
    other = rank_by_comparisons(fights[::-1], models=list(MODELS), dataset="d-j", data_abbr="d", judge="j", rounds=20)
    assert one == other


@settings(max_examples=60, deadline=None)
@given(FIGHTS)
def test_ratings_are_finite_exactly_where_they_exist(fights: list[Comparison]) -> None:
    """Ford's condition by hand: points taken and lost along some chain, both ways."""
    columns = Columns(fights)
    wins = columns.wins()
    names = columns.names
    reach = {(a, b) for a in names for b in names if a == b or wins[names.index(a), names.index(b)] > 0}
    for middle in names:
        reach |= {(a, b) for a in names for b in names if (a, middle) in reach and (middle, b) in reach}
    where = scale_members(wins[None])
    scale = [name for name, rated in zip(names, where.rated[0], strict=True) if rated]
    assert all((a, b) in reach for a in scale for b in scale)
    sizes = [sum((a, b) in reach and (b, a) in reach for b in names) for a in names]
    assert len(scale) == max(sizes)
    for at, name in enumerate(names):
        up, down = (name, scale[0]) in reach, (scale[0], name) in reach
        assert (where.rated[0, at], where.above[0, at], where.below[0, at]) == (
            up and down,
            up and not down,
            down and not up,
        )
    try:
        ratings = bradley_terry(fights)
    except DataError:
        return
    assert {name for name, rating in ratings.items() if math.isfinite(rating.value)} == (
        set(scale) if len(scale) > 1 else set()  # one model alone is no scale
    )


def test_planted_strengths_are_recovered() -> None:
    """Within their intervals, nearly always; the seed makes the run, and another seed another one."""
    rng = random.Random(4)
    strengths = {"a": -120.0, "b": -20.0, "c": 30.0, "d": 110.0}
    inside = 0
    for _ in range(20):
        ratings = bradley_terry(planted(rng, strengths, 60), rounds=200)
        inside += sum(
            ratings[name].interval[0] <= 1000 + value <= ratings[name].interval[1] for name, value in strengths.items()
        )
    assert inside >= 68  # of 80; 76 expected
    comparisons = planted(rng, strengths, 60)
    assert bradley_terry(comparisons, rounds=50, seed=1) == bradley_terry(comparisons, rounds=50, seed=1)
    assert bradley_terry(comparisons, rounds=50, seed=1) != bradley_terry(comparisons, rounds=50, seed=2)
    found = shuffled_elo(planted(rng, strengths, 800), rounds=50).ratings
    for name, value in strengths.items():
        assert found[name].value == pytest.approx(1000 + value, abs=35)


def test_items_are_resampled_and_not_comparisons() -> None:
    """Five judgments of the same item tell as much as one: the interval does not shrink."""
    rng = random.Random(9)
    once = planted(rng, {"a": 0.0, "b": 60.0}, 100)
    width = [
        high - low
        for low, high in (bradley_terry(comparisons, rounds=400)["a"].interval for comparisons in (once, once * 5))
    ]
    assert width[1] == pytest.approx(width[0], rel=0.01)


def test_intervals_are_open_where_resamples_have_no_bound() -> None:
    """Three comparisons, one of them lost: many resamples hold no loss, so there is no upper end."""
    few = [Comparison("a", "b", outcome, sample=at) for at, outcome in enumerate((1.0, 1.0, 0.0))]
    found = rank_by_comparisons(few, models=["a", "b"], dataset="d-j", data_abbr="d", judge="j", rounds=200)
    first = found.models[0]
    assert first.model == "a"
    assert first.bradley_terry.ci95[1] is None
    assert "too few comparisons" in first.bradley_terry.note
    assert first.ranks == (1, 2)
    json.dumps([one.bradley_terry.value for one in found.models], allow_nan=False)


def test_style_control_takes_out_what_length_won() -> None:
    """Equal models, one of which writes longer, and a judge that loves length: plain ratings are fooled."""
    rng = random.Random(2)
    comparisons = planted(rng, {"a": 0.0, "b": 0.0, "c": 0.0}, 500, bias=1.5)
    plain = bradley_terry(comparisons, rounds=50)
    controlled = style_controlled(comparisons, ["length"], rounds=50)
    assert plain["a"].value > 1020
    assert controlled.ratings["a"].value == pytest.approx(1000, abs=25)
    spread = math.sqrt(sum(one.style[0] ** 2 for one in comparisons) / len(comparisons))
    assert controlled.effects["length"].value == pytest.approx(1.5 * spread, rel=0.1)
    low, high = controlled.effects["length"].interval
    assert low < 1.5 * spread < high
    flat = [one._replace(style=(0.0,)) for one in comparisons]
    assert style_controlled(flat, ["length"]) is None


def test_style_without_effect_changes_nothing() -> None:
    """The same strengths as without control, up to chance."""
    comparisons = planted(random.Random(3), {"a": 0.0, "b": 80.0}, 2000)
    plain, controlled = bradley_terry(comparisons), style_controlled(comparisons, ["length"], rounds=0)
    assert controlled.ratings["b"].value == pytest.approx(plain["b"].value, abs=8)
    assert abs(controlled.effects["length"].value) < 0.135  # three standard errors


def test_style_control_does_not_care_for_sides() -> None:
    """Every second comparison turned round, its style with it: the same ratings, effects and intervals."""
    comparisons = planted(random.Random(5), {"a": 0.0, "b": 50.0, "c": -30.0}, 60, bias=0.8)
    mixed = [
        turned([one])[0]._replace(style=tuple(-value for value in one.style)) if at % 2 else one
        for at, one in enumerate(comparisons)
    ]
    before, after = (style_controlled(some, ["length"], rounds=20) for some in (comparisons, mixed))
    for name, rating in before.ratings.items():
        assert after.ratings[name].value == pytest.approx(rating.value, abs=1e-6)
        assert after.ratings[name].interval == pytest.approx(rating.interval, abs=1e-6)
    assert after.effects["length"].value == pytest.approx(before.effects["length"].value)


def test_style_that_cannot_be_told_from_strength_is_left_with_it() -> None:
    """One model always writes the same share longer: its rating stays, and the length explains nothing."""
    comparisons = [one._replace(style=(0.4,)) for one in planted(random.Random(8), {"a": 0.0, "b": 70.0}, 400)]
    controlled = style_controlled(comparisons, ["length"], rounds=0)
    assert controlled.effects["length"].value == pytest.approx(0, abs=1e-6)
    assert controlled.ratings["b"].value == pytest.approx(bradley_terry(comparisons)["b"].value, abs=1e-3)


@pytest.mark.parametrize(
    ("comparisons", "models", "why"),
    [
        ([], ["a"], "there is one model"),
        ([], ["a", "b"], "no comparison was scored"),
        ([Comparison("a", "b", 0.5)] * 3, ["a", "b"], "every comparison is a tie"),
        (
            [Comparison("a", "b", 1.0), Comparison("b", "a", 1.0), Comparison("c", "d", 1.0)],
            list("abcd"),
            "no chain of comparisons",
        ),
        ([Comparison("a", "b", 1.0, sample=at) for at in range(4)], ["a", "b"], "took points from each other"),
    ],
)
def test_what_is_undefined_is_null_with_a_reason(comparisons: list[Comparison], models: list[str], why: str) -> None:
    found = rank_by_comparisons(comparisons, models=models, dataset="d-j", data_abbr="d", judge="j", rounds=20)
    assert found.by == "win_rate"
    for one in found.models:
        for rated in (one.bradley_terry, one.elo, one.style_controlled):
            assert rated.value is None
            assert why in rated.note
    assert why in found.notes[-1]


CHAIN = [Comparison(a, b, 1.0, sample=at) for at, (a, b) in enumerate(zip("abc", "bcd", strict=True))]
"""a beats b beats c beats d, always."""


def test_a_perfect_chain_has_no_scale() -> None:
    """Only the ends are known to be out of reach; what stands between them may be anywhere, and is not at 1000."""
    found = {name: rating.value for name, rating in bradley_terry(CHAIN, rounds=20).items()}
    assert (found["a"], found["d"]) == (math.inf, -math.inf)
    assert math.isnan(found["b"])
    assert math.isnan(found["c"])
    ranking = rank_by_comparisons(CHAIN, models="abcd", dataset="d", data_abbr="d", judge="j")
    assert ranking.by == "win_rate"
    assert all(one.bradley_terry.value is None and one.bradley_terry.note for one in ranking.models)
    assert ranking.notes[0].startswith("no ratings: no finite ratings fit")


def test_models_above_the_scale_stand_in_the_order_of_their_comparisons() -> None:
    """c and d beat each other, b beats both, a beats b: neither a nor b is finite, and a stands above b."""
    comparisons = [
        *CHAIN[:2],
        Comparison("c", "d", 1.0, sample=7),
        Comparison("d", "c", 1.0, sample=8),
        Comparison("e", "c", 1.0, sample=9),
    ]
    ranking = rank_by_comparisons(comparisons, models="abcde", dataset="d", data_abbr="d", judge="j")
    assert {one.model: one.rank for one in ranking.models} == {"a": 1, "b": 2, "e": 1, "c": 4, "d": 4}
    rated = {one.model: one.bradley_terry for one in ranking.models}
    assert (rated["c"].value, rated["d"].value) == (pytest.approx(1000), pytest.approx(1000))
    assert all("no finite rating" in rated[name].note for name in "abe")


def test_a_model_without_comparisons_has_no_place() -> None:
    found = rank_by_comparisons(RING, models=["e"], dataset="d-j", data_abbr="d", judge="j", rounds=20)
    last = found.models[-1]
    assert (last.model, last.rank, last.ranks, last.win_rate.value) == ("e", None, None, None)
    assert "no comparison was scored" in last.bradley_terry.note


@given(st.dictionaries(st.text("abcdef", min_size=1), st.tuples(st.integers(0, 20), st.integers(0, 9)), max_size=6))
def test_ranks_and_separability_by_their_definitions(ends: dict[str, tuple[int, int]]) -> None:
    intervals = {name: Interval(low, low + width) for name, (low, width) in ends.items()}
    names = list(intervals)
    pairs = [(a, b) for at, a in enumerate(names) for b in names[at + 1 :]]
    apart = [intervals[a].high < intervals[b].low or intervals[b].high < intervals[a].low for a, b in pairs]
    share = separability({name: Rating(0.0, interval) for name, interval in intervals.items()})
    assert share == (pytest.approx(100 * sum(apart) / len(pairs)) if pairs else None)
    for name, (best, worst) in allowed_ranks(intervals).items():
        assert best == 1 + sum(other.low > intervals[name].high for other in intervals.values())
        assert worst == len(names) - sum(other.high < intervals[name].low for other in intervals.values())
        assert 1 <= best <= worst <= len(names)
    open_ = {**{name: Rating(0.0, one) for name, one in intervals.items()}, "none": Rating(0.0), "more": Rating(0.0)}
    if pairs:
        assert separability(open_) == pytest.approx(100 * sum(apart) / math.comb(len(open_), 2))


def test_scores_rank_by_their_mean() -> None:
    metrics = {
        "low": Metric(value=4.0, ci95=(3.0, 5.0)),
        "high": Metric(value=8.0, ci95=(7.0, 9.0)),
        "none": Metric(value=None, note="no verdict carries a score"),
        "also-high": Metric(value=8.0, ci95=(7.5, 8.5)),
    }
    found = rank_by_scores(metrics, by="mean_score", dataset="d-j", data_abbr="d", judge="j")
    assert [(one.model, one.rank, one.ranks) for one in found.models] == [
        ("high", 1, (1, 2)), ("also-high", 1, (1, 2)), ("low", 3, (3, 3)), ("none", None, None)
    ]  # fmt: skip
    assert found.separability == pytest.approx(100 * 2 / 6)


def test_two_rankings_are_compared_by_the_models_that_both_rank() -> None:
    def ranked(order: str, row: str):  # type: ignore[no-untyped-def]
        metrics = {name: Metric(value=float(-at)) for at, name in enumerate(order)}
        return rank_by_scores(metrics, by="m", dataset=row, data_abbr="d", judge=row)

    assert compare_rankings(ranked("abcd", "x"), ranked("abcde", "y")).kendall == 1.0
    turned_round = compare_rankings(ranked("abcd", "x"), ranked("dcba", "y"))
    assert (turned_round.kendall, turned_round.models) == (-1, 4)
    assert turned_round.spearman == pytest.approx(-1)
    one = compare_rankings(ranked("ab", "x"), ranked("bc", "y"))
    assert (one.kendall, one.models, one.note) == (None, 1, "fewer than two models")


def test_elo_of_an_order_is_the_sum_of_its_comparisons() -> None:
    """One order of two comparisons, by hand; shuffles average both orders."""
    comparisons = [Comparison("a", "b", 1.0, sample=0), Comparison("b", "c", 1.0, sample=1)]
    by_hand = [elo(order)["b"].value for order in (comparisons, comparisons[::-1])]
    assert shuffled_elo(comparisons, shuffles=4000).ratings["b"].value == pytest.approx(sum(by_hand) / 2, abs=1e-3)
    weighted = elo([Comparison("a", "b", 1.0, weight=3.0)])
    assert weighted["a"].value == 1006


def test_recorded_judges_rank_as_published() -> None:
    """AlpacaEval's models against its baseline: win rates and standard errors to 1e-9, and the leaderboard's order."""
    folder = recording("alpaca_eval2")
    expected = json.loads((folder / "expected.json").read_text())
    paths = sorted(folder.glob("judgments/*.jsonl.gz"))[:8]
    comparisons = []
    for path in paths:
        for line in gzip.decompress(path.read_bytes()).splitlines():
            row = json.loads(line)
            if row["preference"] is not None:
                outcome = (row["preference"] or 1.5) - 1
                comparisons.append(
                    Comparison(path.name.removesuffix(".jsonl.gz"), "gpt4_1106_preview", outcome, sample=row["idx"])
                )
    names = [path.name.removesuffix(".jsonl.gz") for path in paths]
    found = rank_by_comparisons(
        comparisons,
        models=names,
        dataset="alpaca",
        data_abbr="alpaca",
        judge="gpt4",
        baseline="gpt4_1106_preview",
        rounds=20,
    )
    ranked = {one.model: one for one in found.models}
    for name in names:
        assert ranked[name].win_rate.value == pytest.approx(expected[name]["win_rate"], abs=1e-9)
        assert ranked[name].win_rate.stderr == pytest.approx(expected[name]["standard_error"], abs=1e-9)
        share = expected_win_rate(ranked[name].bradley_terry.value, 1000)
        assert 100 * share == pytest.approx(expected[name]["win_rate"], abs=1e-6)
    order = [one.model for one in found.models if not one.baseline]
    assert order == sorted(names, key=lambda name: -expected[name]["win_rate"])
    assert len(comparisons) > 6000


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("", (0, 0, 0, 0)),
        ("# One\n\n## Two\ntext **bold** and __bold too__", (44, 2, 0, 2)),
        ("- a\n* b\n  + c\n1. d\n2) e\n-no", (27, 0, 5, 0)),
        ("```\n# code\n- x\n**y**\n```\n- z", (28, 0, 1, 0)),
        ("```\n# never closed", (18, 0, 0, 0)),
        ("2 ** 3 ** 4 and a_b__c", (22, 0, 0, 0)),
    ],
)
def test_style_counts_what_markdown_shows(text: str, style: tuple[int, ...]) -> None:
    assert style_of(text) == style


@given(st.tuples(*[st.integers(0, 9)] * 4), st.tuples(*[st.integers(0, 9)] * 4))
def test_style_differences_are_mirrored_and_bounded(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    found = differences(first, second)
    assert differences(second, first) == tuple(-one for one in found)
    assert all(-1 <= one <= 1 for one in found)
    assert differences(first, first) == (0, 0, 0, 0)


def played() -> ComparisonColumns:
    def said(decision: str, *orders: tuple[Literal["AB", "BA"], str]) -> Verdict:
        presentations = [
            PresentationVerdict(presentation=order, order=order, status="ok", decision=own) for order, own in orders
        ]
        return Verdict(status="ok", decision=decision, presentations=presentations)

    comparisons = ComparisonColumns()
    longer, shorter = "a long answer", "short"
    comparisons.add(0, 0, said("A", ("AB", "A"), ("BA", "B")), (longer, shorter))
    comparisons.add(0, 1, said("tie", ("AB", "A"), ("BA", "A")), (longer, shorter))
    pool = [PooledOutcome(outcome=one) for one in (0.0, 0.0, 0.0, 0.5)]
    comparisons.add(1, 0, Verdict(status="ok", decision="B>>A", outcomes=pool), (longer, shorter))
    comparisons.add(2, 0, Verdict(status="unparsed"), (longer, shorter))
    comparisons.add(3, 0, Verdict(status="ok", decision="inconsistent"), (longer, shorter))
    return comparisons


def test_comparisons_tell_how_the_judge_bears_a_change_of_places(tmp_path: Path) -> None:
    """Consistent once of two; the first shown answer won three of four presentations; the longer answer won one of
    two."""
    comparisons = played()
    assert [(one.id, one.repeat, one.outcome, one.weight) for one in comparisons] == [
        (0, 0, 1.0, 1), (0, 1, 0.5, 1), (1, 0, 0.125, 4)
    ]  # fmt: skip
    found = orders_of(comparisons)
    assert (found["consistency"].value, found["consistency"].n) == (50, 2)
    assert (found["first_shown_rate"].value, found["first_shown_rate"].n) == (75, 4)
    assert (found["longer_preferred"].value, found["longer_preferred"].n) == (50, 2)
    assert orders_of(ComparisonColumns()) == {}
    twice = played()
    twice.merge(played())
    assert len(twice) == 6
    assert orders_of(twice)["consistency"].n == 4


def test_files_of_comparisons_belong_to_one_version(tmp_path: Path) -> None:
    result = TaskResult(
        model="a", dataset="d-j", data_abbr="d", judge="j", version="abc123", mode="gen", headline="win_rate",
        metrics={}, counts=Counts(),
    )  # fmt: skip
    path = tmp_path / "d-j.comparisons.jsonl"
    write_comparisons(path, result, "b", played())
    head, comparisons = read_comparisons(path, version="abc123")
    assert (head.compared_model, comparisons) == ("b", list(played()))
    for version, content in (("other", path.read_bytes()), ("abc123", path.read_bytes()[:-60]), ("abc123", b"{}\n")):
        path.write_bytes(content)
        with pytest.raises(DataError, match="cannot be used"):
            read_comparisons(path, version=version)


@given(st.lists(st.tuples(*[st.sampled_from((True, False, None))] * 3), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_duels_of_judges_by_hand(rows: list[tuple[bool | None, ...]]) -> None:
    """Points of a judge: for every other one and item that both decided, 1 where it alone is right, 0.5 where alike."""
    names = ("x", "y", "z")
    right = {
        name: {(sample, 0): row[at] for sample, row in enumerate(rows) if row[at] is not None}
        for at, name in enumerate(names)
    }
    scores = {name: Metric(value=float(sum(one.values()))) for name, one in right.items()}
    found = with_pairwise(rank_by_scores(scores, by="agreement", dataset="d", data_abbr="d", judge=None), right)
    for one in found.models:
        own = right[one.model]
        others = [right[name] for name in names if name != one.model]
        points = [(1 + own[sample] - other[sample]) / 2 for other in others for sample in own if sample in other]
        assert one.comparisons == len(points)
        assert one.win_rate.value == (pytest.approx(100 * sum(points) / len(points)) if points else None)
        assert one.score.value == scores[one.model].value
        assert one.elo.value is None or math.isfinite(one.elo.value)
