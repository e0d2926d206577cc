"""Representation as a judge: exported probes on their self-check features, and the counts of the probing sets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from judgebench.judges.probes import LinearProbe
from replay.study import Check, Ours, Path_, Results, Skip, Study, nothing_to_run, recordings, rows, stem


def figures(folder: Path, _results: Results) -> Mapping[Path_, Ours]:
    """Return our figures, and how many self-checks a probe fails."""
    published = json.loads((folder / STUDY.expected).read_text("utf-8"))
    found: dict[Path_, Ours] = {}
    sets = {stem(path).partition("_")[2]: rows(path) for path in recordings(folder, "probing_*.jsonl*")}
    for name, items in sets.items():
        for aspect in dict.fromkeys(row["aspect"] for row in items):
            scores = Counter(str(row["score"]) for row in items if row["aspect"] == aspect)
            found["probing", name, aspect, "n"] = scores.total()
            found |= {("probing", name, aspect, "score_counts", score): count for score, count in scores.items()}
    for name in published["probing"].keys() - sets.keys():
        for aspect, counts in published["probing"][name].items():
            reason = Skip(f"counts of the rows of the probing set {name}, a file that is not in this folder")
            found["probing", name, aspect, "n"] = reason
            found |= {("probing", name, aspect, "score_counts", score): reason for score in counts["score_counts"]}
    for path in recordings(folder, "probes/*.json"):
        found |= _probe(path)
    return found


def _probe(path: Path) -> dict[Path_, Ours]:
    import numpy as np

    about: dict[str, Any] = json.loads(path.read_text("utf-8"))
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
        names = ("mean", "scale", "coef", "intercept", "classes")
        probe = LinearProbe(about["clf_name"], *(arrays[name] for name in names))
    wanted = about["selfcheck_pred"]
    drawn = np.random.default_rng(about["selfcheck_seed"]).normal(size=(len(wanted), len(probe.mean)))
    said = probe.predict(probe.mean + probe.scale * drawn)
    place = ("probes", path.stem)
    return {
        (*place, "layers"): about["layers"],
        (*place, "pool"): about["pool"],
        (*place, "clf"): about["clf_name"],
        (*place, "cv_f1_macro"): about["best_score"],
        (*place, "n_features"): len(probe.mean),
        (*place, "selfcheck_mismatches"): Check(sum(one != other for one, other in zip(said, wanted, strict=True))),
    }


STUDY = Study("representation_judge", nothing_to_run, figures, decimals=4)
