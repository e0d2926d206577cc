"""A run is labelled, its summary says what the labels make of the score, and they serve the next run."""

from __future__ import annotations

import csv

import msgspec
import pytest

from judgebench.cli.main import run as jb
from judgebench.report.current import newest_summary
from judgebench.store.run_folder import RunFolder
from tests.e2e.harness import Bench, judge_answer, model_answer


def test_labels_of_one_run_correct_it_and_the_next(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {number for number in range(40) if number % 4 == 0}
    bench.n = 40
    bench.write()
    bench.model.answer = model_answer(wrong.__contains__)
    strict = judge_answer()
    bench.judge.answer = lambda body: "VERDICT: A" if "of twice 8)" in str(body) else strict(body)  # lenient once
    done = bench.jb()
    assert done.code == 0, done.text
    assert "Corrected by people's labels" not in done.out
    sheet = bench.folder / "sheet.csv"
    assert jb(["label", "draw", str(bench.run), "--n", "30", "--out", str(sheet)]) == 0
    with sheet.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["reference"] == str(2 * int(rows[0]["id"]))
    for row in rows:
        row |= {"label": "incorrect" if int(row["id"]) in wrong else "correct", "annotator": "ada"}
    with sheet.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    first = bench.run
    assert jb(["label", "add", str(first), str(sheet)]) == 0
    assert "30 labels added" in capsys.readouterr().out
    summary = newest_summary(RunFolder(first))
    assert summary is not None
    (found,) = summary.corrected
    assert (found.row, found.labels, found.judge.value) == ("toy-judge", 30, 77.5)
    assert found.corrected is not None
    for ending in ("txt", "md", "html"):
        (page,) = (first / "summary").glob(f"*.{ending}")
        text = page.read_text()
        assert "Corrected by people&#x27;s labels" in text or "Corrected by people's labels" in text
        assert f"{found.corrected.value:.2f} (" in text
    again = bench.jb("--labels", "sheet.csv")
    assert again.code == 0, again.text
    assert "Corrected by people's labels" in again.out
    second = newest_summary(RunFolder(bench.runs[-1]))
    assert second is not None
    assert msgspec.to_builtins(second.corrected[0].corrected) == msgspec.to_builtins(found.corrected)
