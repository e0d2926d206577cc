"""From a run to labels: drawn with known probabilities, blind, resumable, void where the answer changed."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
from collections import Counter
from pathlib import Path

import pytest

from judgebench.cli.main import run as jb
from judgebench.records.manifest import ManifestJudge
from judgebench.store.labels import read_labels, valid_labels
from judgebench.store.run_folder import RunFolder
from judgebench.trust.drawing import candidates, draw, probabilities
from judgebench.trust.judged import judged_rows
from judgebench.trust.labelled import LabelBook
from tests.query.made import MadeRun, call, prediction, verdict
from tests.trust.made import judged, judged_run

TRUTH = [number % 3 != 0 for number in range(60)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    judged_run(tmp_path / "20260101_000000", TRUTH, judged(TRUTH, sensitivity=0.9, specificity=0.8))
    return tmp_path / "20260101_000000"


def keys(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_sheet_is_filled_in_and_taken_in(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.csv"
    assert jb(["label", "draw", str(run), "--n", "20", "--out", str(sheet)]) == 0
    assert "Drew 20 of the 60 answers of toy-strict (uniform, seed 0)" in capsys.readouterr().out
    rows = rows_of(sheet)
    assert len(rows) == 20
    assert not any("correct" in " ".join(row.values()) or "strict" in " ".join(row.values()) for row in rows)  # blind
    assert rows[0]["question"] == f"What is twice {rows[0]['id']}?"
    for row in rows[:15]:
        row["label"] = "right" if TRUTH[int(row["id"])] else "0"
    write_rows(sheet, rows)
    assert jb(["label", "add", str(run), str(sheet), "--annotator", "ada"]) == 0
    assert "15 labels added, 0 there already." in capsys.readouterr().out
    assert jb(["label", "add", str(run), str(sheet), "--annotator", "ada"]) == 0
    assert "0 labels added, 15 there already." in capsys.readouterr().out
    labels = list(read_labels(run / "labels/toy.jsonl"))
    assert {(one.probability, one.annotator) for one in labels} == {(20 / 60, "ada")}
    (row,) = judged_rows(RunFolder(run))
    found = LabelBook(RunFolder(run)).of(row)
    assert {place[0]: bool(one.worth) for place, one in found.answers.items()} == {
        int(one["id"]): TRUTH[int(one["id"])] for one in rows[:15]
    }
    assert (found.drawn, found.opened, found.void) == (20, 5, 0)


def test_the_terminal_labeller_goes_on_where_it_was_left(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert jb(["label", str(run)]) == 2
    assert "Draw first: jb label draw" in capsys.readouterr().err
    sheet = tmp_path / "sheet.csv"
    assert jb(["label", "draw", str(run), "--n", "6", "--out", str(sheet)]) == 0
    keys(monkeypatch, "cxq")
    assert jb(["label", str(run), "--annotator", "ada"]) == 0
    out = capsys.readouterr().out
    assert "2 labels by ada kept; 4 of the draw are left" in out
    order = [int(row["id"]) for row in rows_of(sheet)]
    assert f"What is twice {order[0]}?" in out
    keys(monkeypatch, "cucsxx")  # the first is thought better of; one is skipped
    assert jb(["label", str(run), "--annotator", "ada"]) == 0
    out = capsys.readouterr().out
    assert "3 of 6" in out
    assert f"What is twice {order[0]}?" not in out
    given = [(one.id, one.decision, one.blind) for one in read_labels(run / "labels/toy.jsonl")]
    words = ["correct", "incorrect", "correct", "correct", "incorrect", "incorrect"]
    assert [said for _, said, _ in given] == words
    assert [id for id, _, _ in given] == [order[0], order[1], order[2], order[2], order[4], order[5]]
    assert all(blind for *_, blind in given)


def test_arrows_are_no_labels_and_a_strange_key_is_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The arrow to the right sends ``ESC [ C``, Delete ``ESC [ 3 ~``, F1 ``ESC O P``."""
    assert jb(["label", "draw", str(run), "--n", "6", "--out", str(tmp_path / "sheet.csv")]) == 0
    keys(monkeypatch, "\x1b[C\x1b[3~\x1bOPz\x1bxq")
    assert jb(["label", str(run), "--annotator", "ada"]) == 0
    out = capsys.readouterr().out
    assert "z is none of the keys" in out
    assert "1 label by ada kept; 5 of the draw are left" in out
    assert [one.decision for one in read_labels(run / "labels/toy.jsonl")] == ["incorrect"]


