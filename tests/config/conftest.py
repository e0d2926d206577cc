from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from judgebench.config.resolve import load_run
from judgebench.records.request import Selection

Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "importable"))


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A current directory without a configs folder, and a user config folder beside it."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    user = tmp_path / "user"
    user.mkdir()
    return user


@pytest.fixture
def write(folder) -> Write:
    """Write a file below the user config folder: ``write("models/a.py", text)``."""

    def _write(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")
        return path

    return _write


MODEL = """
    from judgebench.models import VLLMCustomAPIChat
    models = [dict(type=VLLMCustomAPIChat, abbr="m", host_port=8000, generation_kwargs=dict(temperature=0.5))]
"""
DATASET = """
    from jb_toys import ToyLoader, ToyMethod, ToyRule
    from judgebench.models import VLLMCustomAPIChat
    toy_datasets = [dict(
        abbr="toy",
        type=ToyLoader,
        path="toy.jsonl",
        prompt=[dict(role="user", content="{question}")],
        evaluator=dict(type=ToyRule, case=False),
        judge_infer_cfg=dict(
            judge_model=dict(type=VLLMCustomAPIChat, abbr="judge", host_port=8001),
            method=dict(type=ToyMethod, votes=3),
        ),
    )]
"""


@pytest.fixture
def toys(write) -> None:
    """A model ``m`` and a judged dataset ``toy``."""
    write("models/m.py", MODEL)
    write("datasets/toy.py", DATASET)


@pytest.fixture
def run(folder):
    """Resolve the model ``m`` and dataset ``toy`` of the user folder, with changes."""

    def _run(environ=None, **changes):
        chosen = {"models": ["m"], "datasets": ["toy"], "config_dirs": [str(folder)], **changes}
        return load_run(Selection(**chosen), environ or {})

    return _run
