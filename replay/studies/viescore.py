"""VIEScore: recorded judges of pictures by the published reading, and people; what is read honestly beside it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Plan, Results, Study, shipped

_FIGURES = {
    "O": ("overall", "spearman", ""),
    "SC": ("aspect", "aspect_spearman", "/SC"),
    "PQ": ("aspect", "aspect_spearman", "/PQ"),
}
_AVERAGES = {"mean": "", "fisher": "_fisher", "as_printed": "_tanh"}


def _judges(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "_answers").iterdir())


def _dataset(task: str, models: list[str]) -> dict[str, Any]:
    """Return a task's shipped config for a judge that saw the pictures elsewhere, read as VIEScore reads."""
    dataset = next(one for one in shipped("viescore") if one["splits"] == [task])
    presentations = [{"name": name, "prompt": "{uid}"} for name in ("SC", "PQ")]
    method = {**dataset["method"], "presentations": presentations, "parser": "viescore_list", "question": "{uid}"}
    without_pictures = {"instructions": "", "image_columns": [], "input_columns": ["uid"], "image_folder": ""}
    return {**dataset, **without_pictures, "models": models, "method": method}


def _answers(folder: Path, judge: str, task: str) -> list[dict[str, Any]]:
    """Return a row for each picture that either file of a judge knows; what a file leaves out was not read."""
    rows = []
    for model in sorted(path.name for path in (folder / "_answers" / judge / task).iterdir()):
        files = {}
        for name in ("SC", "PQ"):
            path = folder / "_answers" / judge / task / model / f"{name}.json.gz"
            files[name] = json.loads(gzip.decompress(path.read_bytes()))
        for uid in dict.fromkeys([*files["SC"], *files["PQ"]]):
            said = {name: json.dumps(file[uid]) if uid in file else None for name, file in files.items()}
            rows.append({"uid": uid, "model": model, "task": task, **said})
    return rows


def _tasks(folder: Path, judge: str) -> list[str]:
    return sorted(path.name for path in (folder / "_answers" / judge).iterdir())


def plan(folder: Path) -> Plan:
    """Replay every judge on every task."""
    made = Plan()
    for judge in _judges(folder):
        rows = {task: _answers(folder, judge, task) for task in _tasks(folder, judge)}
        made.files[f"{judge}.jsonl"] = [row for of_task in rows.values() for row in of_task]
        model = {
            "abbr": judge,
            "path": f"{judge}.jsonl",
            "item": "{task}/{model}/{uid}",
            "text": {"SC": "SC", "PQ": "PQ"},
            "null_text": "empty",
        }
        for task, of_task in rows.items():
            made.add(model, _dataset(task, sorted({row["model"] for row in of_task})))
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures by judge, task and image model."""
    found: dict[Path_, Ours] = {}
    for judge in _judges(folder):
        for task in _tasks(folder, judge):
            metrics = results.get(judge, _dataset(task, [])["abbr"]).metrics
            models = [name.partition("/")[2] for name in metrics if name.startswith("judged/")]
            for model in models:
                place = (judge, "models", f"{task}/{model}")
                found[(*place, "n")] = metrics[f"judged/{model}"].value
                for name in ("SC", "PQ"):
                    found[(*place, f"only_{name}")] = metrics[f"only/{name}/{model}"].value
                for code, (mean, spearman, name) in _FIGURES.items():
                    found[(*place, code)] = metrics[f"{mean}{name}/{model}"].value
                    found[(*place, f"spearman_{code}")] = metrics[f"{spearman}{name}/{model}"].value
            for code, (_, spearman, name) in _FIGURES.items():
                for average, way in _AVERAGES.items():
                    found[judge, "by_task", task, code, average] = metrics[f"{spearman}{way}{name}"].value
    return found


STUDY = Study("viescore", plan, figures)
