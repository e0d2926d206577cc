"""What a summary says of how replies became verdicts: parser, aggregation, and what an unread presentation counts
as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from judgebench.config.files import load_file
from judgebench.judges.core.contract import how_read, method_of
from judgebench.plugins import split
from judgebench.records.diagnostics import Diagnostics, HowRead
from judgebench.records.run import Typed
from judgebench.report.schema import RowSpec
from judgebench.report.summary import summarize
from tests.report.runs import put

from .test_composed import DIRECT
from .test_configs import CONFIGS
from .test_methods import PAIR

VOTE = {"judge": DIRECT, "times": 3, "aggregate": {"type": "majority", "unread": "drop"}}


@pytest.mark.parametrize(
    ("name", "options", "read"),
    [
        ("SolutionVerifier", {}, {"parser": "anchored", "aggregate": "first", "unread": "unparsed"}),
        ("DeclaredJudge", PAIR, {"parser": "anchored", "aggregate": "counter", "unread": "drop"}),
        (
            "DeclaredJudge",
            {**PAIR, "aggregate": {"type": "counter", "unread": {"AB": "tie", "BA": "drop"}}},
            {"parser": "anchored", "aggregate": "counter", "unread": "AB: tie, BA: drop"},
        ),
        ("Repeated", VOTE, {"parser": "anchored", "aggregate": "majority / first", "unread": "drop / unparsed"}),
        ("Panel", {"aggregate": {"type": "mean_score", "unread": 1.5}}, {"aggregate": "mean_score", "unread": "1.5"}),
        ("FirstWrongStep", {}, {"parser": "boxed_last"}),
        (
            "Compound",
            {"judges": [DIRECT, {"type": "RubricScore"}], "unread": "failed"},
            {"parser": "anchored / score_line", "aggregate": "first", "unread": "failed / unparsed"},
        ),
        (
            "DeclaredJudge",
            {**PAIR, "parser": {"type": "first_readable", "parsers": ["trailing_int", "boxed_last"]}},
            {"parser": "first_readable", "aggregate": "counter", "unread": "drop"},
        ),
    ],
)
def test_a_method_says_how_its_replies_are_read(name: str, options: dict[str, Any], read: dict[str, str]) -> None:
    assert how_read(method_of(Typed(type=name, options=options)).identity()) == read


def test_of_every_shipped_judge_there_is_something_to_say() -> None:
    for path in CONFIGS:
        for judge in load_file(path)["judges"]:
            name, options = split(judge["method"], where="method")
            read = how_read(method_of(Typed(type=name, options=options)).identity())
            assert {"parser", "aggregate"} & read.keys(), path.stem


def test_the_summary_shows_it_once_for_all_models(tmp_path: Path) -> None:
    run = tmp_path / "20260305_153318"
    run.mkdir()
    read = {"parser": "anchored", "aggregate": "both_or_tie", "unread": "drop"}
    for model in ("one", "two"):
        put(run, model, "toy-pair", "110", judge="pair", diagnostics=Diagnostics(read=HowRead(**read)))
    put(run, "one", "toy", "110")
    rows = [RowSpec(name="toy-pair", dataset="toy"), RowSpec(name="toy", dataset="toy")]
    text = summarize(run, timestamp=run.name, models=["one", "two"], rows=rows).text
    said = "parser anchored, aggregate both_or_tie, an unread presentation counts as drop."
    assert text.count(f"How the judges' replies were read: {said}") == 1
    other = Diagnostics(read=HowRead(**{**read, "parser": "strict"}))
    put(run, "one", "toy-single", "110", judge="single", diagnostics=other)
    rows.append(RowSpec(name="toy-single", dataset="toy"))
    text = summarize(run, timestamp=run.name, models=["one", "two"], rows=rows).text
    shown = text[text.index("How the judges' replies were read:") :].splitlines()
    found = [line.split() for line in shown if line.startswith("toy")]
    assert found == [["toy-pair", "anchored", "both_or_tie", "drop"], ["toy-single", "strict", "both_or_tie", "drop"]]
