"""A task whose first replies are all of no use ends before the rest is paid for."""

from __future__ import annotations

from typing import Any

import pytest

from judgebench.testing.faultservice import Seen, http_status
from tests.e2e.harness import Bench

EARLY = 50


@pytest.fixture
def long_bench(bench: Bench) -> Bench:
    """A benchmark of 120 rows."""
    bench.n = 120
    bench.write()
    return bench


def refuses(seen: Seen) -> Any:
    """Take the trial call, and refuse every question."""
    return http_status(400, message="this account is limited to short prompts") if "twice" in seen.prompt else None


def test_answers_that_are_all_refused_end_the_run_in_the_services_words(long_bench: Bench) -> None:
    long_bench.model.set_faults(refuses)
    done = long_bench.jb(dataset="toy_gen")
    assert done.code == 3, done.text
    assert "the first 50 answers were refused, all of them" in done.text
    assert "this account is limited to short prompts" in done.text
    assert EARLY <= len(long_bench.model.requests) - 1 <= EARLY + 8


def test_judgments_that_cannot_be_read_end_the_run_and_what_was_recorded_is_kept(long_bench: Bench) -> None:
    long_bench.judge.answer = lambda body: "Hard to say." if "I think it is" in str(body) else "VERDICT: A"
    done = long_bench.jb()
    assert done.code == 3, done.text
    assert "replies could not be read, all of them" in done.text
    assert "Hard to say." in done.text
    judged = len(long_bench.judge.requests)
    assert EARLY <= judged - 1 <= EARLY + 8
    more = long_bench.jb("--reuse", "--go-on", "--no-preflight")
    assert more.code == 0, more.text
    assert long_bench.result()["counts"]["unparsed"] == 120
    assert 121 <= len(long_bench.judge.requests) <= 121 + 4, "again was asked only what was in flight"


def test_a_row_without_any_number_is_no_success_however_short_the_run(bench: Bench) -> None:
    bench.judge.answer = lambda body: "Hard to say."
    refused = bench.jb()
    assert refused.code == 3, refused.text
    assert "nor could its replies to 2 other trial answers be read" in refused.text
    done = bench.jb("--no-preflight")
    assert done.code == 4, done.text
    assert "nothing was scored: 6 unparsed" in done.text
    for known in (("--go-on",), ("--min-scored", "0")):
        assert bench.jb("--reuse", "--mode", "eval", *known).code == 0


def test_one_good_answer_among_the_first_lets_the_run_go_on(long_bench: Bench) -> None:
    long_bench.model.set_faults(lambda seen: None if "twice 7?" in seen.prompt else refuses(seen))
    done = long_bench.jb(dataset="toy_gen")
    assert done.code == 4, done.text
    assert len(long_bench.model.requests) == 121
