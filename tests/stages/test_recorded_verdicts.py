"""What is written about each answer, and how an item of a run is shown to a judge once more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.errors import ReuseError, UsageError
from judgebench.identity.questions import read_identity
from judgebench.query import RunQuery
from judgebench.records.facts import answer_hash
from judgebench.records.flow import Failure, Reply
from judgebench.records.run import Baseline, Options, Plan, Typed
from judgebench.stages.case_of_item import case_of_item
from judgebench.stages.summarize import planned_rows, rankings_of
from judgebench.store.manifest import write_started
from judgebench.testing import ProviderService
from tests.stages.in_one_process import ASKED, EQUAL, SAY, OneProcess, judge, model, number_in, rows, text_of

PAIRS = Typed(type="judgebench.judges.PairComparison", options={"aggregate": {"type": "counter", "unread": "unparsed"}})


def verdicts(run: OneProcess, row: str = "d-j", name: str = "m") -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.run.verdicts(name, row).read_text().splitlines()]


def compared(folder: Path, *others: str, count: int = 2) -> OneProcess:
    """A run whose models are compared with ``n``, who is always preferred as the second and third are shown."""
    run = OneProcess(
        folder,
        data=rows(count),
        models=[model(name) for name in ("m", "n", *others)],
        judges=[judge(method=PAIRS, compare_with="n")],
    )
    for name in ("n", *others):
        SAY[name] = lambda request, name=name: f"{name} says {number_in(request)}"
    return run


def test_a_verdict_is_known_by_the_text_that_it_is_about(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    run.do()
    assert [one["answer_hash"] for one in verdicts(run)] == [answer_hash(f"It is {at}.") for at in range(2)]
    (said,) = verdicts(run)[0]["presentations"]
    assert said["call"] == run.calls()[0].uuid
    assert verdicts(run)[0]["span"]["call"] == run.calls()[0].uuid


def test_a_verdict_about_two_answers_is_known_by_both_and_says_which_was_preferred(tmp_path: Path) -> None:
    run = compared(tmp_path)
    SAY["j"] = lambda request: (
        f"VERDICT: {'B' if text_of(request).find('It is') < text_of(request).find('n says') else 'A'}"
    )
    run.do(dump_details=True)
    found = verdicts(run)
    assert [one["answer_hash"] for one in found] == [answer_hash(f"It is {at}.", f"n says {at}") for at in range(2)]
    assert [(one["order"], one["decision"], one["prefers"]) for one in found[0]["presentations"]] == [
        ("AB", "B", "second"),
        ("BA", "A", "second"),
    ]
    assert [one["call"] for one in found[0]["presentations"]] == [one.uuid for one in run.calls()[:2]]
    details = run.result().details
    assert details is not None
    assert details[1]["answers"] == ["It is 1.", "n says 1"]


def test_an_order_effect_prefers_each_answer_once(tmp_path: Path) -> None:
    run = compared(tmp_path)
    SAY["j"] = lambda request: "VERDICT: A"
    run.do()
    assert [one["prefers"] for one in verdicts(run)[0]["presentations"]] == ["first", "second"]
    SAY["j"] = lambda request: "VERDICT: C"
    run.do(rejudge=True)
    assert [one["prefers"] for one in verdicts(run)[0]["presentations"]] == ["neither", "neither"]


def test_a_rule_says_of_an_answer_that_was_cut_off_that_it_was(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, evaluator=EQUAL, judges=[])
    SAY["m"] = lambda request: Reply(
        status="ok", text="", finish_reason="length" if number_in(request) == "0" else "stop"
    )
    run.do()
    reasons = [one["reason"] for one in verdicts(run, "d")]
    assert "cut off" in reasons[0]
    assert "cut off" not in reasons[1]


def test_what_a_recording_does_not_hold_is_planned_and_not_judged(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(3))
    lacking = Reply(status="failed", error=Failure(kind="no_recording", message="not there"))
    SAY["j"] = lambda request: lacking if "is 1?" in text_of(request) else "VERDICT: A"
    run.do()
    found = read_identity(run.run.identity("m", "d", "j"))
    assert found is not None
    assert (found.planned, found.ok, found.failed) == (3, 2, 0)
    said = run.last("judge:m/d-j")
    assert (said.done, said.total, said.finish, said.fail) == (3, 3, 2, 0)
    assert [one["status"] for one in verdicts(run)] == ["ok", "not_judged", "ok"]


def test_replies_that_were_held_to_a_schema_are_found_again_and_noted(tmp_path: Path) -> None:
    method = Typed(type="judgebench.judges.ReferenceVerifier", options={"style": "json"})
    with ProviderService("openai", lambda request: "I find it correct.") as service:
        asked = {"type": "judgebench.models.VLLMCustomAPIChat", "abbr": "j", "model": "test-model", "url": service.url,
                 "api_key": "test-key"}  # fmt: skip
        run = OneProcess(tmp_path, judges=[judge(method=method, model=asked, constrain="require")])
        assert set(run.do().values()) == {0}
    result = run.result()
    assert (result.counts.ok, result.identity["constrained"]) == (2, "response_format")
    assert any("held the judge's replies to a JSON schema" in note for note in result.notes)


def test_a_result_that_is_missing_is_left_out_of_a_ranking_and_named(tmp_path: Path) -> None:
    run = compared(tmp_path, "o")
    SAY["j"] = lambda request: "VERDICT: A"
    run.do()
    ranking = json.loads(run.run.ranking("d-j").read_text())
    left_out = "o against n is left out: there is no result"
    assert left_out not in ranking["notes"]
    assert {one["model"]: one["comparisons"] for one in ranking["models"]} == {"m": 2, "n": 4, "o": 2}
    run.run.result("o", "d-j").unlink()
    run.do("viz")
    ranking = json.loads(run.run.ranking("d-j").read_text())
    assert left_out in ranking["notes"]
    assert {one["model"]: one["comparisons"] for one in ranking["models"]} == {"m": 2, "n": 2, "o": 0}


def test_a_result_that_newer_work_has_begun_to_replace_is_left_out_of_a_ranking(tmp_path: Path) -> None:
    run = compared(tmp_path, "o")
    SAY["j"] = lambda request: "VERDICT: A"
    run.do()
    before = run.result()
    newer = run.plan("20270101_000000_1", "judge", rejudge=True)
    of_m = [task for task in newer.tasks if task.model == "m" and task.stage == "judge"]
    assert len(of_m) == 1
    run.written(msgspec.structs.replace(newer, tasks=of_m))
    rows_of_run = planned_rows(newer)
    rankings, _ = rankings_of(run.run, rows_of_run, newer.name)
    assert any(note.startswith("m against n is left out: its result is stale") for note in rankings[0].notes)
    assert {one.model: one.comparisons for one in rankings[0].models} == {"m": 0, "n": 2, "o": 2}
    run.run.result("o", "d-j").write_text("{")
    rankings, differences = rankings_of(run.run, rows_of_run, newer.name)
    assert any(note.startswith("o against n is left out: ") for note in rankings[0].notes)
    assert {one.comparisons for one in rankings[0].models} == {0}
    assert differences == []
    assert run.result() == before


def test_a_row_of_scores_leaves_out_what_newer_work_has_begun_to_replace(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, models=[model("m"), model("n"), model("o")])
    SAY["n"] = SAY["o"] = SAY["m"]
    run.do()
    name = "20270101_000000_1"
    newer = run.plan(name, "judge", rejudge=True)
    of_m = [task for task in newer.tasks if task.model == "m" and task.stage == "judge"]
    run.written(msgspec.structs.replace(newer, tasks=of_m))
    rankings, differences = rankings_of(run.run, planned_rows(newer), name)
    assert [one.model for one in rankings[0].models] == ["n", "o"]
    assert [(one.first, one.second) for one in differences] == [("n", "o")]


def again(run: OneProcess, number: int, row: str = "d-j") -> Any:
    """The case of an item, made of the run's records."""
    plan = msgspec.json.decode(run.run.plans()[-1].read_bytes(), type=Plan)
    write_started(run.run, plan, "0")
    query = RunQuery(run.run)
    dataset = run.config.datasets["d"]
    options = Options(data_dir=str(run.folder))
    judges = {one.abbr: one for one in dataset.judges}
    item = query.item(row, number, 0, model="m")
    return case_of_item(query, item, dataset, run.config.models, judges.get(row.partition("-")[2]), options)


