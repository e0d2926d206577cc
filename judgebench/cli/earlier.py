"""What a reused run says where the command line says nothing: ``jb --reuse`` alone goes on with what was begun."""

from __future__ import annotations

from pathlib import Path

import msgspec

from judgebench.errors import ReuseError, UsageError
from judgebench.plan.request import RunRequest
from judgebench.plan.spec import Options, Plan
from judgebench.store.layout import RunFolder

CHOICE = ("num_prompts", "ids", "shuffle", "data_dir")
"""Options that choose the samples; a run that is continued without naming its configs keeps them."""


def completed(request: RunRequest, reused: RunFolder | None) -> tuple[RunRequest, list[str]]:
    """Return the request with the configs and the choice of samples of the reused run, and a line about what was taken.

    A command line that names models or data sets means what it says; nothing is added to it.

    Raises:
        UsageError: Nothing is named and no run is reused.
        ReuseError: The run holds no config to go on with.
    """
    chosen = request.selection
    if chosen.config or chosen.models or chosen.datasets or chosen.custom:
        return request, []
    if reused is None:
        raise UsageError(
            "Nothing to run: no models and no data sets are named.",
            hint="For example: jb --models vllm_api_general_chat --datasets aime2025_llmjudge (jb --list shows all).",
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
    if shown := [f"--{name.replace('_', '-')} {_words(taken[name])}" for name in CHOICE if name in taken]:
        notes.append(f"goes on with {' '.join(shown)} as before; name the models and data sets again to choose anew")
    options = msgspec.structs.replace(request.options, **taken)
    selection = msgspec.structs.replace(chosen, config=str(dump))
    return msgspec.structs.replace(request, selection=selection, options=options), notes


def _newest_config(run: RunFolder) -> Path:
    # By the second of the invocation, as names have it; within a second by the file's time, as process ids come round.
    dumps = sorted(run.configs.glob("*.py"), key=lambda dump: (dump.name[:15], dump.stat().st_mtime_ns))
    if not dumps:
        raise ReuseError(
            f"The run {run.timestamp} holds no config to continue with.",
            hint="Name the models and data sets again: jb --models ... --datasets ... --reuse " + run.timestamp,
        )
    return dumps[-1]


def _options(plan: Path) -> Options:
    try:
        return msgspec.json.decode(plan.read_bytes(), type=Plan).options
    except (OSError, msgspec.MsgspecError):
        return Options()


def _words(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)
