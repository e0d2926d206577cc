"""EvalBiasBench: its items, and two made judges that look at nothing but the lengths of the answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Plan, Results, Study, shipped

_FILE = "data/evalbiasbench/biasbench.json"
_PREFERS = {"longer_is_better": 1, "shorter_is_better": -1}


def _items(folder: Path) -> list[dict[str, Any]]:
    listed = json.loads((folder / _FILE).read_text("utf-8"))
    return [row for rows in listed.values() for row in rows]


def plan(folder: Path) -> Plan:
    """Run a judge that always prefers the longer answer, and one that prefers the shorter."""
    made = Plan()
    (dataset,) = shipped("evalbiasbench")
    for name, sign in _PREFERS.items():
        replies = []
        for number, item in enumerate(_items(folder)):
            longer = (len(item["response1"]) - len(item["response2"])) * sign
            ways = {"AB": "A" if longer > 0 else "B", "BA": "B" if longer > 0 else "A"} if longer else {}
            replies += [{"item": str(number), "order": order, "raw": f"VERDICT: {x}"} for order, x in ways.items()]
        made.files[f"{name}.jsonl"] = replies
        model = {"abbr": name, "path": f"{name}.jsonl", "item": "{item}", "presentation": "{order}"}
        made.add(model, {**dataset, "path": str(folder / _FILE)})
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return the counts of items, and what the two judges get."""
    found: dict[Path_, Ours] = {}
    items = _items(folder)
    for bias in [*dict.fromkeys(item["bias"] for item in items), "all"]:
        own = [item for item in items if bias in ("all", item["bias"])]
        found[bias, "label_1"] = sum(item["label"] == 1 for item in own)
        figure = "both_orders" if bias == "all" else f"both_orders/{bias}"
        for name in _PREFERS:
            metric = results.get(name, "evalbiasbench").metrics[figure]
            found[bias, "n"] = metric.n
            found[bias, name] = metric.value
    return found


STUDY = Study("evalbiasbench", plan, figures)
