"""Gates from Python: what a caller may give for one, and what it decides of a run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from judgebench.errors import ExitCode, UsageError
from judgebench.report.gate import GateOutcome, gate_run
from judgebench.report.gate_file import KEYS, GateConditions, read_conditions
from judgebench.session.loaded import LoadedRun
from judgebench.session.outcome import Outcome

Gate = str | os.PathLike[str] | Sequence[str] | Mapping[str, Any]
"""A TOML file, a condition or several, or a dict with the keys of such a file."""


Gated = str | os.PathLike[str] | LoadedRun | Outcome
"""A run folder, or what ``judgebench.run`` or ``load`` gave back."""


def gate(run: Gated, conditions: Gate, *, update_baseline: bool = False) -> GateOutcome:
    """Decide whether a run is good enough, as ``jb gate`` does.

    Args:
        run: The run.
        conditions: A condition (``"aime2025-judge.accuracy>=80"``), several, a dict with the keys of a gate file
            (``min``, ``max``, ``min_scored``, ``max_drop``, ``baseline``, ``on``, ``missing``, ``supporting``,
            ``advisory``), or the path of one.
        update_baseline: Whether this run becomes the baseline file that the conditions name; drops are not decided.

    Raises:
        UsageError: A condition cannot be read, or there is none.
        UnknownNameError: A condition matches nothing in the run.
        ReuseError: The folder holds no result.
    """
    folder = run.path if isinstance(run, LoadedRun | Outcome) else Path(run).expanduser()
    return gate_run(folder, conditions_of(conditions), update_baseline=update_baseline)


def conditions_of(given: Gate) -> GateConditions:
    """Return the checked conditions that a caller gives.

    Raises:
        ConfigError: The file of conditions cannot be used.
        UsageError: A condition cannot be read, or there is none.
    """
    if isinstance(given, os.PathLike) or (isinstance(given, str) and not _is_condition(given)):
        found = read_conditions(Path(given).expanduser())
    elif isinstance(given, Mapping):
        try:
            found = msgspec.convert(dict(given), GateConditions)
        except msgspec.ValidationError as error:
            raise UsageError(
                f"The gate cannot be used: {error}.",
                hint=f"Its keys are {KEYS}; see docs/gate.md.",
            ) from error
    else:
        texts = [given] if isinstance(given, str) else list(given)
        if wrong := next((text for text in texts if not isinstance(text, str)), None):
            raise UsageError(
                f"The condition {wrong!r} of the gate is no text.", hint="For example: 'aime2025-judge.accuracy>=80'"
            )
        upper = ["<" in text or "≤" in text for text in texts]
        found = GateConditions(
            min=[text for text, is_upper in zip(texts, upper, strict=True) if not is_upper],
            max=[text for text, is_upper in zip(texts, upper, strict=True) if is_upper],
        )
    found.rules()
    return found


def _is_condition(text: str) -> bool:
    return any(sign in text for sign in "<>≥≤")


def gated(outcome: Outcome, conditions: GateConditions) -> Outcome:
    """Return an outcome with what a gate decides of it; one that was stopped is left as it is.

    Raises:
        UnknownNameError: A condition matches nothing in the run.
        ReuseError: The run has no result.
    """
    if outcome.interrupted:
        return outcome
    decided = gate_run(outcome.path, conditions)
    kept = outcome.exit_code not in {ExitCode.DONE, ExitCode.ITEMS_FAILED}
    exit_code = outcome.exit_code if kept else ExitCode(decided.exit_code or outcome.exit_code)
    return msgspec.structs.replace(outcome, exit_code=exit_code, gate=decided)
