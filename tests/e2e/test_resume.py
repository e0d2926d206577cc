"""What changed decides what is redone; what did not change is never asked again."""

from __future__ import annotations

import json

import pytest

from tests.e2e.harness import JB, Bench, judge_answer, run

T = "models.toy-model.generation_kwargs.temperature"


def test_a_changed_temperature_is_refused_by_name_and_redone_only_on_demand(bench: Bench) -> None:
    assert bench.jb("--override", f"{T}=0.6").code == 0
    bench.model.forget()
    refused = bench.jb("--override", f"{T}=0.2", "--reuse", "--no-preflight")
    assert refused.code == 2, refused.text
    assert "temperature: 0.6 -> 0.2" in refused.text
    assert "--redo-changed" in refused.text
    assert bench.model.requests == []
    redone = bench.jb("--override", f"{T}=0.2", "--reuse", "--redo-changed", "--no-preflight")
    assert redone.code == 0, redone.text
    assert bench.asked() == dict.fromkeys(range(6), 1)
    assert [row["id"] for row in bench.rows()] == list(range(6))


def test_what_changes_nothing_is_not_asked_again(finished: Bench) -> None:
    bench = finished
    flags = ("batch_size=1", "retry=5", "timeouts.total=9", "stream=True")
    changed = [f"{one}.{flag}" for flag in flags for one in ("models.toy-model", "judges.judge")]
    done = bench.jb("--reuse", "--no-preflight", "--override", *changed)
    assert done.code == 0, done.text
    assert bench.model.requests == []
    assert bench.judge.requests == []


def test_a_changed_judge_prompt_redoes_the_judging_alone(finished: Bench) -> None:
    bench = finished
    done = bench.jb("--reuse", "--override", "judges.judge.method.style=word", "--no-preflight")
    assert done.code == 4, done.text  # this judge says letters, so that no word is read
    assert bench.model.requests == []
    assert bench.judged() == dict.fromkeys(range(6), 1)
    assert len(bench.rows("toy-judge")) == 6
    assert "judge:toy-model/toy-judge: judged with other settings before (method." in done.text


def test_a_judge_prompt_that_is_taken_back_is_not_paid_for_again(finished: Bench) -> None:
    bench = finished
    before = bench.rows("toy-judge")
    changed = ("--reuse", "--no-preflight", "--override", "judges.judge.method.style=word")
    assert bench.jb(*changed).code == 4  # no reply is a word
    bench.judge.forget()
    for _ in range(2):
        assert bench.jb("--reuse", "--no-preflight", "--override", "judges.judge.method.style=letter").code == 0
        assert bench.rows("toy-judge") == before
        assert bench.jb(*changed).code == 4
        assert len(bench.rows("toy-judge")) == 6
    assert bench.judge.requests == []
    aside = bench.run / "predictions/toy-model/toy-judge.jsonl.replaced"
    assert len(aside.read_text().splitlines()) == 12, "each judgment of either prompt once"
    assert bench.jb(*changed, "--rejudge").code == 4
    assert bench.judged() == dict.fromkeys(range(6), 1)


def test_rejudge_asks_the_judge_everything_afresh_and_keeps_the_earlier_judgments(finished: Bench) -> None:
    bench = finished
    assert bench.jb("--reuse", "--rejudge", "--no-preflight").code == 0
    assert bench.model.requests == []
    assert bench.judged() == dict.fromkeys(range(6), 1)
    assert list((bench.run / "predictions/toy-model").glob("toy-judge.jsonl.before-*"))


