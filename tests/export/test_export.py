"""``jb export``: what other programs read of a run."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from judgebench.cli.main import run
from judgebench.records.facts import Label, answer_hash
from judgebench.store.labels import append_labels
from tests.e2e.conftest import stand
from tests.query.made import MadeRun
from tests.query.test_query import WRONG, N, answer, fill


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("runs") / "20260101_120000")


def export(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    """Return what a command prints, and what it says beside."""
    done = run(["export", *words])
    said = capsys.readouterr()
    assert done == code, said.err
    return said.out, said.err


STRICT = ("--judge", "strict", "--model", "north")


def test_csv_and_parquet_hold_the_same_table(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow.parquet as pq

    rows = list(csv.DictReader(io.StringIO(export(capsys, str(folder), "--to", "csv", *STRICT)[0])))
    place = tmp_path / "new" / "items.parquet"
    _, said = export(capsys, str(folder), "--to", "parquet", "--out", str(place), *STRICT)
    assert said == f"{N} items are in {place}.\n"
    table = pq.read_table(place)
    assert [str(table.schema.field(name).type) for name in ("id", "wrong", "latency", "level", "category")] == [
        "int64", "bool", "double", "int64", "string",
    ]  # fmt: skip
    typed = table.to_pylist()
    assert len(rows) == len(typed) == N
    for plain, one in zip(rows, typed, strict=True):
        assert {name: "" if value is None else str(value) for name, value in one.items() if name != "wrong"} == {
            name: value if value not in {"true", "false"} else value.capitalize()
            for name, value in plain.items()
            if name != "wrong"
        }
    assert typed[3]["answer"] == answer(3)
    assert typed[3]["judge_reply"] == "I compared both. VERDICT: B"


def test_the_row_may_stand_before_and_behind_the_flags(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, _ = export(capsys, str(folder), "toy-strict", "--to", "csv")
    behind, _ = export(capsys, "--to", "csv", str(folder), "--model", "north", "toy-strict")
    rows = list(csv.DictReader(io.StringIO(before)))
    assert {row["row"] for row in rows} == {"toy-strict"}
    assert list(csv.DictReader(io.StringIO(behind))) == [row for row in rows if row["model"] == "north"] != []


def test_jsonl_holds_verdicts_and_judge_calls(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = export(capsys, str(folder), "--to", "jsonl", *STRICT, "--where", "wrong and id < 9")[0].splitlines()
    (one,) = [json.loads(line) for line in lines]
    (call,) = one["judge_calls"]
    assert (one["id"], one["answer"], call["reply"][slice(*call["span"])]) == (3, answer(3), "B")
    assert one["verdict"]["rule"]["decision"] == "incorrect"


def test_truescore_gets_verdicts_and_labels_and_no_guess(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    label = Label(answer_hash=answer_hash(answer(3)), id=3, model="north", annotator="one", decision="correct")
    append_labels(folder / "labels/toy.jsonl", [label])
    out, said = export(capsys, str(folder), "--to", "truescore", *STRICT)
    rows = {one["id"]: one for one in csv.DictReader(io.StringIO(out))}
    assert len(rows) == N - 2
    assert "2 items without a verdict left out" in said
    assert (rows["toy/3/0"]["judge"], rows["toy/3/0"]["human"]) == ("0.0", "1.0")
    assert {one["human"] for one in rows.values()} == {"1.0", ""}
    _, refused = export(capsys, str(folder), "--to", "truescore", code=2)
    assert "one judge's verdicts" in refused


def test_lm_eval_files_name_no_metric_where_nothing_was_scored(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(capsys, str(folder), "--to", "lm-eval", "--out", str(tmp_path / "lm"), *STRICT)
    (samples,) = (tmp_path / "lm/north").glob("samples_toy-strict_*.jsonl")
    lines = [json.loads(line) for line in samples.read_text().splitlines()]
    assert [(lines[id]["metrics"], lines[id].get("acc")) for id in (2, 3, 7, 12)] == [
        (["acc"], 1.0), (["acc"], 0.0), ([], None), ([], None),
    ]  # fmt: skip
    assert lines[3]["filtered_resps"] == [answer(3)]
    (results,) = (tmp_path / "lm/north").glob("results_*.json")
    assert json.loads(results.read_text())["n-samples"]["toy-strict"] == {
        "original": N, "effective": N, "scored": N - 2,
    }  # fmt: skip


def test_inspect_logs_have_a_scorer_for_each_judge(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(capsys, str(folder), "--to", "inspect", "--out", str(tmp_path / "logs"), "--model", "north")
    (path,) = (tmp_path / "logs").glob("*.json")
    log = json.loads(path.read_text())
    assert [sample["id"] for sample in log["samples"]] == list(range(N))
    third, unread, failed = (log["samples"][id] for id in (3, 7, 12))
    assert {name: score["value"] for name, score in third["scores"].items()} == {
        "strict": "I", "lenient": "I", "rule": "I",
    }  # fmt: skip
    assert third["scores"]["strict"]["explanation"] == "I compared both. VERDICT: B"
    assert third["output"]["completion"] == answer(3)
    assert "strict" not in unread["scores"]
    assert unread["metadata"]["unscored"] == {"strict": "unparsed the reply states no verdict"}
    assert failed["metadata"]["unscored"]["strict"].startswith("prediction_failed")


def test_inspect_itself_reads_the_logs(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = pytest.importorskip("inspect_ai.log")
    export(capsys, str(folder), "--to", "inspect", "--out", str(tmp_path / "logs"))
    read = [log.read_eval_log(str(path)) for path in sorted((tmp_path / "logs").glob("*.json"))]
    assert sorted((one.eval.task, one.eval.model, len(one.samples)) for one in read) == [
        ("toy", "north", N), ("toy", "south", N),
    ]  # fmt: skip
    north = next(one for one in read if one.eval.model == "north")
    assert north.status == "success"
    assert north.samples[3].scores["strict"].value == "I"
    assert north.samples[3].output.completion == answer(3)


def test_datasets_that_are_not_shareable_keep_their_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stand(tmp_path) as bench:
        config = bench.folder / "configs/datasets/toy_llmjudge.py"
        config.write_text(config.read_text().replace("prompt='{question}'", "prompt='{question}', shareable=False"))
        assert bench.jb("--no-preflight").code == 0
        for name in ("csv", "jsonl", "parquet", "inspect", "lm-eval", "truescore", "html", "site"):
            place = tmp_path / "out" / name
            _, said = export(capsys, str(bench.run), "--to", name, "--out", str(place))
            assert "shareable=False keeps the texts of toy out" in said
            files = [path for path in [place, *place.rglob("*")] if path.is_file()]
            assert files
            for path in files:
                content = path.read_bytes()
                for text in (b"twice", b"I think", b"VERDICT: A", b"q-1"):
                    assert text not in content, f"{name} holds {text!r}"
        page = next((bench.run / "summary").glob("*.html"))
        assert export(capsys, str(bench.run), "--to", "html")[0] == page.read_text()
        page.rename(page.with_name("summary_20200101_000000.html"))  # of a time when nothing was withheld
        _, said = export(capsys, str(bench.run), "--to", "html", code=2)
        assert "may hold texts that are not to be handed on" in said


def test_a_damaged_plan_is_no_leave_to_share(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = fill(tmp_path / "run")
    (path / "configs").mkdir()
    (path / "configs/20260101_120000_1.json").write_text('{"datasets": {"toy": {"shar')
    _, said = export(capsys, str(path), "--to", "csv", code=3)
    assert "it is not known which texts may be handed on" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "xml"], "invalid choice: 'xml'"),
        (["--to", "csv", "--where", "categry == 1"], "There is no field 'categry'"),
        (["--to", "inspect", "--out", "FILE"], "is no folder"),
        (["--to", "csv", "--out", "FOLDER"], "is no file"),
        (["--to", "html"], "has no report yet"),
        (["--to", "html", "--model", "north"], "about the whole run"),
        ([], "required: --to"),
    ],
)
def test_a_mistake_is_one_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    (tmp_path / "file").touch()
    named: dict[str, Any] = {"FILE": str(tmp_path / "file"), "FOLDER": str(tmp_path)}
    out, said = export(capsys, str(folder), *(named.get(word, word) for word in words), code=2)
    assert message in said
    assert out == ""


def test_an_empty_run_gives_an_empty_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = MadeRun(tmp_path / "run")
    made.add("m", "toy", predictions=[], verdicts=[])
    assert export(capsys, str(made.path), "--to", "csv")[0].count("\n") == 1
    assert export(capsys, str(made.path), "--to", "jsonl")[0] == ""


def test_truescore_itself_reads_its_table_and_the_files_of_other_tools(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapters = pytest.importorskip("truescore.adapters")
    tables = pytest.importorskip("truescore.io")
    place = tmp_path / "audit.csv"
    export(capsys, str(folder), "--to", "truescore", "--out", str(place), *STRICT)
    labels = tables.load_labels(place, judge="judge", gold=None, id_column="id", covariates=["response_chars"])
    assert (labels.n_total, float(labels.judge.sum())) == (N - 2, N - 2 - len(WRONG))
    for name in ("lm-eval", "inspect"):
        export(capsys, str(folder), "--to", name, "--out", str(tmp_path / name), *STRICT)
        (path,) = [one for one in (tmp_path / name).rglob("*.json*") if not one.name.startswith("results")]
        read = adapters.read_eval(path)
        assert (read.tool, len(read.rows)) == (name, N)
        (judge,) = read.judge_columns
        assert sum(row.get(judge, 0) for row in read.rows) == N - 2 - len(WRONG)
