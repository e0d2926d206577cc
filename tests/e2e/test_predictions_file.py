"""Answers that somebody already has, judged from end to end: no model is asked, and every row comes back."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import prompt_text
from tests.e2e.harness import JB, Bench, Done, environment, run, slower_after, wait_until
from tests.e2e.loopback_judge import loopback_judge

Rows = list[dict[str, Any]]
RUBRIC = 'The number is right.\nAn answer such as {"n": ${TWO}} counts too.\n'
WRONG = {1, 4}
"""Questions that the answers get wrong."""


def said(number: int, *, wrong: bool) -> str:
    return f"I think it is {2 * number + wrong} (of twice {number})"


def rows(count: int = 6, model: str = "", wrong: set[int] | None = None) -> Rows:
    wrong = WRONG if wrong is None else wrong
    return [
        {
            "id": f"q{i}",
            "question": f"What is twice {i}?",
            "prediction": said(i, wrong=i in wrong),
            "category": "even" if i % 2 == 0 else "odd",
            **({"model": model} if model else {}),
        }
        for i in range(count)
    ]


def without(given: Rows, *columns: str) -> Rows:
    return [{name: value for name, value in row.items() if name not in columns} for row in given]


def write(path: Path, given: Rows) -> Path:
    if path.suffix == ".parquet":
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.Table.from_pylist(given), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in given), "utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(given[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            table.writeheader()
            table.writerows(given)
    return path


@pytest.fixture
def judged(bench: Bench) -> Bench:
    """The toy benchmark's folder; ``other_model`` is a judge that any method can ask."""
    bench.model.answer = loopback_judge
    (bench.folder / "rubric.txt").write_text(RUBRIC)
    return bench


SCORED = ["--judges", "other_model", "--rubric", "rubric.txt", "--scale", "1-5"]


def jb(bench: Bench, name: str, given: Rows | None, *flags: str) -> Done:
    if given is not None:
        write(bench.folder / name, given)
    return run([*JB, "--predictions", name, *flags], bench.folder)


def result(bench: Bench, row: str = "mine-other-model", model: str = "recorded") -> dict[str, Any]:
    return dict(json.loads((bench.run / "results" / model / f"{row}.json").read_text()))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shown(bench: Bench) -> list[str]:
    """The judge's prompts about answers, trial questions aside."""
    return [text for one in bench.model.requests if "(of twice" in (text := prompt_text(one.body))]


@pytest.mark.parametrize("form", ["jsonl", "csv", "tsv", "parquet"])
def test_rows_are_scored_by_a_rubric_and_come_back_with_their_verdicts(judged: Bench, form: str) -> None:
    done = jb(judged, f"mine.{form}", rows(), *SCORED, "--out", "scored.csv")
    assert done.code == 0, done.text
    found = result(judged)
    assert found["counts"]["ok"] == 6
    assert found["metrics"]["mean_score"]["value"] == pytest.approx((4 * 5 + 2 * 1) / 6)
    lines = table(judged.folder / "scored.csv")
    assert [line["id"] for line in lines] == [f"q{i}" for i in range(6)]
    assert [line["score"] for line in lines] == ["1" if i in WRONG else "5" for i in range(6)]
    assert without(lines, "judge", "status", "decision", "score", "reason", "span") == rows()
    assert {line["judge"] for line in lines} == {"other-model"}
    assert {line["status"] for line in lines} == {"ok"}
    assert lines[1]["reason"] == "It is as it is.\n\nSCORE: 1"
    assert lines[1]["span"] == "1"
    assert "scored.csv (6 lines)" in done.out
    assert "asked: 'question'; answer: 'prediction'; no gold answer; id: 'id'; kept for slices: 'category'" in done.out


def test_the_judge_is_shown_the_rubric_as_it_stands_and_the_scale(judged: Bench) -> None:
    assert jb(judged, "mine.jsonl", rows(), *SCORED).code == 0
    prompts = shown(judged)
    assert len(prompts) == 6
    assert all(RUBRIC.strip() in prompt and "a whole number from 1 to 5" in prompt for prompt in prompts)


def test_the_rubric_is_part_of_what_was_asked(judged: Bench) -> None:
    assert jb(judged, "mine.jsonl", rows(), *SCORED).code == 0
    (judged.folder / "rubric.txt").write_text("Be strict.")
    done = jb(judged, "mine.jsonl", None, *SCORED, "--reuse")
    assert done.code == 0, done.text
    assert len(shown(judged)) == 12
    assert "Be strict." in shown(judged)[-1]