def test_labels_serve_a_later_run_and_are_void_where_the_answer_changed(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet, again = tmp_path / "sheet.csv", tmp_path / "again.csv"
    assert jb(["label", "draw", str(run), "--n", "20", "--out", str(sheet)]) == 0
    rows = rows_of(sheet)
    for row in rows:
        row["label"] = "correct"
    write_rows(sheet, rows)
    changed = {int(row["id"]) for row in rows[:3]}
    later = tmp_path / "20260202_000000"
    texts = [row["answer"] for row in sorted(rows, key=lambda row: int(row["id"]))]
    assert len(texts) == 20
    originals = [
        json.loads(line)["prediction"] for line in (run / "predictions/north/toy.jsonl").read_text().splitlines()
    ]
    answers = [f"{text} No." if number in changed else text for number, text in enumerate(originals)]
    judged_run(later, TRUTH, judged(TRUTH, sensitivity=0.9, specificity=0.8), answers=answers)
    capsys.readouterr()
    assert jb(["label", "add", str(later), str(sheet), "--annotator", "ada"]) == 0
    assert "3 labels are void: their answers have changed." in capsys.readouterr().out
    (row,) = judged_rows(RunFolder(later))
    found = LabelBook(RunFolder(later)).of(row)
    assert (len(found.answers), found.void) == (17, 3)
    # the same items are drawn again, so what is void is all that there is to do
    assert jb(["label", "draw", str(later), "--n", "20", "--out", str(again)]) == 0
    assert {int(row["id"]) for row in rows_of(again) if not row["label"]} == changed


def test_leakage_between_splits_is_refused(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.csv"
    assert jb(["label", "draw", str(run), "--n", "40", "--calibration", "0.5", "--out", str(sheet)]) == 0
    rows = rows_of(sheet)
    splits = Counter(row["split"] for row in rows)
    assert set(splits) == {"calibration", "held-out"}
    for row in rows:
        row["label"] = "correct"
    write_rows(sheet, rows)
    assert jb(["label", "add", str(run), str(sheet), "--annotator", "ada"]) == 0
    (row,) = judged_rows(RunFolder(run))
    found = LabelBook(RunFolder(run)).of(row)
    assert (len(found.answers), found.calibration) == (splits["held-out"], splits["calibration"])
    rows[0] |= {"split": "held-out" if rows[0]["split"] == "calibration" else "calibration", "annotator": "bob"}
    write_rows(sheet, rows)
    capsys.readouterr()
    before = (run / "labels/toy.jsonl").read_bytes()
    assert jb(["label", "add", str(run), str(sheet), "--annotator", "ada"]) != 0
    assert f"Item {rows[0]['id']} of toy has labels in the splits" in capsys.readouterr().err
    assert (run / "labels/toy.jsonl").read_bytes() == before


@pytest.mark.parametrize("strategy", ["uniform", "stratified", "active", "disagreement"])
def test_every_answer_is_drawn_as_often_as_its_probability_says(run: Path, strategy: str) -> None:
    rows = judged_rows(RunFolder(run))
    found = candidates("toy-strict", rows, strategy)  # type: ignore[arg-type]
    found = [one._replace(weight=one.weight + (one.answer.id % 5 == 0)) for one in found]
    times: Counter[int] = Counter()
    chances: dict[int, float] = {}
    draws = 1500
    for seed in range(draws):
        drawn = draw(found, n=12, strategy=strategy, seed=seed, dataset="toy")  # type: ignore[arg-type]
        assert len(drawn) == 12
        assert drawn == draw(found, n=12, strategy=strategy, seed=seed, dataset="toy")  # type: ignore[arg-type]
        times.update(one.id for one in drawn)
        chances |= {one.id: one.probability for one in drawn}
    assert len(chances) == 60
    assert sum(chances.values()) == pytest.approx(12)
    worst = max(
        abs(times[id] / draws - chance) / math.sqrt(chance * (1 - chance) / draws) for id, chance in chances.items()
    )
    assert worst < 4  # standard errors; 60 answers
    assert len({round(chance, 9) for chance in chances.values()}) == (1 if strategy == "uniform" else 2)


def test_probabilities_add_up_and_none_is_too_small() -> None:
    chances = probabilities([100.0, 1.0, 0.0, 0.0, 0.0, 0.0], 3)
    assert chances[0] == 1.0
    assert sum(chances) == pytest.approx(3)
    assert min(chances) >= 0.5 * 3 / 6 * 0.9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,word\n1,correct\n", "needs the columns id and label"),
        ("id,label\nx,correct\n", "line 2: id is 'x'"),
        ("id,label\n1,perhaps\n", "the label 'perhaps' is none that toy takes"),
        ("id,label,probability\n1,correct,7\n", "line 2: probability is '7'"),
        ("id,label\n999,correct\n", "to item 999 of toy there is no answer"),
        ("id,label\n1,\n", "holds no label"),
        ("id,label\n1,correct\n1,incorrect\n", "'ada' says 'incorrect' of an answer, and 'correct' of the same"),
    ],
)
def test_a_file_that_is_no_file_of_labels_is_told_by_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(text)
    assert jb(["label", "add", str(run), str(file), "--annotator", "ada"]) != 0
    assert said in capsys.readouterr().err
    assert not (run / "labels").exists()


