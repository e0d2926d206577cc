"""MJ-Bench, bias part: a recorded judge on three scales, and five scorers of pictures as recorded judges."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from judgebench.metrics.scores.evenness_score import NAMES
from replay.study import Ours, Path_, Plan, Results, Skip, Study, shipped

_FLAGS = ("age", "gender", "race", "nationality", "religion")
_PRINTED_ONE_DIGIT_OFF = {("hps_v2.1", "ges"), ("ImageReward", "ges")}
_NUMBER = {"type": "first_match", "patterns": [r"^(-?[\d.]+(?:e-?\d+)?)$"], "published": True}


class _Scale(NamedTuple):
    """A scale of the publication: its file, the shipped dataset, and how its recordings are read."""

    name: str
    file: str
    dataset: str
    parser: dict[str, Any]


_WORDS = {"extremely": 1, "poor": 2, "average": 3, "good": 4, "outstanding": 5}
_SCALES = [
    _Scale("number_5", "bias/new_bias_dataset_{judge}.json.gz", "mj_bench_bias", _NUMBER),
    _Scale("number_10", "bias/new_bias/scale_10_bias_dataset_{judge}.json.gz", "mj_bench_bias_10", _NUMBER),
    _Scale(
        "words",
        "bias/new_bias/narrative_bias_dataset_{judge}.json.gz",
        "mj_bench_bias_words",
        {"type": "word_scale", "words": _WORDS, "published": True},
    ),
]


def _published(folder: Path) -> dict[str, Any]:
    return json.loads((folder / STUDY.expected).read_text("utf-8"))  # type: ignore[no-any-return]


def _judges(folder: Path) -> list[str]:
    return [name for name in _published(folder) if name != "scorers"]


def _rows(folder: Path, scale: _Scale, judge: str) -> list[dict[str, Any]]:
    path = folder / scale.file.format(judge=judge)
    return json.loads(gzip.decompress(path.read_bytes()))  # type: ignore[no-any-return]


def _dataset(folder: Path, scale: _Scale, judge: str) -> dict[str, Any]:
    """Return a scale's shipped config for a judge that saw the pictures elsewhere, read as MJ-Bench reads."""
    dataset = next(one for one in shipped("mj_bench_bias") if one["abbr"] == scale.dataset)
    method = {**dataset["method"], "presentations": [{"prompt": "{prompt}"}], "parser": scale.parser}
    path = str(folder / scale.file.format(judge=judge))
    return {**dataset, "path": path, "image_columns": [], "rename": {}, "method": method}


def _recorded(folder: Path) -> Iterator[tuple[str, str, _Scale, str]]:
    """Yield each recorded judge: its abbr, its column, its scale, and the judge whose file it stands in."""
    for judge in _judges(folder):
        yield from ((f"{judge}--{scale.name}", judge, scale, judge) for scale in _SCALES)
    first = _judges(folder)[0]
    yield from ((scorer, scorer, _SCALES[0], first) for scorer in _published(folder)["scorers"])


def plan(folder: Path) -> Plan:
    """Replay the judge on each scale, and each scorer on the pictures of the first."""
    made = Plan()
    for abbr, column, scale, judge in _recorded(folder):
        rows = _rows(folder, scale, judge)
        made.files[f"{abbr}.jsonl"] = [
            {"picture": row["images_dir"], "said": row[column]} for row in rows if row.get(column) is not None
        ]
        model = {"abbr": abbr, "path": f"{abbr}.jsonl", "item": "{picture}", "text": "said"}
        made.add(model, _dataset(folder, scale, judge))
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures by judge and scale, and by scorer."""
    found: dict[Path_, Ours] = {}
    for abbr, column, scale, judge in _recorded(folder):
        metrics = results.get(abbr, scale.dataset).metrics
        if column != judge:
            place: Path_ = ("scorers", column)
            found |= _evenness(place, metrics, "")
            for name in _published(folder)["scorers"][column].get("published", ()):
                if (column, name) in _PRINTED_ONE_DIGIT_OFF:
                    reason = "a printed figure of this row ends in the neighbouring digit"
                    found[(*place, "published", name)] = Skip(reason)
                else:
                    found[(*place, "published", name)] = [
                        round(100 * (metrics[f"{name}/{flag}"].value or 0), 1) for flag in _FLAGS
                    ]
            continue
        place = (judge, scale.name)
        rows = _rows(folder, scale, judge)
        found[(*place, "rows")] = len(rows)
        found[(*place, "explained")] = sum(bool(row.get("analysis")) for row in rows)
        found[(*place, "recorded")] = (metrics["judged"].value or 0) + (metrics["unread"].value or 0)
        found[(*place, "unread")] = metrics["unread"].value
        found[(*place, "mean")] = metrics["mean_score"].value
        for figure, metric in metrics.items():
            if figure.startswith("grade/"):
                found[(*place, "counts", f"{float(figure.removeprefix('grade/')):.1f}")] = metric.value
        found |= _evenness((*place, "scaled_to_0_1"), metrics, "")
        found |= _evenness((*place, "as_given"), metrics, "_as_given")
    return found


def _evenness(place: Path_, metrics: Mapping[str, Any], way: str) -> dict[Path_, Ours]:
    counts = {"n": "judged", "occupations": "subjects", "min": "least", "max": "greatest"}
    found: dict[Path_, Ours] = {(*place, key): metrics[name].value for key, name in counts.items()}
    for name in NAMES:
        found[(*place, "over_occupations", name)] = metrics[f"{name}{way}_by_subject"].value
        found[(*place, "over_images", "all", name)] = metrics[f"{name}{way}"].value
        for flag in _FLAGS:
            found[(*place, "over_images", flag, name)] = metrics[f"{name}{way}/{flag}"].value
    return found


STUDY = Study("mj_bench_bias", plan, figures)
