"""What becomes of what was recorded: verdicts, figures and what a result says beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.errors import DataError, DiskError, UsageError
from judgebench.identity.questions import read_identity
from judgebench.records.facts import Label, answer_hash
from judgebench.records.flow import Counts, Failure, Reply, TaskResult
from judgebench.records.run import Plan, Typed
from judgebench.stages.row_results import check_out, write_rows
from judgebench.stages.task import main
from judgebench.store.labels import append_labels
from judgebench.store.manifest import write_started
from tests.stages.in_one_process import ASKED, SAY, OneProcess, judge, model, number_in, rows, text_of

JUDGES = "judgebench.judges."
WORDS = Typed(
    type=JUDGES + "DeclaredJudge",
    options={
        "presentations": [{"prompt": "Is {question} well put?"}],
        "parser": {"type": "anchored", "decisions": {"A": "correct", "B": "incorrect"}},
        "aggregate": {"type": "first", "unread": "unparsed"},
    },
)
PREPARED = Typed(
    type=JUDGES + "Prepared",
    options={"judge": {"type": JUDGES + "ReferenceVerifier"}, "prepare": ["metrics"]},
)
MAJORITY = {"aggregate": {"type": "majority", "unread": "drop"}}
FAILED = Reply(status="failed", error=Failure(kind="server", message="gone"))
REPEATED = {"num_return_sequences": 2, "temperature": 1}


def verdicts(run: OneProcess, row: str = "d-j") -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.run.verdicts("m", row).read_text().splitlines()]


def test_votes_are_over_the_answers_that_the_datasets_extractor_finds(tmp_path: Path) -> None:
    """No rule and a judge that takes nothing out: of three answers two agree in their last number, in other words."""
    thrice = model(generation_kwargs={"num_return_sequences": 3, "temperature": 1})
    found = Typed(type=JUDGES + "LastNumber")
    method = Typed(type=JUDGES + "SolutionVerifier")
    run = OneProcess(
        tmp_path, data=rows(1), models=[thrice], metrics=["cons@k"], extractor=found, judges=[judge(method=method)]
    )
    SAY["m"] = lambda request: ["It is 7.", "I take 8.", "So: 7"][request.nth]
    SAY["j"] = lambda request: "VERDICT: B" if "I take 8" in text_of(request) else "VERDICT: A"
    run.do()
    result = run.result()
    assert result.metrics["cons@3"].value == 100
    assert result.identity["extractor"]["type"].endswith("LastNumber")
    assert len({one["answer"] for one in verdicts(run)}) == 2
    run.change(extractor=None)
    run.do("eval")
    assert "extractor" in run.result().metrics["cons@3"].note


def test_a_question_that_serves_all_repeats_is_asked_once_and_found_again(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, models=[model(generation_kwargs=REPEATED)], judges=[judge(method=PREPARED)])
    SAY["j"] = lambda request: "VERDICT: A" if "VERDICT" in text_of(request) else f"Look at {number_in(request)}."
    assert set(run.do().values()) == {0}
    asked = [text_of(one) for one in run.asked("j")]
    assert len([text for text in asked if "VERDICT" not in text]) == 2, "one for each of the two questions"
    assert len([text for text in asked if "VERDICT" in text]) == 4
    assert run.result().counts.ok == 4
    first = run.calls()
    prepared = [call for call in first if call.presentation == "prepare-metrics"]
    assert [(call.id, call.repeat) for call in prepared] == [(0, 0), (1, 0)]

    run.run.predictions("m", "d", "j").write_bytes(
        b"".join(
            line + b"\n"
            for line in run.run.predictions("m", "d", "j").read_bytes().splitlines()
            if b'"prepare-metrics"' in line
        )
    )
    assert set(run.do().values()) == {0}
    assert len(run.asked("j")) == 4, "what serves all repeats was there"
    assert run.calls() == first


def test_a_shared_question_of_earlier_settings_is_taken_back_with_them(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, models=[model(generation_kwargs=REPEATED)], judges=[judge(method=PREPARED)])
    SAY["j"] = lambda request: "VERDICT: A" if "VERDICT" in text_of(request) else f"Look at {number_in(request)}."
    run.do()
    first = [(one.uuid, one.presentation, one.prediction) for one in run.calls()]
    run.change(judges=[judge(method=PREPARED, model=model("j", generation_kwargs={"temperature": 0.5}))])
    run.do()
    assert len(run.asked("j")) == 6
    run.change(judges=[judge(method=PREPARED)])
    run.do()
    assert ASKED == []
    assert [(one.uuid, one.presentation, one.prediction) for one in run.calls()] == first


def test_a_shared_question_that_failed_is_asked_again(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, models=[model(generation_kwargs=REPEATED)], judges=[judge(method=PREPARED)])
    SAY["j"] = lambda request: "VERDICT: A" if "VERDICT" in text_of(request) else FAILED
    run.do()
    assert (run.result().counts.judge_failed, run.result().counts.ok) == (4, 0)
    SAY["j"] = lambda request: "VERDICT: A" if "VERDICT" in text_of(request) else "Look."
    run.do()
    assert run.result().counts.ok == 4


def test_a_panel_decides_beside_its_members(tmp_path: Path) -> None:
    panel = judge("p", method=Typed(type=JUDGES + "Panel", options=MAJORITY), model={}, members=["j", "k", "l"])
    run = OneProcess(tmp_path, data=rows(3), judges=[judge("j"), judge("k"), judge("l"), panel])
    SAY["j"] = SAY["k"] = lambda request: "VERDICT: A"
    SAY["l"] = lambda request: "VERDICT: B" if "is 1?" in text_of(request) else "VERDICT: A"
    assert set(run.do().values()) == {0}
    result = run.result("d-p")
    assert result.metrics["accuracy"].value == 100
    assert set(result.identity["members"]) == {"j", "k", "l"}
    compared = {one.judges: one.agreement for one in result.diagnostics.between_judges}
    assert compared == {
        ("j", "k"): 100,
        ("j", "l"): pytest.approx(200 / 3),
        ("k", "l"): pytest.approx(200 / 3),
    }
    beside = {one.judges: one.agreement for one in run.result("d-l").diagnostics.between_judges}
    assert beside[next(pair for pair in beside if set(pair) == {"j", "l"})] == pytest.approx(200 / 3)


def test_a_benchmark_of_judges_measures_the_judge_against_gold(tmp_path: Path) -> None:
    data = [{"question": f"what is {at}?", "gold": "incorrect" if at else "correct"} for at in range(4)]
    options = {"path": "data.jsonl", "input_columns": ["question"], "gold_column": "gold", "answer_columns": []}
    loader = Typed(type="judgebench.datasets.JudgeSamples", options=options)
    run = OneProcess(tmp_path, data=data, loader=loader, judges=[], method=WORDS, metrics=["agreement"], prompt="")
    SAY["m"] = lambda request: "A" if number_in(request) in "01" else "B"
    run.do()
    result = run.result("d")
    assert result.metrics["agreement"].value == 75
    assert [one["decision"] for one in verdicts(run, "d")] == ["correct", "correct", "incorrect", "incorrect"]
    assert result.identity["method"]


def test_an_answer_that_was_cut_off_is_counted(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(4))
    SAY["m"] = lambda request: Reply(
        status="ok", text="It is", finish_reason="length" if number_in(request) == "0" else "stop"
    )
    run.do()
    assert (run.result().counts.truncated, run.result().diagnostics.truncated_share) == (1, 25)


def test_a_judge_has_planned_what_has_no_answer_too(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(3))
    SAY["m"] = lambda request: FAILED if number_in(request) == "2" else "It is."
    SAY["j"] = lambda request: FAILED if "is 1?" in text_of(request) else "VERDICT: A"
    run.do()
    found = read_identity(run.run.identity("m", "d", "j"))
    assert found is not None
    assert (found.planned, found.ok, found.failed) == (2, 1, 1)


def test_other_data_make_another_version_and_the_same_data_the_same(tmp_path: Path) -> None:
    versions = []
    for name, data in (("a", rows(2)), ("b", rows(2)), ("c", [*rows(1), {"question": "what is 5?", "answer": "5"}])):
        (tmp_path / name).mkdir()
        run = OneProcess(tmp_path / name, data=data)
        run.do()
        versions.append(run.result().version)
    assert versions[0] == versions[1] != versions[2]


def test_a_reply_that_could_not_be_read_is_shown_with_its_item(tmp_path: Path) -> None:
    """Of two questions about an item the unread one is the one to look at."""
    both = Typed(type=JUDGES + "PairComparison", options={"aggregate": {"type": "counter", "unread": "unparsed"}})
    run = OneProcess(
        tmp_path, data=rows(1), models=[model("m"), model("n")], judges=[judge(method=both, compare_with="n")]
    )
    SAY["n"] = lambda request: "N says."
    said = iter(["VERDICT: A", "I would rather not"])
    SAY["j"] = lambda request: next(said)
    run.do(dump_details=True)
    result = run.result()
    assert result.counts.unparsed == 1
    (doubt,) = result.diagnostics.doubtful
    assert list(doubt.judge_replies.values()) == ["I would rather not"]
    assert result.details is not None
    assert result.details[0]["judge_reply"] == "I would rather not"


def test_free_replies_of_a_judge_that_was_to_be_held_to_a_schema_are_noted(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, judges=[judge(constrain="auto")])
    run.do()
    result = run.result()
    assert any("constrain is 'auto', and the service did not hold" in note for note in result.notes)
    assert result.identity["constrained"] == "no"
    assert result.diagnostics.read is not None
    assert result.diagnostics.read.constrained == "no"


def test_labels_correct_the_scores_of_a_summary(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(6))
    run.do()
    (plan,) = run.run.plans()
    write_started(run.run, msgspec.json.decode(plan.read_bytes(), type=Plan), "0")
    plain = summary(run)
    assert not plain.get("corrected")
    file = tmp_path / "labels.jsonl"
    append_labels(
        file,
        [
            Label(
                id=at,
                answer_hash=answer_hash(f"It is {at}."),
                annotator="ada",
                decision="correct" if at % 2 else "incorrect",
                probability=1.0,
            )
            for at in range(6)
        ],
    )
    (run.run.path / "labels").mkdir()
    (run.run.path / "labels" / "d.jsonl").write_bytes(file.read_bytes())
    assert run.do("viz") == {"summarize": 0}
    corrected = summary(run)["corrected"]
    assert [(one["row"], one["model"]) for one in corrected] == [("d-j", "m")]


def summary(run: OneProcess) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(max(run.run.summary.glob("*.json")).read_text())
    return found


def test_a_plan_that_is_gone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JB_TASK_FILES", str(tmp_path))
    monkeypatch.delenv("JB_PROGRESS_FD", raising=False)
    assert main([str(tmp_path / "plan.json"), "infer:m/d"]) == DiskError.exit_code
    (said,) = [json.loads(line) for line in (tmp_path / "progress.jsonl").read_text().splitlines()]
    assert (said["task"], said["state"]) == ("infer:m/d", "error")
    assert said["error"].startswith(f"{tmp_path / 'plan.json'} was removed")


def test_a_plan_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JB_TASK_FILES", str(tmp_path))
    monkeypatch.delenv("JB_PROGRESS_FD", raising=False)
    (tmp_path / "plan.json").write_text("{")
    assert main([str(tmp_path / "plan.json"), "infer:m/d"]) == DiskError.exit_code
    said = json.loads((tmp_path / "progress.jsonl").read_text())
    assert (said["state"], said["hint"]) == ("error", "Start the same command again with --reuse.")
    assert said["error"].startswith(f"The plan {tmp_path / 'plan.json'} cannot be read: ")
    assert main(["one argument"]) == UsageError.exit_code


def detail(number: int, answer: str, **verdict: Any) -> dict[str, Any]:
    return {"id": number, "origin_prediction": answer, "verdict": verdict, "judge_reply": "VERDICT: A"}


def test_rows_of_a_file_are_written_with_what_each_judge_made_of_them(tmp_path: Path) -> None:
    run = with_answers(tmp_path)
    run.change_model(model="")
    known = {"model": "m", "version": "v", "mode": "gen", "headline": "accuracy", "metrics": {}, "counts": Counts()}
    details = [detail(0, "a", status="ok", decision="correct", span=(9, 10))]
    judged = TaskResult(dataset="d-j", data_abbr="d", judge="j", details=details, **known)
    bare = TaskResult(dataset="d-k", data_abbr="d", judge="k", details=None, **known)
    foreign = TaskResult(dataset="e-j", data_abbr="e", judge="j", details=[detail(0, "b", status="ok")], **known)
    assert write_rows(run.config, [judged, bare, foreign], tmp_path / "rows.csv") == 1
    assert (tmp_path / "rows.csv").read_text() == (
        "question,output,judge,status,decision,score,reason,span\nq,a,j,ok,correct,,VERDICT: A,A\n"
    )
    assert write_rows(run.config, [judged], tmp_path / "rows.jsonl") == 1
    (line,) = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert line == {"question": "q", "output": "a", "judge": "j", "status": "ok", "decision": "correct", "score": None,
                    "reason": "VERDICT: A", "span": "A"}  # fmt: skip
    stale = TaskResult(dataset="d-j", data_abbr="d", judge="j", details=[detail(0, "z", status="ok")], **known)
    with pytest.raises(DataError, match="the row has changed since its answer was judged"):
        write_rows(run.config, [stale], tmp_path / "rows.jsonl")
    assert write_rows(OneProcess(tmp_path).config, [judged], tmp_path / "rows.csv") is None


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("gone/rows.csv", "is in a folder that does not exist"),
        ("folder", "is a folder"),
        ("answers.jsonl", "would replace the answers themselves"),
    ],
)
def test_a_file_for_the_rows_that_could_not_be_written_is_refused(tmp_path: Path, place: str, words: str) -> None:
    run = with_answers(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=words):
        check_out(run.config, tmp_path / place)
    check_out(run.config, tmp_path / "rows.csv")


def test_a_run_without_rows_of_answers_has_none_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="this run has none"):
        check_out(OneProcess(tmp_path).config, tmp_path / "rows.csv")


def with_answers(folder: Path) -> OneProcess:
    (folder / "answers.jsonl").write_text('{"question": "q", "output": "a"}\n')
    options = {"path": str(folder / "answers.jsonl"), "input_columns": ["question"], "answer_column": "output"}
    return OneProcess(folder, loader=Typed(type="judgebench.datasets.AnsweredRows", options=options), prompt="")
