"""Judges that are right, biased and silent in parts get what the closed form says: exactly, or nearly by chance."""

from __future__ import annotations

from collections import Counter
from functools import cache

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judgebench.records.flow import Sample
from tests.mutations.conftest import FiguresOf, ItemsOf, JudgeOf
from tests.mutations.expected import chances, expected, mean_points, rule_of
from tests.mutations.items import cases, kind_of, kinds_of, parts_of, shipped
from tests.mutations.items import items_of as made_of
from tests.mutations.judge import Shares, SimulatedJudge
from tests.mutations.page import can_be
from tests.mutations.runs import headline, judged, levels_of, questions_of, values, writer_of
from tests.mutations.test_extreme_judges import DISTINCT, WITH_GOLD, by_rule

MEANS = [abbr for abbr in DISTINCT if kind_of(shipped()[abbr]) != "many right"]
"""Those whose figure is a mean over items."""
TWICE = [abbr for abbr in DISTINCT if abbr in WITH_GOLD and len(questions_of(shipped()[abbr])) == 2]
ONE_EACH = list({rule_of(shipped()[abbr]): abbr for abbr in MEANS if rule_of(shipped()[abbr])}.values())
"""One dataset for every rule."""


def ways_of(abbr: str) -> list[str]:
    """Return the ways in which a judge of a dataset can decide."""
    data = shipped()[abbr]
    return ["right", "wrong", "unread", *(way for way in ("first", "tie", "longer") if can_be(data, way))]


@pytest.mark.parametrize("abbr", MEANS)
@settings(max_examples=3, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.data())
def test_a_mixture_gets_exactly_what_the_rule_gives(
    abbr: str, items_of: ItemsOf, judge_of: JudgeOf, drawn: st.DataObject
) -> None:
    levels = levels_of(shipped()[abbr])
    points = drawn.draw(st.lists(st.sampled_from(ways_of(abbr)), min_size=levels, max_size=levels))
    shares = {way: count / levels for way, count in Counter(points).items()}
    found = headline(judged(shipped()[abbr], items_of(abbr), judge_of(abbr, shares))).value
    wanted = by_rule(abbr, shares)
    assert found == (None if wanted is None else pytest.approx(wanted, abs=1e-9)), shares


@pytest.mark.parametrize("abbr", TWICE)
@pytest.mark.parametrize("shares", [(0.5, 0.5, 0), (0.5, 0, 0.5), (0.25, 0.5, 0.25), (0, 0.75, 0.25), (0.75, 0, 0.25)])
def test_both_orders_follow_the_closed_forms(
    abbr: str, shares: tuple[float, float, float], items_of: ItemsOf, judge_of: JudgeOf
) -> None:
    """With position bias b and accuracy a: u = b + (1-b)a where the better answer is shown first, else v = (1-b)a."""
    first, right, wrong = shares
    items = items_of(abbr)
    if any(share * levels_of(shipped()[abbr]) % 1 for share in shares):
        return  # not on its lattice
    judge = judge_of(abbr, {"first": first, "right": right, "wrong": wrong})
    found = values(judged(shipped()[abbr], items, judge))
    u, v = first + right, right
    wanted = {
        "correct": len(items) * u * v,
        "incorrect": len(items) * (1 - u) * (1 - v),
        "tie_or_inconsistent": len(items) * (u * (1 - v) + v * (1 - u)),
        "both_orders": 100 * u * v,
        "consistency": 100 * (u * v + (1 - u) * (1 - v)),
        "mean_of_orders": 50 * (u + v),
        "first_shown_rate": 100 * (first + (1 - first) / 2),
    }
    assert {name: found[name] for name in wanted} == pytest.approx(wanted, abs=1e-9)


