"""The pages document the keys of the schemas, and what they show with jq works on a real run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from judgebench.cli.main import run as jb
from judgebench.cli.schema import RECORDS, schema_of
from judgebench.testing.faultservice import FaultService, prompt_text
from tests.docs.json_schema import faults
from tests.docs.pages import commands, names_in_table, page
from tests.e2e.conftest import bench as bench  # noqa: PLC0414 - the fixture
from tests.e2e.harness import Bench, model_answer
from tests.e2e.test_two_judges import PAIR, judges_file


def keys(record: str, part: str = "") -> set[str]:
    """Return the keys of a record, or of a part of it, in its schema."""
    schema = schema_of(record)
    name = part or schema["$ref"].rpartition("/")[2]
    return set(schema["$defs"][name]["properties"])


@pytest.mark.parametrize(
    ("after", "documented"),
    [
        ("| field of a verdict line |", keys("verdict")),
        ("| field of a presentation |", keys("verdict", "PresentationVerdict")),
        ("| field of a span |", keys("verdict", "ReadSpan")),
        ("| field of an outcome |", keys("verdict", "PooledOutcome")),
        ("| field of a step |", keys("verdict", "StepVerdict")),
        ("| field of a repeated verdict |", keys("verdict", "RepeatedVerdict")),
        ("| field of a perturbed verdict |", keys("verdict", "PerturbedVerdict")),
        ("| field of a rule's verdict |", keys("verdict", "RuleVerdict")),
        ("| field of a label |", keys("label")),
        ("| field of a draw |", keys("draw")),
        ("| field of a run |", keys("run")),
        ("| field of a model |", keys("run", "ManifestModel")),
        ("| field of a judge |", keys("run", "ManifestJudge")),
        ("| field of a row |", keys("run", "ManifestRow")),
        ("| field of an invocation |", keys("run", "Invocation")),
        ("One JSON object per line.", keys("prediction")),
        ("A judge's line also has these:", keys("judge-call") - keys("prediction")),
        ("for scripts that want one number.", keys("result")),
        ("| field of a metric |", keys("result", "Metric")),
        ("| field of counts |", keys("result", "Counts")),
        ("| field of a slice |", keys("result", "Slice")),
        ("| field of diagnostics |", keys("result", "Diagnostics")),
        ("| field of a doubtful verdict |", keys("result", "DoubtfulVerdict")),
        ("| field of two judges |", keys("result", "JudgesCompared")),
    ],
)
def test_the_documented_keys_are_those_of_the_schema(after: str, documented: set[str]) -> None:
    text = page("output-format.md")
    heading = text.rindex("\n\n", 0, text.index(after)) if after.startswith("|") else text.index(after)
    assert set(names_in_table(text[heading:], "")) == documented


def test_the_documented_events_are_those_of_the_schema() -> None:
    text = page("dashboard.md")
    counts = set(re.findall(r"`(\w+)`", text[text.index("The counts are") : text.index("`launch` comes first")]))
    found = {}
    for line in text[text.index("| event | fields |") :].split("\n\n", 1)[0].splitlines()[2:]:
        _, event, fields, _ = line.split(" | ") if line.count(" | ") > 2 else ("", *line.strip("| ").split(" | "), "")
        own = set(re.findall(r"`([\w-]+)`", re.sub(r"\(.*?\)", "", fields)))
        found[event.strip("`")] = own | (counts if "the counts" in fields else set())
    schema = schema_of("event")
    events = {name: place.rpartition("/")[2] for name, place in schema["discriminator"]["mapping"].items()}
    assert found == {name: keys("event", kind) - {"event"} for name, kind in events.items()}


def test_the_page_names_every_record_that_has_a_schema(capsys: pytest.CaptureFixture[str]) -> None:
    text = page("output-format.md")
    assert [record for record in RECORDS if f"`{record}`" not in text] == []
    assert jb(["schema"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(RECORDS)


@pytest.mark.parametrize("record", RECORDS)
def test_a_schema_is_printed_as_json(record: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert jb(["schema", record]) == 0
    assert json.loads(capsys.readouterr().out) == schema_of(record)


def test_an_unknown_record_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert jb(["schema", "verdicts"]) == 2
    said = capsys.readouterr().err
    assert "There is no record 'verdicts' that has a schema." in said
    assert "verdict, label" in said


def one_sided(body: dict[str, Any]) -> str:
    """A judge of pairs that prefers what stands first for question 1, and says nothing readable about question 2."""
    prompt = prompt_text(body)
    if "of twice 2)" in prompt:
        return "Who knows."
    if "of twice 1)" in prompt:
        return "VERDICT: A"
    return "VERDICT: A" if 0 <= prompt.find("it is 10 ") < prompt.find("it is 11 ") else "VERDICT: B"


@pytest.fixture
def two_judged(bench: Bench) -> Path:
    """A run with a judge of pairs beside a rule; the tested models differ on questions 1, 2 and 5."""
    with FaultService(model_answer(lambda i: i in (1, 2)), model="m") as other:
        path = bench.folder / "configs/models/other_model.py"
        path.write_text(path.read_text().replace(bench.model.url, other.url))
        judges_file(bench, "pair", f"judges = [dict(abbr='pair', judge_model=service, compare_with='first', {PAIR})]")
        bench.judge.answer = one_sided
        models = ("other_model", "toy_model")
        done = bench.jb("--judges", "pair", "--no-preflight", dataset="toy_gen", models=models)
        assert done.code == 0, done.text
    assert jb(["label", "draw", str(bench.run), "--n", "2", "--out", str(bench.folder / "labels.csv")]) == 0
    return bench.run


PLACES = {
    "prediction": "predictions/*/toy.jsonl",
    "judge-call": "predictions/*/toy-pair.jsonl",
    "verdict": "verdicts/*/*.jsonl",
    "draw": "labels/draws/*.json",
    "result": "results/*/*.json",
    "run": "run.json",
    "event": "events.jsonl",
}
"""Where the records of a run stand; labels are written by people."""


@pytest.mark.parametrize("strange", [{"status": "good"}, {"repeat": "1"}, {"score": True}, {"span": {"from": 1}}, {}])
def test_what_is_no_verdict_breaks_the_schema(strange: dict[str, Any]) -> None:
    schema = schema_of("verdict")
    fine = {"id": 1, "status": "ok"}
    assert list(faults(fine, schema, schema)) == []
    assert list(faults({**fine, **strange} if strange else {"status": "ok"}, schema, schema))


def test_the_records_of_a_run_are_what_their_schemas_say(two_judged: Path) -> None:
    assert PLACES.keys() == RECORDS.keys() - {"label", "baseline"}
    for record, place in PLACES.items():
        files = [path for path in two_judged.glob(place) if ".comparisons." not in path.name]
        schema, seen = schema_of(record), 0
        known = keys(record) if record != "event" else set()
        for path in files:
            texts = path.read_text("utf-8").splitlines() if RECORDS[record].lines else [path.read_text("utf-8")]
            for text in texts:
                value = json.loads(text)
                assert list(faults(value, schema, schema)) == [], path
                if record not in {"event", "result"}:  # a result has every metric's value once more
                    assert value.keys() <= known, path
                seen += 1
        assert seen, record


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed (apt-get install jq)")
def test_jq_alone_lists_the_wrong_the_unread_and_the_order_inconsistent_items(two_judged: Path) -> None:
    section = page("output-format.md").partition("### With jq alone")[2].partition("\n## ")[0]
    assigned, *asked = commands(section)
    assert assigned.startswith("run=")
    found = []
    for command in asked:
        script = f"set -e\nrun='{two_judged}'\n{command}\n"
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        found.append([json.loads(line) for line in done.stdout.splitlines()])
    wrong, unread, inconsistent, against_gold, against_rule = found
    assert {(Path(one["file"]).stem, one["key"]) for one in wrong} >= {("toy", "q-5")}
    assert [(Path(one["file"]).stem, one["id"]) for one in unread] == [("toy-pair", 2)]
    assert [(one["id"], one["said"]) for one in inconsistent] == [
        (1, [{"order": "AB", "prefers": "first"}, {"order": "BA", "prefers": "second"}])
    ]
    assert against_gold == against_rule == []
