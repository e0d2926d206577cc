"""The summarize stage makes the index of a run that is large, and a run without one is done all the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from judgebench.errors import DiskError
from judgebench.query import run_query, to_be_indexed
from judgebench.stages import task
from tests.e2e.conftest import stand


def test_a_large_run_has_its_index_when_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with stand(tmp_path) as bench:
        assert bench.jb("--no-preflight").code == 0
    assert not (bench.run / "index").exists()  # a small one waits until somebody looks
    (plan,) = bench.run.glob("configs/*.json")
    (spec,) = [one for one in msgspec.json.decode(plan.read_bytes())["tasks"] if one["stage"] == "summarize"]
    monkeypatch.setattr(run_query, "LARGE", 1)
    make = run_query.make_index

    def refused(*_: object, **__: object) -> None:
        raise DiskError("The disk is full.", hint="Make room.")

    monkeypatch.setattr(run_query, "make_index", refused)
    assert task.main([str(plan), spec["id"]]) == 0
    assert "no index of its items yet: The disk is full." in caplog.text
    monkeypatch.setattr(run_query, "make_index", make)
    assert task.main([str(plan), spec["id"]]) == 0
    assert (bench.run / "index" / "items.sqlite").is_file()
    assert to_be_indexed(bench.run) == 0
