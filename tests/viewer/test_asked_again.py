"""``jb try --item``: a judge looks once more at an answer of a finished run, and the run stays as it is."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from judgebench.cli.main import run
from judgebench.query import open_query
from judgebench.testing.faultservice import FaultService, prompt_text
from tests.viewer.stand import judge


def all_files(folder: Path) -> dict[Path, bytes]:
    """What a run holds, but for what can be made again."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.parent.name != "index"}


@pytest.fixture
def asked(runs: list[Path], monkeypatch: pytest.MonkeyPatch):
    """The service of the judges once more, and the flag by which a run of before finds it."""
    monkeypatch.chdir(runs[0].parents[2])  # where the data file lies
    with FaultService(judge, model="quill-32b") as service:
        yield (
            service,
            [
                "--override",
                *(f"judges.{one}.judge_model.url={service.url}" for one in ("quill", "inkwell", "pair")),
            ],
        )


def test_the_command_that_an_item_names_shows_its_judge_the_same_again(runs, asked, capsys) -> None:
    service, there = asked
    item = open_query(runs[0]).item("tanks-quill", 7, model="south-7b")
    before = all_files(runs[0])
    assert run([*shlex.split(item.again)[1:], *there]) == 4
    out = capsys.readouterr().out
    assert "quill: no verdict (unparsed): contradictory verdicts: A and B" in out
    assert "In the run quill says: the same. The reply above is not kept there." in out
    said = [one["content"] for one in item.calls[0].record.origin_prompt]
    assert [prompt_text(one.body) for one in service.requests] == ["\n".join(said)]
    assert all_files(runs[0]) == before


def test_a_comparison_is_asked_in_both_orders_with_the_other_models_answer(runs, asked, capsys) -> None:
    there = asked[1]
    item = open_query(runs[0]).item("tanks-pair", 1)
    assert run(["try", "--item", str(runs[0]), "tanks-pair", "tank-01", *there, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["prompt"] for one in found["questions"]] == [call.record.origin_prompt for call in item.calls]
    assert found["verdict"]["decision"] == item.line.decision


def test_another_judge_may_look_at_the_item(runs, asked, capsys) -> None:
    argv = ["try", "tank_judges", "--judge", "inkwell", "--item", str(runs[0]), "tanks-quill", "1"]
    there = ["--override", f"judges.inkwell.judge_model.url={asked[0].url}"]
    assert run([*argv, "--model", "south-7b", *there]) == 0
    out = capsys.readouterr().out
    assert "inkwell: incorrect" in out
    assert "In the run quill says: correct." in out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--item", "RUN", "tanks-quill", "99", "--model", "south-7b"], "has no item 99"),
        (["--item", "RUN", "tanks-quill", "1"], "Name the row, and the model too."),
        (["--item", "RUN", "tanks-quill", "1", "--answer", "4"], "--item brings question, answer and fields along."),
        (["--item", "RUN", "tanks-quilt", "1"], "tanks-quilt"),
        ([], "No judge is named"),
    ],
)
def test_mistakes_are_one_sentence(runs, asked, capsys, argv, said) -> None:
    assert run(["try", *(str(runs[0]) if word == "RUN" else word for word in argv)]) == 2
    assert said in capsys.readouterr().err
    assert not asked[0].requests


def test_data_that_have_changed_are_not_judged_as_if_they_had_not(runs, asked, capsys, tmp_path, monkeypatch) -> None:
    lines = Path("tanks.jsonl").read_text().replace("litres", "liters")
    (tmp_path / "tanks.jsonl").write_text(lines)
    monkeypatch.chdir(tmp_path)
    assert run(["try", "--item", str(runs[0]), "tanks-pair", "1", *asked[1]]) != 0
    assert "The data of 'tanks' have changed since the run: row 1 is not what was asked." in capsys.readouterr().err
