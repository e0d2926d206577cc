"""The measurement of intervals: what was measured is kept, and what misses the goal ends with an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import coverage


def test_measured_cells_are_kept_and_not_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "cells.jsonl"
    words = ["coverage", "--draws", "3", "--rates", "0.1", "--only", "corrected", "--keep", str(kept)]
    monkeypatch.setattr("sys.argv", words)
    coverage.main()
    first = capsys.readouterr().out
    lines = kept.read_text().splitlines(keepends=True)
    assert sum(bool(json.loads(line)[1]) for line in lines) == 5  # the sixth judge's scores are not for this estimator
    kept.write_text("".join(lines[:-1]))
    coverage.main()
    assert capsys.readouterr().out == first
    assert sorted(kept.read_text().splitlines(keepends=True)) == sorted(lines)


def test_simulated_answers_to_one_question_are_alike() -> None:
    """Else clusters would not matter, and no coverage would show that an interval knows them."""
    for cell in coverage.simulated(4):
        sums = cell.true.reshape(250, 4).mean(axis=1)
        assert sums.var() > 1.3 * cell.true.var() / 4
        assert np.array_equal(cell.questions.reshape(250, 4).min(axis=1), np.arange(250))


@pytest.mark.parametrize(("held", "labels", "ends"), [(80.0, 500.0, ""), (80.0, 50.0, "listed"), (95.0, 500.0, None)])
def test_what_misses_the_goal_is_told_and_listed_only_where_it_is_known_to(
    held: float, labels: float, ends: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    one = coverage.Measured("PPI++", "judge", "all", held, 10.0, 2.0, 100.0)
    lines = coverage.told("PPI++", 0.1, [one], labels=labels)
    assert f"{held:.1f}" in capsys.readouterr().out
    assert [line.startswith("listed") for line in lines] == ([] if ends is None else [ends == "listed"] * 2)
