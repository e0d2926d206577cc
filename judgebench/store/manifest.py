"""Writing and reading ``run.json``: the page by which readers find their way through a run folder."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from judgebench.errors import ReuseError
from judgebench.records.manifest import Invocation, ManifestJudge, ManifestModel, ManifestRow, RunManifest, RunState
from judgebench.records.run import JudgeConfig, Plan
from judgebench.store.journal import DamagedError, Decoder, read_file, reason_of, write_atomically
from judgebench.store.run_folder import FORMAT, RunFolder

_DECODE = Decoder(RunManifest)


def read_manifest(run: RunFolder) -> RunManifest:
    """Return what ``run.json`` says.

    Raises:
        ReuseError: It is missing, cannot be read, or is that of a run which never began.
    """
    try:
        return _DECODE(read_file(run.marker))
    except (OSError, DamagedError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        raise ReuseError(
            f"{run.marker} says nothing about a run: {reason}.",
            hint="Name the folder of a run that jb has made, or continue it once: jb --reuse",
        ) from error


def write_started(run: RunFolder, plan: Plan, version: str) -> None:
    """Say in ``run.json`` that an invocation works on the run.

    Args:
        run: The run folder.
        plan: What is to be done.
        version: Of judgebench.

    Raises:
        DiskError: It cannot be written.
    """
    _write(run, _started(run, plan, version, _read_if_there(run)))


def _started(run: RunFolder, plan: Plan, version: str, before: RunManifest | None) -> RunManifest:
    rows = {(row.model, row.row): row for row in before.rows} if before else {}
    rows |= {(row.model, row.row): row for row in _rows(run, plan)}
    invocation = Invocation(
        command=plan.command,
        mode=plan.mode,
        plan=f"configs/{plan.name}.json",
        config=f"configs/{plan.name}.py",
        judgebench=version,
        python=platform.python_version(),
        host=socket.gethostname(),
        pid=os.getpid(),
        started=_now(),
        state="running",
    )
    return RunManifest(
        format=FORMAT,
        run=run.timestamp,
        state="running",
        models=[_model(one) for one in plan.models.values()],
        judges=[_judge(abbr, judge) for abbr, dataset in plan.datasets.items() for judge in dataset.judges],
        datasets=list(plan.datasets),
        rows=list(rows.values()),
        invocations=[*(_over(one) for one in (before.invocations if before else [])), invocation],
    )


def write_ended(run: RunFolder, plan: Plan, exit_code: int, version: str) -> None:
    """Say in ``run.json`` how an invocation ended; nothing where somebody has removed the run meanwhile.

    Where ``run.json`` alone was removed or damaged it is made again: without it nothing could be continued.

    Raises:
        DiskError: It cannot be written.
    """
    manifest = _read_if_there(run)
    if manifest is None or not manifest.invocations:
        if not (run.configs / f"{plan.name}.json").is_file():
            return
        manifest = _started(run, plan, version, None)
    states: dict[int, RunState] = {0: "done", 8: "waiting", 130: "interrupted"}
    state = states.get(exit_code, "failed")
    summary = run.summary / f"summary_{plan.timestamp}.json"
    last = msgspec.structs.replace(
        manifest.invocations[-1],
        summary=_inside(run, summary) if summary.exists() else "",
        ended=_now(),
        state=state,
        exit_code=exit_code,
    )
    rows = [
        msgspec.structs.replace(row, comparisons=_inside(run, path) if path.exists() else "")
        for row in manifest.rows
        for path in [run.comparisons(row.model, row.row)]
    ]
    invocations = [*manifest.invocations[:-1], last]
    _write(
        run,
        msgspec.structs.replace(manifest, state=state, exit_code=exit_code, rows=rows, invocations=invocations),
    )


def _over(previous: Invocation) -> Invocation:
    """Return an earlier invocation as it is known now: this one holds the run's lock, so that one runs no more."""
    return msgspec.structs.replace(previous, state="killed") if previous.state == "running" else previous


def _write(run: RunFolder, manifest: RunManifest) -> None:
    write_atomically(run.marker, msgspec.json.format(msgspec.json.encode(manifest), indent=1))


def _read_if_there(run: RunFolder) -> RunManifest | None:
    try:
        return _DECODE(read_file(run.marker))
    except (OSError, DamagedError):
        return None  # a run that has just been made, or that an earlier version began


def _rows(run: RunFolder, plan: Plan) -> list[ManifestRow]:
    found = []
    for model, abbr in plan.combinations:
        dataset = plan.datasets[abbr]
        own = dataset.method is not None
        asking = {judge.abbr for judge in dataset.judges if judge.model}
        for row, judge in dataset.rows(model):
            answers = _inside(run, run.predictions(model, abbr))
            calls = answers if own else _inside(run, run.predictions(model, abbr, judge)) if judge in asking else ""
            found.append(
                ManifestRow(
                    model=model,
                    row=row,
                    dataset=abbr,
                    judge=judge,
                    predictions="" if own else answers,
                    judge_calls=calls,
                    verdicts=_inside(run, run.verdicts(model, row)),
                    result=_inside(run, run.result(model, row)),
                )
            )
    return found


def _judge(dataset: str, judge: JudgeConfig) -> ManifestJudge:
    return ManifestJudge(
        abbr=judge.abbr,
        dataset=dataset,
        method=judge.method.type,
        model=_model(judge.model) if judge.model else None,
        compare_with=judge.compare_with or (judge.baseline.name or judge.baseline.path if judge.baseline else ""),
        members=judge.members,
    )


def _model(config: Mapping[str, Any]) -> ManifestModel:
    named = config.get("model") or config.get("path") or ""
    return ManifestModel(abbr=str(config["abbr"]), type=str(config.get("type", "")), model=str(named))


def _inside(run: RunFolder, path: Path) -> str:
    return path.relative_to(run.path).as_posix()


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
