"""``jb audit``: equal within the printed rounding, and by which convention a figure would be the published one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.cli.main import run as jb
from judgebench.records.findings import PresentationVerdict
from judgebench.records.flow import Counts, Metric, TaskResult
from judgebench.report.results import write_result
from tests.query.made import MadeRun, call, prediction, verdict


def made_run(folder: Path) -> Path:
    """Ten answers: six right, two wrong, two unread; of two categories, 6 and 4 items."""
    said = ["correct"] * 6 + ["incorrect"] * 2 + [None] * 2
    run = MadeRun(folder)
    run.add(
        "north",
        "toy",
        "strict",
        predictions=[prediction(number, f"It is {number}.") for number in range(10)],
        calls=[call(number, "VERDICT: A" if one == "correct" else "hm") for number, one in enumerate(said)],
        verdicts=[
            msgspec.structs.replace(
                verdict(number, one, text=f"It is {number}."), meta={"category": "x" if number < 6 else "y"}
            )
            for number, one in enumerate(said)
        ],
    )
    result(run.path, "toy-strict", {"accuracy": Metric(value=75.0, n=8, unit="percent")})
    return run.path


def result(run: Path, row: str, metrics: dict[str, Metric]) -> None:
    dataset, _, judge = row.partition("-")
    write_result(
        run / f"results/north/{row}.json",
        TaskResult(
            model="north", dataset=row, data_abbr=dataset, judge=judge, version="1", mode="gen",
            headline=next(iter(metrics)), metrics=metrics, counts=Counts(planned=10, ok=8, unparsed=2),
        ),
    )  # fmt: skip


def audited(run: Path, table: Path, *flags: str) -> tuple[int, list[dict[str, Any]]]:
    file = table.with_name("audited.json")
    code = jb(["audit", str(run), "--expected", str(table), "--json", str(file), *flags])
    found: list[dict[str, Any]] = json.loads(file.read_text())
    return code, found


@pytest.mark.parametrize(
    ("value", "verdict", "why"),
    [
        ("75", "equal", ""),
        ("75.0", "equal", ""),
        ("0.75", "equal", "printed as a share of 1"),
        ("75.04", "differs", ""),
        ("60.0", "explained", "unread counts as wrong"),
        ("70.0", "explained", "unread counts a half"),
        ("0.6", "explained", "unread counts as wrong"),
        ("50.0", "explained", "the mean over each category, all weighing alike"),
    ],
)
def test_a_figure_is_equal_or_explained_by_a_convention(
    tmp_path: Path, value: str, verdict: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = made_run(tmp_path / "20260101_000000")
    table = tmp_path / "table.csv"
    table.write_text(f"model,row,metric,value\nnorth,toy-strict,accuracy,{value}\n")
    code, (found,) = audited(run, table)
    assert (found["verdict"], code) == (verdict, 0 if verdict == "equal" else 5)
    assert (why in found["why"]) if why else not found["why"]
    out = capsys.readouterr().out
    assert "Figures that are not equal" in out or "what would explain it" in out or verdict == "equal"


@pytest.mark.parametrize(("value", "why"), [("0.45", "digits were cut off instead of rounded"), ("0.46", "")])
def test_digits_that_were_cut_off_are_told_from_rounded_ones(tmp_path: Path, value: str, why: str) -> None:
    run = made_run(tmp_path / "20260101_000000")
    result(run, "toy-strict", {"kappa": Metric(value=0.457, n=8, unit="coefficient")})
    table = tmp_path / "t.csv"
    table.write_text(f"model,kappa\nnorth,{value}\n")
    _, (found,) = audited(run, table)
    assert found["verdict"] == ("explained" if why else "equal")
    assert found["why"] == ([why] if why else [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "model,toy-strict\nnorth,75.0%\n"),
        ("t.md", "Table 2.\n\n| Model | accuracy |\n|---|---:|\n| north | **75.0** ± 3.1 |\n"),
        ("t.json", '{"north": {"toy-strict": {"accuracy": 75.00}}}'),
        ("t.json", '[{"model": "north", "dataset": "toy", "judge": "strict", "metric": "accuracy", "value": 75}]'),
    ],
)
def test_tables_have_several_forms(tmp_path: Path, name: str, text: str) -> None:
    run = made_run(tmp_path / "20260101_000000")
    (tmp_path / name).write_text(text)
    code, (found,) = audited(run, tmp_path / name)
    assert (code, found["verdict"], found["ours"]) == (0, "equal", 75.0)


@pytest.mark.parametrize(
    ("suffix", "text", "told"),
    [
        (".csv", "model,row,metric,value\nnorth,toy-strict,accuracy,1e999\n", "holds no figure"),
        (".csv", "model,row,metric,value\nnorth,toy-strict,accuracy," + "9" * 500, "holds no figure"),
        (".csv", f"model,row,metric,value\n{'a' * 200_000},toy-strict,accuracy,75\n", "is no CSV: field larger"),
        (".csv", "model,row,metric,value\rnorth,toy-strict,accuracy,75\r", "1 published figure: 1 equal"),
        (".json", "[" * 100_000, "is no JSON"),
        (".json", "\ufeff[]", "holds no figure"),
    ],
)
def test_a_table_of_any_form_is_read_or_refused_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str, text: str, told: str
) -> None:
    table = tmp_path / f"published{suffix}"
    table.write_text(text, newline="")
    code = jb(["audit", str(made_run(tmp_path / "20260101_000000")), "--expected", str(table)])
    said = capsys.readouterr()
    assert told in said.out + said.err
    assert code == (0 if "equal" in told else 2)


def test_what_the_runs_lack_is_not_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = made_run(tmp_path / "20260101_000000")
    table = tmp_path / "t.csv"
    table.write_text("model,row,accuracy,acuracy\nsouth,toy-strict,75.0,\nnorth,toy-strict,75.0,75.0\n")
    code, found = audited(run, table)
    assert [one["verdict"] for one in found] == ["not found", "equal", "not found"]
    assert code == 6
    out = " ".join(capsys.readouterr().out.split())
    assert "the runs have no model 'south'; they have north" in out
    assert "toy-strict has no 'acuracy'; it has accuracy" in out
    table.write_text("nothing,here\na,b\n")
    assert jb(["audit", str(run), "--expected", str(table)]) == 2
    assert "holds no figure" in capsys.readouterr().err


def test_another_aggregation_or_parser_explains_a_win_rate(tmp_path: Path) -> None:
    """Both orders say A in 4 of 10 pairs; in the others they disagree, which is a tie, or a win by the first order."""
    run = MadeRun(tmp_path / "20260101_000000")
    agree = [number < 4 for number in range(10)]
    run.add(
        "north",
        "toy",
        "pair",
        predictions=[prediction(number, f"It is {number}.") for number in range(10)],
        calls=[call(number, "[[A]]") for number in range(10)],
        verdicts=[
            msgspec.structs.replace(
                verdict(number, "A" if both else "tie", text=f"It is {number}."),
                presentations=[
                    PresentationVerdict(presentation="AB", order="AB", status="ok", decision="A"),
                    PresentationVerdict(presentation="BA", order="BA", status="ok", decision="B" if both else "A"),
                ],
            )
            for number, both in enumerate(agree)
        ],
    )
    result(run.path, "toy-pair", {"win_rate": Metric(value=70.0, n=10, unit="percent")})
    table = tmp_path / "t.csv"
    expected = {"100.0": "presentation AB alone", "40.0": "a tie counts as lost", "70.0": ""}
    for value, why in expected.items():
        table.write_text(f"model,row,metric,value\nnorth,toy-pair,win_rate,{value}\n")
        _, (found,) = audited(run.path, table)
        assert found["verdict"] == ("explained" if why else "equal")
        assert not why or why in found["why"]
