"""PaperBench JudgeEval: two graded trees, and judges that always say no or always say yes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Plan, Results, Skip, Study, read_json, shipped

_FIXED = {"always_0": "NO", "always_1": "YES"}
_FIGURES = {"accuracy": "accuracy", "precision": "macro_precision", "recall": "macro_recall", "f1": "macro_f1"}
_NO_REPLIES = "figures of judges over five papers, whose replies are not published"


def _papers(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "judge_eval").iterdir())


def _tree(folder: Path, paper: str) -> dict[str, Any]:
    path = folder / "judge_eval" / paper / "0/grading/expected_result.json"
    return json.loads(path.read_text("utf-8"))  # type: ignore[no-any-return]


def _leaves(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [leaf for child in node["sub_tasks"] for leaf in _leaves(child)] if node["sub_tasks"] else [node]


def _dataset(folder: Path) -> dict[str, Any]:
    """Return the shipped config for judges that see neither paper nor submission, which are not in this folder."""
    (dataset,) = shipped("paperbench_judge_eval")
    path = str(folder / "judge_eval/{split}/0/grading/expected_result.json")
    return {**dataset, "path": path, "paper": "", "submission": ""}


def plan(folder: Path) -> Plan:
    """Run the two judges over all leaves."""
    made = Plan()
    names = [f"{paper}/{leaf['id']}" for paper in _papers(folder) for leaf in _leaves(_tree(folder, paper))]
    for judge, word in _FIXED.items():
        made.files[f"{judge}.jsonl"] = [{"item": name, "raw": f"VERDICT: {word}"} for name in names]
        made.add({"abbr": judge, "path": f"{judge}.jsonl", "item": "{item}"}, _dataset(folder))
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures; shares are 0..1 there and percentages here."""
    found: dict[Path_, Ours] = {}
    for paper in _papers(folder):
        metrics = results.get("always_0", "paperbench_judge_eval").metrics
        found |= {(paper, name): metrics[f"{name}/{paper}"].value for name in ("nodes", "leaves", "depth")}
        positives, root = metrics[f"fulfilled/{paper}"].value, metrics[f"gold_root_score/{paper}"].value
        assert positives is not None
        assert root is not None
        found[paper, "positives"] = positives
        found[paper, "share_of_positive_leaves"] = positives / metrics[f"fulfilled/{paper}"].n
        found[paper, "root_score"] = _tree(folder, paper)["score"]
        found[paper, "root_score_recomputed"] = root / 100
        categories = Counter(leaf["task_category"] for leaf in _leaves(_tree(folder, paper)))
        found |= {(paper, "categories", name): count for name, count in categories.items()}
        for judge in _FIXED:
            metrics = results.get(judge, "paperbench_judge_eval").metrics
            for key, name in _FIGURES.items():
                value = metrics[f"{name}/{paper}"].value
                found[paper, judge, key] = None if value is None else value / 100
    for judge, values in read_json(folder / STUDY.expected)["published"].items():
        found |= {("published", judge, key): Skip(_NO_REPLIES) for key in values}
    return found


STUDY = Study("paperbench_judge_eval", plan, figures)
