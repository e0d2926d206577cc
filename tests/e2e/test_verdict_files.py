"""``verdicts/<model>/<row>.jsonl``: one line an item, derived again byte for byte from the predictions alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from judgebench import load
from judgebench.records.facts import answer_hash
from judgebench.testing.faultservice import FaultService, prompt_text
from tests.e2e.harness import Bench, judge_answer, model_answer
from tests.e2e.test_two_judges import PAIR, judges_file


def lines(run: Path, row: str = "toy-judge", model: str = "toy-model") -> list[dict[str, Any]]:
    """Return the verdicts of a row as any program would read them."""
    return [json.loads(line) for line in (run / f"verdicts/{model}/{row}.jsonl").read_text("utf-8").splitlines()]


def verdict_files(run: Path) -> dict[str, bytes]:
    """Return every file below ``verdicts/``, temporary ones too."""
    folder = run / "verdicts"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def judged(bench: Bench) -> Bench:
    """A judged run of 13 items and two repeats with a rule beside the judge, a category, and an unread verdict."""
    bench.n = 13
    bench.model_keys = {"generation_kwargs": {"num_return_sequences": 2}}
    bench.write()
    config = bench.folder / "configs/datasets/toy_llmjudge.py"
    text = config.read_text().replace(
        "judge_infer_cfg", "evaluator=dict(type=NumberEqual), rule_row=True, judge_infer_cfg"
    )
    config.write_text(text.replace("id_column='name'", "id_column='name', meta_columns=['level', 'story']"))
    data = bench.folder / "toy.jsonl"
    rows = [json.loads(line) for line in data.read_text().splitlines()]
    more = [{**row, "level": number % 3, "story": "long " * 99} for number, row in enumerate(rows)]
    data.write_text("".join(json.dumps(row) + "\n" for row in more))
    perfect = judge_answer()
    bench.judge.answer = lambda body: "I cannot say." if "of twice 7)" in str(body) else perfect(body)
    done = bench.jb()
    assert done.code == 0, done.text
    return bench


def test_a_line_says_what_was_decided_where_it_was_read_and_what_the_rule_says(judged: Bench) -> None:
    found = lines(judged.run)
    assert [(one["id"], one.get("repeat", 0)) for one in found] == [
        (id, repeat) for id in range(13) for repeat in (0, 1)
    ]
    calls = {call["uuid"]: call for call in judged.rows("toy-judge")}
    wrong = found[10]
    assert (wrong["key"], wrong["status"], wrong["decision"]) == ("q-5", "ok", "incorrect")
    assert wrong["rule"]["decision"] == "incorrect"
    assert wrong["meta"] == {"level": 2}  # a long text is no category
    call = calls[wrong["span"]["call"]]
    assert call["prediction"][wrong["span"]["from"] : wrong["span"]["to"]] == "B"
    assert call["id"] == 5
    (said,) = wrong["presentations"]
    assert (said["status"], said["decision"], said["call"]) == ("ok", "incorrect", call["uuid"])
    unread = found[14]
    assert unread["status"] == "unparsed"
    assert unread["reason"]
    assert "decision" not in unread
    assert calls[unread["presentations"][0]["call"]]["prediction"] == "I cannot say."
    assert wrong["answer_hash"] == answer_hash(judged.rows("toy")[10]["prediction"])
    rule = lines(judged.run, "toy")
    assert [one["decision"] for one in rule[10:12]] == ["incorrect"] * 2
    answer = judged.rows("toy")[10]["prediction"]
    assert rule[10]["answer"] == answer[rule[10]["span"]["from"] : rule[10]["span"]["to"]]
    assert {one.status for one in load(judged.run).verdicts(judge="judge")} == {"ok", "unparsed"}


def test_a_run_deleted_down_to_its_predictions_gives_the_same_verdicts(judged: Bench) -> None:
    before = verdict_files(judged.run)
    assert set(before) == {"toy-model/toy.jsonl", "toy-model/toy-judge.jsonl"}
    for place in judged.run.iterdir():
        if place.name in {"predictions", "configs", "run.json"}:
            continue
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    done = judged.jb("--mode", "eval", "--reuse")
    assert done.code == 0, done.text
    assert verdict_files(judged.run) == before


def test_presentations_of_a_pair_say_which_answer_they_prefer(bench: Bench) -> None:
    with FaultService(model_answer(lambda i: i in (1, 2)), model="m") as other:
        path = bench.folder / "configs/models/other_model.py"
        path.write_text(path.read_text().replace(bench.model.url, other.url))
        judges_file(bench, "pair", f"judges = [dict(abbr='pair', judge_model=service, compare_with='first', {PAIR})]")
        bench.judge.answer = lambda body: "VERDICT: A" if "twice 1)" in prompt_text(body) else _second_if_right(body)
        done = bench.jb("--judges", "pair", dataset="toy_gen", models=("other_model", "toy_model"))
    assert done.code == 0, done.text
    found = {one["id"]: one for one in lines(bench.run, "toy-pair")}
    assert (found[0]["equal_answers"], "details" in found[0]) == (True, False)
    assert [(one["order"], one["decision"], one["prefers"]) for one in found[1]["presentations"]] == [
        ("AB", "A", "first"),
        ("BA", "A", "second"),
    ]
    assert found[1]["decision"] == "tie"
    assert [one["prefers"] for one in found[2]["presentations"]] == ["first", "first"]
    assert len({one["answer_hash"] for one in found.values()}) == 6


def _second_if_right(body: dict[str, Any]) -> str:
    prompt = prompt_text(body)
    return "VERDICT: A" if 0 <= prompt.find("it is 4 ") < prompt.find("it is 5 ") else "VERDICT: B"
