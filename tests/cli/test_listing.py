from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from judgebench.cli.main import run
from judgebench.config.registry import SHIPPED


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("models/mine.py", "datasets/quiz.py", "judges/strict.py"):
        path = tmp_path / "configs" / name
        path.parent.mkdir(parents=True)
        path.write_text(f'"""My {path.stem}."""\n')
    return tmp_path / "configs"


def test_search_prints_the_table_of_names_and_absolute_paths(folder, capsys):
    assert run(shlex.split("--models vllm_api_general_chat mine --datasets quiz --judges strict --search")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("╒")
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if line.startswith("│")]
    assert cells == [
        ["Task Type", "Task Name", "Config File Path"],
        ["--models", "vllm_api_general_chat", str(SHIPPED / "models/vllm_api/vllm_api_general_chat.py")],
        ["--models", "mine", str(folder / "models/mine.py")],
        ["--datasets", "quiz", str(folder / "datasets/quiz.py")],
        ["--judges", "strict", str(folder / "judges/strict.py")],
    ]


def test_search_of_an_unknown_name_suggests_and_exits_with_two(folder, capsys):
    assert run(shlex.split("--models minee --search")) == 2
    assert "Did you mean mine?" in capsys.readouterr().err
    assert run(["--search"]) == 2


def test_list_says_kind_name_and_description(folder, capsys):
    assert run(["--list"]) == 0
    out = capsys.readouterr().out
    assert [line.split(None, 2) for line in out.splitlines() if "mine" in line] == [["models", "mine", "My mine."]]
    assert "vllm_api_stream_chat" in out


def test_list_takes_part_of_a_name_or_a_pattern(folder, capsys):
    assert run(["--list", "QUI"]) == 0
    assert capsys.readouterr().out.split() == ["datasets", "quiz", "My", "quiz."]
    assert run(["ls", "models", "*stream*"]) == 0
    assert capsys.readouterr().out.split()[:2] == ["models", "vllm_api_stream_chat"]
    assert run(["--list", "no such"]) == 2


@pytest.mark.parametrize(
    ("words", "name", "says"),
    [
        ("parsers anch", "anchored", "Reads a verdict"),
        ("aggregations major", "majority", "Take the decision"),
        ("metrics pass@", "pass@k", "The chance that at least one"),
        ("extractors", "LastNumber", "The last number"),
    ],
)
def test_ls_says_name_and_purpose_of_types(folder, capsys, words, name, says):
    assert run(["ls", *words.split()]) == 0
    lines = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert lines[name].startswith(says)


def test_ls_of_a_type_that_is_not_there_suggests(folder, capsys):
    assert run(["ls", "parsers", "anchord"]) == 2
    assert "Did you mean 'anchored'?" in capsys.readouterr().err


def test_show_prints_keys_with_their_file_and_line(folder, capsys):
    (folder / "models/mine.py").write_text(
        "from mmengine.config import read_base\nwith read_base():\n    from .root import models\n"
        "models[0]['retry'] = 5\nmodels[0]['api_key'] = 'sk-live'\n"
    )
    (folder / "models/root.py").write_text(
        "from judgebench.models import VLLMCustomAPIChat\nmodels = [dict(\n    type=VLLMCustomAPIChat,\n"
        "    abbr='mine',\n    retry=1,\n    host_port=8000,\n    generation_kwargs=dict(\n        temperature=0.1))]\n"
    )
    assert run(shlex.split("--show mine --override models.mine.batch_size=3")) == 0
    out = capsys.readouterr().out
    origin = {line.split(" = ")[0]: line.split("  # ")[1] for line in out.splitlines() if " = " in line}
    shown = {
        line.split(" = ")[0]: line.split(" = ")[1].split("  #")[0].strip() for line in out.splitlines() if " = " in line
    }
    assert origin["retry"] == "configs/models/mine.py:4"
    assert origin["host_port"] == "configs/models/root.py:6"
    assert origin["generation_kwargs.temperature"] == "configs/models/root.py:8"
    assert origin["type"] == "configs/models/root.py:3"
    assert origin["batch_size"] == "--override"
    assert origin["stream"] == "default"
    assert shown["batch_size"] == "3"
    assert shown["api_key"] == "'${JB_SECRET_MINE_API_KEY}'"
    assert origin["api_key"] == "configs/models/mine.py:5"
    assert "sk-live" not in out


def test_show_of_a_name_of_two_kinds_shows_both_and_of_none_suggests(folder, capsys):
    (folder / "summarizers").mkdir()
    (folder / "summarizers/mine.py").write_text("summarizer = dict(dataset_abbrs=['a'])")
    (folder / "models/mine.py").write_text("models = [dict(type='VLLMCustomAPIChat', abbr='m')]")
    assert run(["show", "mine"]) == 0
    out = capsys.readouterr().out
    assert "[models.m]" in out
    assert "[summarizer]" in out
    assert run(["show", "mne"]) == 2
    assert "'mine'" in capsys.readouterr().err
