"""What others do to a run folder, and what is no run folder at all."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from judgebench.testing.faultservice import closed_port
from tests.e2e.harness import JB, Bench, Done, run, slower_after, wait_until


def check_one_sentence(done: Done, code: int, *words: str) -> None:
    assert done.code == code, done.text
    assert "Traceback" not in done.text, done.text
    assert "bug" not in done.text, done.text
    for word in words:
        assert word in done.text, done.text


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", ["", ".", "..", "work", "../work"])
def test_a_folder_of_the_users_is_never_taken_for_a_run(tmp_path: Path, name: str) -> None:
    work = tmp_path / "work"
    (work / "configs").mkdir(parents=True)
    (work / "thesis.txt").write_text("precious")
    (work / "mine.jsonl").write_text('{"question": "1+1?", "answer": "2"}\n')
    before = content(tmp_path)
    override = f"models.vllm-api-general-chat.host_port={closed_port()}"
    command = [*JB, "--models", "vllm_api_general_chat", "--custom-dataset-path", "mine.jsonl", "--override", override]
    check_one_sentence(run([*command, "-w", ".", "--reuse", name], work), 2)
    assert content(tmp_path) == before
    assert sorted(work.iterdir()) == [work / "configs", work / "mine.jsonl", work / "thesis.txt"]


def test_what_a_user_put_into_a_run_folder_outlives_a_failed_start(finished: Bench) -> None:
    bench = finished
    (bench.run / "notes").mkdir()
    (bench.run / "notes" / "thesis.txt").write_text("precious")
    before = content(bench.run)
    override = f"models.toy-model.url=http://127.0.0.1:{closed_port()}"
    done = bench.jb("--reuse", "--redo-changed", "--override", override, "models.toy-model.max_out_len=9")
    check_one_sentence(done, 3)
    assert content(bench.run) == before


def test_a_run_may_be_named_by_its_folder(finished: Bench) -> None:
    bench = finished
    elsewhere = bench.folder / "kept safe"
    shutil.move(bench.run, elsewhere)
    done = bench.jb("--reuse", "kept safe", "--mode", "eval")
    assert done.code == 0, done.text
    assert bench.model.requests == bench.judge.requests == []
    assert bench.runs == []


def swap(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


@pytest.mark.parametrize("killed", [False, True])
def test_answers_of_another_model_are_neither_kept_nor_scored_without_a_word(bench: Bench, killed: bool) -> None:
    both = {"models": ("toy_model", "other_model"), "dataset": "toy_gen"}
    other = bench.folder / "configs/models/other_model.py"
    other.write_text(other.read_text().replace("'model': 'm'", "'model': 'n'"))
    bench.model.answer = lambda body: "I think it is 0 (of twice 0)"
    assert bench.jb("--no-preflight", **both).code == 0
    for hour, asked in enumerate(sorted((bench.run / "configs/identity").rglob("toy.json"))):
        # files that were completed in one tick of the clock have one time, by which they are not told apart
        own = bench.run / "predictions" / asked.parent.name / "toy.jsonl"
        moment = own.stat().st_mtime_ns - hour * 3_600_000_000_000
        os.utime(own, ns=(moment, moment))
        seal = {"size": -1, "modified": 0} if killed else {"modified": moment}
        asked.write_text(json.dumps({**json.loads(asked.read_text()), **seal}))
    swap(*(bench.run / "predictions" / model / "toy.jsonl" for model in ("toy-model", "other-model")))
    assert bench.jb("--reuse", "--mode", "eval", **both).code == 0
    (note,) = bench.result("toy")["notes"]
    assert "answers of another model, or to another question" in note
    assert ": 6 (" in note
    bench.model.forget()
    assert bench.jb("--reuse", "--no-preflight", **both).code == 0
    assert sorted({one.body["model"] for one in bench.model.requests}) == ["m", "n"]
    assert len(bench.model.requests) == 12
    assert bench.result("toy")["notes"] == []
    assert len(bench.rows()) == 6


def test_an_answer_of_another_model_does_not_stand_in_for_a_question_that_fails(bench: Bench) -> None:
    both = {"models": ("toy_model", "other_model"), "dataset": "toy_gen"}
    other = bench.folder / "configs/models/other_model.py"
    other.write_text(other.read_text().replace("'model': 'm'", "'model': 'n'"))
    assert bench.jb("--no-preflight", **both).code == 0
    swap(*(bench.run / "predictions" / model / "toy.jsonl" for model in ("toy-model", "other-model")))
    bench.model.set_faults(lambda seen: "400")
    for _ in range(2):
        assert bench.jb("--reuse", "--no-preflight", **both).code == 4
        counts = bench.result("toy")["counts"]
        assert (counts["ok"], counts["prediction_failed"]) == (0, 6)
    aside = bench.run / "predictions/toy-model/toy.jsonl.replaced"
    assert len(aside.read_text().splitlines()) == 6, "nothing that was paid for is lost"


def test_a_task_whose_plan_is_gone_says_so_in_a_sentence(finished: Bench) -> None:
    bench = finished
    (plan,) = (bench.run / "configs").glob("*.json")
    plan.rename(plan.with_suffix(".gone"))
    command = [sys.executable, "-m", "judgebench.stages", str(plan), "summarize"]
    check_one_sentence(run(command, bench.folder), 3, f"{plan} was removed or moved")
    plan.write_text("{")
    check_one_sentence(run(command, bench.folder), 3, f"The plan {plan} cannot be read")


def test_a_run_that_was_killed_keeps_every_answer_that_is_its_own(finished: Bench) -> None:
    """The state of its files was never recorded; each answer is known by the hash of its question."""
    bench = finished
    asked = bench.run / "configs/identity/toy-model/toy.json"
    asked.write_text(json.dumps({**json.loads(asked.read_text()), "size": -1, "modified": 0}))
    done = bench.jb("--reuse", "--no-preflight")
    assert done.code == 0, done.text
    assert bench.model.requests == bench.judge.requests == []


def test_a_judgment_lost_by_an_edit_that_keeps_size_and_time_is_asked_again(bench: Bench) -> None:
    assert bench.jb().code == 0
    bench.judge.forget()
    path = bench.run / "predictions/toy-model/toy-judge.jsonl"
    state = path.stat()
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = b"x" * (len(lines[2]) - 1) + b"\n"
    path.write_bytes(b"".join(lines))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert bench.jb("--reuse", "--no-preflight").code == 0
    assert bench.result()["counts"]["not_judged"] == 1
    assert bench.jb("--reuse", "--no-preflight").code == 0
    assert bench.result()["counts"]["not_judged"] == 0
    assert bench.judged() == {2: 1}


@pytest.mark.parametrize("name", ["predictions/toy-model/toy-judge.jsonl.replaced", "logs/summary.out"])
def test_a_link_that_leads_nowhere_yet_is_not_followed(finished: Bench, name: str) -> None:
    bench = finished
    outside = bench.folder / "outside.txt"
    (bench.run / name).unlink(missing_ok=True)
    (bench.run / name).symlink_to(outside)
    done = bench.jb("--reuse", "--override", "judges.judge.method.style=word", "--no-preflight")
    check_one_sentence(done, 3, "symbolic link")
    assert not outside.exists()


@pytest.mark.parametrize(
    "name",
    [
        "predictions/toy-model/toy.jsonl",
        "predictions/toy-model/toy-judge.jsonl",
        "configs/identity/toy-model/toy.json",
        "logs/infer/toy-model/toy.out",
        "results/toy-model/toy-judge.json",
        ".lock",
        ".lock.holder",
    ],
)
@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_in_the_place_of_one_neither_hangs_nor_crashes(finished: Bench, name: str, kind: str) -> None:
    bench = finished
    (bench.run / name).unlink(missing_ok=True)
    (os.mkfifo if kind == "pipe" else os.mkdir)(bench.run / name)
    done = bench.jb("--reuse", "--num-prompts", "5", "--redo-changed", "--no-preflight")
    assert done.code in {0, 3}, done.text
    assert "Traceback" not in done.text
    assert "bug" not in done.text
    if done.code:
        assert {"pipe": "named pipe", "folder": "a folder"}[kind] in done.text, done.text


@pytest.mark.parametrize("spoil", [lambda data: data.replace(b"prompt", b"pro\xffpt", 1), lambda data: b"[" * 100_000])
def test_a_damaged_record_of_the_settings_costs_nothing(finished: Bench, spoil: object) -> None:
    bench = finished
    for path in (bench.run / "configs/identity").rglob("*.json"):
        path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]
    done = bench.jb("--reuse", "--no-preflight")
    assert done.code == 0, done.text
    assert bench.model.requests == bench.judge.requests == []


@pytest.mark.parametrize("how", ["removed", "moved"])
def test_a_run_folder_that_goes_away_in_the_middle_ends_the_run_with_a_sentence(bench: Bench, how: str) -> None:
    bench.n = 400
    bench.write()
    bench.model.latency = 0.2
    process = bench.fork("--no-preflight", dataset="toy_gen")
    try:
        predictions = bench.folder / "outputs"
        wait_until(lambda: any(path.stat().st_size for path in predictions.rglob("toy.jsonl")))
        if how == "removed":
            shutil.rmtree(bench.run, ignore_errors=True)
        else:
            bench.run.rename(bench.folder / "moved")
        out, _ = process.communicate(timeout=200)
    finally:
        process.kill()
    assert len(bench.model.requests) < 400, "no more is paid for than until it is noticed"
    check_one_sentence(Done(process.returncode, out, "", 0), 3, "removed or moved")
    assert "jb --reuse" not in out
    assert bench.runs == [], "a folder made anew would stand in the way of the one that is moved back"


def test_leftovers_of_a_killed_process_are_removed_by_the_next(finished: Bench) -> None:
    bench = finished
    process = bench.fork("--reuse", "--mode", "viz")
    process.wait(timeout=200)
    leftover = bench.run / "summary" / f".summary.csv.{process.pid}.tmp"
    leftover.touch()
    assert bench.jb("--reuse", "--mode", "viz").code == 0
    assert not leftover.exists()


def test_a_damaged_plan_does_not_widen_the_choice_of_samples_without_a_word(bench: Bench) -> None:
    assert bench.jb("--num-prompts", "1").code == 0
    (plan,) = (bench.run / "configs").glob("*.json")
    plan.write_bytes(plan.read_bytes()[:-40])
    bench.model.forget()
    done = run([*JB, "--reuse"], bench.folder)
    check_one_sentence(done, 2, "is damaged", "Name the models and datasets again")
    assert bench.model.requests == []


def test_a_config_without_a_plan_is_of_an_invocation_that_did_nothing(finished: Bench) -> None:
    bench = finished
    (bench.run / "configs" / f"29990101_000000_{os.getpid()}.py").write_text("models = []\n")
    done = run([*JB, "--reuse", "--mode", "viz"], bench.folder)
    assert done.code == 0, done.text


@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_what_is_no_config_of_ours_is_not_run(finished: Bench, kind: str) -> None:
    bench = finished
    (plan,) = (bench.run / "configs").glob("*.json")
    config = plan.with_suffix(".py")
    config.rename(bench.folder / "elsewhere.py")
    os.mkfifo(config) if kind == "pipe" else config.symlink_to(bench.folder / "elsewhere.py")
    check_one_sentence(run([*JB, "--reuse", "--mode", "viz"], bench.folder), 3, config.name, kind)


@pytest.mark.parametrize("name", ["toy", "toy-judge"])
@pytest.mark.parametrize("how", ["cut off", "half a line"])
def test_what_another_program_does_to_answers_in_the_middle_of_a_run_is_told_and_mended(
    bench: Bench, name: str, how: str
) -> None:
    bench.n = 12
    bench.write()
    service = bench.model if name == "toy" else bench.judge
    slower_after(5, service, then=3.0)
    process = bench.fork("--no-preflight")
    wait_until(
        lambda: any(
            path.read_bytes().count(b"\n") >= 4 for path in bench.folder.rglob(f"predictions/toy-model/{name}.jsonl")
        )
    )
    path = bench.run / "predictions/toy-model" / f"{name}.jsonl"
    if how == "cut off":
        os.truncate(path, path.stat().st_size // 2)
    else:
        with path.open("ab") as other:
            other.write(b'{"id": 1, "uid')
    service.latency = lambda: 0.0
    out, _ = process.communicate(timeout=200)
    check_one_sentence(Done(process.returncode, out, "", 0), 3, "was changed by another program")
    again = bench.jb("--no-preflight", "--reuse")
    assert again.code == 0, again.text
    assert bench.result()["counts"]["ok"] == bench.n
    asked = bench.asked() if name == "toy" else bench.judged()
    assert sum(asked.values()) < 2 * bench.n
    assert min(asked.values()) == 1


def test_judging_alone_says_that_answers_are_not_the_models(bench: Bench) -> None:
    assert bench.jb("--no-preflight", "--mode", "infer").code == 0
    path = bench.run / "predictions/toy-model/toy.jsonl"
    assert "another model's" not in bench.jb("--no-preflight", "--mode", "judge", "--reuse").text
    rows = bench.rows()
    changed = [{**row, "uuid": "0" * len(row["uuid"])} if row["id"] < 2 else row for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in changed))
    done = bench.jb("--no-preflight", "--mode", "judge", "--reuse", "--rejudge")
    assert done.code == 0, done.text
    assert "2 of the judged answers are another model's, or to another question (jb --reuse asks them)" in done.text
