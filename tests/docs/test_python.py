"""docs/python.md does what it says: its examples are executed as they stand, one after the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from judgebench.records.request import RunRequest, Selection
from judgebench.records.run import Options
from judgebench.session.outcome import Outcome
from judgebench.session.python import request_of
from tests.docs.pages import names_in_table, page
from tests.e2e.conftest import stand

EXAMPLES = re.findall(r"^```python\n(.*?)^```$", page("python.md"), re.MULTILINE | re.DOTALL)


def test_every_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(EXAMPLES) == 11
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "*")
    with stand(tmp_path) as bench:
        names: dict[str, Any] = {"MODEL_URL": bench.model.url, "JUDGE_URL": bench.judge.url, "__name__": "notebook"}
        for number, example in enumerate(EXAMPLES):
            exec(compile(example, f"docs/python.md, example {number}", "exec"), names)
        names["test_the_model_is_good_enough"]()
    told = capsys.readouterr().out
    assert "toy-model toy-judge 100.0" in told
    assert "I think it is 8" in told
    assert "finished" in told
    assert "judge toy-model/toy-judge finish 6 6" in told


def test_every_keyword_and_attribute_is_documented_and_no_other() -> None:
    documented = set(names_in_table(page("python.md"), "Every other flag"))
    parts = {"selection", "options", "json_events", "dry_run", "out"}
    selected = {"config", "config_dirs", "overrides", "summarizer", "executor", "listeners"}
    assert selected <= set(Selection.__struct_fields__)
    known = (set(RunRequest.__struct_fields__) - parts) | (set(Options.__struct_fields__) - {"debug"}) | selected
    assert documented == known
    outcome = {*Outcome.__struct_fields__, *(name for name, one in vars(Outcome).items() if isinstance(one, property))}
    assert set(names_in_table(page("python.md"), "| attribute of the outcome")) == outcome - {"plan", "request"}


def test_an_option_reaches_its_place() -> None:
    made = request_of("m", ["a", "b"], [], "infer", Path("r"), Path("w"), {"ids": ["3"], "overlap": False})
    assert (made.selection.models, made.selection.datasets, made.selection.given) == (["m"], ["a", "b"], {})
    assert (made.mode, made.reuse, made.work_dir, made.options.ids, made.overlap) == ("infer", "r", "w", ["3"], False)