def test_an_item_of_a_run_is_shown_as_it_was(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    run.do()
    case = again(run, 1)
    assert (case.answer, case.reference, case.baseline, case.fields) == (
        "It is 1.",
        "1",
        None,
        {"question": "what is 1?"},
    )
    run.write([{"question": "what is 0?", "answer": "0"}, {"question": "what is one?", "answer": "1"}])
    with pytest.raises(ReuseError, match="have changed since the run: row 1 is not what was asked"):
        again(run, 1)


def test_an_item_of_a_comparison_is_shown_beside_the_other_models_answer(tmp_path: Path) -> None:
    run = compared(tmp_path)
    SAY["n"] = lambda request: (
        Reply(status="failed", error=Failure(kind="server", message="gone"))
        if number_in(request) == "1"
        else "n says 0"
    )
    SAY["j"] = lambda request: "VERDICT: A"
    run.do()
    assert (again(run, 0).answer, again(run, 0).baseline) == ("It is 0.", "n says 0")
    with pytest.raises(UsageError, match="Item 1 cannot be compared: no answer of n to compare with"):
        again(run, 1)


def test_an_item_is_shown_beside_the_answer_of_a_file_or_alone_where_a_rule_decides(tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text('{"output": "of the file"}\n')
    beside = judge(method=PAIRS, baseline=Baseline(path="other.jsonl", name="other"))
    run = OneProcess(tmp_path, judges=[beside], evaluator=EQUAL)
    SAY["j"] = lambda request: "VERDICT: A"
    run.do()
    assert (again(run, 0).answer, again(run, 0).baseline) == ("It is 0.", "of the file")
    assert again(run, 0, "d").baseline is None
    with pytest.raises(UsageError, match="Item 1 cannot be compared: other has no answer to compare with"):
        again(run, 1)


def test_an_item_of_a_benchmark_of_judges_is_shown_with_the_answers_that_it_brings(tmp_path: Path) -> None:
    data = [{"question": "which?", "a": "this", "b": "that", "gold": "A"}]
    options = {"path": "data.jsonl", "input_columns": ["question"], "gold_column": "gold", "answer_columns": ["a", "b"]}
    loader = Typed(type="judgebench.datasets.JudgeSamples", options=options)
    run = OneProcess(tmp_path, data=data, loader=loader, judges=[], method=PAIRS, metrics=["agreement"], prompt="")
    SAY["m"] = lambda request: "VERDICT: A"
    run.do()
    case = again(run, 0, "d")
    assert (case.answer, case.baseline, case.answers) == ("this", "that", ["this", "that"])


def test_an_item_without_an_answer_cannot_be_shown(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    SAY["m"] = lambda request: Reply(status="failed", error=Failure(kind="server", message="gone"))
    run.do()
    assert ASKED
    with pytest.raises(UsageError, match="'m' has no answer to item 0 of 'd'"):
        again(run, 0)


def test_columns_by_which_one_slices_stand_beside_a_verdict(tmp_path: Path) -> None:
    data = [{**row, "level": at, "story": "x" * (200 + at), "tags": ["x"]} for at, row in enumerate(rows(2))]
    options = {
        "path": "data.jsonl",
        "input_columns": ["question"],
        "output_column": "answer",
        "meta_columns": ["level", "story", "tags"],
    }
    run = OneProcess(tmp_path, data=data, loader=Typed(type="judgebench.datasets.JsonlDataset", options=options))
    run.do()
    long, longer = [one["meta"] for one in verdicts(run)]
    assert (long, longer) == ({"level": 0, "story": "x" * 200}, {"level": 1}), "a longer text is no category"
    run.change(by=["tags", "question"])
    run.do("eval")
    assert verdicts(run)[1]["meta"] == {"question": "what is 1?", "level": 1, "tags": ["x"]}
    assert run.result().slices
