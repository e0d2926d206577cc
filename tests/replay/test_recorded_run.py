"""A recording through ``jb``: what it lacks is not judged, and what is added later is judged alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.harness import JB, run

PAIRS = [
    {"pair_id": f"p{i}", "source": "livecodebench", "question": f"q{i}", "response_A": "a long one", "response_B": "b"}
    | {"label": "A>B" if i % 2 else "B>A"}
    for i in range(6)
]


def replies(lacking: tuple[str, ...] = ()) -> list[dict[str, str]]:
    rows = []
    for pair in PAIRS:
        first = "A" if pair["label"] == "A>B" else "B"
        other = "B" if first == "A" else "A"
        rows += [
            {"pair_id": pair["pair_id"], "order": order, "raw": f"So: [[{one}>{two}]]"}
            for order, one, two in (("AB", first, other), ("BA", other, first))
            if f"{pair['pair_id']}/{order}" not in lacking
        ]
    return rows


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def jb(folder: Path, *flags: str) -> Any:
    return run([*JB, "--models", "rec", "--datasets", "judgebench_pairs", *flags, "--data-dir", "."], folder)


def prepare(folder: Path) -> None:
    write(folder / "judgebench/pairs_gpt4o.jsonl", PAIRS)
    write(folder / "judgebench/pairs_claude.jsonl", PAIRS[:2])
    (folder / "configs/models").mkdir(parents=True)
    (folder / "configs/models/rec.py").write_text(
        "from judgebench.models import ReplayModel\n"
        "keys = dict(item='{pair_id}', presentation='{order}', text='raw')\n"
        "models = [dict(type=ReplayModel, abbr='rec', path='rec.jsonl', **keys)]\n"
    )


def result(folder: Path, name: str = "judgebench_gpt4o") -> dict[str, Any]:
    (path,) = (folder / "outputs/default").glob(f"2*/results/rec/{name}.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_a_presentation_that_the_recording_lacks_is_not_judged_and_judged_alone_once_it_is_there(
    tmp_path: Path,
) -> None:
    prepare(tmp_path)
    write(tmp_path / "rec.jsonl", replies(lacking=("p3/BA", "p5/AB")))
    done = jb(tmp_path)
    assert done.code == 0, done.text
    found = result(tmp_path)
    assert (found["counts"]["ok"], found["counts"]["not_judged"]) == (4, 2)
    assert (found["metrics"]["accuracy"]["value"], found["metrics"]["accuracy"]["n"]) == (100.0, 4)
    assert "2 not judged" in done.text
    (calls,) = (tmp_path / "outputs/default").glob("2*/predictions/rec/judgebench_gpt4o*.jsonl")
    before = calls.read_text().splitlines()
    write(tmp_path / "rec.jsonl", replies())
    again = jb(tmp_path, "--reuse", "--mode", "eval")
    assert again.code == 0, again.text
    found = result(tmp_path)
    assert (found["counts"]["ok"], found["metrics"]["accuracy"]["value"]) == (6, 100.0)
    after = calls.read_text().splitlines()
    assert set(before) < set(after)
    assert len(after) == 12


def test_the_summary_and_the_result_name_aggregation_and_score(tmp_path: Path) -> None:
    prepare(tmp_path)
    write(tmp_path / "rec.jsonl", replies())
    done = jb(tmp_path)
    assert done.code == 0, done.text
    found = result(tmp_path, "judgebench_claude")
    assert found["identity"]["method"]["aggregate"] == {**found["identity"]["method"]["aggregate"], "type": "counter"}
    assert found["identity"]["method"]["aggregate"]["unread"] == "drop"
    assert found["identity"]["score"]["unread"] == "wrong"
    assert found["metrics"]["longer_wins"]["value"] == 50.0
    assert "judgebench_claude" in done.text
    (summary,) = (tmp_path / "outputs/default").glob("2*/summary/*.md")
    said = (
        "parser: unique_decision, aggregate: counter, unread presentation: drop, score: pair, headline: decision, "
        "unread item: wrong"
    )
    assert said in " ".join(summary.read_text("utf-8").replace("\\\\", "").split())


def test_a_judge_that_is_never_read_has_no_scored_item_and_shows_it(tmp_path: Path) -> None:
    """The benchmark's own rule gives a figure all the same; the last lines say on what it rests."""
    prepare(tmp_path)
    write(tmp_path / "rec.jsonl", [{**reply, "raw": "Both are good."} for reply in replies()])
    done = jb(tmp_path, "--override", "datasets.*.method.tries=1")
    assert done.code == 4, done.text  # nothing is scored, whatever the rule makes of it
    found = result(tmp_path)
    assert (found["counts"]["unparsed"], found["counts"]["ok"]) == (6, 0)
    assert (found["metrics"]["accuracy"]["value"], found["metrics"]["unread"]["value"]) == (0.0, 6.0)
    assert "Scored:  0.0% of 8 items (8 unparsed" in done.text
