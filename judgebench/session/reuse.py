"""What a reused run supplies if the command line does not: ``jb --reuse`` alone continues what was begun."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import msgspec

from judgebench.config.model import redacted
from judgebench.errors import ReuseError, UsageError
from judgebench.records.request import RunRequest
from judgebench.records.run import LOCAL_EXECUTOR, Options, Plan
from judgebench.store.journal import DamagedError, Decoder, read_file, unreadable
from judgebench.store.run_folder import RunFolder

CHOICE = ("num_prompts", "ids", "shuffle")
"""Options that choose the samples; a run that is continued keeps them."""
LIMITS = ("max_calls", "max_tokens", "max_cost")
"""Limits of a run, which hold for all its invocations until they are lifted by name."""
_DECODE = Decoder(Plan)


def completed(request: RunRequest, reused: RunFolder | None) -> tuple[RunRequest, list[str]]:
    """Return the request with the configs and the choice of samples of the reused run, and a line about what was taken.

    A request that names models or datasets means what it says, but for the choice of samples, the data's folder and the
    executor: who adds a judge to a run of 100 samples does not want the others answered. ``--num-prompts none`` lifts
    the choice.

    Raises:
        UsageError: Nothing is named and no run is reused.
        ReuseError: The run holds no config to go on with.
    """
    chosen = request.selection
    if chosen.names_something:
        return _with_folders(request, reused)
    if reused is None:
        raise UsageError(
            "Nothing to run: no models and no datasets are named.",
            hint="For example: jb --models vllm_api_general_chat --datasets aime2025_llmjudge "
            "(jb --list shows all names, jb --help all flags).",
        )
    dump, plan = newest_config(reused)
    _check_shard(request, plan, reused)
    notes = []
    if kept := plan.overrides:
        notes.append(f"continues with --override {shlex.join(kept)} as before; name the models and datasets to drop it")
    options, said = _with_choice(request, plan.options)
    notes += said
    selection = msgspec.structs.replace(chosen, config=str(dump))
    return msgspec.structs.replace(request, selection=selection, options=options), notes


def _check_shard(request: RunRequest, plan: Plan, reused: RunFolder) -> None:
    """Refuse to go on with another shard than the run is of.

    Raises:
        ReuseError: It is of another, or of all items.
    """
    wanted, have = request.options.shard, plan.options.shard
    if wanted and wanted != have:
        what = f"is of the shard {have}" if have else "is of all items"
        raise ReuseError(
            f"The run {reused.timestamp} {what}, and --shard names {wanted}.",
            hint="Leave --shard out to go on with that run, or start another one without --reuse.",
        )


def _with_choice(request: RunRequest, previous: Options) -> tuple[Options, list[str]]:
    """Return the options, completed by the run's choice of samples and its data folder, and lines about that."""
    given, unsaid = request.options, Options()
    taken: dict[str, Any] = {}
    if not request.all_samples and all(getattr(given, name) == getattr(unsaid, name) for name in CHOICE):
        taken = {name: found for name in CHOICE if (found := getattr(previous, name)) != getattr(unsaid, name)}
    if previous.in_random_order:
        taken["in_random_order"] = True
    shown = [f"{_flag(name)} {_words(found)}" for name, found in taken.items() if name in CHOICE]
    notes = [f"continues with {' '.join(shown)} as before; --num-prompts none takes all samples"] if shown else []
    if previous.shards > 1 and not given.shards:
        taken["shards"] = previous.shards
        notes.append(f"continues with --shards {previous.shards} as before; --shards 1 takes none")
    if previous.shard:
        taken["shard"] = previous.shard
        notes.append(f"continues with --shard {previous.shard} as before")
    if previous.data_dir and not given.data_dir:
        taken["data_dir"] = previous.data_dir
        notes.append(f"continues with --data-dir {previous.data_dir} as before")
    limits = {
        name: found
        for name in LIMITS
        if getattr(given, name) is None and name not in request.lifted
        if (found := getattr(previous, name)) is not None
    }
    if limits:
        taken |= {**limits, "currency": previous.currency} if given.max_cost is None else limits
        said = ", ".join(f"{_flag(name)} {_limit(name, found, previous.currency)}" for name, found in limits.items())
        notes.append(f"the limit {said} holds on; {_flag(next(iter(limits)))} none lifts it")
    return msgspec.structs.replace(given, **taken), notes


def _with_folders(request: RunRequest, reused: RunFolder | None) -> tuple[RunRequest, list[str]]:
    dumps = _configs(reused) if reused is not None else []
    plan = _plan(dumps[-1]) if dumps else None
    if plan is None or reused is None:
        return request, []
    _check_shard(request, plan, reused)
    selection = request.selection
    options, notes = _with_choice(request, plan.options)
    chosen = selection.executor or selection.given.get("executors")
    if plan.executor.type != LOCAL_EXECUTOR and not chosen:
        selection = msgspec.structs.replace(selection, executor=str(dumps[-1]))
        kind = plan.executor.type.rpartition(".")[2]
        notes.append(f"its tasks run in {kind} as before; add --executor local to run them on this machine")
    return msgspec.structs.replace(request, options=options, selection=selection), notes


def said_overrides(request: RunRequest, reused: RunFolder | None) -> list[str]:
    """Return what ``--override`` said since models and datasets were last named: it is part of the newest config.

    Args:
        request: As it was asked, before ``completed``.
        reused: The run that is continued.
    """
    said = redacted(request.selection.overrides)
    if request.selection.names_something or reused is None:
        return said
    dumps = _configs(reused)
    previous = _plan(dumps[-1]) if dumps else None
    return [*(previous.overrides if previous is not None else []), *said]


def _configs(run: RunFolder) -> list[Path]:
    # One without a plan is of an invocation that was killed before it had one: it did nothing.
    return [dump for plan in run.plans() if (dump := plan.with_suffix(".py")).exists()]


def newest_config(run: RunFolder) -> tuple[Path, Plan]:
    """Return the file of a run's newest resolved config, and its plan.

    Raises:
        ReuseError: There is none, or it is damaged.
    """
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
        return _DECODE.read(dump.with_suffix(".json"))
    except (OSError, DamagedError):
        return None


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _limit(name: str, value: float, currency: str) -> str:
    """Return a limit as the command line takes it."""
    return f"{value:g}{currency}" if name == "max_cost" and currency != "USD" else f"{value:.12g}"


def _words(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)
