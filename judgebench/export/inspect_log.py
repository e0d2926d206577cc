"""Logs of inspect_ai, in its JSON form: one for each tested model and dataset, with a scorer for each judge or rule.

``inspect_ai.log.read_eval_log`` reads them and ``inspect view`` shows them. What has no verdict has no score there
either, and says why in its metadata: inspect's own value for "no answer" counts as wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from judgebench.content.parts import in_words
from judgebench.export.contract import WITHHELD, Job
from judgebench.query import Item
from judgebench.records.flow import Exchange, TaskResult
from judgebench.store.journal import replacing

_STOPS = {"stop": "stop", "length": "max_tokens", "tool_calls": "tool_calls", "content_filter": "content_filter"}
_ROLES = ("system", "user", "assistant")
_VALUES = {"correct": "C", "incorrect": "I", "invalid": "I"}
"""How inspect writes right and wrong; other decisions stay as they are."""


class _Whose(NamedTuple):
    model: str
    dataset: str


def write_inspect(job: Job, folder: Path) -> int:
    """Write the logs into a folder."""
    sources = [one for one in job.query.rows if (one.model, one.row, one.judge) in set(job.rows())]
    groups: dict[_Whose, list[str]] = {}
    for source in sources:
        groups.setdefault(_Whose(source.model, source.dataset), []).append(source.row)
    number = 0
    for whose, rows in groups.items():
        stamp = job.started().replace(":", "-")
        name = f"{stamp}_{_plain(whose.dataset)}_{_plain(whose.model)}.json"
        with replacing(folder / name) as file:
            number += _write(job, whose, rows, file)
    return number


def _plain(name: str) -> str:
    return "".join(one if one.isalnum() or one in "-." else "-" for one in name)


def _write(job: Job, whose: _Whose, rows: list[str], file: Any) -> int:
    encode = msgspec.json.Encoder().encode
    epochs = 1
    number = 0
    samples = _samples(job, whose, rows)
    # the samples come one by one, and what is said of all of them after them: memory does not grow with their number
    file.write(b'{"samples":[')
    for sample in samples:
        file.write((b",\n" if number else b"\n") + encode(sample))
        epochs = max(epochs, sample["epoch"])
        number += 1
    rest = encode(_header(job, whose, rows, number, epochs))
    file.write(b"\n]," + rest[1:])
    return number


def _header(job: Job, whose: _Whose, rows: list[str], number: int, epochs: int) -> dict[str, Any]:
    manifest = job.manifest
    states = {"done": "success", "running": "started", "interrupted": "cancelled"}
    invocations = manifest.invocations if manifest is not None else []
    run = hashlib.sha256(str(job.query.path.name).encode()).hexdigest()[:22]
    names = {one.abbr: one.model for one in manifest.models} if manifest is not None else {}
    results = [one for one in job.results if one.model == whose.model and one.dataset in rows]
    return {
        "version": 2,
        "status": states.get(manifest.state if manifest is not None else "done", "error"),
        "eval": {
            "run_id": run,
            "eval_id": hashlib.sha256(f"{run}/{whose.model}/{whose.dataset}".encode()).hexdigest()[:22],
            "task_id": hashlib.sha256(f"{whose.model}/{whose.dataset}".encode()).hexdigest()[:22],
            "created": job.started(),
            "task": whose.dataset,
            "task_version": next((one.version for one in results), 0),
            "dataset": {"name": whose.dataset, "samples": -(-number // epochs)},
            "model": whose.model,
            "config": {"epochs": epochs},
            "packages": {"judgebench": invocations[-1].judgebench} if invocations else {},
            "metadata": {"run": job.query.path.name, "model": names.get(whose.model, ""), "rows": rows},
        },
        "results": {
            "total_samples": number,
            "completed_samples": number,
            "scores": [_score_of(result) for result in results],
        },
        "stats": {
            "started_at": job.started(),
            "completed_at": (invocations[-1].ended or job.started()) if invocations else job.started(),
        },
    }


def _score_of(result: TaskResult) -> dict[str, Any]:
    """Return the figures of a row; shares in inspect's frame, from 0 to 1."""
    metrics = {}
    for name, metric in result.metrics.items():
        if metric.value is None:
            continue
        scale = 100 if metric.unit == "percent" else 1
        metrics[name] = {"name": name, "value": metric.value / scale}
        if metric.stderr is not None:
            metrics[f"{name}_stderr"] = {"name": f"{name}_stderr", "value": metric.stderr / scale}
    return {"name": _scorer(result.judge or ""), "scorer": _scorer(result.judge or ""), "metrics": metrics}