def test_scores_that_could_not_be_read_are_bounded_by_the_scale(judged: Bench) -> None:
    def answer(body: dict[str, Any]) -> Any:
        return "Hard to say." if "twice 3?" in prompt_text(body) else loopback_judge(body)

    judged.model.answer = answer
    done = jb(judged, "mine.jsonl", rows(), *SCORED, "--out", "scored.jsonl")
    assert done.code == 0, done.text
    metric = result(judged)["metrics"]["mean_score"]
    assert metric["bounds"] == pytest.approx([(17 + 1) / 6, (17 + 5) / 6])
    line = [json.loads(line) for line in (judged.folder / "scored.jsonl").read_text().splitlines()][3]
    assert (line["status"], line["score"]) == ("unparsed", None)
    assert "states no score" in line["reason"]


def test_any_judge_can_look_at_them_and_a_rule_measures_it(judged: Bench) -> None:
    given = [{**row, "reference": str(2 * i)} for i, row in enumerate(rows())]
    judged.model.answer = loopback_judge
    done = jb(judged, "mine.jsonl", given, "--judges", "other_model", "--out", "scored.csv")
    assert done.code == 0, done.text
    assert result(judged)["metrics"]["accuracy"]["value"] == pytest.approx(100 * 4 / 6)
    lines = [line for line in table(judged.folder / "scored.csv") if line["judge"]]
    assert [line["decision"] for line in lines] == ["incorrect" if i in WRONG else "correct" for i in range(6)]


def test_answer_beside_reference_is_what_the_model_said(judged: Bench) -> None:
    given = [
        {"question": row["question"], "answer": row["prediction"], "reference": str(2 * i)}
        for i, row in enumerate(rows())
    ]
    done = jb(judged, "mine.csv", given, "--judges", "other_model")
    assert done.code == 0, done.text
    assert "answer: 'answer'; gold answer: 'reference'" in done.out
    assert result(judged)["metrics"]["accuracy"]["value"] == pytest.approx(100 * 4 / 6)


def test_answer_without_a_reference_is_asked_about(judged: Bench) -> None:
    given = [{"question": row["question"], "answer": row["prediction"]} for row in rows()]
    done = jb(judged, "mine.csv", given, *SCORED)
    assert done.code == 2
    assert "'answer' may be what a model answered or the right answer; which is it?" in done.err
    assert '{"prediction_column": "answer"}' in done.err
    assert not judged.model.requests
    assert not judged.runs
    (judged.folder / "mine.csv.meta.json").write_text('{"prediction_column": "answer"}')
    done = jb(judged, "mine.csv", None, *SCORED)
    assert done.code == 0, done.text
    assert len(shown(judged)) == 6


def test_a_file_without_a_column_of_answers_is_refused(judged: Bench) -> None:
    done = jb(judged, "mine.jsonl", without(rows(), "prediction"), *SCORED)
    assert done.code == 2
    assert "has no column 'prediction', 'response' or 'output' with the answers" in done.err
    assert "columns found: 'id', 'question', 'category'" in done.err
    assert not judged.runs


def test_an_id_that_stands_twice_is_refused(judged: Bench) -> None:
    done = jb(judged, "mine.jsonl", [*rows(), rows()[2]], *SCORED)
    assert done.code == 2
    assert "mine.jsonl:7: the id 'q2' stands in row 3 too" in done.err
    assert '{"id_column": ""}' in done.err
    assert not judged.model.requests


def test_equal_questions_without_ids_are_rows_of_their_own(judged: Bench) -> None:
    given = [{"question": "What is twice 2?", "response": said(2, wrong=wrong)} for wrong in (False, True)]
    cached = ["--cache", "cache", "--dedup"]
    done = jb(judged, "mine.jsonl", given, *SCORED, *cached, "--out", "scored.csv")
    assert done.code == 0, done.text
    assert [line["score"] for line in table(judged.folder / "scored.csv")] == ["5", "1"]


