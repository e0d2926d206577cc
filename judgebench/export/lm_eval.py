"""Files of lm-evaluation-harness: ``samples_<task>_<time>.jsonl`` and ``results_<time>.json``, a folder for each model.

The task is the result row. Each line of samples names its metrics; what has no verdict names none, so that nobody takes
it for a zero. The shape is that of ``--log_samples`` of version 0.4.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.parts import in_words
from judgebench.export.contract import WITHHELD, Job
from judgebench.query import Item
from judgebench.records.flow import TaskResult
from judgebench.store.journal import make_folder, replacing, write_atomically


def write_lm_eval(job: Job, folder: Path) -> int:
    """Write the files into a folder."""
    stamp = job.started().replace(":", "-").partition("+")[0]
    number = 0
    models: dict[str, list[str]] = {}
    for model, row, _ in job.rows():
        models.setdefault(model, []).append(row)
    for model, rows in models.items():
        own = folder / _plain(model)
        make_folder(own)
        scored: dict[str, tuple[int, int]] = {}
        for row in rows:
            count = with_verdict = 0
            with replacing(own / f"samples_{_plain(row)}_{stamp}.jsonl") as file:
                for item in job.items_of(model, row):
                    file.write(msgspec.json.encode(_line(job, item)) + b"\n")
                    count += 1
                    with_verdict += item.line.status == "ok"
            scored[row] = (count, with_verdict)
            number += count
        results = [one for one in job.results if one.model == model and one.dataset in rows]
        whole = _results(model, results, scored)
        write_atomically(own / f"results_{stamp}.json", msgspec.json.format(msgspec.json.encode(whole)))
    return number


def _plain(name: str) -> str:
    return "".join(one if one.isalnum() or one in "-._" else "_" for one in name)


def _line(job: Job, item: Item) -> dict[str, Any]:
    line = item.line
    withheld = line.dataset in job.withheld
    prompt = WITHHELD if withheld else item.question
    target = item.reference if isinstance(item.reference, str) else _json(item.reference)
    metrics: dict[str, float] = {}
    if line.status == "ok":
        if line.decision in {"correct", "incorrect", "invalid"}:
            metrics["acc"] = float(line.decision == "correct")
        elif line.score is not None:
            metrics["score"] = line.score
    answer = WITHHELD if withheld else item.answer
    doc = {"id": line.id, "key": line.key, "repeat": line.repeat, "question": prompt, **line.fields}
    if item.calls:
        doc["judge_prompt"] = [in_words(call.prompt) for call in item.calls]
        doc["judge_reply"] = [call.reply for call in item.calls]
    return {
        "doc_id": line.id,
        "doc": doc,
        "target": target,
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": {}}},
        "resps": [[answer]],
        "filtered_resps": [answer],
        "filter": "none",
        "metrics": list(metrics),
        "doc_hash": hashlib.sha256(f"{line.dataset}/{item.uid or line.id}".encode()).hexdigest(),
        "prompt_hash": _hash(prompt),
        "target_hash": _hash(target),
        "status": line.status,
        "decision": line.decision,
        "reason": line.reason,
        **metrics,
    }


def _json(value: Any) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _results(model: str, results: list[TaskResult], scored: dict[str, tuple[int, int]]) -> dict[str, Any]:
    tasks: dict[str, dict[str, Any]] = {row: {"alias": row} for row in scored}
    for result in results:
        for name, metric in result.metrics.items():
            if metric.value is not None:
                scale = 100 if metric.unit == "percent" else 1
                tasks[result.dataset][f"{name},none"] = metric.value / scale
                stderr = metric.stderr / scale if metric.stderr is not None else "N/A"
                tasks[result.dataset][f"{name}_stderr,none"] = stderr
    numbers = {row: {"original": count, "effective": count, "scored": ok} for row, (count, ok) in scored.items()}
    return {
        "results": tasks,
        "versions": {result.dataset: result.version for result in results},
        "n-samples": numbers,
        "config": {"model": "judgebench", "model_args": f"model={model}"},
        "model_name": model,
        "model_name_sanitized": _plain(model),
    }
