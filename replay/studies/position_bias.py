"""Position-bias study: raw replies of two judges in both orders, three times, read as the study reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Plan, Results, Study, read_json, rows, shipped

_SETS = {
    "MTBench": ("position_bias_mt_bench", r"\[\[([ABC])\]\]", {"A": "A", "B": "B", "C": "tie"}),
    "DevBench": ("position_bias_dev_bench", r"(?:Choice|选择)[:：] ?([AB])", {"A": "A", "B": "B"}),
}
_REPEATS = 3
_OURS = {
    "read": "read",
    "unread": "unread",
    "consistent": "consistent_replies",
    "without_partner": "without_partner",
    "pairs": "pairs",
    "pairs_consistent": "pairs_consistent",
    "towards_first": "towards_first",
    "towards_second": "towards_second",
}
_LETTERS = {"A": "first", "B": "second", "C": "tie"}


def _judges(folder: Path) -> list[tuple[str, str]]:
    """Return every benchmark with every judge that there are recordings of."""
    names = sorted({path.name.rpartition("__rep")[0] for path in (folder / "replies").glob("*.jsonl.gz")})
    return [(name.partition("__")[0], name.partition("__")[2]) for name in names]


def _dataset(folder: Path, bench: str, repeats: int) -> dict[str, Any]:
    """Return the shipped config, with the study's own reading."""
    abbr, pattern, decisions = _SETS[bench]
    dataset = next(one for one in shipped("position_bias") if one["abbr"] == abbr)
    parser = {"type": "first_match", "patterns": [pattern], "decisions": decisions, "published": True}
    method = {**dataset["method"], "parser": parser, "repeats": repeats}
    path = str(folder / f"items_{bench}.jsonl.gz")
    return {**dataset, "abbr": f"{abbr}_x{repeats}", "path": path, "method": method}


def _replies(folder: Path, bench: str, judge: str, repeat: int) -> list[dict[str, Any]]:
    """Return the recorded replies by the pair's name, which is that of its first row, and by order."""
    first: dict[str, str] = {}
    for row in rows(folder / f"items_{bench}.jsonl.gz"):
        *question, one, other = row["cmp_index"].split(";")
        first.setdefault(";".join([*question, *sorted((one, other))]), row["cmp_index"])
    found = []
    for row in rows(folder / "replies" / f"{bench}__{judge}__rep{repeat}.jsonl.gz"):
        *question, one, other = row["cmp_index"].split(";")
        name = first[";".join([*question, *sorted((one, other))])]
        order = "AB" if name == row["cmp_index"] else "BA"
        found.append({"item": name, "order": order, "reply": row["reply"]})
    return found


def plan(folder: Path) -> Plan:
    """Replay every repetition by itself, and all three together."""
    made = Plan()
    keys = {"item": "{item}", "presentation": "{order}", "null_text": "empty"}
    for bench, judge in _judges(folder):
        every: dict[tuple[str, str], list[str]] = {}
        for repeat in range(1, _REPEATS + 1):
            replies = _replies(folder, bench, judge, repeat)
            name = f"{bench}--{judge}--rep{repeat}"
            made.files[f"{name}.jsonl"] = replies
            for row in replies:
                every.setdefault((row["item"], row["order"]), []).append(row["reply"])
            made.add({"abbr": name, "path": f"{name}.jsonl", "text": "reply", **keys}, _dataset(folder, bench, 1))
        name = f"{bench}--{judge}"
        made.files[f"{name}.jsonl"] = [
            {"item": item, "order": order, "replies": said} for (item, order), said in every.items()
        ]
        model = {"abbr": name, "path": f"{name}.jsonl", "text": "replies.*", **keys}
        made.add(model, _dataset(folder, bench, _REPEATS))
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures."""
    found: dict[Path_, Ours] = {}
    expected = read_json(folder / STUDY.expected)
    for bench, judge in _judges(folder):
        top = f"{bench}/{judge}"
        for repeat in range(1, _REPEATS + 1):
            dataset = _dataset(folder, bench, 1)["abbr"]
            metrics = results.get(f"{bench}--{judge}--rep{repeat}", dataset).metrics
            place = (top, f"rep{repeat}")
            ours = {key: metrics[name].value for key, name in _OURS.items()}
            found |= {(*place, "ours", key): value for key, value in ours.items()}
            for letter, side in _LETTERS.items():
                if letter in _SETS[bench][2]:
                    found[(*place, "ours", "letters", letter)] = metrics[f"shown/{side}"].value
            replies = metrics["read"].n
            log = {"total": replies, "failed": 0, "extracted": ours["read"], "consistent": ours["consistent"]}
            found |= {(*place, "log", key): value for key, value in {**log, "of": ours["read"]}.items()}
            printed = expected[top][f"rep{repeat}"]["log"]
            found[(*place, "equal")] = (printed["consistent"], printed["of"]) == (ours["consistent"], ours["read"])
        metrics = results.get(f"{bench}--{judge}", _dataset(folder, bench, _REPEATS)["abbr"]).metrics
        stability, equal = metrics["repetition_stability"], metrics["all_repeats_equal"]
        found[top, "repeats", "n"] = stability.n
        found[top, "repeats", "share_of_mode"] = None if stability.value is None else stability.value / 100
        found[top, "repeats", "all_three_equal"] = None if equal.value is None else equal.value / 100
        found[top, "repeats", "read_by_all"] = metrics["read_in_all_repeats"].value
    return found


STUDY = Study("position_bias", plan, figures)
