"""The exit code that tasks add up to."""

from __future__ import annotations

import itertools

import pytest

from judgebench.errors import ExitCode
from judgebench.executors.outcome import RunOutcome, TaskOutcome, known_exit_code
from judgebench.executors.scheduler import Phase

ENDS: list[tuple[Phase, int | None]] = [("partial", 4), ("failed", 3), ("ok", 0), ("skipped", None)]


def outcome(ends: list[tuple[Phase, int | None]], *, interrupted: bool = False) -> RunOutcome:
    tasks = [
        TaskOutcome(id=str(nth), name="m/d", stage="infer", phase=phase, exit_code=code)
        for nth, (phase, code) in enumerate(ends)
    ]
    return RunOutcome(tasks=tasks, interrupted=interrupted)


@pytest.mark.parametrize("ends", list(itertools.permutations(ENDS)))
def test_a_failed_task_outranks_a_partial_one_in_whatever_order(ends: list[tuple[Phase, int | None]]) -> None:
    assert outcome(list(ends)).exit_code == ExitCode.PREREQUISITE


def test_the_first_failed_task_decides_and_an_interrupt_outranks_all() -> None:
    ends: list[tuple[Phase, int | None]] = [("failed", 2), ("failed", 3)]
    assert outcome(ends).exit_code == ExitCode.USAGE
    assert outcome(ends, interrupted=True).exit_code == ExitCode.INTERRUPTED
    assert outcome([("ok", 0), ("partial", 4)]).exit_code == ExitCode.ITEMS_FAILED
    assert outcome([("ok", 0)]).exit_code == ExitCode.DONE


def test_a_code_that_is_not_documented_counts_as_our_bug() -> None:
    assert [known_exit_code(code) for code in (None, -9, 77, 4)] == [1, 1, 1, 4]
