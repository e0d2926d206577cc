"""MT-Bench: recorded grades of single answers; every file may hold the grades of several models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Plan, Results, Study, presentations_of, recordings, rows, shipped, stem

_METRICS = {
    "turn1": "mean_score/turn1",
    "turn2": "mean_score/turn2",
    "average": "mean_score",
    "failed(-1)": "unread",
}


def _graded(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield study, graded model and file."""
    for path in recordings(folder, "judgment_*.jsonl*"):
        for model in dict.fromkeys(row["model"] for row in rows(path)):
            yield stem(path).partition("_")[2], model, path


def _pair(study: str, model: str, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    (dataset,) = shipped("mt_bench_single")
    keys = {"where": {"model": model}, "repeated": "number"}
    dataset |= {
        **keys,
        "abbr": f"mt_bench_{study}-{model}",
        "path": str(path),
        "splits": [],
        "key": "{question_id}-{turn}",
        "left_out": "(this answer is not in the recording)",
    }
    recording = {"path": str(path), "item": "{question_id}-{turn}", "text": "judgment", **keys}
    return {"abbr": f"mt_bench--{study}-{model}", **recording}, dataset


def plan(folder: Path) -> Plan:
    """Replay the grades of every model in every file."""
    made = Plan()
    for one in _graded(folder):
        made.add(*_pair(*one))
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures, and how many grades we read otherwise than the recording says."""
    found: dict[Path_, Ours] = {}
    for study, model, path in _graded(folder):
        recording, dataset = _pair(study, model, path)
        result = results.get(recording["abbr"], dataset["abbr"])
        name = f"{study}/{model}"
        found[name, "rows"] = result.counts.planned
        for key, metric in _METRICS.items():
            found[name, key] = result.metrics[metric].value
        read = [
            presentation.get("score") if presentation["status"] == "ok" else -1
            for _, presentation in presentations_of(result)
        ]
        recorded = [row["score"] for row in rows(path) if row["model"] == model]
        wrong = abs(len(read) - len(recorded))
        wrong += sum(one != other for one, other in zip(read, recorded, strict=False))
        place = (f"{study}_reparse_mismatch",)
        before = found.get(place, 0)
        found[place] = wrong + (before if isinstance(before, int) else 0)
    return found


STUDY = Study("mt_bench", plan, figures, decimals=6)
