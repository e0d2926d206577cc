"""The regression scenarios of the reference tool's measured faults, each with the result that is right."""

from __future__ import annotations

import re
import signal
import time
from typing import Any

import pytest

from judgebench.testing.faultservice import prompt_text
from tests.e2e.harness import Bench, judge_answer, model_answer, slower_after, wait_until


def about(*numbers: int):  # type: ignore[no-untyped-def]
    """A fault script that answers 503 to everything about some questions."""
    marks = [f"twice {number}" for number in numbers]
    return lambda seen: "503" if any(mark in prompt_text(seen.body) for mark in marks) else None


def test_a_judged_run_gives_the_folders_and_the_table_of_the_reference_page(bench: Bench) -> None:
    done = bench.jb()
    assert done.code == 0, done.text
    run = bench.run
    stamp = run.name
    files = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert {
        "logs/infer/toy-model/toy.out",
        "logs/infer/toy-model/toy-judge.out",
        "logs/eval/toy-model/toy-judge.out",
        "predictions/toy-model/toy.jsonl",
        "predictions/toy-model/toy-judge.jsonl",
        "results/toy-model/toy-judge.json",
        f"summary/summary_{stamp}.csv",
        f"summary/summary_{stamp}.md",
        f"summary/summary_{stamp}.txt",
        f"summary/summary_{stamp}.json",
    } <= files
    assert any(name.startswith(f"configs/{stamp}_") and name.endswith(".py") for name in files)
    table = (run / f"summary/summary_{stamp}.md").read_text()
    assert "| toy-judge" in table
    assert "83.33" in table
    assert "83.33" in done.text
    row = bench.rows()[0]
    assert (row["data_abbr"], row["id"], row["success"], row["gold"]) == ("toy", 0, True, "0")
    assert {"uuid", "origin_prompt", "prediction", "usage", "latency", "finish_reason", "served_model"} <= row.keys()
    assert [judged["gold"] for judged in bench.rows("toy-judge")] == [one["uuid"] for one in bench.rows()]
    assert bench.asked() == dict.fromkeys(range(6), 1)
    assert bench.judged() == dict.fromkeys(range(6), 1)


def test_e1_resuming_a_finished_run_sends_nothing_and_reports_the_same(bench: Bench) -> None:
    bench.jb()
    before = bench.result()
    bench.model.forget()
    bench.judge.forget()
    done = bench.jb("--reuse")
    assert done.code == 0, done.text
    assert bench.model.requests == []
    assert bench.judge.requests == []
    assert {**bench.result(), "plan": before["plan"]} == before
    assert len(bench.runs) == 1


def test_e2_failed_judge_calls_are_counted_bounded_and_healed_by_reuse(bench: Bench) -> None:
    bench.judge.set_faults(about(1, 2))
    done = bench.jb("--no-preflight")
    assert done.code == 4, done.text
    result = bench.result()
    assert result["counts"] == {
        "planned": 6,
        "ok": 4,
        "unparsed": 0,
        "judge_failed": 2,
        "prediction_failed": 0,
        "not_judged": 0,
        "truncated": 0,
    }
    accuracy = result["metrics"]["accuracy"]
    assert (accuracy["value"], accuracy["n"]) == (75.0, 4)
    assert accuracy["bounds"] == pytest.approx([50.0, 100 * 5 / 6])
    bench.judge.set_faults(())
    bench.judge.forget()
    bench.model.forget()
    healed = bench.jb("--reuse", "--no-preflight")
    assert healed.code == 0, healed.text
    assert bench.judged() == {1: 1, 2: 1}
    assert bench.model.requests == []
    assert bench.result()["metrics"]["accuracy"]["value"] == pytest.approx(500 / 6)


def test_e3_failed_answers_are_not_wrong_answers(bench: Bench) -> None:
    bench.model.set_faults(about(0, 5))
    done = bench.jb("--no-preflight")
    assert done.code == 4, done.text
    result = bench.result()
    assert result["counts"]["prediction_failed"] == 2
    assert result["metrics"]["accuracy"]["value"] == 100.0
    assert result["metrics"]["accuracy"]["bounds"] == pytest.approx([100 * 4 / 6, 100.0])
    assert bench.jb("--no-preflight", "--reuse", "--max-fail-rate", "0.5").code == 0


