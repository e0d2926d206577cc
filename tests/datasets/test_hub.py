"""The hub's library reads a local folder like a repository, so nothing here needs the network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import msgspec
import pytest

from judgebench.datasets import HubDataset
from judgebench.errors import MissingDataError
from tests.datasets.sources import written

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def hub_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("JB_DATA_DIR", raising=False)
    folder = tmp_path / "repository"
    folder.mkdir()
    rows = [{"q": f"q{n}", "choices": ["w", "x", "y", "z"], "answer": n} for n in range(4)]
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


def config(folder, **keys):
    hub = {"path": str(folder), "rename": {"q": "question"}, "spread": {"choices": ["A", "B", "C", "D"]}}
    return {
        "path": "mine.jsonl", "input_columns": ["question", "A", "D"], "output_column": "answer", "id_column": "id",
        "transforms": ["letter"], "hub": hub, **keys,
    }  # fmt: skip


def run(code: str, tmp_path: Path) -> str:
    """Run code in a process of its own, so that the library reads its settings from the environment of the test."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=200,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


READ = """
import msgspec, sys
from judgebench.datasets import HubDataset
from judgebench.errors import MissingDataError
loader = HubDataset(msgspec.convert(msgspec.json.decode({config!r}), HubDataset.Config))
assert "datasets" not in sys.modules
try:
    print(msgspec.json.encode(list(loader.samples(None))).decode())
except MissingDataError as error:
    print(error.message)
"""


def test_rows_of_the_hub_become_the_same_samples_as_those_of_a_file(hub_folder, tmp_path):
    out = run(READ.format(config=json.dumps(config(hub_folder))), tmp_path)
    rows = json.loads(out)
    assert [row["reference"] for row in rows] == ["A", "B", "C", "D"]
    assert rows[1]["fields"] == {"question": "q1", "A": "w", "D": "z"}
    assert "key" not in rows[0]  # the hub has no id column, which is no reason to refuse it
    local = [{"id": f"k{n}", "question": f"q{n}", "A": "w", "D": "z", "answer": "ABCD"[n]} for n in range(4)]
    written(tmp_path, "".join(json.dumps(row) + "\n" for row in local), "mine.jsonl")
    loader = HubDataset(msgspec.convert(config(hub_folder), HubDataset.Config))
    samples = list(loader.samples(tmp_path))
    assert [sample.key for sample in samples] == ["k0", "k1", "k2", "k3"]
    assert [sample.uid for sample in samples] == [row["uid"] for row in rows]
    assert loader.count(tmp_path) == 4


def test_a_hub_that_cannot_help_says_so_and_where_to_put_the_file(hub_folder, tmp_path):
    wanted = config(hub_folder)
    wanted["hub"]["path"] = "nobody/nothing-of-this-name"
    out = run(READ.format(config=json.dumps(wanted)), tmp_path)
    assert "The data file 'mine.jsonl' was not found" in out
    assert "The hub could not provide 'nobody/nothing-of-this-name' either" in out


def test_without_a_hub_the_missing_file_is_the_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loader = HubDataset(HubDataset.Config(path="mine.jsonl", input_columns=["question"]))
    with pytest.raises(MissingDataError, match=r"mine\.jsonl"):
        loader.samples(tmp_path)


def test_the_password_in_the_address_of_a_hub_is_not_told(tmp_path, monkeypatch):
    def refuse(*_args: object, **_named: object) -> None:
        raise OSError("no answer from https://me:sk-test-7f3b@hub.example:1/api and http://proxy:1")

    stand_in = types.SimpleNamespace(disable_progress_bars=lambda: None, load_dataset=refuse)
    monkeypatch.setitem(sys.modules, "datasets", stand_in)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    hub = {"path": "a/b", "split": "test"}
    loader = HubDataset(
        msgspec.convert({"path": "mine.jsonl", "input_columns": ["question"], "hub": hub}, HubDataset.Config)
    )
    with pytest.raises(MissingDataError, match=r"https://\*\*\*@hub\.example:1/api and http://proxy:1"):
        next(iter(loader.samples(tmp_path)))
