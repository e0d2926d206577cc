"""Judges who always do the same get what the rule of each benchmark says, and what the page of the docs says."""

from __future__ import annotations

import pytest

from tests.mutations.conftest import FiguresOf, ItemsOf, JudgeOf
from tests.mutations.expected import MANY_RIGHT, expected, expected_grade, expected_steps, rule_of
from tests.mutations.items import group_of, kind_of, kinds_of, parts_of, shipped
from tests.mutations.judge import Shares
from tests.mutations.page import EXTREMES, SHOWN, can_be, cells_of_page, written
from tests.mutations.runs import headline, judged, questions_of, values, writer_of

ABBRS = sorted(shipped())
CELLS = cells_of_page()
PAIRS = [abbr for abbr in ABBRS if kind_of(shipped()[abbr]) == "pair"]
BOTH_ORDERS = [abbr for abbr in PAIRS if len(set(questions_of(shipped()[abbr]))) == 2]
PAIR_SCORES = ("PairScore", "EvidenceScore")
WITH_GOLD = [abbr for abbr in BOTH_ORDERS if any(name in str(shipped()[abbr].score) for name in PAIR_SCORES)]

DISTINCT = list({str((shipped()[abbr].method, shipped()[abbr].score)): abbr for abbr in reversed(ABBRS)}.values())
"""One dataset for every method with its score; the parts of one benchmark differ in nothing else than their file."""

everywhere = pytest.mark.parametrize("abbr", ABBRS)


def by_rule(abbr: str, shares: Shares) -> float | None:
    """What the rule of a benchmark gives; grades and steps have formulas of their own."""
    data = shipped()[abbr]
    if kind_of(data) == "many right":
        return MANY_RIGHT[max(shares, key=lambda way: shares[way])]
    if rule_of(data):
        return expected(data, shares)
    if kind_of(data) == "steps":
        return expected_steps(data, shares)
    return expected_grade(data, shares, writer_of(data).scale)


@everywhere
@pytest.mark.parametrize("extreme", EXTREMES)
def test_a_judge_who_always_does_the_same_gets_what_the_rule_says(
    abbr: str, extreme: str, figures_of: FiguresOf
) -> None:
    data = shipped()[abbr]
    if not can_be(data, extreme):
        assert CELLS[abbr].get(extreme, "–") == "–"
        return
    figures = figures_of(abbr, extreme)
    found = headline(figures)
    if extreme in SHOWN:
        assert CELLS[abbr][extreme] == written(found.value), "run python -m tests.mutations.page"
        assert CELLS[abbr]["figure"] == f"`{next(iter(figures))}`"
    wanted = by_rule(abbr, EXTREMES[extreme])
    assert found.value == (None if wanted is None else pytest.approx(wanted, abs=1e-9))
    if extreme == "right":
        assert wanted == {"mt_bench_single": 10.0}.get(abbr, 1.0 if kind_of(data) == "grade" else 100.0)


def test_the_page_has_each_dataset_once() -> None:
    assert sorted(CELLS) == ABBRS, "run python -m tests.mutations.page"


@everywhere
def test_what_is_never_read_is_counted(abbr: str, items_of: ItemsOf, figures_of: FiguresOf) -> None:
    found = values(figures_of(abbr, "unread"))
    counted = next(name for name in ("unread", "n_missing", "not_compared") if name in found)
    assert found[counted] == len(items_of(abbr))
    assert values(figures_of(abbr, "right"))[counted] == 0