def test_e4_selected_rows_keep_their_own_gold(bench: Bench) -> None:
    done = bench.jb("--ids", "3-5")
    assert done.code == 0, done.text
    assert [(row["id"], row["gold"]) for row in bench.rows()] == [(3, "6"), (4, "8"), (5, "10")]
    assert bench.judged() == {3: 1, 4: 1, 5: 1}
    assert bench.result()["metrics"]["accuracy"]["value"] == pytest.approx(200 / 3)


@pytest.mark.parametrize("flags", [("--shuffle", "7", "--num-prompts", "4"), ("--ids", "q-2,4")])
def test_a_judged_item_is_shown_its_own_gold_whatever_the_order(bench: Bench, flags: tuple[str, ...]) -> None:
    assert bench.jb(*flags).code == 0
    for row in bench.rows():
        assert row["gold"] == str(2 * row["id"])
    for row in bench.rows("toy-judge"):
        assert f"What is twice {row['id']}?" in str(row["origin_prompt"])


def test_e5_repeats_are_grouped_by_question(bench: Bench) -> None:
    bench.model.answer = model_answer(lambda number: number < 3)
    done = bench.jb("--override", "models.toy-model.generation_kwargs.num_return_sequences=4")
    assert done.code == 0, done.text
    metrics = {name: metric["value"] for name, metric in bench.result()["metrics"].items()}
    assert metrics["accuracy (4 runs average)"] == 50.0
    assert metrics["avg@4"] == 50.0
    assert metrics["pass@4"] == 50.0
    assert metrics["maj_correct@4"] == 50.0
    assert bench.asked() == dict.fromkeys(range(6), 4)
    assert all("num_return_sequences" not in seen.body for seen in bench.model.requests)


def test_e6_two_models_with_one_judged_dataset(bench: Bench) -> None:
    done = bench.jb(models=["toy_model", "other_model"])
    assert done.code == 0, done.text
    assert bench.result()["metrics"]["accuracy"]["value"] == pytest.approx(500 / 6)
    assert bench.result(model="other-model")["metrics"]["accuracy"]["value"] == pytest.approx(500 / 6)


def test_e7_ctrl_c_stops_says_how_to_resume_and_loses_nothing(bench: Bench) -> None:
    slower_after(2, bench.model, then=2.0)
    bench.model_keys = {"batch_size": 1}
    bench.write()
    process = bench.fork("--no-preflight", "--no-overlap")
    wait_until(lambda: len(bench.model.requests) >= 3)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 130, out
    assert "--reuse" in out
    assert bench.judge.requests == []
    kept = bench.rows()
    assert len(kept) >= 2
    bench.model.latency = 0.0
    done = bench.jb("--reuse", "--no-preflight")
    assert done.code == 0, done.text
    assert all(count == 1 for id_, count in bench.asked().items() if id_ in {row["id"] for row in kept})
    assert bench.judged() == dict.fromkeys(range(6), 1)
    assert bench.result()["metrics"]["accuracy"]["value"] == pytest.approx(500 / 6)


def test_e8_a_verdict_is_read_however_it_is_dressed(bench: Bench) -> None:
    forms = [
        "The two agree.\n\nVerdict: {letter}.",
        "**{letter}**",
        "{letter}",
        "{letter}\n\nBoth say the same number.",
    ]
    dressed = [judge_answer(form) for form in forms]

    def answer(body: dict[str, Any]) -> str:
        number = re.search(r"\(of twice (\d+)\)", prompt_text(body))
        return dressed[int(number[1]) % len(forms) if number else 0](body)

    bench.n = 12  # each form for two right answers, and for one that is wrong
    bench.write()
    bench.model.answer = model_answer(lambda number: number % 3 == 0)
    bench.judge.answer = answer
    assert bench.jb("--dump-eval-details").code == 0
    decisions = {one["id"]: one["verdict"]["decision"] for one in bench.result()["details"]}
    assert decisions == {number: "correct" if number % 3 else "incorrect" for number in range(12)}
    assert bench.result()["counts"]["unparsed"] == 0


