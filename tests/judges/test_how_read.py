"""What a summary says of how replies became verdicts: grammar, fold, and what an unread view counts as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from judgebench.config.load import load_file
from judgebench.config.schema import Typed
from judgebench.judges.how_read import how_read
from judgebench.judges.load import method_of
from judgebench.plugins import split
from judgebench.report.schema import RowSpec
from judgebench.report.summary import summarize
from tests.report.runs import put

from .test_composed import DIRECT
from .test_configs import CONFIGS
from .test_methods import PAIR

VOTE = {"judge": DIRECT, "times": 3, "fold": {"type": "majority", "unread": "drop"}}


@pytest.mark.parametrize(
    ("name", "options", "read"),
    [
        ("SolutionVerifier", {}, {"grammar": "anchored", "fold": "first", "unread": "unparsed"}),
        ("Viewed", PAIR, {"grammar": "anchored", "fold": "counter", "unread": "drop"}),
        (
            "Viewed",
            {**PAIR, "fold": {"type": "counter", "unread": {"AB": "tie", "BA": "drop"}}},
            {"grammar": "anchored", "fold": "counter", "unread": "AB: tie, BA: drop"},
        ),
        ("Repeated", VOTE, {"grammar": "anchored", "fold": "majority / first", "unread": "drop / unparsed"}),
        ("Panel", {"fold": {"type": "mean_score", "unread": 1.5}}, {"fold": "mean_score", "unread": "1.5"}),
        ("FirstWrongStep", {}, {"grammar": "boxed_last"}),
        (
            "Compound",
            {"judges": [DIRECT, {"type": "RubricScore"}], "unread": "failed"},
            {"grammar": "anchored / score_line", "fold": "first", "unread": "failed / unparsed"},
        ),
        (
            "Viewed",
            {**PAIR, "grammar": {"type": "first_readable", "grammars": ["trailing_int", "boxed_last"]}},
            {"grammar": "first_readable", "fold": "counter", "unread": "drop"},
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
            assert {"grammar", "fold"} & read.keys(), path.stem


def test_the_summary_shows_it_once_for_all_models(tmp_path: Path) -> None:
    run = tmp_path / "20260305_153318"
    run.mkdir()
    read = {"grammar": "anchored", "fold": "both_or_tie", "unread": "drop"}
    for model in ("one", "two"):
        put(run, model, "toy-pair", "110", judge="pair", health={"read": read})
    put(run, "one", "toy", "110")
    rows = [RowSpec(name="toy-pair", dataset="toy"), RowSpec(name="toy", dataset="toy")]
    text = summarize(run, timestamp=run.name, models=["one", "two"], rows=rows).text
    shown = text[text.index("How the judges' replies were read:") :].splitlines()
    found = [line.split() for line in shown if line.startswith("toy")]
    assert found == [["toy-pair", "anchored", "both_or_tie", "drop"]]