@pytest.mark.parametrize("abbr", BOTH_ORDERS)
def test_a_judge_that_always_prefers_the_first_shown_is_found_out(
    abbr: str, items_of: ItemsOf, figures_of: FiguresOf
) -> None:
    data, items = shipped()[abbr], items_of(abbr)
    found = values(figures_of(abbr, "first"))
    if abbr not in WITH_GOLD and "win_rate" not in found:
        assert (found["consistency"], found["ties"]) == (0.0, len(items))
        return
    if abbr not in WITH_GOLD:
        assert (found["win_rate"], found["inconsistent"], found["ties"]) == (50.0, len(items), len(items))
        return
    assert (found["mean_of_orders"], found["both_orders"], found["consistency"]) == (50.0, 0.0, 0.0)
    assert (found["first_shown_rate"], found["tie_or_inconsistent"]) == (100.0, len(items))
    assert (found["correct"], found["incorrect"], found["unread_presentations"]) == (0.0, 0.0, 0.0)
    balanced = len({kind.truth for kind in kinds_of(data)}) == 2
    assert (found["first_order"], found["second_order"]) == ((50.0, 50.0) if balanced else (100.0, 0.0))


@pytest.mark.parametrize("abbr", WITH_GOLD)
def test_right_and_wrong_judges_are_consistent(abbr: str, items_of: ItemsOf, figures_of: FiguresOf) -> None:
    for way, share in (("right", 100.0), ("wrong", 0.0)):
        found = values(figures_of(abbr, way))
        for name in ("first_order", "second_order", "mean_of_orders", "both_orders"):
            assert found[name] == share, name
        assert (found["consistency"], found["first_shown_rate"]) == (100.0, 50.0)
        assert found["correct" if way == "right" else "incorrect"] == len(items_of(abbr))


@pytest.mark.parametrize("abbr", PAIRS)
def test_the_judge_of_lengths_is_the_baseline_beside_every_judge(abbr: str, figures_of: FiguresOf) -> None:
    """Longer answers win half of the time here, in every part, whatever the convention."""
    found = values(figures_of(abbr, "longer"))
    assert found.get("accuracy", 50.0) == found.get("win_rate", 50.0) == 50.0
    if "longer_wins" in found:
        assert {found[name] for name in found if name.startswith("longer_wins")} == {50.0}
    assert values(figures_of(abbr, "right")).get("longer_wins") == found.get("longer_wins")


@everywhere
def test_every_part_has_figures_of_its_own(abbr: str, items_of: ItemsOf, judge_of: JudgeOf) -> None:
    """A judge that is right in one part alone."""
    data, items = shipped()[abbr], items_of(abbr)
    assert data.score is not None
    first, *others = parts_of(data)
    if not others:
        return
    shares = {first: {"right": 1.0}, **{part: {"wrong": 1.0} for part in others}}
    if kind_of(data) == "check":
        shares = {first: {"first": 1.0}, **{part: {"right": 1.0} for part in others}}
    found = values(judged(data, items, judge_of(abbr, shares)))
    groups: dict[str, str] = data.score.options.get("groups") or {}
    won = "win_rate" if "win_rate" in found else "accuracy"
    prefix = {"check": "judge_rate", "grade": "mean_score", "steps": "f1"}.get(kind_of(data), won)
    if f"{prefix}/{groups.get(first, first)}" not in found:
        assert not group_of(data) or kind_of(data) == "check"
        return
    truly = 100.0 / (len(set(data.loader.options["gold_labels"].values())) or 1)  # every label is gold as often
    high, low = {"check": (100.0, truly), "grade": (10.0, 1.0)}.get(kind_of(data), (100.0, 0.0))
    if data.loader.options["gold_column"] and kind_of(data) == "grade":
        high = low = 3.0  # the contrary of a grade has the same mean
    assert found[f"{prefix}/{groups.get(first, first)}"] == high
    assert [found[f"{prefix}/{groups.get(part, part)}"] for part in others] == pytest.approx([low] * len(others))
    averages: dict[str, dict[str, float] | list[str]] = data.score.options.get("averages", {})
    worth = {groups.get(part, part): 100.0 * (part == first) for part in (first, *others)}
    for name, members in averages.items():
        weights = members if isinstance(members, dict) else dict.fromkeys(members, 1.0)
        worth[name] = sum(worth[one] * weight for one, weight in weights.items()) / sum(weights.values())
        assert found[f"{prefix}/{name}"] == pytest.approx(worth[name]), name
