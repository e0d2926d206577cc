"""What becomes of what was recorded: verdicts, figures and what a result says beside them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.content.parts import Image
from judgebench.errors import DataError, DiskError, ExitCode, UsageError
from judgebench.identity.questions import read_identity
from judgebench.judges.core.contract import Ask, Case
from judgebench.judges.rules.answers import Extracted
from judgebench.judges.rules.numbers import NumberEqual
from judgebench.records.facts import Label, answer_hash
from judgebench.records.flow import Counts, Failure, Prediction, Reply, Sample, TaskResult, Verdict
from judgebench.records.run import Plan, Typed
from judgebench.report.results import read_comparisons
from judgebench.stages import extract
from judgebench.stages.row_results import check_out, write_rows
from judgebench.stages.task import main
from judgebench.store.labels import append_labels
from judgebench.store.manifest import write_started
from tests.stages.in_one_process import ASKED, EQUAL, SAY, OneProcess, judge, model, number_in, rows, text_of

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


def test_a_score_makes_the_figures_of_a_benchmark_of_judges_and_is_named(tmp_path: Path) -> None:
    data = [{"question": f"what is {at}?", "gold": "incorrect" if at else "correct"} for at in range(4)]
    options = {"path": "data.jsonl", "input_columns": ["question"], "gold_column": "gold", "answer_columns": []}
    run = OneProcess(
        tmp_path,
        data=data,
        models=[model("m"), model("n")],
        loader=Typed(type="judgebench.datasets.JudgeSamples", options=options),
        judges=[],
        method=WORDS,
        score=Typed(type="judgebench.metrics.VerifierScore", options={}),
        prompt="",
    )
    SAY["m"] = lambda request: "A" if number_in(request) in "01" else "B" if number_in(request) == "2" else "well"
    SAY["n"] = lambda request: "A" if number_in(request) == "0" else "B"
    assert set(run.do(dump_details=True).values()) == {0}
    result = run.result("d")
    assert (result.headline, result.metrics["agreement"].value) == ("agreement", pytest.approx(200 / 3))
    assert set(result.identity) >= {"score", "method", "data"}
    assert "measures" not in result.identity
    assert any("headline: agreement" in note and "score: " in note for note in result.notes)
    assert (result.counts.planned, result.counts.ok, result.counts.unparsed) == (4, 3, 1)
    head, comparisons = read_comparisons(run.run.comparisons("m", "d"), version=result.version)
    assert head.compared_model == "gold"
    assert [(one.id, one.outcome) for one in comparisons] == [(0, 1), (1, 0), (2, 1)]
    ranking = json.loads(run.run.ranking("d").read_text())
    assert [(one["model"], one["rank"]) for one in ranking["models"]] == [("n", 1), ("m", 2)]
    assert ranking["pairs"]


def test_rules_that_wait_for_workers_check_several_items_at_a_time_and_others_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_, most = 0, 0

    async def judged(self: Any, case: Case, ask: Ask) -> Verdict:
        nonlocal open_, most
        open_ += 1
        most = max(most, open_)
        await asyncio.sleep(0)
        open_ -= 1
        return Verdict(status="ok", decision="correct")

    monkeypatch.setattr(NumberEqual, "judge", judged)
    run = OneProcess(tmp_path, data=rows(70), evaluator=EQUAL, judges=[])
    run.do()
    assert (run.result("d").counts.ok, most) == (70, 1)
    monkeypatch.setattr(NumberEqual, "holds_workers", True)
    run.do("eval")
    assert (run.result("d").counts.ok, most) == (70, 64), "so many are looked at in one piece"


def test_an_extraction_that_is_stopped_leaves_the_result_that_was(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(70))
    run.do()
    before, lines = run.run.result("m", "d-j").read_bytes(), run.run.verdicts("m", "d-j").read_bytes()
    SAY["j"] = lambda request: "VERDICT: B"
    run.do("judge", rejudge=True)
    assert run.do("eval", told=("stop",))["extract:m/d-j"] == ExitCode.INTERRUPTED
    assert (run.last("extract:m/d-j").done, run.last("extract:m/d-j").total) == (64, 64), "it looks after each piece"
    assert run.run.result("m", "d-j").read_bytes() == before
    assert run.run.verdicts("m", "d-j").read_bytes() == lines


class Picky:
    """An extractor that cannot cope with one answer, and finds nothing in another."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """No keys."""

    def __init__(self, config: Config) -> None:
        pass

    def extract(self, text: str) -> Extracted | None:
        if "1" in text:
            raise ValueError("not this one")
        return None if "2" in text else Extracted("found", (0, 2))


def test_what_an_extractor_raises_about_one_answer_is_that_items_failure(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(3), extractor=Typed(type=f"{__name__}.Picky"))
    assert set(run.do().values()) == {0}
    found = verdicts(run)
    assert [(one["status"], one.get("answer")) for one in found] == [
        ("ok", "found"), ("judge_failed", None), ("ok", None),
    ]  # fmt: skip
    assert found[1]["reason"] == "ValueError: not this one"


def test_a_type_that_is_not_shipped_is_named_in_the_identity(tmp_path: Path) -> None:
    own = Typed(type="tests.stages.test_asking.Raises")
    run = OneProcess(tmp_path, data=rows(1), judges=[judge(method=own)], evaluator=EQUAL)
    run.do()
    assert run.result().identity["types"] == {"method": own.type}
    assert "types" not in run.result("d").identity
    assert set(run.result("d").identity) >= {"evaluator", "prompt", "data"}


def test_notes_of_a_dataset_stand_with_its_first_row(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, judges=[judge("j"), judge("k")], evaluator=EQUAL, notes=["look here"])
    SAY["k"] = lambda request: "VERDICT: A"
    run.do()
    noted = {row: "look here" in run.result(row).notes for row in ("d", "d-j", "d-k")}
    first = run.config.datasets["d"].rows("m")[0][0]
    assert noted == {row: row == first for row in noted}


def test_a_rule_that_calls_every_answer_wrong_beside_a_judge_may_be_what_is_wrong(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(5), evaluator=EQUAL)
    SAY["m"] = lambda request: "It is 99."
    run.do()
    assert any("agreement with it may be low because of the rule" in note for note in run.result().notes)
    again = OneProcess(tmp_path / "other", data=rows(6), evaluator=EQUAL)
    SAY["m"] = lambda request: "It is 99." if int(number_in(request)) else "It is 0."
    again.do()
    assert not any("every answer wrong" in note for note in [*again.result().notes, *again.result("d").notes])


def picture(answer: str, images: int) -> Case:
    shown = [Image(sha256="0" * 64, media_type="image/png")] * images
    return Case(id=0, uid="u", repeat=0, fields={}, reference=None, answer=answer, images=shown)


def test_a_rule_compares_no_pictures() -> None:
    found = extract._pictures_alone(picture(" \n", 1))
    assert found is not None
    assert (found.status, found.reason) == ("prediction_failed", "the answer is a picture, and a rule compares texts")
    assert extract._pictures_alone(picture("text", 1)) is None
    assert extract._pictures_alone(picture("", 0)) is None


def test_why_an_answer_is_not_judged_is_said() -> None:
    known = {"data_abbr": "d", "id": 0, "uid": "u", "success": True, "status": "ok", "uuid": "x", "origin_prompt": "?"}
    answer = Prediction(**known, prediction="a")  # type: ignore[arg-type]
    failed = msgspec.structs.replace(answer, status="failed")
    sample = Sample(id=0, uid="u", fields={})
    assert extract._missing(sample, answer) is None
    found = {
        "no prediction yet": None,
        "the dataset's item has changed since it was answered": msgspec.structs.replace(answer, uid="v"),
        "failed": failed,
        "server: gone": msgspec.structs.replace(failed, error=Failure(kind="server", message="gone")),
    }
    for reason, one in found.items():
        verdict = extract._missing(sample, one)
        assert verdict is not None
        status = "prediction_failed" if one is not None and one.status == "failed" else "not_judged"
        assert (verdict.status, verdict.reason) == (status, reason)


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
    odd = [detail(0, "a", status="unparsed", reason="no verdict", score=2.0), detail(7, "b", status="ok")]
    unread = TaskResult(dataset="d-j", data_abbr="d", judge="j", details=odd, **known)
    scored = TaskResult(dataset="d-k", data_abbr="d", judge=None, details=[{**odd[0], "judge_reply": None}], **known)
    assert write_rows(run.config, [unread, scored], tmp_path / "rows.csv") == 2, "a row that is not there has no line"
    assert (tmp_path / "rows.csv").read_text().splitlines()[1:] == [
        "q,a,j,unparsed,,2,no verdict,",
        "q,a,,unparsed,,2,no verdict,",
    ]
    stale = TaskResult(dataset="d-j", data_abbr="d", judge="j", details=[detail(0, "z", status="ok")], **known)
    with pytest.raises(DataError, match="the row has changed since its answer was judged"):
        write_rows(run.config, [stale], tmp_path / "rows.jsonl")
    assert write_rows(OneProcess(tmp_path).config, [judged], tmp_path / "rows.csv") is None


def test_columns_of_the_users_keep_their_names_and_texts(tmp_path: Path) -> None:
    row = {"question": "q", "output": "a", "status": "old", "verdict_status": 1.5, "more": {"x": [1]}, "none": None}
    run = with_answers(tmp_path, row)
    run.change_model(model="")
    known = {"model": "m", "version": "v", "mode": "gen", "headline": "accuracy", "metrics": {}, "counts": Counts()}
    details = [detail(0, "a", status="ok", decision="correct", score=0.25)]
    judged = TaskResult(dataset="d-j", data_abbr="d", judge="j", details=details, **known)
    assert write_rows(run.config, [judged], tmp_path / "rows.csv") == 1
    assert (tmp_path / "rows.csv").read_text() == (
        "question,output,status,verdict_status,more,none,judge,verdict_verdict_status,decision,score,reason,span\n"
        'q,a,old,1.5,"{""x"":[1]}",,j,ok,correct,0.25,VERDICT: A,\n'
    )


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


def with_answers(folder: Path, row: dict[str, Any] | None = None) -> OneProcess:
    (folder / "answers.jsonl").write_text(json.dumps(row or {"question": "q", "output": "a"}) + "\n")
    options = {"path": str(folder / "answers.jsonl"), "input_columns": ["question"], "answer_column": "output"}
    return OneProcess(folder, loader=Typed(type="judgebench.datasets.AnsweredRows", options=options), prompt="")
