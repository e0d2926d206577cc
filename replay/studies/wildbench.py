"""WildBench: the grades that a judge gave the answers of two models, as they were published."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Plan, Results, Skip, Study, presentations_of, read_json, recordings, shipped

_NO_TAGS = "scores of tasks need the tags of the tasks, which are on the hub alone"


def _files(folder: Path) -> list[Path]:
    return recordings(folder, "eval_results/*/score.v2/eval=*/*.json.gz")


def _model(path: Path) -> str:
    return path.name.removesuffix(".json.gz")


def _dataset(path: Path) -> dict[str, Any]:
    """Return the shipped config for a file whose tasks are not here."""
    (dataset,) = shipped("wildbench")
    method = {
        **dataset["method"],
        "question": "{session_id}",
        "presentations": [{"prompt": "{session_id}"}],
        "parser": {"type": "first_match", "patterns": [r"^(\d+)$"]},
    }
    columns = {"joins": [], "input_columns": ["session_id"], "transcript_columns": [], "numbered": {}}
    return {**dataset, **columns, "abbr": f"wildbench_{_model(path)}", "path": str(path), "method": method}


def plan(folder: Path) -> Plan:
    """Replay the judge's grades of every model."""
    made = Plan()
    for path in _files(folder):
        rows = json.loads(gzip.decompress(path.read_bytes()))
        name = f"{_model(path)}.jsonl"
        made.files[name] = [{"item": row["session_id"], "score": row["score"]} for row in rows]
        model = {"abbr": _model(path), "path": name, "item": "{item}", "text": "score"}
        made.add(model, _dataset(path))
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures."""
    found: dict[Path_, Ours] = {}
    for path in _files(folder):
        name = _model(path)
        result = results.get(name, f"wildbench_{name}")
        metrics = result.metrics
        printed: dict[str, Ours] = {
            "total": metrics["judged"].value,
            "score": metrics["mean_score"].value,
            "adjusted_score": metrics["adjusted_score"].value,
            "avg_len": metrics["answer_length"].value,
        }
        found |= {(name, key): value for key, value in printed.items()}
        found |= {(name, "published", key): value for key, value in printed.items()}
        found[name, "truncated"] = metrics["cut_answers"].value
        found[name, "empty"] = metrics["empty_answers"].value
        grades = Counter(presentation.get("score") for _, presentation in presentations_of(result))
        found |= {(name, "histogram", str(grade)): grades[float(grade)] for grade in range(1, 11)}
        for place in read_json(folder / STUDY.expected)[name]["published_task_scores_not_recomputable"]:
            found |= _not_here(folder, (name, "published_task_scores_not_recomputable", place))
    return found


def _not_here(folder: Path, place: Path_) -> dict[Path_, Ours]:
    value = read_json(folder / STUDY.expected)
    for key in place:
        value = value[key]
    if isinstance(value, dict):
        return {(*place, key): Skip(_NO_TAGS) for key in value}
    return {place: Skip(_NO_TAGS)}


STUDY = Study("wildbench", plan, figures)
