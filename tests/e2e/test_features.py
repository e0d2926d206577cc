"""The flags of the command line, each through a whole run."""

from __future__ import annotations

import json
import time
import xml.etree.ElementTree as ET

import pytest

from judgebench.testing.faultservice import prompt_text
from tests.e2e.harness import JB, Bench, run, wait_until


def events(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_puts_events_alone_on_stdout_and_ends_with_done(bench: Bench) -> None:
    done = bench.jb("--json")
    assert done.code == 0, done.text
    seen = events(done.out)
    kinds = [event["event"] for event in seen]
    assert kinds[0] == "launch"
    assert kinds[-1] == "done"
    assert "plan" in kinds
    assert "task" in kinds
    assert seen[-1]["exit_code"] == 0
    again = events(bench.jb("--json", "--reuse").out)
    assert seen[0]["run"] == again[0]["run"] == bench.run.name, "a program resumes by this name"
    (score,) = seen[-1]["scores"]  # type: ignore[misc]
    assert score["name"] == "toy-model:toy-judge.accuracy"  # type: ignore[index]
    assert score["value"] == pytest.approx(500 / 6)  # type: ignore[index]
    assert "Results:" in done.err


def test_a_failing_start_also_ends_with_done_in_json(bench: Bench) -> None:
    done = run([*JB, "--models", "nobody", "--datasets", "toy_gen", "--json"], bench.folder)
    assert done.code == 2
    assert events(done.out)[-1]["event"] == "done"


def test_details_hold_the_answer_the_reply_and_the_verdict_of_every_item(bench: Bench) -> None:
    assert bench.jb("--dump-eval-details").code == 0
    details = bench.result()["details"]
    assert [row["id"] for row in details] == list(range(6))
    assert details[5]["correct"] is False
    assert details[5]["judge_reply"] == "VERDICT: B"
    assert details[5]["origin_prediction"].startswith("I think it is 11")
    assert details[0]["references"] == "0"


def test_sub_data_sets_are_merged_into_one_task_and_stay_apart_on_disk(bench: Bench) -> None:
    path = bench.folder / "configs" / "datasets" / "family.py"
    keys = (
        "type=JsonlDataset, path='toy.jsonl', input_columns=['question'], output_column='answer', prompt='{question}'"
    )
    path.write_text(
        "from judgebench.datasets import JsonlDataset\nfrom judgebench.judges import NumberEqual\n"
        f"family_datasets = [dict(abbr=f'part-{{i}}', group='family', evaluator=dict(type=NumberEqual), {keys})\n"
        "    for i in range(3)]\n"
    )
    plain = run([*JB, "--models", "toy_model", "--datasets", "family", "--merge-ds"], bench.folder)
    assert plain.code == 0, plain.text
    for part in range(3):
        assert len(bench.rows(f"part-{part}")) == 6
        assert bench.result(f"part-{part}")["counts"]["planned"] == 6
    assert (bench.run / "logs/infer/toy-model/family.out").exists()
    assert not (bench.run / "logs/infer/toy-model/part-0.out").exists()
    (line,) = [line for line in plain.out.splitlines() if line.startswith("| family ")]
    assert "weighted_average" in line
    assert "16.67" in line, "as the parts: the last number of each reply is the question's"
    gate = run([*JB, "gate", "latest", "--on", "value", "--min", "family.weighted_average>=16"], bench.folder)
    assert gate.code == 0, gate.text


def test_a_summary_that_says_the_same_takes_the_place_of_the_one_before(finished: Bench) -> None:
    bench = finished

    def summaries() -> list[str]:
        return sorted(path.name for path in (bench.run / "summary").iterdir())

    (first,) = {name.partition(".")[0] for name in summaries()}
    wait_until(lambda: time.strftime("summary_%Y%m%d_%H%M%S") != first)
    again = bench.jb("--reuse", "--mode", "viz")
    assert again.code == 0, again.text
    (second,) = {name.partition(".")[0] for name in summaries()}
    assert second != first
    assert len(summaries()) == 5
    assert f"{second}.md" in again.out
    assert again.out.rstrip().splitlines()[-1].startswith("Next:    jb items ")
    other = bench.jb("--reuse", "--mode", "viz", models=["toy_model", "other_model"])
    assert "other-model" in other.out
    assert len(summaries()) == 10, "what an earlier summary said otherwise stays"


def test_a_users_own_file_is_judged_from_the_command_line(bench: Bench) -> None:
    (bench.folder / "mine.csv").write_text('question,answer\n"What is twice 1?",2\n"What is twice 5?",10\n')
    judges = bench.folder / "configs" / "judges" / "my_judge.py"
    judges.write_text(
        "from judgebench.models import VLLMCustomAPIChat\nfrom judgebench.judges import ReferenceVerifier\n"
        f"judges = [dict(abbr='mine', judge_model=dict(type=VLLMCustomAPIChat, abbr='mine', url={bench.judge.url!r},\n"
        "    model='j', batch_size=2), method=dict(type=ReferenceVerifier))]\n"
    )
    done = run(
        [*JB, "--models", "toy_model", "--custom-dataset-path", "mine.csv", "--judges", "my_judge"], bench.folder
    )
    assert done.code == 0, done.text
    (result,) = (bench.run / "results" / "toy-model").glob("*-mine.json")
    assert json.loads(result.read_text())["metrics"]["accuracy"]["value"] == 50.0


def test_several_choice_questions_in_a_users_file_are_scored_by_letter(bench: Bench) -> None:
    (bench.folder / "quiz.jsonl").write_text(
        json.dumps({"question": "twice 2 is?", "A": "3", "B": "4", "answer": "B"}) + "\n"
    )
    bench.model.answer = lambda body: "Answer: B" if "quiz" not in body else ""
    done = run([*JB, "--models", "toy_model", "--custom-dataset-path", "quiz.jsonl"], bench.folder)
    assert done.code == 0, done.text
    (result,) = (bench.run / "results" / "toy-model").glob("*.json")
    assert json.loads(result.read_text())["metrics"]["accuracy"]["value"] == 100.0
    assert "A. 3" in prompt_text(bench.model.requests[-1].body)


def test_an_override_reaches_the_judge_that_the_data_set_ships(bench: Bench) -> None:
    bench.judge_keys = {"url": "", "host_ip": "127.0.0.1", "host_port": 9}
    bench.write()
    done = bench.jb("--override", f"judges.judge.host_port={bench.judge.port}", "judges.judge.max_out_len=77")
    assert done.code == 0, done.text
    assert {seen.body["max_tokens"] for seen in bench.judge.requests} == {77}


def test_a_gate_on_a_run_and_after_it(bench: Bench) -> None:
    (bench.folder / "gate.toml").write_text("min = ['toy-judge.accuracy>=99']\n")
    gated = bench.jb("--gate", "gate.toml")
    assert gated.code in {5, 6}, gated.text
    gate = [*JB, "gate", "latest", "--junit", "junit.xml", "--markdown", "gate.md"]
    loose = run([*gate, "--min", "toy-judge.accuracy>=30", "--min-scored", "98"], bench.folder)
    assert loose.code == 0, loose.text
    assert ET.parse(bench.folder / "junit.xml").getroot() is not None
    assert "toy-judge" in (bench.folder / "gate.md").read_text()
    unsure = run([*gate, "--min", "toy-judge.accuracy>=80"], bench.folder)
    assert unsure.code == 6, unsure.text
    unknown = run([*gate, "--min", "toy-judge.acuracy>=80"], bench.folder)
    assert unknown.code == 2
    assert "accuracy" in unknown.text


def test_reasoning_is_kept_apart_and_not_shown_to_the_judge(bench: Bench) -> None:
    plain = bench.model.answer
    bench.model.answer = lambda body: f"<think>secret thoughts</think>{plain(body)}"
    assert bench.jb().code == 0
    assert {row["reasoning_content"] for row in bench.rows()} == {"secret thoughts"}
    assert all("secret" not in row["prediction"] for row in bench.rows())
    assert all("secret" not in prompt_text(seen.body) for seen in bench.judge.requests)


def test_an_unclosed_thought_is_no_answer(bench: Bench) -> None:
    bench.model.answer = lambda body: "<think>it could be A or B, VERDICT: A"
    assert bench.jb("--no-preflight").code == 0
    assert {row["prediction"] for row in bench.rows()} == {""}


def test_warm_ups_are_sent_first_and_not_recorded(bench: Bench) -> None:
    assert bench.jb("--num-warmups", "2", "--no-preflight").code == 0
    assert bench.asked() == {0: 2, 1: 2, 2: 1, 3: 1, 4: 1, 5: 1}
    assert len(bench.rows()) == 6


def test_debug_runs_the_tasks_in_turn_with_their_logs_on_the_terminal(bench: Bench) -> None:
    done = bench.jb("--debug")
    assert done.code == 0, done.text
    assert "6 planned, 6 answered" in done.text
    assert (bench.run / "logs" / "infer").exists()