def _scorer(judge: str) -> str:
    return judge or "rule"


def _samples(job: Job, whose: _Whose, rows: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the samples, each with what every row says of it: the rows are read side by side."""
    iterators = [job.items_of(whose.model, row) for row in rows]
    heads = [next(one, None) for one in iterators]
    while keys := [(head.line.id, head.line.repeat) for head in heads if head is not None]:
        items = []
        for number, head in enumerate(heads):
            if head is not None and (head.line.id, head.line.repeat) == min(keys):
                items.append(head)
                heads[number] = next(iterators[number], None)
        yield _sample(job, items)


def _sample(job: Job, items: list[Item]) -> dict[str, Any]:
    first = next((item for item in items if item.prediction is not None), items[0])
    line = first.line
    withheld = line.dataset in job.withheld
    scores = {_scorer(item.line.judge): score for item in items if (score := _score(item)) is not None}
    unscored = {
        _scorer(item.line.judge): " ".join(part for part in (item.line.status, item.line.reason) if part)
        for item in items
        if item.line.status != "ok"
    }
    messages = _messages(first)
    metadata: dict[str, Any] = dict(line.fields)
    metadata |= {name: value for name, value in (("key", line.key), ("unscored", unscored)) if value}
    sample: dict[str, Any] = {
        "id": line.id,
        "epoch": line.repeat + 1,
        "input": (messages or first.question) if not withheld else WITHHELD,
        "target": first.reference if isinstance(first.reference, str | list) else "",
        "messages": messages,
        "scores": scores,
        "metadata": metadata,
    }
    if first.prediction is not None:
        record = first.prediction
        answer = _assistant(first)
        sample["messages"] = [*messages, answer]
        sample["output"] = {
            "model": record.served_model or line.model,
            "choices": [{"message": answer, "stop_reason": _STOPS.get(record.finish_reason or "", "unknown")}],
            "completion": first.answer,
            "usage": _usage(record),
            "time": record.latency,
            **({"error": record.error.message} if record.error is not None else {}),
        }
        sample["model_usage"] = {line.model: _usage(record)}
        sample["total_time"] = record.latency
        if record.error is not None:
            failure = {"message": f"{record.error.kind}: {record.error.message}", "traceback": "", "traceback_ansi": ""}
            sample["error"] = failure
    return sample


def _messages(item: Item) -> list[dict[str, Any]]:
    if item.prompt is None:
        return []
    if isinstance(item.prompt, str):
        return [{"role": "user", "content": item.prompt}]
    found = []
    for message in item.prompt:
        role = message.get("role")
        found.append({"role": role if role in _ROLES else "user", "content": in_words([message])})
    return found


def _assistant(item: Item) -> dict[str, Any]:
    if not item.reasoning:
        return {"role": "assistant", "content": item.answer}
    parts = [{"type": "reasoning", "reasoning": item.reasoning}, {"type": "text", "text": item.answer}]
    return {"role": "assistant", "content": parts}


def _usage(record: Exchange) -> dict[str, int]:
    usage = record.usage
    if usage is None:
        return {}
    return {
        "input_tokens": usage.prompt_tokens,
        "output_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "input_tokens_cache_read": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }


def _score(item: Item) -> dict[str, Any] | None:
    line, verdict = item.line, item.verdict
    if line.status != "ok":
        return None
    value = _VALUES.get(line.decision or "", line.decision) if line.decision is not None else line.score
    if value is None:
        return None
    replies = [call.reply for call in item.calls]
    metadata: dict[str, Any] = {"row": line.row}
    if line.score is not None:
        metadata["score"] = line.score
    if verdict is not None and verdict.rule is not None:
        metadata["rule"] = verdict.rule
    if item.calls:
        metadata["judge_calls"] = [
            {"prompt": in_words(call.prompt), "reply": call.reply, "span": call.span} for call in item.calls
        ]
    if item.labels:
        metadata["labels"] = item.labels
    return {
        "value": value,
        "answer": verdict.answer if verdict is not None else None,
        "explanation": "\n\n".join(replies) or None,
        "metadata": metadata,
    }