def test_rows_without_an_answer_are_counted_and_never_judged(judged: Bench) -> None:
    given = rows()
    given[0]["prediction"], given[3]["prediction"] = "", "  \n"
    done = jb(judged, "mine.csv", given, *SCORED, "--out", "scored.csv")
    assert done.code == 4, done.text  # items failed
    assert "6 rows, 2 of them without an answer (counted as failed, never judged)" in done.out
    assert len(shown(judged)) == 4
    counts = result(judged)["counts"]
    assert (counts["ok"], counts["prediction_failed"], counts["planned"]) == (4, 2, 6)
    lines = table(judged.folder / "scored.csv")
    assert [line["status"] for line in lines].count("prediction_failed") == 2
    assert lines[0]["reason"].startswith("empty_reply: the column 'prediction' is empty")
    assert lines[0]["score"] == ""
    assert jb(judged, "mine.csv", None, *SCORED, "--max-fail-rate", "0.5").code == 0


def test_two_models_in_one_file_answer_the_same_questions(judged: Bench) -> None:
    given = [*rows(4, "org/first", {1}), *rows(5, "second", {0, 1, 2})]
    for number, row in enumerate(given):
        row["seconds"] = number
    done = jb(judged, "mine.jsonl", given, *SCORED, "--out", "scored.csv")
    assert done.code == 4, done.text  # the first model has no row about the fifth question
    first, second = result(judged, model="org_first"), result(judged, model="second")
    assert first["metrics"]["mean_score"]["value"] == pytest.approx((3 * 5 + 1) / 4)
    assert second["metrics"]["mean_score"]["value"] == pytest.approx((2 * 5 + 3) / 5)
    assert first["counts"]["prediction_failed"] == 1
    assert "model: 'model' (2 models); kept for slices: 'category'; differ between models" in done.out
    lines = table(judged.folder / "scored.csv")
    assert [(line["model"], line["id"]) for line in lines] == [(row["model"], row["id"]) for row in given]
    assert [line["score"] for line in lines] == ["5", "1", "5", "5", "1", "1", "1", "5", "5"]


def test_one_id_with_two_questions_is_refused(judged: Bench) -> None:
    given = [*rows(2, "first"), {**rows(1, "second")[0], "question": "What is twice 7?"}]
    done = jb(judged, "mine.jsonl", given, *SCORED)
    assert done.code == 2
    assert "another row has the id 'q0' too, with another question or reference" in done.err


def test_a_changed_answer_alone_is_judged_again(judged: Bench) -> None:
    assert jb(judged, "mine.jsonl", rows(), *SCORED).code == 0
    done = jb(judged, "mine.jsonl", rows(wrong={1}), *SCORED, "--reuse", "--out", "scored.csv")
    assert done.code == 0, done.text
    assert len(shown(judged)) == 7
    assert [line["score"] for line in table(judged.folder / "scored.csv")] == ["5", "1", "5", "5", "5", "5"]


def test_a_killed_run_is_continued_and_nothing_is_asked_twice(judged: Bench) -> None:
    slower_after(10, judged.model)
    judged.model_keys = {"batch_size": 2}
    judged.write()
    write(judged.folder / "mine.jsonl", rows(20))
    command = [*JB, "--predictions", "mine.jsonl", *SCORED, "--no-preflight"]
    process = subprocess.Popen(
        command, cwd=judged.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    recorded = "outputs/default/2*/predictions/recorded/mine-other-model.jsonl"
    wait_until(lambda: sum(path.read_bytes().count(b"\n") for path in judged.folder.glob(recorded)) >= 10)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    known = [prompt for path in judged.folder.glob(recorded) for prompt in _finished(path)]
    judged.model.latency = 0.0
    done = run([*JB, "--reuse", "--no-preflight", "--out", "scored.csv"], judged.folder)  # names nothing
    assert done.code == 0, done.text
    asked = shown(judged)
    assert len(known) >= 10
    assert all(asked.count(prompt) == 1 for prompt in known)
    assert len(set(asked)) == 20
    assert len(table(judged.folder / "scored.csv")) == 20


def _finished(path: Path) -> list[str]:
    whole = [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line)["origin_prompt"][-1]["content"] for line in whole]


def test_eval_writes_the_rows_of_a_finished_run(judged: Bench) -> None:
    assert jb(judged, "mine.jsonl", rows(), *SCORED).code == 0
    asked = len(judged.model.requests)
    done = run([*JB, "--mode", "eval", "--reuse", "--out", "later.csv"], judged.folder)
    assert done.code == 0, done.text
    assert len(table(judged.folder / "later.csv")) == 6
    assert len(judged.model.requests) == asked


