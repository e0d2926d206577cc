"""Every published figure is compared, and nothing passes that is not equal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from replay.__main__ import compare, equal, known_studies, main
from replay.folder import DATA, ROOT, WITHOUT_VARIABLE
from replay.page import text
from replay.sources import SOURCES
from replay.study import Check, Ours, Path_, Plan, Skip, Study, leaves
from tests.recordings import recording

_REPOSITORY = re.compile(r"github\.com/[\w.-]+/[\w.-]+ at [0-9a-f]{40}")


def study(decimals: int | None = None) -> Study:
    return Study("made", lambda folder: Plan(), lambda folder, results: {}, decimals=decimals)


def test_a_published_figure_without_one_of_ours_is_a_mismatch() -> None:
    published = {"judge": {"n": 3, "accuracy": 66.67}, "lists": [1, 2]}
    ours: dict[Path_, Ours] = {("judge", "n"): 3, ("judge", "accuracy"): 200 / 3, ("lists",): [1, 2]}
    found = compare(study(2), published, ours)
    assert (found.compared, found.mismatches) == (3, [])
    found = compare(study(2), published, {("judge", "n"): 3, ("lists",): [1, 2]})
    assert found.compared == 2
    assert "judge / accuracy" in found.mismatches[0]
    found = compare(study(2), published, {**ours, ("judge", "accuracy"): 66.66})
    assert len(found.mismatches) == 1


def test_what_cannot_be_computed_is_counted_with_its_reason_and_our_own_checks_must_be_zero() -> None:
    found = compare(study(), {"a": 1.0}, {("a",): Skip("no weights"), ("misread",): Check(0)})
    assert (found.compared, found.mismatches, found.skipped) == (1, [], {"no weights": 1})
    assert len(compare(study(), {}, {("misread",): Check(2)}).mismatches) == 1
    assert len(compare(study(), {}, {("misread",): Check(None)}).mismatches) == 1


@pytest.mark.parametrize("ours", [0, 0.0, 5, None])
def test_a_figure_that_the_expectation_no_longer_holds_is_a_mismatch_even_where_it_is_0(ours: Ours) -> None:
    found = compare(study(), {"a": 1}, {("a",): 1, ("b",): ours})
    assert found.compared == 1
    assert "b: ours is" in found.mismatches[0]
    assert "does not hold this figure any more" in found.mismatches[0]


@pytest.mark.parametrize(
    ("ours", "published", "same"),
    [
        (1.0, 1, True),
        (1, 1.0, True),
        (0.5 + 5e-10, 0.5, True),
        (0.5 + 2e-9, 0.5, False),
        (None, 0.5, False),
        (None, None, True),
        (0.0, None, False),
        ("a", "a", True),
        (0, "0", False),
        (True, 1, False),
        ([1.0, 2.0], [1.0, 2.0], True),
        ([1.0], [1.0, 2.0], False),
        (float("nan"), 1.0, False),
    ],
)
def test_equality_is_exact_but_for_the_tolerance(ours: Ours, published: object, same: bool) -> None:
    assert equal(ours, published, 1e-9) is same


def test_leaves_are_the_figures_with_their_places() -> None:
    published = {"a": {"b": 1, "c": [2, 3]}, "d": None}
    assert dict(leaves(published)) == {("a", "b"): 1, ("a", "c"): [2, 3], ("d",): None}


def test_an_absent_folder_is_said_and_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data-dir", str(tmp_path / "none")]) == 0
    assert "there is no data folder" in capsys.readouterr().out


def test_a_study_without_recordings_is_a_failure_unless_it_is_excused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data-dir", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert all(f"{one.name}: the folder is not in" in said for one in known_studies())
    assert f"0 figures compared, 0 mismatches, {len(known_studies())} folders at fault" in said
    assert main(["--data-dir", str(tmp_path), "--without", *(one.name for one in known_studies())]) == 0
    assert "rimo                     left out by --without" in capsys.readouterr().out


def test_a_study_is_excused_by_the_environment_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(WITHOUT_VARIABLE, " ".join(one.name for one in known_studies()))
    assert main(["--data-dir", str(tmp_path)]) == 0
    assert "rimo                     left out by --without" in capsys.readouterr().out


def test_a_test_misses_a_recording_unless_it_is_excused_or_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WITHOUT_VARIABLE, raising=False)
    with pytest.raises(pytest.fail.Exception, match=f"{WITHOUT_VARIABLE}=rimo excuses it"):
        recording("rimo/expected.json", tmp_path)
    with pytest.raises(pytest.skip.Exception, match="there is no data folder"):
        recording("rimo/expected.json", tmp_path / "none")
    monkeypatch.setenv(WITHOUT_VARIABLE, "rimo")
    with pytest.raises(pytest.skip.Exception, match="excuses rimo"):
        recording("rimo/expected.json", tmp_path)


def test_no_test_and_no_benchmark_reads_recordings_from_a_place_of_its_own() -> None:
    place = re.compile(r"""["']shared["'] / ["']data["']|shared/data/""")
    files = [path for folder in ("tests", "benchmarks", "replay") for path in (ROOT / folder).rglob("*.py")]
    others = [path for path in files if path != Path(__file__)]  # which holds the pattern
    assert [path.name for path in others if place.search(path.read_text("utf-8"))] == ["folder.py"]