def test_another_file_behind_the_name_of_a_judge_is_another_judge(finished: Bench) -> None:
    """``weights`` tells them apart; what a run recorded that did not say it stays of the judge that is asked now."""
    bench = finished

    def again(weights: str) -> int:
        bench.judge.forget()
        done = bench.jb("--reuse", "--no-preflight", "--override", f"judges.judge.weights={weights}")
        assert done.code == 0, done.text
        return len(bench.judge.requests)

    assert again("first") == 0, "recorded by a run that did not say which weights"
    assert again("second") == 0
    aside = bench.run / "predictions/toy-model"
    assert not list(aside.glob("toy-judge.jsonl.before-*"))
    (aside / "toy-judge.jsonl").unlink()
    assert again("second") == 6
    assert again("second") == 0
    before = bench.rows("toy-judge")
    assert again("third") == 6
    assert len(bench.rows("toy-judge")) == 6
    (kept,) = aside.glob("toy-judge.jsonl.before-*")
    assert [json.loads(line) for line in kept.read_text("utf-8").splitlines()] == before
    assert again("third") == 0


def test_other_weights_of_the_tested_model_are_a_changed_setting(bench: Bench) -> None:
    assert bench.jb("--override", "models.toy-model.weights=first").code == 0
    bench.model.forget()
    refused = bench.jb("--override", "models.toy-model.weights=second", "--reuse", "--no-preflight")
    assert refused.code == 2, refused.text
    assert 'model.weights: "first" -> "second"' in refused.text
    assert bench.jb("--override", "models.toy-model.weights=first", "--reuse", "--no-preflight").code == 0
    assert bench.jb("--reuse", "--no-preflight", "--num-prompts", "3").code == 0, "a config that says none is as any"
    assert bench.jb("--override", "models.toy-model.weights=second", "--reuse", "--no-preflight").code == 2
    assert bench.model.requests == []


def test_rejudge_of_single_items_is_refused_as_it_would_set_the_others_aside(finished: Bench) -> None:
    bench = finished
    before = (bench.run / "predictions/toy-model/toy-judge.jsonl").read_bytes()
    refused = bench.jb("--reuse", "--rejudge", "--ids", "1", "--no-preflight")
    assert refused.code == 2
    assert "--rejudge judges all items again, and --ids names some" in refused.text
    assert (bench.run / "predictions/toy-model/toy-judge.jsonl").read_bytes() == before
    assert bench.judged() == {}


def test_deleting_the_judge_file_makes_the_judge_ask_again(finished: Bench) -> None:
    bench = finished
    (bench.run / "predictions/toy-model/toy-judge.jsonl").unlink()
    assert bench.jb("--reuse", "--mode", "eval", "--no-preflight").code == 0
    assert bench.judged() == dict.fromkeys(range(6), 1)


def test_more_prompts_and_more_repeats_ask_only_what_is_new(bench: Bench) -> None:
    assert bench.jb("--num-prompts", "3").code == 0
    assert bench.jb("--reuse", "--num-prompts", "5", "--no-preflight").code == 0
    assert bench.asked() == dict.fromkeys(range(5), 1)
    assert bench.jb("--reuse", "--no-preflight", "--num-prompts", "none").code == 0
    assert bench.asked() == dict.fromkeys(range(6), 1)
    assert bench.judged() == dict.fromkeys(range(6), 1)
    more = bench.jb(
        "--reuse", "--no-preflight", "--override", "models.toy-model.generation_kwargs.num_return_sequences=2"
    )
    assert more.code == 0, more.text
    assert bench.asked() == dict.fromkeys(range(6), 2)
    assert bench.result()["counts"]["planned"] == 12


def test_fewer_prompts_score_only_those(finished: Bench) -> None:
    bench = finished
    assert bench.jb("--reuse", "--num-prompts", "2", "--no-preflight").code == 0
    assert bench.result()["counts"]["planned"] == 2
    assert bench.judge.requests == []


def test_a_run_is_continued_without_naming_its_configs_again(bench: Bench) -> None:
    bench.judge.answer = judge_answer("{letter} or so, hm")
    bench.jb("--no-preflight")  # whose trial call refuses such a judge
    done = run([*JB, "--reuse", "--no-preflight"], bench.folder)
    assert done.code == 4, done.text  # no verdict is read, now as before
    assert len(bench.runs) == 1


