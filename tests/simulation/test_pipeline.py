"""A simulated world through the real pipeline: the same verdicts, and a judge that drifts is found out by anchors."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from judgebench.cli.main import run as jb
from judgebench.simulation.scripted import ScriptedWorld, run_world
from judgebench.store.run_folder import RunFolder
from judgebench.trust.comparing import compare_runs
from judgebench.trust.judged import judged_rows


def test_a_drift_of_the_judge_by_three_points_is_attributed_to_the_judge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tested model is the same in both runs; the judge rejects 4% of what it accepted, that is some 3 points."""
    judge = {"sensitivity": 0.95, "specificity": 0.9, "unread": 0.01, "drift": 0.04, "drifts_on": "2026-06-01"}
    first = ScriptedWorld(items=600, quality=0.8, judge=judge, date="2026-01-01", churn=0.1)
    second = msgspec.structs.replace(first, second=True, date="2026-07-01")
    folders = [RunFolder(run_world(world, tmp_path)) for world in (first, second)]
    for world, folder in zip((first, second), folders, strict=True):
        (row,) = judged_rows(folder)
        expected = world.verdicts()
        said = [row.worth(answer.decision, answer.score) for _, answer in sorted(row.answers.items())]
        assert np.isnan(expected).sum() > 0
        assert [None if np.isnan(one) else one for one in expected] == said
    (found,) = compare_runs(*folders)
    assert found.difference is not None
    assert found.unmoved is not None
    assert found.unmoved.moved()
    assert -0.06 < found.unmoved.shift.value < -0.015
    low, high = found.unmoved.rest.interval()
    assert low < 0 < high
    assert jb(["compare", *(str(one.path) for one in folders), "--margin", "0"]) == 0
    out = capsys.readouterr().out
    assert "THE JUDGE MOVED" in out
    assert "Cannot tell whether it is worse by more than 0 points" in out
