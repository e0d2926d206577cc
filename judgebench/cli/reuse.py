"""What a reused run supplies if the command line does not: ``jb --reuse`` alone continues what was begun."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import msgspec

from judgebench.cli.arguments import build_parser
from judgebench.errors import ReuseError, UsageError
from judgebench.records.run import Options, Plan, RunRequest
from judgebench.store.journal import DamagedError, Decoder, read_file, unreadable
from judgebench.store.run_folder import RunFolder

CHOICE = ("num_prompts", "ids", "shuffle", "data_dir")
"""Options that choose the samples; a run that is continued without naming its configs keeps them."""
_DECODE = Decoder(Plan)


def completed(request: RunRequest, reused: RunFolder | None) -> tuple[RunRequest, list[str]]:
    """Return the request with the configs and the choice of samples of the reused run, and a line about what was taken.

    A command line that names models or datasets means what it says; only the data's folder is added, which is a place
    and no choice.

    Raises:
        UsageError: Nothing is named and no run is reused.
        ReuseError: The run holds no config to go on with.
    """
    chosen = request.selection
    if chosen.config or chosen.models or chosen.datasets or chosen.custom:
        return _with_data_dir(request, reused)
    if reused is None:
        raise UsageError(
            "Nothing to run: no models and no datasets are named.",
            hint="For example: jb --models vllm_api_general_chat --datasets aime2025_llmjudge "
            "(jb --list shows all names, jb --help all flags).",
        )
    dump, plan = _newest_config(reused)
    previous = plan.options
    unsaid = Options()
    taken = {
        name: getattr(previous, name)
        for name in CHOICE
        if getattr(request.options, name) == getattr(unsaid, name) != getattr(previous, name)
    }
    notes = []
    if kept := _overrides(reused):
        notes.append(f"continues with --override {shlex.join(kept)} as before; name the models and datasets to drop it")
    if shown := [f"--{name.replace('_', '-')} {_words(taken[name])}" for name in CHOICE if name in taken]:
        notes.append(f"continues with {' '.join(shown)} as before; name the models and datasets again to choose others")
    options = msgspec.structs.replace(request.options, **taken)
    selection = msgspec.structs.replace(chosen, config=str(dump))
    return msgspec.structs.replace(request, selection=selection, options=options), notes


def _with_data_dir(request: RunRequest, reused: RunFolder | None) -> tuple[RunRequest, list[str]]:
    dumps = _configs(reused) if reused is not None else []
    plan = _plan(dumps[-1]) if dumps else None
    folder = plan.options.data_dir if plan is not None else ""
    if request.options.data_dir or not folder:
        return request, []
    options = msgspec.structs.replace(request.options, data_dir=folder)
    return msgspec.structs.replace(request, options=options), [f"continues with --data-dir {folder} as before"]


def _overrides(run: RunFolder) -> list[str]:
    """Return what ``--override`` said since models and datasets were last named: it is part of the newest config."""
    found: list[str] = []
    for dump in reversed(_configs(run)):
        said = _said(dump)
        if said is None:
            break
        found = [*said.override, *found]
        if said.models or said.datasets or said.custom_dataset_path or said.reuse is None:
            break
    return found


def _configs(run: RunFolder) -> list[Path]:
    # One without a plan is of an invocation that was killed before it had one: it did nothing.
    return [dump for plan in run.plans() if (dump := plan.with_suffix(".py")).exists()]


def _newest_config(run: RunFolder) -> tuple[Path, Plan]:
    dumps = _configs(run)
    hint = f"Name the models and datasets again: jb --models ... --datasets ... --reuse {run.timestamp}"
    if not dumps:
        raise ReuseError(f"The run {run.timestamp} holds no config to continue with.", hint=hint)
    try:
        read_file(dumps[-1])  # before it is run: a link or a pipe in its place is no config of ours
    except OSError as error:
        raise unreadable(dumps[-1], error) from error
    plan = _plan(dumps[-1])
    if plan is None:
        raise ReuseError(
            f"The plan {dumps[-1].with_suffix('.json')} is damaged, so the choice of samples is not known.",
            hint=hint,
        )
    return dumps[-1], plan


def _plan(dump: Path) -> Plan | None:
    """Return the plan beside a config; ``None`` where it cannot be read."""
    try:
        return _DECODE(read_file(dump.with_suffix(".json")))
    except (OSError, DamagedError):
        return None


def _said(dump: Path) -> argparse.Namespace | None:
    """Return the parsed command line of an earlier invocation; ``None`` where it cannot be read."""
    plan = _plan(dump)
    if plan is None:
        return None
    try:
        return build_parser().parse_known_args(plan.command[1:])[0]
    except UsageError:
        return None


def _words(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)
