"""``jb items --parser`` counts and asks nothing; log-probabilities that nobody gives are refused at the first reply."""

from __future__ import annotations

import re

from tests.e2e.harness import JB, Bench, judge_answer, run


def test_recorded_replies_are_read_by_other_parsers(bench: Bench) -> None:
    bench.judge.answer = judge_answer("An answer.\n\nVERDICT: {letter}.")
    assert bench.jb("--no-preflight").code == 0
    asked = len(bench.judge.requests)
    command = [*JB, "items", "latest", "--parser", "aisbench_last_char", "--parser", "opencompass_first_ab"]
    done = run(command, bench.folder)
    assert done.code == 0, done.text
    # The last character is a full stop, which is "incorrect" there; the first letter A is that of "An".
    assert re.search(r"anchored / aisbench_last_char +6 +5 +83\.33 +5 +0 +0", done.out), done.out
    assert re.search(r"anchored / opencompass_first_ab +6 +1 +16\.67", done.out), done.out
    assert re.search(
        r"item 0   anchored / aisbench_last_char: correct / incorrect\n  An answer. VERDICT: ⟦A⟧", done.out
    ), done.out
    assert len(bench.judge.requests) == asked


def test_a_parser_that_is_none_is_said(bench: Bench) -> None:
    assert bench.jb("--no-preflight").code == 0
    done = run([*JB, "items", "latest", "--parser", "ancored"], bench.folder)
    assert done.code == 2
    assert "there is no parser 'ancored'" in done.text
    assert "Did you mean anchored?" in done.text
    unlike = run([*JB, "items", "latest", "--parser", "nope"], bench.folder)
    assert unlike.code == 2
    assert "Did you mean" not in unlike.text
    assert re.search(r"There are: .*aisbench_last_char, anchored, .*trailing_int", unlike.text), unlike.text
    other = run([*JB, "items", "latest", "none", "--parser", "anchored"], bench.folder)
    assert other.code == 2
    assert "The run has no row 'none'" in other.text


def test_a_service_without_logprobs_is_refused_before_the_run(bench: Bench) -> None:
    bench.judge.answer = lambda _body: "4"
    flags = ("--judges", "score_weighted", "--override", f"judges.weighted-score.url={bench.judge.url}")
    done = bench.jb(*flags)
    assert done.code == 3, done.text
    assert "gives none" in done.text
    assert "read='number'" in done.text
    assert bench.asked() == {}
    later = bench.jb(*flags, "--no-preflight")
    assert later.code == 3, later.text
    assert "its service gives none" in later.text
