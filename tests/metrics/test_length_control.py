"""The length-controlled win rate: what it recovers, what it leaves alone, how near it comes to published figures."""

from __future__ import annotations

import gzip
import json
import math
from itertools import combinations
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.metrics.comparisons.length_control import implausible, joint_difficulty, length_controlled
from tests.recordings import recording


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def spread(n: int) -> tuple[list[float], list[float]]:
    """Length differences and difficulties that do not go together."""
    return [200.0 * ((i * 7) % 19 - 3) for i in range(n)], [((i * 5) % 13 - 6) / 4 for i in range(n)]


@pytest.mark.parametrize(("level", "length", "psi"), [(-1.0, -1.5, 0.8), (0.5, 1.0, 1.2), (0.0, 0.0, 0.0)])
def test_it_finds_what_the_preferences_were_made_with(level: float, length: float, psi: float) -> None:
    gaps, hard = spread(1900)
    deviation = math.sqrt(fmean(gap**2 for gap in gaps) - fmean(gaps) ** 2)
    pairs = list(zip(gaps, hard, strict=True))
    made = [sigmoid(level + length * math.tanh(gap / deviation) + psi * one) for gap, one in pairs]
    found = length_controlled(made, gaps, hard, range(len(made)))
    assert found is not None
    assert (found.level, found.length, found.difficulty) == pytest.approx((level, length, psi), abs=0.04)
    assert found.value == pytest.approx(100 * fmean(sigmoid(level + psi * one) for one in hard), abs=0.2)
    assert abs(found.value - 100 * fmean(made)) > 1 or length == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(-9999, 9999), st.floats(-3, 3)), min_size=1, max_size=40))
@settings(max_examples=60)
def test_it_is_a_share_whatever_the_preferences_and_turns_round_with_them(rows: list[tuple[float, int, float]]) -> None:
    said, gaps, hard = map(list, zip(*rows, strict=True))
    found = length_controlled(said, gaps, hard, range(len(said)))
    other = length_controlled([1 - one for one in said], gaps, hard, range(len(said)))
    assert found is not None
    assert other is not None
    assert 0 <= found.value <= 100
    assert found.value + other.value == pytest.approx(100, abs=1e-4)


def test_equal_lengths_leave_the_win_rate_alone_and_extremes_stay_finite() -> None:
    said = [0.0, 1.0, 1.0, 1.0] * 50
    level = length_controlled(said, [0.0] * 200, [0.0] * 200, range(200))
    assert level is not None
    assert level.value == pytest.approx(75, abs=0.01)
    always = length_controlled([1.0] * 200, *spread(200), range(200))
    assert always is not None
    assert 99 < always.value <= 100
    assert length_controlled([], [], [], []) is None
    one = length_controlled([1.0], [5.0], [0.0], [0])
    assert one is not None
    assert one.stderr is None


def test_what_the_source_warns_of_is_implausible() -> None:
    assert [implausible(value, 40.0) for value in (29.9, 30.0, 40.0, 55.0, 55.1)] == [True, False, False, False, True]
    assert [implausible(value, 90.0) for value in (67.4, 67.5, 100.0)] == [True, False, False]


def recorded(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_it_comes_nearer_to_the_published_figures_than_the_plain_win_rate() -> None:
    folder = recording("alpaca_eval2")
    expected = json.loads((folder / "expected.json").read_text())
    published = {name: one["lb_length_controlled_winrate"] for name, one in expected.items()}
    said: list[list[float | None]] = []
    gaps: list[list[float]] = []
    for name in published:
        rows = {row["idx"]: row for row in recorded(folder / f"judgments/{name}.jsonl.gz")}
        known = [rows.get(at, {"preference": None, "len_1": 0, "len_2": 0}) for at in range(805)]
        said.append([None if row["preference"] is None else (row["preference"] or 1.5) - 1 for row in known])
        gaps.append([float(row["len_1"] - row["len_2"]) for row in known])
    hard = joint_difficulty(said, gaps, rounds=10)
    ours = {}
    for name, own, gap in zip(published, said, gaps, strict=True):
        there = [at for at, one in enumerate(own) if one is not None]
        found = length_controlled(
            [own[at] or 0.0 for at in there], [gap[at] for at in there], [hard[at] for at in there], there
        )
        assert found is not None
        ours[name] = found.value
    away = [abs(ours[name] - published[name]) for name in published]
    plain = [abs(expected[name]["win_rate"] - published[name]) for name in published]
    assert median(away) < 2.0 < 3.5 < median(plain)
    assert max(away) < 6.0 < 10.0 < max(plain)
    pairs = list(combinations(published, 2))
    same = sum((ours[a] > ours[b]) == (published[a] > published[b]) for a, b in pairs)
    assert 2 * same / len(pairs) - 1 > 0.8  # Kendall's tau