def test_a_column_of_the_file_keeps_its_name(judged: Bench) -> None:
    given = [{**row, "score": number, "reason": "by hand"} for number, row in enumerate(rows())]
    done = jb(judged, "mine.jsonl", given, *SCORED, "--out", "scored.csv")
    assert done.code == 0, done.text
    line = table(judged.folder / "scored.csv")[1]
    assert (line["score"], line["reason"], line["verdict_score"]) == ("1", "by hand", "1")
    assert line["verdict_reason"].endswith("SCORE: 1")


def test_a_column_of_the_file_keeps_its_value_where_the_second_name_is_taken_too(judged: Bench) -> None:
    given = [{**row, "score": number, "verdict_score": "mine"} for number, row in enumerate(rows())]
    done = jb(judged, "mine.csv", given, *SCORED, "--out", "scored.csv")
    assert done.code == 0, done.text
    line = table(judged.folder / "scored.csv")[1]
    assert (line["score"], line["verdict_score"], line["verdict_verdict_score"]) == ("1", "mine", "1")


def test_rows_are_written_into_a_pipe_and_through_a_link(judged: Bench) -> None:
    os.mkfifo(judged.folder / "pipe.csv")
    (judged.folder / "kept").mkdir()
    (judged.folder / "linked.csv").symlink_to(judged.folder / "kept" / "scored.csv")
    reader = subprocess.Popen(["cat", "pipe.csv"], cwd=judged.folder, stdout=subprocess.PIPE, text=True)
    try:
        done = jb(judged, "mine.jsonl", rows(), *SCORED, "--out", "pipe.csv")
        assert done.code == 0, done.text
        assert (judged.folder / "pipe.csv").is_fifo()
        read, _ = reader.communicate(timeout=200)
    finally:
        reader.kill()
    assert run([*JB, "--mode", "eval", "--reuse", "--out", "linked.csv"], judged.folder).code == 0
    assert (judged.folder / "linked.csv").is_symlink()
    assert (judged.folder / "kept" / "scored.csv").read_text() == read
    assert read.startswith("id,question,prediction,category,judge,")


def test_rows_are_not_written_into_a_run(judged: Bench) -> None:
    assert jb(judged, "mine.jsonl", rows(), *SCORED).code == 0
    inside = judged.run / "predictions" / "rows.jsonl"
    done = jb(judged, "mine.jsonl", rows(), *SCORED, "--out", str(inside))
    assert done.code == 2
    assert "lies in the folder of the run" in done.err
    assert not inside.exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--models", "other_model", *SCORED], "--models cannot be used with it"),
        (["--judges", "other_model", "--rubric", "rubric.txt"], "--rubric needs --scale"),
        (["--judges", "other_model", "--scale", "1-5"], "--scale needs --rubric"),
        (["--rubric", "rubric.txt", "--scale", "1-5"], "--rubric needs a judge that scores by it"),
        (["--judges", "other_model", "--rubric", "rubric.txt", "--scale", "5-1"], "is no scale of whole numbers"),
        (
            ["--judges", "other_model", "--rubric", "none.txt", "--scale", "1-5"],
            "'none.txt' of --rubric cannot be read",
        ),
        (["--judges", "panel_scores", "--rubric", "rubric.txt", "--scale", "1-5"], "asks no model"),
        ([*SCORED, "--out", "mine.jsonl"], "would replace the answers themselves"),
        ([*SCORED, "--out", "nowhere/scored.csv"], "is in a folder that does not exist"),
        ([*SCORED, "--out", "scored.xlsx"], "is neither .csv nor .jsonl"),
        ([], "Nothing can score the answers in 'mine.jsonl'"),
    ],
)
def test_mistakes_are_told_before_anything_is_asked(judged: Bench, flags: list[str], message: str) -> None:
    done = jb(judged, "mine.jsonl", rows(), *flags)
    assert done.code == 2, done.text
    assert message in done.err
    assert not judged.model.requests
    assert not judged.runs


def test_rows_belong_to_files_of_answers(judged: Bench) -> None:
    done = judged.jb("--out", "scored.csv")
    assert done.code == 2
    assert "--out writes the rows of a file of answers, and this run has none" in done.err