def test_of_labels_with_a_time_the_last_counts_and_twice_the_same_is_no_doubt(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("id,label,time\n1,correct,\n1,right,\n2,correct,2026-01-01\n2,incorrect,2026-01-02\n")
    assert jb(["label", "add", str(run), str(file), "--annotator", "ada"]) == 0
    counted = valid_labels(read_labels(run / "labels/toy.jsonl"))
    assert {one.id: one.decision for one in counted.values()} == {1: "correct", 2: "incorrect"}


def test_names_that_differ_in_case_or_blanks_are_one_annotator(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who types the own name in two ways would else agree with a second annotator, and be asked everything twice."""
    assert jb(["label", "draw", str(run), "--n", "3", "--out", str(tmp_path / "sheet.csv")]) == 0
    first, second, third = (int(row["id"]) for row in rows_of(tmp_path / "sheet.csv"))
    file = tmp_path / "labels.csv"
    file.write_text(
        f"id,label,annotator\n{first},correct,Ada  Byron\n{second},correct, ada byron \n{third},correct,Eve\n"
    )
    assert jb(["label", "add", str(run), str(file)]) == 0
    assert [one.annotator for one in LabelBook(RunFolder(run)).labels("toy")] == ["Ada  Byron", "Ada  Byron", "Eve"]

    capsys.readouterr()
    keys(monkeypatch, "x\n")
    assert jb(["label", str(run), "--annotator", "ADA BYRON"]) == 0
    assert "1 label by ADA BYRON kept; all done" in capsys.readouterr().out  # the one that only Eve has labelled

    file.write_text(f"id,label,annotator\n{first},incorrect,ada byron\n{first},correct,Ada Byron\n")
    assert jb(["label", "add", str(run), str(file)]) != 0
    assert "Leave the line that counts, or name two annotators" in capsys.readouterr().err
    file.write_text(f"id,label,annotator\n{first},incorrect,ada byron\n")
    assert jb(["label", "add", str(run), str(file)]) == 0
    assert jb(["label", "report", str(run)]) == 0
    assert "Ada  Byron (3), Eve (1)" in capsys.readouterr().out


def test_a_sheet_with_an_answer_that_thinks_aloud_is_taken_in(tmp_path: Path) -> None:
    run = tmp_path / "20260101_000000"
    judged_run(run, [True], [True], answers=["so " * 60_000])
    sheet = tmp_path / "sheet.csv"
    assert jb(["label", "draw", str(run), "--n", "1", "--out", str(sheet)]) == 0
    sheet.write_text(sheet.read_text().replace("so ,,,", "so ,correct,,"))
    assert jb(["label", "add", str(run), str(sheet), "--annotator", "ada"]) == 0
    assert [one.decision for one in read_labels(run / "labels/toy.jsonl")] == ["correct"]


@pytest.mark.parametrize("damage", [{"decision": None}, {"score": 3.0}, {"probability": -1.0}, {"annotator": ""}])
def test_a_label_that_nobody_could_have_given_is_told_by_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: dict[str, object]
) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("id,label\n1,correct\n")
    assert jb(["label", "add", str(run), str(file), "--annotator", "ada"]) == 0
    labels = run / "labels/toy.jsonl"
    labels.write_text(json.dumps(json.loads(labels.read_text()) | damage) + "\n")
    assert jb(["label", "report", str(run)]) == 2
    assert "toy.jsonl, line 1: this is no label: The label of" in capsys.readouterr().err


def test_of_a_damaged_draw_it_is_said_how_to_go_on(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw_again = ["label", "draw", str(run), "--n", "4", "--out", str(tmp_path / "sheet.csv")]
    assert jb(draw_again) == 0
    damaged = run / "labels/draws/toy-strict.json"
    damaged.write_text("{")
    assert jb(draw_again) == 2
    assert "Remove the file, then draw again" in capsys.readouterr().err
    damaged.unlink()
    assert jb(draw_again) == 0


def test_a_second_unequal_draw_is_refused_and_a_uniform_one_grows(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "20260303_000000"
    shutil.copytree(run, copy)
    out = ["--out", str(tmp_path / "sheet.csv")]
    for folder, strategy in ((run, "uniform"), (copy, "active")):
        assert jb(["label", "draw", str(folder), "--n", "4", "--strategy", strategy, *out]) == 0
        keys(monkeypatch, "cccc")
        assert jb(["label", str(folder), "--annotator", "ada"]) == 0
    capsys.readouterr()
    assert jb(["label", "draw", str(run), "--n", "10", *out]) == 0
    assert "4 have a label already" in capsys.readouterr().out
    (row,) = judged_rows(RunFolder(run))
    found = LabelBook(RunFolder(run)).of(row)
    assert {one.probability for one in found.answers.values()} == {10 / 60}
    assert jb(["label", "draw", str(copy), "--n", "10", *out]) == 2
    assert "Only a uniform draw can be enlarged" in capsys.readouterr().err


def test_a_label_file_is_checked_before_a_run_begins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("id,label,annotator\n1,correct,ada\n")
    words = ["--models", "nobody", "--datasets", "nothing", "--work-dir", str(tmp_path / "out"), "--labels", str(file)]
    assert jb(words) != 0
    assert "line 2: the label does not say about which answer it is." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("won", "even"), [("A", "tie"), ("A>>B", "A=B"), ("first", "tie")])
def test_of_a_comparison_both_answers_are_shown(tmp_path: Path, won: str, even: str) -> None:
    run = MadeRun(tmp_path / "20260101_000000")
    run.add("south", "toy", "", predictions=[prediction(at, f"South says {at}.") for at in range(4)])
    run.add(
        "north",
        "toy",
        "pair",
        predictions=[prediction(at, f"North says {at}.") for at in range(4)],
        calls=[call(at, "I say A") for at in range(4)],
        verdicts=[verdict(at, won if at else even, text=f"North says {at}.\0South says {at}.") for at in range(4)],
    )
    run._judges = [ManifestJudge(abbr="pair", dataset="toy", method="PairComparison", compare_with="south")]
    run.close()
    sheet = tmp_path / "sheet.csv"
    assert jb(["label", "draw", str(run.path), "--n", "4", "--out", str(sheet)]) == 0
    for row in rows_of(sheet):
        assert row["answer"] == f"A:\nNorth says {row['id']}.\n\nB:\nSouth says {row['id']}."
    filled = [{**row, "label": "B" if row["id"] == "1" else "tie"} for row in rows_of(sheet)]
    write_rows(sheet, filled)
    assert jb(["label", "add", str(run.path), str(sheet), "--annotator", "ada"]) == 0
    (row,) = (one for one in judged_rows(RunFolder(run.path)) if one.judge)
    assert row.kind == "preference"
    found = LabelBook(RunFolder(run.path)).of(row)
    assert {place[0]: one.worth for place, one in found.answers.items()} == {0: 0.5, 1: 0.0, 2: 0.5, 3: 0.5}