def test_a_changed_data_row_is_asked_again_and_no_other(finished: Bench) -> None:
    bench = finished
    path = bench.folder / "toy.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[2]["question"] = "Tell me: what is twice 2?"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = bench.jb("--reuse", "--no-preflight")
    assert done.code == 0, done.text
    assert bench.asked() == {2: 1}
    assert bench.judged() == {2: 1}
    for task in ("infer toy-model/toy", "judge toy-model/toy-judge"):
        (ended,) = (line for line in done.out.splitlines() if f"{task}: finish" in line)
        assert "6/6" in ended
        assert "5 kept" in ended
    assert bench.result()["counts"]["ok"] == 6


def test_a_data_set_that_is_not_reached_yet_is_added_to_a_run(finished: Bench) -> None:
    bench = finished
    done = bench.jb("--reuse", "--no-preflight", models=["toy_model", "other_model"])
    assert done.code == 0, done.text
    assert bench.asked() == dict.fromkeys(range(6), 1)
    assert bench.result(model="other-model")["metrics"]["accuracy"]["value"] == pytest.approx(500 / 6)


def test_a_torn_and_a_damaged_line_cost_one_question_each(finished: Bench) -> None:
    bench = finished
    path = bench.run / "predictions/toy-model/toy.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = b"\x00" * 20 + lines[1][20:]
    path.write_bytes(b"".join(lines)[:-30])
    done = bench.jb("--reuse", "--no-preflight")
    assert done.code == 0, done.text
    assert bench.asked() == {1: 1, 5: 1}
    assert bench.judge.requests == []
    assert b"line 2" in (bench.run / "predictions/toy-model/toy.jsonl.damaged").read_bytes()
    assert bench.result()["counts"]["ok"] == 6


def test_failed_items_are_left_alone_where_asked(bench: Bench) -> None:
    bench.model.set_faults(lambda seen: "503" if "twice 3" in str(seen.body) else None)
    assert bench.jb("--no-preflight").code == 4
    bench.model.set_faults(())
    bench.model.forget()
    assert bench.jb("--reuse", "--no-retry-failed", "--no-preflight").code == 4
    assert bench.model.requests == []
    assert bench.jb("--reuse", "--no-preflight").code == 0
    assert bench.asked() == {3: 1}


def test_a_second_run_with_the_same_cache_asks_nothing_and_says_what_it_saved(bench: Bench) -> None:
    first = bench.jb("--cache", "kept", "--no-preflight")
    assert first.code == 0, first.text
    bench.model.forget()
    bench.judge.forget()
    done = bench.jb("--cache", "kept", "--no-preflight")
    assert done.code == 0, done.text
    assert bench.model.requests == []
    assert bench.judge.requests == []
    old, new = (json.loads((run / "results/toy-model/toy-judge.json").read_text()) for run in bench.runs)
    assert new["metrics"] == old["metrics"]
    assert {side: spent["saved_requests"] for side, spent in new["usage"].items()} == {"model": 6, "judge": 6}


def test_going_on_without_names_keeps_the_choice_of_samples(bench: Bench) -> None:
    """A trial run that is continued must not turn into the whole, paid for, run."""
    bench.jb("--num-prompts", "2")
    done = run([*JB, "--reuse"], bench.folder)
    assert done.code == 0, done.text
    assert "--num-prompts 2" in done.text
    assert bench.asked() == {0: 1, 1: 1}
    more = run([*JB, "--reuse", "--num-prompts", "3"], bench.folder)
    assert more.code == 0, more.text
    assert bench.asked() == {0: 1, 1: 1, 2: 1}
    assert bench.jb("--reuse").code == 0
    assert bench.asked() == {0: 1, 1: 1, 2: 1}, "nor does naming the configs lift the limit"
    assert bench.jb("--reuse", "--num-prompts", "none").code == 0
    assert bench.asked() == dict.fromkeys(range(6), 1)
