"""What a reused run says where the command line says nothing: ``jb --reuse`` alone goes on with what was begun."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import msgspec

from judgebench.cli.arguments import build_parser
from judgebench.errors import ReuseError, UsageError
from judgebench.plan.request import RunRequest
from judgebench.plan.spec import Options, Plan
from judgebench.store.layout import RunFolder

CHOICE = ("num_prompts", "ids", "shuffle", "data_dir")
"""Options that choose the samples; a run that is continued without naming its configs keeps them."""


def completed(request: RunRequest, reused: RunFolder | None) -> tuple[RunRequest, list[str]]:
    """Return the request with the configs and the choice of samples of the reused run, and a line about what was taken.

    A command line that names models or data sets means what it says; only the data's folder is added, which is a place
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
            "Nothing to run: no models and no data sets are named.",
            hint="For example: jb --models vllm_api_general_chat --datasets aime2025_llmjudge "
            "(jb --list shows all names, jb --help all flags).",
        )
    dump = _newest_config(reused)
    earlier = _options(dump.with_suffix(".json"))
    unsaid = Options()
    taken = {
        name: getattr(earlier, name)
        for name in CHOICE
        if getattr(request.options, name) == getattr(unsaid, name) != getattr(earlier, name)
    }
    notes = []
    if kept := _overrides(reused):
        notes.append(f"goes on with --override {shlex.join(kept)} as before; name the models and data sets to drop it")
    if shown := [f"--{name.replace('_', '-')} {_words(taken[name])}" for name in CHOICE if name in taken]:
        notes.append(f"goes on with {' '.join(shown)} as before; name the models and data sets again to choose anew")
    options = msgspec.structs.replace(request.options, **taken)
    selection = msgspec.structs.replace(chosen, config=str(dump))
    return msgspec.structs.replace(request, selection=selection, options=options), notes


def _with_data_dir(request: RunRequest, reused: RunFolder | None) -> tuple[RunRequest, list[str]]:
    dumps = _configs(reused) if reused is not None else []
    folder = _options(dumps[-1].with_suffix(".json")).data_dir if dumps else ""
    if request.options.data_dir or not folder:
        return request, []
    options = msgspec.structs.replace(request.options, data_dir=folder)
    return msgspec.structs.replace(request, options=options), [f"goes on with --data-dir {folder} as before"]


def _overrides(run: RunFolder) -> list[str]:
    """Return what ``--override`` said since models and data sets were last named: it is part of the newest config."""
    found: list[str] = []
    for dump in reversed(_configs(run)):
        said = _said(dump.with_suffix(".json"))
        if said is None:
            break
        found = [*said.override, *found]
        if said.models or said.datasets or said.custom_dataset_path or said.reuse is None:
            break
    return found


def _configs(run: RunFolder) -> list[Path]:
    return [dump for plan in run.plans() if (dump := plan.with_suffix(".py")).exists()]


def _newest_config(run: RunFolder) -> Path:
    dumps = _configs(run)
    if not dumps:
        raise ReuseError(
            f"The run {run.timestamp} holds no config to continue with.",
            hint="Name the models and data sets again: jb --models ... --datasets ... --reuse " + run.timestamp,
        )
    return dumps[-1]


def _said(plan: Path) -> argparse.Namespace | None:
    """Return the parsed command line of an earlier invocation; ``None`` where it cannot be read."""
    try:
        command = msgspec.json.decode(plan.read_bytes(), type=Plan).command
        return build_parser().parse_known_args(command[1:])[0]
    except (OSError, msgspec.MsgspecError, UsageError):
        return None


def _options(plan: Path) -> Options:
    try:
        return msgspec.json.decode(plan.read_bytes(), type=Plan).options
    except (OSError, msgspec.MsgspecError):
        return Options()


def _words(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)