@cache
def many(abbr: str) -> tuple[Sample, ...]:
    """Return so many items that chance alone moves a figure by no more than some points."""
    data = shipped()[abbr]
    return tuple(made_of(data, cases(data, 400 // (len(kinds_of(data)) * len(parts_of(data))))))


@pytest.mark.parametrize("abbr", ONE_EACH)
@settings(max_examples=3, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a=st.floats(0, 1), b=st.floats(0, 0.6), q=st.floats(0, 0.4), seed=st.integers(0, 99))
def test_a_judge_by_chance_stays_within_its_interval(abbr: str, a: float, b: float, q: float, seed: int) -> None:
    """Accuracy a, position bias b where there is a position, unreadable in a share q; five standard errors."""
    data = shipped()[abbr]
    b = b if can_be(data, "first") else 0.0
    shares: Shares = {
        "unread": q,
        "first": (1 - q) * b,
        "right": (1 - q) * (1 - b) * a,
        "wrong": (1 - q) * (1 - b) * (1 - a),
    }
    items = many(abbr)
    found = headline(judged(data, items, SimulatedJudge(writer_of(data), shares, seed=seed)))
    wanted = expected(data, shares)
    assert found.value is not None
    assert wanted is not None
    # points lie between 0 and 1, so that no mean of n has a greater standard error than this
    assert abs(found.value - wanted) <= 5 * 50 / found.n**0.5 + 1e-9


@pytest.mark.parametrize("abbr", [abbr for abbr in WITH_GOLD if "tie" in str(shipped()[abbr].loader.options)])
def test_a_judge_that_always_ties_gets_the_share_of_gold_ties(abbr: str) -> None:
    data = shipped()[abbr]
    if kind_of(data) != "pair" or not can_be(data, "tie"):
        return
    made = [case._replace(truth="tie") if case.number < 3 else case for case in cases(data, 4)]
    items = made_of(data, made)
    share = 100 * sum(case.truth == "tie" for case in made) / len(made)
    found = {
        way: headline(judged(data, items, SimulatedJudge(writer_of(data), {way: 1.0}))).value for way in ways_of(abbr)
    }
    assert data.score is not None
    silent = share if data.score.options["unread"] == "tie" else 0.0
    assert (found["right"], found["wrong"], found["tie"], found["unread"]) == pytest.approx((100.0, 0.0, share, silent))


@pytest.mark.parametrize("abbr", TWICE)
def test_two_silent_orders_agree_only_where_the_benchmark_says_so(abbr: str, figures_of: FiguresOf) -> None:
    score = shipped()[abbr].score
    assert score is not None
    assert values(figures_of(abbr, "unread"))["consistency"] == (100.0 if score.options["unread_agree"] else 0.0)


@pytest.mark.parametrize(("ties", "worth"), [("wrong", 0.0), ("half", 0.5)])
def test_a_tie_that_is_gold_is_right_whatever_other_ties_count(ties: str, worth: float) -> None:
    data = shipped()["pandalm"]
    assert data.score is not None
    score = msgspec.structs.replace(data.score, options={**data.score.options, "ties": ties})
    made = [case._replace(truth="tie") if case.number < 2 else case for case in cases(data, 2)]
    items = made_of(data, made)
    share = 2 / len(made)
    for way in ("tie", "unread"):
        changed = msgspec.structs.replace(data, score=score)
        found = values(judged(changed, items, SimulatedJudge(writer_of(data), {way: 1.0})))
        assert found["accuracy"] == pytest.approx(100 * (share + (1 - share) * worth))
        assert found["macro_recall"] == pytest.approx(100 / 3)  # of three classes it names one, always


def test_the_rules_are_told_apart_by_some_mixture() -> None:
    """Every two rules of the page differ somewhere, so that a wrong aggregation cannot pass as another one."""
    mixtures: list[Shares] = [
        {"right": 1.0},
        {"first": 0.5, "right": 0.5},
        {"unread": 0.5, "right": 0.5},
        {"right": 0.5, "wrong": 0.5},
        {"unread": 1.0},
        {"tie": 1.0},
    ]
    kind = kinds_of(shipped()["llmbar"])[0]
    seen = {}
    for rule in {rule_of(shipped()[abbr]) for abbr in TWICE} - {None}:
        assert rule is not None
        presentations = [[chances(kind, order, one) for order in ("AB", "BA")] for one in mixtures]
        seen[rule] = tuple(mean_points(rule, one) for one in presentations)
    assert len(set(seen.values())) == len(seen)
