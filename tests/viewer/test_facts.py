"""What the pages say of numbers: sentences, drawings, alignments, differences."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import numpy as np
import pytest

from judgebench.metrics.comparisons.ranked import PairRecord, RankedModel, Ranking
from judgebench.metrics.statistics.paired import paired_mean
from judgebench.records.diagnostics import JudgesCompared
from judgebench.viewer.aligned import Side, align
from judgebench.viewer.figures import number, sign_of, when
from judgebench.viewer.library import Library
from judgebench.viewer.live import EventTail
from judgebench.viewer.matrices import between_judges, head_to_head
from judgebench.viewer.other_figures import other_figures
from judgebench.viewer.plots import Mark, bar, histogram, intervals
from judgebench.viewer.settings import differences
from judgebench.viewer.sides import with_ends
from judgebench.viewer.text_difference import difference
from judgebench.viewer.trend import Point, trend
from tests.query.made import MadeRun, prediction, verdict
from tests.viewer.conftest import viewing


def test_drawings_keep_to_their_axis() -> None:
    drawn = intervals([Mark("a & <b>", 50, 40, 60, "50.0"), Mark("c", 100, 97.5, 100, "100.0", 1)], "title")
    assert "a &amp; &lt;b&gt;" in drawn
    assert [float(x) for x in re.findall(r'cx="([\d.]+)"', drawn)] == sorted(
        map(float, re.findall(r'cx="([\d.]+)"', drawn))
    )
    assert "style" not in drawn
    assert intervals([Mark("nan", float("nan"), None, None, "–")], "title") == ""
    assert intervals([Mark("one", 5, None, None, "5")], "title").count("circle") == 1
    widths = [float(x) for x in re.findall(r'width="([\d.]+)"', bar([("ok", 9999), ("unparsed", 1), ("x", 0)], "t"))]
    assert len(widths) == 2
    assert sum(widths) == pytest.approx(200, abs=0.1)
    assert min(widths) > 1  # one in ten thousand is still seen
    assert bar([], "t") == ""
    assert histogram([1.0] * 50 + [1e9], "t").count("<rect") == 2
    assert histogram([], "t") == ""


def test_figures_are_written_as_people_read_them() -> None:
    assert number(None) == "–"
    assert number(-2.345, "points") == "−2.3"
    assert when("2026-11-29T09:31:07+00:00") == "29 Nov 2026, 09:31"
    assert when("<script>") == "<script>"
    assert sign_of("ok", "correct")[:2] == ("good", "✓")
    assert sign_of("ok", "incorrect")[:2] == ("bad", "✗")
    assert sign_of("ok", None, 4.0)[1] == "4"
    assert sign_of("unparsed", None)[1] == "?"
    assert sign_of("judge_failed", None)[1] == "!"
    assert sign_of("not_judged", None)[1] == "–"


def test_differences_name_what_went_and_what_came() -> None:
    made = difference("so it is full after 18 minutes", "so it takes 17.14 minutes <b>")
    assert "<del>is full after 18</del><ins>takes 17.14</ins>" in made
    assert "&lt;b&gt;" in made
    assert difference("same", "same") == "same"
    began = time.process_time()
    for first, second in (("a " * 5000, "b " * 5000), ("a b " * 3000, "b a a " * 3000), ("a" * 9000, "a" * 9001)):
        assert difference(first, second)
    assert time.process_time() - began < 30  # a model that repeats itself must not stop the viewer
    assert "the rest is not compared" in difference("a " * 5000, "b " * 5000)


def made_side(path: Path, right: dict[int, bool | None], *, shift: int = 0, answers: str = "x") -> Side:
    """A run whose items have other numbers than in another run, but say the same."""
    run = MadeRun(path)
    predictions = [prediction(id + shift, f"{answers} {id}", question=f"Q {id}") for id in right]
    predictions = [_as(one, uid=f"{id:016x}") for one, id in zip(predictions, right, strict=True)]
    decisions = {True: "correct", False: "incorrect", None: None}
    verdicts = [verdict(id + shift, decisions[said], text="x") for id, said in right.items()]
    run.add("model", "toy", "judge", predictions=predictions, verdicts=verdicts)
    (known,) = Library([path]).runs()
    from judgebench.query import open_query

    return Side(known, open_query(path), "toy-judge", "model")


def _as(record: Any, **changes: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(record, **changes)


def test_a_difference_has_an_interval_where_the_questions_carry_one() -> None:
    ten = [str(number) for number in range(10)]

    def said(differences: list[float]) -> tuple[str, str]:
        found = paired_mean(np.array(differences), np.array(ten[: len(differences)]))
        assert found is not None
        return with_ends(found, 100, "percent")

    assert said([1, 0, 0]) == ("+33.3", "3 questions: too few for an interval")
    assert said([0] * 10) == ("0.0", "alike on all 10 questions")
    assert said([1, 0] * 5) == ("+50.0", "+12.3 to +87.7, 10 questions")  # 50 and 2.262 times 100 / 6


def test_sides_are_aligned_by_what_the_questions_say(tmp_path: Path) -> None:
    first = made_side(tmp_path / "20260101_000000", {id: id % 4 != 0 for id in range(20)})
    answers: dict[int, bool | None] = {id: id % 4 != 0 for id in range(1, 22)}
    second = made_side(tmp_path / "20260102_000000", answers | {1: False, 2: False, 4: True, 3: None}, shift=100)
    found = align(first, second)
    assert len(found.pairs) == 19
    assert [one.key.id for one in found.only_first] == [0]
    assert [one.key.id for one in found.only_second] == [120, 121]
    counts = found.counts()
    assert (counts["lost"], counts["won"], counts["other"]) == (2, 1, 1)
    assert counts["drift"] == 4  # all answers are the same texts
    assert [pair.kind for pair in found.of("")] == ["lost", "lost", "won", "other"]


def event(name: str, **values: Any) -> bytes:
    numbers = dict.fromkeys(("kept", "post", "recv", "finish", "fail", "unparsed", "in_flight", "tokens"), 0)
    progress = {"done": 0, "total": 6, "rate": 0.0, "token_rate": 0.0, "eta": None, "note": "", **numbers}
    return json.dumps({"event": name, **(progress if name == "progress" else {}), **values}).encode() + b"\n"


def test_events_are_read_as_they_come_and_torn_lines_when_they_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail = EventTail(path)
    assert tail.lines() == []
    old = event("progress", task="old", done=6)
    launch = event("launch", run="r", pid=1, dir="d")
    path.write_bytes(
        old + launch + event("progress", task="a", done=1) + event("progress", task="a", done=2) + b"{rubbish}\n"
    )
    assert [(one.task, one.done) for one in tail.lines()] == [("a", 2)]  # type: ignore[union-attr]
    line = event("progress", task="b", done=3)
    with path.open("ab") as file:
        file.write(line[:20])
    assert tail.lines() == []
    with path.open("ab") as file:
        file.write(line[20:])
    assert [one.task for one in tail.lines()] == ["b"]  # type: ignore[union-attr]
    tail.close()


def test_a_killed_run_ends_its_stream(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "20260101_000000")
    run.add("model", "toy", "judge", predictions=[], verdicts=[])
    (run.path / "events.jsonl").write_bytes(
        event("launch", run="r", pid=1, dir="d") + event("progress", task="t", done=1)
    )

    async def listen(base: str, token: str) -> str:
        cookies = {f"jb_viewer_{base.rpartition(':')[2]}": token}
        async with (
            aiohttp.ClientSession(cookies=cookies, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
            session.get(f"{base}/runs/20260101_000000/events", cookies=cookies) as answer,
        ):
            assert answer.headers["Content-Type"] == "text/event-stream"
            assert "Content-Security-Policy" in answer.headers
            return (await answer.read()).decode()

    with viewing(run.path) as view:
        text = asyncio.run(listen(view.base, view.token))
    assert 'event: task\ndata: {"task":"t","done":1,"total":6,"fail":0,"status":"running"}' in text
    assert text.rstrip().endswith('Nobody works on the run any more. Go on with: jb --reuse"}')


def test_models_stand_against_each_other_in_a_matrix() -> None:
    models = [RankedModel(model=name, comparisons=10) for name in ("a", "b", "c")]
    pairs = [
        PairRecord(first="a", second="b", comparisons=10, wins=6, ties=2, losses=2),
        PairRecord(first="c", second="a", comparisons=4, wins=1, ties=0, losses=3),
    ]
    ranking = Ranking(
        dataset="set-judge",
        data_abbr="set",
        judge="judge",
        by="bradley_terry",
        kind="comparisons",
        models=models,
        pairs=pairs,
    )
    found = head_to_head(ranking)
    assert found is not None
    cells = {(name, other): cell for name, line in found.lines for other, cell in zip(found.names, line, strict=True)}
    assert (cells["a", "b"].text, cells["a", "b"].below) == ("70.0", "6 won, 2 tied, 2 lost")
    assert (cells["b", "a"].text, cells["b", "a"].kind) == ("30.0", "bad")
    assert cells["a", "c"].text == "75.0"
    assert cells["b", "c"].text == cells["a", "a"].text == ""
    assert head_to_head(msgspec.structs.replace(ranking, models=models[:2])) is None


def test_three_judges_of_the_same_answers_stand_in_a_matrix() -> None:
    def compared(first: str, second: str, agreement: float) -> JudgesCompared:
        return JudgesCompared(judges=(first, second), n=20, agreement=agreement, kappa=0.5, scott_pi=0.5)

    two = [("set", "m", compared("x", "y", 90.0))]
    assert between_judges(two) == []
    (found,) = between_judges([*two, ("set", "m", compared("y", "z", 80.0)), ("set", "m", compared("x", "z", 70.0))])
    assert (found.about, found.names) == ("m on set", ["x", "y", "z"])
    assert [[cell.text for cell in line] for _, line in found.lines] == [
        ["", "90.0", "70.0"], ["90.0", "", "80.0"], ["70.0", "80.0", ""],
    ]  # fmt: skip
    assert found.lines[0][1][1].below == "κ 0.50 of 20"


def test_settings_are_compared_by_name() -> None:
    ours = {"models": {"m": {"url": "a", "n": 1}}, "judges": [{"abbr": "j", "k": 2}, {"abbr": "gone"}], "same": {}}
    theirs = {"models": {"m": {"url": "b", "n": 1}}, "judges": [{"abbr": "j", "k": 2}], "same": {}}
    found = differences(ours, theirs)
    assert found.differ == [("models.m.url", "a", "b"), ("judges.gone.abbr", "gone", "–")]
    assert found.same == ["models.m.n", "judges.j.abbr", "judges.j.k", "same"]


def test_a_metric_is_drawn_over_runs() -> None:
    lines = [
        (
            "one <b>",
            [Point(0, 40.0, 30.0, 50.0, "one, first: 40", "/runs/a"), Point(2, 60.0, None, None, "t", "/runs/c")],
        ),
        ("two", [Point(1, float("nan"), None, None, "none", "/runs/b")]),
    ]
    drawn = trend(lines, ["1 Jan", "2 Jan", "3 Jan"], "accuracy over 3 runs")
    assert "one &lt;b&gt;" in drawn
    assert "style=" not in drawn
    assert drawn.count("<a href=") == 2
    assert drawn.count('class="interval') == 1
    heights = [
        float(y) for y in re.findall(r'<circle class="dot s0" cx="[\d.]+" cy="([\d.]+)" r="4.5"/><title>', drawn)
    ]
    assert len(heights) == 2
    assert heights[0] > heights[1]  # 60 stands above 40
    assert trend([], ["1 Jan"], "t") == ""


def test_what_else_differs_has_the_interval_of_the_same_questions(tmp_path: Path) -> None:
    first = made_side(tmp_path / "20260101_000000", dict.fromkeys(range(20), True))
    answers: dict[int, bool | None] = {id: None if id < 5 else True for id in range(20)}
    second = made_side(tmp_path / "20260102_000000", answers, answers="longer than x")
    found = {one.name: one for one in other_figures(align(first, second))}
    assert {"without a verdict, in percent", "characters of an answer"} <= set(found)
    unread = found["without a verdict, in percent"]
    assert (unread.first, unread.second, unread.difference) == ("0.0", "25.0", "+25.0")
    assert unread.interval == "+4.2 to +45.8, 20 questions"  # Student's t: 2.093 times the root of .25 .75 / 19
    assert found["characters of an answer"].difference == "+12"
