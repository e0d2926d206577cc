"""Files as spreadsheets, editors and merges leave them: read where that is plain, else refused in one sentence."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgebench.errors import ConfigError, DataError, UsageError
from judgebench.report.allowed_drops import parse_drop
from judgebench.store.run_folder import RunFolder
from judgebench.trust.baselines import baseline_of, baseline_text, read_baseline
from judgebench.trust.label_files import read_label_file
from tests.trust.made import judged_run

HASH = "0123456789abcdef0123456789abcdef"
ROW = {"id": "7", "label": "correct", "answer_hash": HASH, "probability": "0.25", "annotator": "ada"}


def table(row: dict[str, str], *, delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(row), delimiter=delimiter)
    writer.writeheader()
    writer.writerow(row)
    return text.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        table(ROW, delimiter=";").encode("utf-8-sig"),
        ("sep=;\r\n" + table(ROW, delimiter=";")).encode(),
        table(ROW | {"probability": "0,25"}, delimiter=";").encode(),
        table(ROW, delimiter="\t").encode("utf-16"),
        table({name.upper(): cell for name, cell in ROW.items()}).encode(),
        table(ROW | {"id": "7.0", "answer_hash": HASH.upper()}).encode(),
    ],
    ids=["a byte order mark and semicolons", "a line sep=", "a decimal comma", "UTF-16", "capitals", "a number as 7.0"],
)
def test_a_sheet_is_read_as_spreadsheets_save_it(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "labels.csv"
    file.write_bytes(data)
    (found,) = read_label_file(file)
    assert (found.id, found.said, found.answer_hash, found.probability) == (7, "correct", HASH, 0.25)
    assert found.annotator == "ada"


def test_json_is_read_with_a_byte_order_mark_and_as_a_list(tmp_path: Path) -> None:
    file = tmp_path / "labels.json"
    for text in (f"\ufeff{json.dumps(ROW)}\n", json.dumps([ROW], indent=1)):
        file.write_text(text, "utf-8")
        (found,) = read_label_file(file)
        assert (found.id, found.said) == (7, "correct")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04\x14\x00", "is a workbook"),
        (b"id,label,label\n1,correct,incorrect\n", "two columns called 'label'"),
        (b"id,label,answer_hash\n1,correct,1.23E+15\n", "line 2: answer_hash is '1.23E+15', and should be 32"),
        (b"id,label,probability\n1,correct,30.Mai\n", "line 2: probability is '30.Mai'"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    file = tmp_path / "labels.csv"
    file.write_bytes(data)
    with pytest.raises(DataError, match=said.replace("+", r"\+")):
        read_label_file(file)


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    run = judged_run(tmp_path / "20260101_000000", [True, False] * 10, [True, False] * 10).path
    file = tmp_path / "baseline.json"
    file.write_bytes(baseline_text(baseline_of(RunFolder(run))))
    return file


Change = Callable[[dict[str, Any]], object]


def labelled(label: float, probability: float) -> Change:
    return lambda made: made["rows"][0]["items"][0].__setitem__(slice(6, 8), [label, probability])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: made["rows"][0]["items"].append(made["rows"][0]["items"][3]), "item 3 of north:toy-strict twice"),
        (lambda made: made["rows"].append(made["rows"][0]), "north:toy-strict twice"),
        (labelled(1.0, 0.0), "probability 0"),
        (labelled(7.0, 0.5), "label 7"),
    ],
    ids=["an item twice", "a row twice", "a probability of 0", "a label above 1"],
)
def test_a_baseline_that_a_merge_or_a_hand_has_spoilt_is_refused(baseline: Path, change: Change, said: str) -> None:
    made = json.loads(baseline.read_text())
    change(made)
    baseline.write_text(json.dumps(made))
    with pytest.raises(ConfigError, match=said) as refused:
        read_baseline(baseline)
    assert "--update-baseline" in refused.value.hint


def test_a_baseline_is_read_with_a_byte_order_mark(baseline: Path) -> None:
    baseline.write_bytes(b"\xef\xbb\xbf" + baseline.read_bytes())
    assert len(read_baseline(baseline).sides["north", "toy-strict"].answers) == 20


def test_a_merge_conflict_in_a_baseline_is_called_one(baseline: Path) -> None:
    baseline.write_text(baseline.read_text().replace("\n", "\n<<<<<<< HEAD\n", 1))
    with pytest.raises(ConfigError, match="merge conflict"):
        read_baseline(baseline)


def test_a_drop_that_is_written_as_a_share_of_one_is_asked_about() -> None:
    with pytest.raises(UsageError, match=r"allows 0\.02 points; 2 points are written as 2"):
        parse_drop("toy-judge.accuracy=0.02")
    assert parse_drop("toy-judge.mean_score=0.02").margin == 0.02
    assert parse_drop("toy-judge.accuracy=0").margin == 0
    assert parse_drop("toy-judge.accuracy=0.5").margin == 0.5
