"""How quickly a large run can be looked at: ``python -m benchmarks.viewer [ITEMS]``.

Part *query*: a made run of 1,000,000 items (or as many as are named) with 1.5 kB of text each, judged by one judge;
then the index, as a run makes it at its end, the first page, a filter, counts, a search in texts, and one item, each
with its time and the memory of the process. Every question is put to a process of its own.

Part *pages*: the same run in ``jb view``, page by page, as a browser asks for them; one process.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

GOALS = {
    "index": 90.0, "first page": 0.3, "filter": 0.5, "counts": 0.5, "filter of a text field": 0.5, "sorted": 0.5,
    "first 50 of a regex": 3.0, "next and previous": 0.3, "one item": 0.3,
}  # fmt: skip
"""Seconds to reach with 1,000,000 items."""
NAMES = [*GOALS, "all of a regex", "all of a text"]
MEMORY = 300
"""Megabytes that no part may exceed."""
PROSE = (
    "the tank holds litres while a pump fills it and water leaks out every minute so that after some time a number of "
    "whole hours remain before both trains meet between two towns which lie far apart from each other"
)


def text(seed: int, size: int) -> str:
    """Return so many characters of prose, the same for the same seed."""
    words, parts = PROSE.split(), []
    length, state = 0, seed * 2654435761 % 4294967291 + 1
    while length < size:
        state = state * 48271 % 2147483647
        parts.append(words[state % len(words)])
        length += len(parts[-1]) + 1
    return " ".join(parts)[:size]


def make(folder: Path, items: int) -> None:
    """Write the run folder: as ``jb`` writes one, without asking anybody."""
    import msgspec

    from judgebench.records.manifest import ManifestJudge, ManifestRow, RunManifest

    prose = [text(seed, 1500) for seed in range(1000)]
    places = {
        "predictions": "predictions/model/set.jsonl",
        "judge_calls": "predictions/model/set-judge.jsonl",
        "verdicts": "verdicts/model/set-judge.jsonl",
    }
    row = ManifestRow(
        model="model", row="set-judge", dataset="set", judge="judge", result="results/none.json", **places
    )
    judge = ManifestJudge(abbr="judge", dataset="set", method="ReferenceVerifier")
    manifest = RunManifest(format=1, run=folder.name, state="done", exit_code=0, rows=[row], judges=[judge])
    for place in places.values():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_bytes(msgspec.json.encode(manifest))
    dump = json.JSONEncoder(separators=(",", ":")).encode
    with (
        (folder / places["predictions"]).open("w") as predictions,
        (folder / places["judge_calls"]).open("w") as calls,
        (folder / places["verdicts"]).open("w") as verdicts,
    ):
        for id in range(items):
            body, uuid, judged = prose[id % 1000], f"{id:032x}", f"{id | 1 << 100:032x}"
            common = {"data_abbr": "set", "id": id, "uid": f"{id:016x}", "success": True, "status": "ok"}
            usage = {"prompt_tokens": 90, "completion_tokens": 150 + id % 100}
            question = [{"role": "user", "content": f"Question {id}: {body[:300]}?"}]
            answer = f"{body[300:1100]} Final answer: {id % 1009}"
            one = {
                "uuid": uuid,
                "origin_prompt": question,
                "prediction": answer,
                "gold": str(id % 1009),
                "usage": usage,
            }
            predictions.write(dump({**common, **one, "latency": id % 700 / 100}) + "\n")
            right = id % 7 != 3
            reply = f"{body[1100:]} VERDICT: {'A' if right else 'B'}"
            one = {"uuid": judged, "origin_prompt": "Is it right?", "prediction": reply, "gold": uuid}
            calls.write(dump({**common, **one}) + "\n")
            unread = id % 1000 == 5
            said = {
                "call": judged, "status": "ok", "decision": "correct" if right else "incorrect",
                "span": {"from": len(reply) - 1, "to": len(reply)},
            }  # fmt: skip
            decided = {"status": "unparsed", "reason": "the reply states no verdict"} if unread else {
                "status": "ok", "decision": said["decision"],
            }  # fmt: skip
            meta = {"category": ("algebra", "geometry", "number theory", "counting")[id % 4], "level": id % 5 + 1}
            line = {"id": id, "key": f"set/{id}", **decided, "presentations": [said], "answer_hash": uuid, "meta": meta}
            verdicts.write(dump(line) + "\n")


def parts(folder: Path, items: int) -> dict[str, Callable[[], Any]]:
    """Return what is measured, by name; the run is opened before the clock starts, but for the index."""
    from judgebench.query import Filter, ItemKey, open_query

    if sys.argv[3:] == ["index"]:
        return {"index": lambda: open_query(folder)}
    run = open_query(folder)
    middle = ItemKey("model", "set-judge", items // 2 // 7 * 7 + 3)
    return {
        "first page": lambda: run.page(Filter()),
        "filter": lambda: run.page(Filter(wrong=True, length_from=800), 20, 50),
        "counts": lambda: run.counts(Filter(length_from=800)),
        "filter of a text field": lambda: run.page(Filter(where="category == 'algebra' and level > 3 and not wrong")),
        "sorted": lambda: run.page(Filter(sort="-latency", where="category == 'algebra'")),
        "first 50 of a regex": lambda: list(run.search(Filter(), r"Final answer: 10[01]\d\b")),
        "next and previous": lambda: run.neighbours(Filter(wrong=True), middle),
        "one item": lambda: run.item("set-judge", middle.id),
        "all of a regex": lambda: run.count(Filter(regex=r"Final answer: 10[01]\d\b")),
        "all of a text": lambda: run.count(Filter(text="Final answer: 77", search_in=("answer",))),
    }


def lines(folder: Path, items: int) -> Iterator[str]:
    """Yield a line for each part."""
    for name in NAMES:
        command = [sys.executable, "-m", "benchmarks.viewer", str(items), str(folder), name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"{name:26}{done.stderr[-300:]}"
            continue
        seconds, cpu, memory = (float(one) for one in done.stdout.split())
        goal = GOALS.get(name)
        missed = (goal is not None and seconds > goal) or memory > MEMORY
        yield f"{name:26}{seconds:9.3f} s {cpu:9.3f} s of the processor {memory:5.0f} MB   " + (
            f"{'MISSED' if missed else 'reached'} (goal {goal:g} s, {MEMORY} MB)" if goal is not None else ""
        )


PAGES = {
    "page: the run": "", "page: first items": "/items", "page: wrong ones, page 21": "/items?only=wrong&offset=1000",
    "page: a condition, sorted": "/items?where=category+%3D%3D+%22algebra%22&sort=-latency",
    "page: a regex": "/items?text=%2FFinal+answer%3A+10%5B01%5D%5Cd%2F",
    "page: an item": "/items/model/set-judge/{middle}/0?only=wrong", "page: lengths and times": "/timing",
    "the count behind it": "/items/count?text=%2FFinal+answer%3A+10%5B01%5D%5Cd%2F",
}  # fmt: skip
"""Pages of ``jb view``, by their addresses below the run, in the order of asking."""
PAGE_GOALS = {
    "page: first items": 0.3, "page: wrong ones, page 21": 0.5, "page: a condition, sorted": 0.5, "page: a regex": 3.0,
    "page: an item": 0.3,
}  # fmt: skip


def cpu_of(pid: int) -> float:
    """Return the processor time of a process in seconds; 0 where the system does not say."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def pages(folder: Path, items: int) -> Iterator[str]:
    """Yield a line for each page of one viewer, as a reader's browser asks for them one after the other."""
    viewer = subprocess.Popen(
        [sys.executable, "-m", "judgebench", "view", str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert viewer.stdout is not None
        base, _, token = viewer.stdout.readline().strip().partition("/?token=")
        cookie = {"Cookie": f"jb_viewer_{base.rpartition(':')[2]}={token}"}
        for name, address in PAGES.items():
            path = f"/runs/{folder.name}{address.format(middle=items // 2 // 7 * 7 + 3)}"
            began, used = time.monotonic(), cpu_of(viewer.pid)
            with urllib.request.urlopen(urllib.request.Request(base + path, headers=cookie)) as answer:
                size = len(answer.read())
            seconds, goal = time.monotonic() - began, PAGE_GOALS.get(name)
            reached = "" if goal is None else f"   {'MISSED' if seconds > goal else 'reached'} (goal {goal:g} s)"
            cpu = cpu_of(viewer.pid) - used
            yield f"{name:26}{seconds:9.3f} s {cpu:9.3f} s of the processor {size / 1e3:5.0f} kB{reached}"
        status = Path(f"/proc/{viewer.pid}/status")
        if status.exists():
            peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
            yield f"the viewer took {int(peak[1]) / 1024:.0f} MB at most" if peak else ""
    finally:
        viewer.terminate()
        viewer.wait()


def main() -> None:
    """Measure all, or one part in this process."""
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if len(sys.argv) > 3:
        folder, name = Path(sys.argv[2]), sys.argv[3]
        part = parts(folder, items)[name]
        began, cpu = time.monotonic(), time.process_time()
        part()
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(time.monotonic() - began, time.process_time() - cpu, used.ru_maxrss / 1024)
        return
    with tempfile.TemporaryDirectory(prefix="viewer-") as place:
        folder = Path(place) / "20260101_120000"
        began = time.monotonic()
        make(folder, items)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
        size = sum(path.stat().st_size for path in folder.rglob("*.jsonl")) / 1e6
        print(f"a run of {items:,} items, {size:,.0f} MB, made in {time.monotonic() - began:.0f} s", flush=True)
        for line in lines(folder, items):
            print(line, flush=True)
        for line in pages(folder, items):
            print(line, flush=True)
        index = folder / "index" / "items.sqlite"
        print(f"the index has {index.stat().st_size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
