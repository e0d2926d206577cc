"""The pytest plug-in ``pytest-judgebench``: judged runs in tests, and what they assert of them.

::

    def test_the_model_is_good_enough(jb_run):
        run = jb_run(models="my_model", datasets="toy_llmjudge")
        assert_metric(run, "toy-judge.accuracy>=80")
        assert_no_drop(run, "toy-judge.accuracy=2", baseline="baseline.json")

pytest imports this module whenever it starts, so nothing is imported here but what pytest has imported already.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from judgebench.report.gate import GateOutcome
    from judgebench.session.gating import Gated
    from judgebench.session.outcome import Outcome

_UPDATE = "--jb-update-baseline"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plug-in."""
    group = parser.getgroup("judgebench", "judged runs (judgebench)")
    group.addoption(
        "--jb-work-dir", default="", metavar="DIR", help="folder for the runs of jb_run (default: a new one)"
    )
    group.addoption(
        _UPDATE, action="store_true", help="let assert_no_drop make each baseline file anew instead of deciding"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Remember for ``assert_no_drop``, which has no request, what the command line says."""
    _updates.append(bool(config.getoption(_UPDATE)))


def pytest_unconfigure() -> None:
    """Forget it again."""
    _updates.pop()


_updates: list[bool] = []
"""Of the sessions that run; one may run inside of another."""


@pytest.fixture
def jb_run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Outcome]:
    """Return ``judgebench.run`` with a folder of its own for the runs; it takes the same arguments.

    A run that did not end well fails the test: with the reasons, and how to look at them.
    """
    work_dir = request.config.getoption("--jb-work-dir") or tmp_path / "judgebench"

    def run(**what: Any) -> Outcome:
        import judgebench

        outcome = judgebench.run(**{"work_dir": work_dir, **what})
        if not outcome.ok and (outcome.gate is None or outcome.gate.decision == "pass"):
            reasons = "; ".join(outcome.errors) or f"exit code {int(outcome.exit_code)}"
            pytest.fail(f"The run did not end well: {reasons}\nLook at it with: jb items {outcome.path}", pytrace=False)
        return outcome

    return run


def assert_metric(run: Gated, *conditions: str, undecided: bool = False) -> GateOutcome:
    """Fail the test unless conditions hold, as ``jb gate`` decides.

    Args:
        run: What ``jb_run`` or ``judgebench.run`` gave back, a loaded run, or a run folder.
        conditions: Such as ``"toy-judge.accuracy>=80"``.
        undecided: Whether a condition that cannot be decided is enough.

    Returns:
        What the gate decided.
    """
    __tracebackhide__ = True
    import judgebench

    return _asserted(judgebench.gate(run, list(conditions)), undecided=undecided)


def assert_no_drop(
    run: Gated, *drops: str, baseline: str | os.PathLike[str], undecided: bool = False
) -> GateOutcome | None:
    """Fail the test if a metric dropped from a baseline by more than is allowed, as ``jb gate`` decides.

    Args:
        run: As of ``assert_metric``.
        drops: Allowed drops, such as ``"toy-judge.accuracy=2"``.
        baseline: A baseline file (``*.json``) or a run. A file that is not there is written, and the test fails once:
            commit it. ``--jb-update-baseline`` makes it anew and decides nothing.
        undecided: Whether a drop that cannot be decided is enough.

    Returns:
        What the gate decided; ``None`` where the baseline was made anew.
    """
    __tracebackhide__ = True
    from judgebench.session.gating import gate

    update = bool(_updates and _updates[-1])
    made = gate(run, {"baseline": os.fspath(baseline), "max_drop": list(drops)}, update_baseline=update)
    return None if update else _asserted(made, undecided=undecided)


def _asserted(decided: GateOutcome, *, undecided: bool) -> GateOutcome:
    __tracebackhide__ = True
    if decided.decision == "fail" or (decided.decision == "cannot tell" and not undecided):
        pytest.fail(decided.text, pytrace=False)
    return decided