def test_what_cannot_be_read_is_unparsed_counted_and_never_a_guess(bench: Bench) -> None:
    bench.judge.answer = lambda body: "As a careful judge, I would rather not say. NASA"
    refused = bench.jb()
    assert refused.code == 3, refused.text
    assert "nor could its replies to 2 other trial answers be read" in refused.text
    assert "--go-on" in refused.text
    assert not bench.model.requests[2:], "nothing was paid for"
    done = bench.jb("--go-on")
    assert done.code == 0, done.text
    result = bench.result()
    assert result["counts"]["unparsed"] == 6
    assert result["metrics"]["accuracy"]["value"] is None
    assert "6 unparsed" in done.text
    assert bench.jb("--reuse", "--mode", "eval", "--min-scored", "90").code == 4


def test_e9_a_dead_service_is_one_sentence_and_the_other_tasks_go_on(bench: Bench) -> None:
    bench.model.stop()
    began = time.monotonic()
    done = bench.jb("--no-preflight")
    assert done.code == 3, done.text
    assert time.monotonic() - began < 60
    assert str(bench.model.port) in done.text
    assert "Traceback" not in done.text
    preflighted = bench.jb()
    assert preflighted.code == 3
    assert str(bench.model.port) in preflighted.text


def test_e9_tasks_that_do_not_depend_on_the_dead_service_go_on(bench: Bench) -> None:
    bench.write()
    dead = bench.folder / "configs" / "models" / "dead_model.py"
    dead.write_text(
        "from judgebench.models import VLLMCustomAPIChat\n"
        "models = [dict(type=VLLMCustomAPIChat, abbr='dead', model='m', host_ip='127.0.0.1', host_port=9, retry=0)]\n"
    )
    done = bench.jb("--no-preflight", models=["dead_model", "toy_model"])
    assert done.code == 3, done.text
    assert bench.result()["metrics"]["accuracy"]["value"] == pytest.approx(500 / 6)
    assert "dead" in done.text


def test_e11_a_dry_run_sends_nothing_and_writes_nothing(bench: Bench) -> None:
    done = bench.jb("--dry-run")
    assert done.code == 0, done.text
    assert bench.model.requests == []
    assert bench.judge.requests == []
    assert bench.model.model_listings + bench.judge.model_listings == 0
    assert not (bench.folder / "outputs").exists()
    for task in ("infer:toy-model/toy", "judge:toy-model/toy-judge", "extract:toy-model/toy-judge", "summarize"):
        assert task in done.out
    assert "judgebench.stages" in done.out


def test_e13_both_stages_partly_failed_then_healed(bench: Bench) -> None:
    bench.model.set_faults(about(0, 1))
    bench.judge.set_faults(about(2, 3))
    assert bench.jb("--no-preflight").code == 4
    bench.model.set_faults(())
    bench.judge.set_faults(())
    done = bench.jb("--reuse", "--no-preflight")
    assert done.code == 0, done.text
    assert bench.result()["metrics"]["accuracy"]["value"] == pytest.approx(500 / 6)
    assert bench.model.answered.total() == 6
    assert all(count == 1 for count in bench.judge.answered.values())
    assert bench.judge.answered.total() == 6


def test_e14_scoring_without_a_run_names_the_missing_option(bench: Bench) -> None:
    for mode in ("eval", "viz", "judge"):
        done = bench.jb("--mode", mode)
        assert done.code == 2
        assert "--reuse" in done.err
    assert not (bench.folder / "outputs").exists()


def test_the_achieved_rate_stands_beside_the_asked_one(bench: Bench) -> None:
    bench.model_keys = {"request_rate": 50}
    bench.write()
    done = bench.jb(dataset="toy_gen")
    assert done.code in (0, 4), done.text
    found = re.search(r"Pace: +infer:toy-model/toy: ([\d.]+) requests/s of 50/s asked for", done.text)
    assert found, done.text
    assert 0 < float(found[1]) < 60
    assert "wanted_rate 50" in (bench.run / "logs/infer/toy-model/toy.out").read_text()
