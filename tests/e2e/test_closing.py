"""The last lines of a run: one exchange of a trial run, the verdicts to look at, and the one next command."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import pytest

from judgebench.testing.faultservice import prompt_text
from tests.e2e.harness import JB, Bench, environment, judge_answer, model_answer, run, wait_until


def next_command(text: str) -> str:
    """The command that the last line names, without its explanation."""
    last = text.rstrip().splitlines()[-1]
    assert last.startswith("Next:")
    return re.split(r" {4,}\(", last.removeprefix("Next:").strip())[0]


def test_a_trial_run_shows_one_whole_exchange_and_what_it_was_read_as(bench: Bench) -> None:
    done = bench.jb("--ids", "5", "--num-prompts", "1")
    assert done.code == 0, done.text
    shown = done.out[done.out.index("--- one judge exchange") :]
    asked, reply, read = re.split(r"--- the judge's reply ---|--- read as ---", shown)[:3]
    assert "You check whether" in asked, "the prompt is shown from its start"
    assert "I think it is 11" in asked
    assert "VERDICT: B" in reply
    assert read.strip().startswith("incorrect")


def test_a_trial_run_whose_judge_cannot_be_read_says_so(bench: Bench) -> None:
    bench.judge.answer = lambda body: "Hard to say."
    done = bench.jb("--num-prompts", "1", "--go-on")
    assert done.code == 0, done.text
    assert "--- read as ---\nunparsed: " in done.out


def test_on_a_terminal_the_tables_fit_its_window(bench: Bench) -> None:
    """The file keeps the whole tables."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    env = environment({"TERM": "dumb", "COLUMNS": ""})  # plain lines, and the window's own width
    with subprocess.Popen(
        bench.command("toy_gen"),
        cwd=bench.folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # EIO: the last one that wrote has ended
            while piece := os.read(ours, 65536):
                said += piece
        os.close(ours)
    assert process.returncode == 0
    text = said.decode().replace("\r\n", "\n")
    tables = text[text.index("| dataset") : text.index("\nResults: ")]
    assert "wrong answers" in tables
    assert max(map(len, tables.splitlines())) <= 80
    (written,) = bench.run.glob("summary/*.txt")
    assert max(map(len, written.read_text().splitlines())) > 80


def test_the_text_names_the_verdicts_to_look_at_first(bench: Bench) -> None:
    bench.judge.answer = lambda body: "Hard to say."
    done = bench.jb("--go-on")
    assert done.out.count("unparsed: the reply states no verdict") == 5
    assert "    question: What is twice 0?\n    reference: 0\n    answer: I think it is 0" in done.out
    assert "judge: Hard to say." in done.out
    unread = run(["sh", "-c", f"{JB[0]} -m judgebench {next_command(done.out)[3:]}"], bench.folder)
    assert unread.out.count("? unparsed: the reply states no verdict") == 6, unread.text
    assert "judge       Hard to say." in unread.out


def test_a_comparison_that_ran_out_of_time_says_so_and_scoring_again_tries_it_again(bench: Bench) -> None:
    config = bench.folder / "configs" / "datasets" / "toy_gen.py"
    text = config.read_text().replace("NumberEqual", "MathEqual")
    config.write_text(text.replace("type=MathEqual", "type=MathEqual, deadline=0"))
    done = bench.jb("--num-prompts", "2", dataset="toy_gen")
    assert done.code == 4, done.text
    assert "unparsed: the time limit of the rule ended the comparison: took longer than 0 s" in done.out
    assert "judge: " not in done.out, "no judge was asked"
    assert "repeats 2 comparisons that the time limit of a rule stopped" in done.out.splitlines()[-1]
    again = next_command(done.out).split()[1:]
    asked = len(bench.model.requests)
    more = run([*JB, *again, "--override", "datasets.toy.evaluator.deadline=60"], bench.folder)
    assert more.code == 0, more.text
    assert bench.result("toy")["counts"]["ok"] == 2, more.text
    assert "repeats" not in more.out
    assert len(bench.model.requests) == asked


def test_the_extract_rate_is_a_column_where_it_is_asked_for(bench: Bench) -> None:
    bench.model.answer = lambda body: "none" if "twice 0" in str(body) else model_answer()(body)
    plain = bench.jb(dataset="toy_gen")
    assert "extracted" not in plain.out
    done = bench.jb("--reuse", "--dump-extract-rate", dataset="toy_gen")
    assert "extracted" in done.out
    assert bench.result("toy")["diagnostics"]["extracted"] == pytest.approx(500 / 6)
    assert "83.33" in done.out


def test_the_next_command_of_a_run_with_missing_answers_answers_them(bench: Bench) -> None:
    assert bench.jb("--num-prompts", "2").code == 0
    bench.model.forget()
    partial = bench.jb("--reuse", "--mode", "eval", "--num-prompts", "none")
    assert "4 not judged" in partial.out
    assert bench.model.requests == []
    command = next_command(partial.out)
    assert command == f"jb --reuse {bench.run.name}"
    whole = bench.jb(*command.split()[1:])
    assert "0 not judged" in whole.out
    assert bench.asked() == {2: 1, 3: 1, 4: 1, 5: 1}


def test_a_judge_of_another_form_is_read_after_an_override_of_its_parser(bench: Bench) -> None:
    """Reading a judge again costs nothing and works when its service is gone: the recorded replies are kept."""
    bench.judge.answer = judge_answer('{{"same_value": "{letter}"}}')
    assert bench.jb("--go-on").code == 0
    assert bench.result()["counts"]["unparsed"] == 6
    bench.judge.stop()
    parser = "{'type': 'json_field', 'field': 'same_value', 'decisions': {'A': 'correct', 'B': 'incorrect'}}"
    done = bench.jb("--reuse", "--mode", "eval", "--override", f"judges.judge.method.parser={parser}")
    assert done.code == 0, done.text
    assert bench.result()["counts"]["ok"] == 6


def test_ctrl_c_during_the_preflight_leaves_no_run_behind(bench: Bench) -> None:
    bench.model.latency = 20.0
    process = bench.start()
    wait_until(lambda: bench.model.model_listings + len(bench.model.requests) > 0)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 130
    assert "interrupted" in out
    assert bench.runs == []


@pytest.mark.parametrize("dead", ["model", "judge"])
def test_a_dead_service_is_told_of_once(bench: Bench, dead: str) -> None:
    getattr(bench, dead).stop()
    done = bench.jb("--no-preflight", models=["toy_model"])
    assert done.code == 3
    told = [line for line in done.text.splitlines() if "cannot be reached" in line and not line.startswith("[1]")]
    assert len(told) == 1, done.text
    assert done.text.count("Start the service") == 1
    assert "Failed:  " in done.text
    assert "logs/infer/toy-model/toy" in done.text


def test_a_broken_row_is_told_of_once(bench: Bench) -> None:
    data = bench.folder / "toy.jsonl"
    lines = data.read_text().splitlines()
    data.write_text("\n".join([*lines[:4], '{"question": ', *lines[5:]]) + "\n")
    done = bench.jb("--no-preflight")  # which would have found it before anything was asked
    assert done.code == 2
    assert done.text.count("one JSON object was expected on the line") == 1, done.text
    assert "extract toy-model/toy-judge: error: the same as infer toy-model/toy" in done.text


def test_with_debug_the_logs_are_on_the_terminal_and_on_disk(bench: Bench) -> None:
    done = bench.jb("--debug")
    assert done.code == 0, done.text
    for name in ("infer/toy-model/toy", "infer/toy-model/toy-judge", "eval/toy-model/toy-judge"):
        lines = (bench.run / "logs" / f"{name}.out").read_text().splitlines()
        assert lines, name
        assert all(line in done.text for line in lines)


def test_what_failed_is_asked_again_next_and_what_was_not_read_is_looked_at(bench: Bench) -> None:
    bench.judge.answer = lambda body: "Hard to say."
    unread = bench.jb("--min-scored", "98", "--go-on")
    assert unread.code == 4
    assert next_command(unread.out) == f"jb items {bench.run.name} --unread"
    (bench.folder / "gate.toml").write_text('max = ["toy-judge.failed<=0"]\n')
    bench.judge.set_faults(lambda seen: "500" if "twice 3)" in prompt_text(seen.body) else None)
    failed = bench.jb("--reuse", "--rejudge", "--gate", "gate.toml", "--max-fail-rate", "0.9", "--go-on")
    assert failed.code == 5, failed.text
    assert next_command(failed.out) == f"jb --reuse {bench.run.name}"