def test_unknown_names_and_folders_without_a_study_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data-dir", str(tmp_path), "--only", "rimmo"]) == 2
    assert "There is no study 'rimmo'. Did you mean rimo?" in capsys.readouterr().out
    (tmp_path / "unheard_of").mkdir()
    assert main(["--data-dir", str(tmp_path), "--without", *(one.name for one in known_studies())]) == 1
    assert "unheard_of: there is no study of this folder" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("expected.json", "which holds the expected figures, is not there"),
        ("rimo_p_facts.jsonl", "the folder cannot be replayed"),
        ({"expected.json": "{}"}, "expected.json does not hold this figure any more"),
        ({"expected.json": "{"}, "the folder cannot be replayed"),
        ({"rimo_n_facts.jsonl": ""}, "the folder cannot be replayed"),
    ],
)
def test_a_lost_file_and_an_emptied_expectation_are_failures(
    lost: str | dict[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording("rimo")
    folder = tmp_path / "rimo"
    folder.mkdir()
    for path in (DATA / "rimo").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    assert main(["--data-dir", str(tmp_path), "--only", "rimo"]) == 0
    capsys.readouterr()
    if isinstance(lost, str):
        (folder / lost).unlink()
    else:
        for name, text in lost.items():
            (folder / name).write_text(text)
    assert main(["--data-dir", str(tmp_path), "--only", "rimo"]) == 1
    assert said in capsys.readouterr().out


def test_the_page_says_where_every_study_comes_from() -> None:
    assert list(SOURCES) == [one.name for one in known_studies()]
    assert text() == (ROOT / "docs/replay.md").read_text("utf-8"), "run: make docs"
    for one in SOURCES.values():
        assert all(_REPOSITORY.fullmatch(repository) for repository in one.repository.split("; "))
        assert "`" in one.files, "names no file"
        assert one.steps
        assert one.at_least > 0


def test_the_recorded_judges_of_a_benchmark_give_the_published_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording("pandalm")
    recording("rewardbench")
    assert main(["--data-dir", str(DATA), "--only", "pandalm", "rewardbench", "--work-dir", str(tmp_path)]) == 0
    assert "47 figures compared, 0 mismatches" in capsys.readouterr().out


def test_a_changed_figure_makes_the_replay_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording("rewardbench")
    folder = tmp_path / "rewardbench"
    folder.mkdir()
    for path in (DATA / "rewardbench").glob("*.json"):
        (folder / path.name).write_bytes(path.read_bytes())
    golden = folder / "golden_pku_beaver_cost.json"
    published = json.loads(golden.read_text())
    published["sections"]["Safety"] += 0.001
    golden.write_text(json.dumps(published))
    assert main(["--data-dir", str(tmp_path), "--only", "rewardbench"]) == 1
    assert "sections / Safety" in capsys.readouterr().out
