"""Probes on question and answer pairs without a run: a list or a file in, the same with scores out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from judgebench.errors import DAMAGED, DataError, MissingDataError, UsageError
from judgebench.judges.core.contract import CallFailedError, Case
from judgebench.judges.methods.probe import Probe
from judgebench.judges.probe_file import SUFFIX
from judgebench.records.flow import Prompt, Reply, Request, Verdict
from judgebench.store.runs import write_report
from judgebench.training.services import named_model, served

Scored = dict[str, Any]


def evaluate_samples(
    samples: Sequence[Mapping[str, Any]] | str | os.PathLike[str],
    *,
    probes: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    top_percent: float = 1.0,
    model: str = "gemma3_270m_states",
    config_dirs: Sequence[str] = (),
    overrides: Sequence[str] = (),
    notify: Callable[[str], None] = lambda _: None,
) -> list[Scored]:
    """Score pairs of question and answer by probes.

    Args:
        samples: Objects with ``question`` and ``prediction``, or a file of them (JSON list or JSON lines).
        probes: A folder of ``*.probe.npz``, or their paths.
        top_percent: Share (0 to 1) of the pairs that is kept: the ones with the highest ``total_score``, best first;
            ``int(n * top_percent)`` of them. 1 keeps all in their order.
        model: Name of the model config whose states the probes read.
        config_dirs: Folders of your own configs.
        overrides: Changes of that config, as for ``--override``.
        notify: Takes a line about a service that is launched.

    Returns:
        The objects with a score for each probe by its name and their sum as ``total_score``. A pair whose states could
        not be had has ``None`` in their place and says why under ``failed``; it is never among the best.

    Raises:
        UsageError: ``top_percent`` is no share, or there is no probe.
        DataError: A sample lacks ``question`` or ``prediction``, or a probe cannot be read.
        JudgebenchError: The service of the model cannot be used.
    """
    if not 0 < top_percent <= 1:
        raise UsageError(f"top_percent must be above 0 and at most 1, not {top_percent:g}: it is a share.")
    pairs = read_pairs(Path(samples)) if isinstance(samples, str | os.PathLike) else [dict(one) for one in samples]
    for number, pair in enumerate(pairs):
        if missing := [name for name in ("question", "prediction") if not isinstance(pair.get(name), str)]:
            raise DataError(f"Sample {number} has no text {' and no text '.join(missing)}.")
    method = Probe(Probe.Config(probes=[str(one) for one in probe_paths(probes)]))
    loaded = named_model(model, list(config_dirs), list(overrides))

    async def scores() -> list[Scored]:
        async with served(loaded, notify) as (config, client):
            gate = asyncio.Semaphore(max(1, config.batch_size))

            async def ask(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
                reply = await client.ask(Request(prompt=prompt, params=params, about=presentation))
                if reply.status != "ok":
                    raise CallFailedError(reply)
                return reply

            async def one(number: int, pair: Mapping[str, Any]) -> Scored:
                async with gate:
                    return {**pair, **await _scores(method, number, pair, ask)}

            return list(await asyncio.gather(*(one(number, pair) for number, pair in enumerate(pairs))))

    found = asyncio.run(scores())
    return found if top_percent == 1 else best(found, top_percent)


async def _scores(method: Probe, number: int, pair: Mapping[str, Any], ask: Any) -> Scored:
    case = Case(
        id=number,
        uid=str(number),
        repeat=0,
        fields=dict(pair),
        reference=pair.get("reference"),
        answer=pair["prediction"],
    )
    try:
        verdict = await method.judge(case, ask)
    except CallFailedError as error:
        verdict = Verdict(status="judge_failed", reason=str(error))
    names = [one.facts.name for one in method.files]
    if verdict.status != "ok":
        return {**dict.fromkeys(names), "total_score": None, "failed": verdict.reason}
    by_name = {name: one.score if one.score is not None else one.decision
               for name, one in zip(names, verdict.presentations, strict=True)}  # fmt: skip
    whole = {name: int(value) if isinstance(value, float) and value.is_integer() else value
             for name, value in by_name.items()}  # fmt: skip
    total = None if verdict.score is None else int(verdict.score) if verdict.score.is_integer() else verdict.score
    return {**whole, "total_score": total}


def best(scored: Sequence[Scored], share: float) -> list[Scored]:
    """Return ``int(n * share)`` of the pairs: those with the highest total score, best first; equals as they came.

    Raises:
        UsageError: The probes give no total score.
    """
    known = [one for one in scored if one["total_score"] is not None]
    if scored and not known:
        raise UsageError("There is no total score to choose by: no pair has one.", hint="Keep all: top_percent=1")
    return sorted(known, key=lambda one: -one["total_score"])[: int(len(scored) * share)]


def probe_paths(probes: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the files of a folder or of a list, in order of their names.

    Raises:
        UsageError: There is none.
    """
    if not isinstance(probes, str | os.PathLike):
        return [Path(one).expanduser() for one in probes]
    place = Path(probes).expanduser()
    found = sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else [place]
    if not found:
        raise UsageError(f"There is no probe (*{SUFFIX}) in {place}.", hint="Make one with: jb train probe --help")
    return found


def read_pairs(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON list or of JSON lines.

    Raises:
        MissingDataError: There is no such file.
        DataError: It holds something else.
    """
    try:
        data = path.expanduser().read_bytes()
    except FileNotFoundError:
        raise MissingDataError(f"There is no file {path}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        if data.lstrip()[:1] == b"[":
            return msgspec.json.decode(data, type=list[dict[str, Any]])
        return [msgspec.json.decode(line, type=dict[str, Any]) for line in data.splitlines() if line.strip()]
    except DAMAGED as error:
        raise DataError(f"{path} is neither a JSON list of objects nor JSON lines: {error}.") from error


def evaluated_file(path: Path, model: str, probes: Sequence[Path]) -> Path:
    """Return where the scores of a file are written: beside it, as ``NAME_MODEL_KIND_evaled.json``."""
    from judgebench.judges.probe_file import read_probe

    most = max(len(read_probe(one).probe.classes) for one in probes)
    return path.with_name(f"{path.name.partition('.')[0]}_{model}_{'multi' if most > 2 else 'binary'}_evaled.json")


def write_pairs(path: Path, scored: Sequence[Scored]) -> None:
    """Write scored pairs as one JSON list.

    Raises:
        DiskError: It cannot be written.
    """
    write_report(path, msgspec.json.format(msgspec.json.encode(scored), indent=2) + b"\n")
