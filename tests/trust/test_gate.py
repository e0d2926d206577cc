"""The gate's baseline file, tiers, slices, rules on trust and policy for what is missing: through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from judgebench.cli.main import run as jb
from judgebench.cli.schema import schema_of
from judgebench.errors import UnknownNameError, UsageError
from judgebench.records.facts import Label, RecordedVerdict
from judgebench.report.gate import gate_run
from judgebench.report.gate_file import GateConditions, TierRules, read_conditions
from judgebench.store.labels import append_labels
from judgebench.store.run_folder import RunFolder
from judgebench.trust.judged import judged_rows
from tests.docs.json_schema import faults
from tests.report.runs import put
from tests.trust.test_drops import made, pair

DROP = "toy-strict.accuracy=2"


def decided(run: Path, **gate: object) -> list[str]:
    return [one.decision for one in gate_run(run, msgspec.convert(gate, GateConditions)).checks]


def test_a_first_run_writes_the_baseline_file_and_later_ones_are_measured_by_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, worse = pair(tmp_path, worse=0.5)
    file = tmp_path / "baseline.json"
    words = ["--baseline", str(file), "--max-drop", DROP]
    assert jb(["gate", str(before), *words]) == 6, "nothing was there to compare with"
    assert f"Baseline: {file} is written from this run; commit it." in capsys.readouterr().out
    schema = schema_of("baseline")
    assert list(faults(json.loads(file.read_text()), schema, schema)) == []
    assert file.stat().st_size < 100 * 600
    assert "It is" not in file.read_text(), "no text of an answer"

    assert jb(["gate", str(before), *words]) == 0
    capsys.readouterr()
    assert jb(["gate", str(worse), *words]) == 5
    by_file = capsys.readouterr().out
    assert jb(["gate", str(worse), "--baseline", str(before), "--max-drop", DROP]) == 5
    assert capsys.readouterr().out == by_file, "the file says all that the run says"

    assert jb(["gate", str(worse), *words, "--update-baseline"]) == 0
    assert "is made anew from this run; commit it. The drops are not decided." in capsys.readouterr().out
    assert jb(["gate", str(worse), *words]) == 0
    assert json.loads(file.read_text())["run"] == worse.name


def test_a_baseline_file_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run, _) = pair(tmp_path, n=30)
    file = tmp_path / "baseline.json"
    file.write_text('{"run": 1}')
    assert jb(["gate", str(run), "--baseline", str(file), "--max-drop", DROP]) == 2
    assert "is no baseline file" in capsys.readouterr().err
    assert jb(["gate", str(run), "--baseline", str(run), "--max-drop", DROP, "--update-baseline"]) == 2
    assert "--update-baseline needs a baseline file, and not a run." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("", True),
        ('{"format":1,"run":"x","rows":[\n<<<<<<< HEAD\n', True),
        ('{"name": "my-app", "version": "1.0"}', False),
        ("my notes", False),
    ],
)
def test_a_baseline_takes_the_place_of_a_baseline_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, replaced: bool
) -> None:
    """Damaged or in the middle of a merge, but no file of another kind."""
    (run, _) = pair(tmp_path, n=30)
    file = tmp_path / "package.json"
    file.write_text(text)
    words = ["gate", str(run), "--baseline", str(file), "--max-drop", DROP]
    assert jb(words) == 2
    assert ("Make it anew" in capsys.readouterr().err) is replaced
    assert jb([*words, "--update-baseline"]) == (0 if replaced else 2)
    assert (file.read_text() == text) is not replaced


def test_a_baseline_may_be_a_link(tmp_path: Path) -> None:
    (run, _) = pair(tmp_path, n=30)
    link = tmp_path / "baseline.json"
    link.symlink_to(tmp_path / "kept" / "elsewhere.json")
    words = ["gate", str(run), "--baseline", str(link), "--max-drop", DROP]
    assert [jb(words), jb(words), jb([*words, "--update-baseline"])] == [6, 0, 0]
    assert link.is_symlink()


@pytest.mark.parametrize(
    "words",
    [
        ["gate", "{run}", "--baseline", "{run}/run.json", "--max-drop", DROP, "--update-baseline"],
        ["gate", "{run}", "--min-scored", "90", "--junit", "{run}/run.json"],
        ["compare", "{run}", "{other}", "--json", "{run}/verdicts/new.json"],
        ["export", "{run}", "--to", "csv", "--out", "{run}/run.json"],
        ["train", "surrogate", "--data", "not-read-yet.jsonl", "--out", "{run}/new"],
        ["train", "prompt", "--data", "not-read-yet.jsonl", "--judge", "one", "two", "--out", "{run}/new.json"],
    ],
    ids=lambda words: " ".join(words[:2]) if words[0] == "train" else words[0],
)
def test_no_report_is_written_into_a_run(tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run, other = pair(tmp_path, n=10)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert jb([word.format(run=run, other=other) for word in words]) == 2
    assert "whose files jb alone writes" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before
    assert not (run / "verdicts" / "new.json").exists()


def test_a_baseline_file_is_looked_for_beside_the_gate_file(tmp_path: Path) -> None:
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci/gate.toml").write_text(f'baseline = "baseline.json"\nmax_drop = ["{DROP}"]\n')
    assert read_conditions(tmp_path / "ci/gate.toml").baseline == str(tmp_path / "ci/baseline.json")


def test_tiers_say_what_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run, _) = pair(tmp_path, n=100)
    gate = tmp_path / "gate.toml"

    def code(text: str) -> int:
        gate.write_text(text)
        return jb(["gate", str(run), "--file", str(gate), "--junit", str(tmp_path / "gate.xml")])

    holds, broken, open_ = "toy-strict.accuracy>=20", "toy-strict.accuracy>=99", "toy-strict.accuracy>=72"
    assert code(f'min = ["{holds}"]\n[advisory]\nmin = ["{broken}"]') == 0
    assert "FAIL         (advisory) north:toy-strict.accuracy" in capsys.readouterr().out
    assert "<skipped" in (tmp_path / "gate.xml").read_text()
    assert "<failure" not in (tmp_path / "gate.xml").read_text()
    assert code(f'min = ["{holds}"]\n[supporting]\nmin = ["{broken}"]') == 5
    assert code(f'min = ["{holds}"]\n[supporting]\nmin = ["{open_}"]') == 0
    assert code(f'min = ["{holds}", "{open_}"]') == 6
    assert code(f'[advisory]\nmin = ["{holds}"]') == 2
    assert "no condition that counts" in capsys.readouterr().err
    assert code(f'[advisry]\nmin = ["{holds}"]') == 2
    assert "supporting and advisory" in capsys.readouterr().err


def test_a_drop_in_one_slice_is_found_in_it(tmp_path: Path) -> None:
    """Half of the items are algebra, and only these got worse."""
    n = 300
    truth = [True] * n
    worse = [number % 2 == 1 or number % 20 >= 6 for number in range(n)]
    runs = [
        made(tmp_path / "20260101_000000", truth, list(truth), [0] * n),
        made(tmp_path / "20260102_000000", truth, list(worse), [1] * n),
    ]
    for run in runs:
        path = RunFolder(run).verdicts("north", "toy-strict")
        lines = [msgspec.json.decode(line, type=RecordedVerdict) for line in path.read_bytes().splitlines()]
        parts = [
            msgspec.structs.replace(one, meta={"category": "geometry" if one.id % 2 else "algebra"}) for one in lines
        ]
        path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in parts))
    gate = {"baseline": str(runs[0])}
    assert decided(runs[1], max_drop=["toy-strict.accuracy/category=algebra=5"], **gate) == ["fail"]
    assert decided(runs[1], max_drop=["toy-strict.accuracy/category=geometry=5"], **gate) == ["pass"]
    assert decided(runs[1], max_drop=["toy-strict.accuracy/category=*=5"], **gate) == ["fail", "pass"]
    with pytest.raises(UnknownNameError, match="a slice that no answer is in"):
        decided(runs[1], max_drop=["toy-strict.accuracy/category=logic=5"], **gate)


def test_what_is_missing_decides_as_one_says(tmp_path: Path) -> None:
    before, after = pair(tmp_path, n=100)
    (after / "results/north/toy-strict.json").unlink()
    put(after, "north", "other", "1" * 40)
    gate = {"baseline": str(before), "max_drop": [DROP], "min": ["other.accuracy>=50"]}
    assert [gate_run(after, msgspec.convert({**gate, **more}, GateConditions)).decision for more in (
        {}, {"missing": "fail"}, {"missing": "ignore"},
    )] == ["cannot tell", "fail", "pass"]  # fmt: skip
    alone = {"baseline": str(before), "max_drop": [DROP], "missing": "ignore"}
    assert gate_run(after, msgspec.convert(alone, GateConditions)).decision == "cannot tell", "nothing was decided"


def labelled(run: Path, count: int, *, right: float, annotators: int = 1) -> None:
    """Label the first answers by people who find that share of them right."""
    (row,) = judged_rows(RunFolder(run))
    labels = [
        Label(
            answer_hash=one.answer_hash, id=one.id, annotator=f"p{who}", probability=count / len(row.answers),
            decision="correct" if number % 100 < 100 * right else "incorrect",
        )
        for number, one in enumerate(list(row.answers.values())[:count]) for who in range(annotators)
    ]  # fmt: skip
    append_labels(RunFolder(run).labels("toy"), labels)


def test_a_score_is_decided_as_labels_correct_it(tmp_path: Path) -> None:
    """The judge accepts all; people find that 60% are right."""
    n = 400
    run = made(tmp_path / "20260101_000000", [True] * n, [True] * n, [0] * n)
    assert decided(run, min=["toy-strict.accuracy>=90"]) == ["pass"]
    labelled(run, 100, right=0.6)
    outcome = gate_run(run, GateConditions(min=["toy-strict.accuracy>=90"]))
    assert outcome.decision == "fail"
    assert "corrected by 100 labels; the judge alone says 100.00" in outcome.text
    near = gate_run(run, GateConditions(min=["toy-strict.accuracy>=62"]))
    assert near.decision == "cannot tell"
    assert "more labels would decide" in near.text
    assert decided(run, min=["toy-strict.accuracy>=90"], on="value") == ["pass"]


def test_rules_ask_whether_the_judge_can_be_believed(tmp_path: Path) -> None:
    n = 400
    run = made(tmp_path / "20260101_000000", [True] * n, [True] * n, [0] * n)
    (unknown,) = gate_run(run, GateConditions(min=["toy-strict.label_agreement>=80"])).checks
    assert (unknown.decision, unknown.missing) == ("cannot tell", True)
    assert "no answer of the row has a label" in unknown.message
    labelled(run, 200, right=0.6, annotators=3)
    rules = ["toy-strict.label_agreement>=80", "toy-strict.label_agreement>=50", "toy-strict.winning_rate>=50"]
    assert decided(run, min=rules) == ["fail", "pass", "fail"]


def test_a_judge_that_moved_is_found(tmp_path: Path) -> None:
    before, drifted = pair(tmp_path, drift=0.12)
    words = ["--baseline", str(before), "--max", "toy-strict.judge_shift<=2"]
    assert jb(["gate", str(drifted), *words]) == 5
    assert jb(["gate", str(before), "--max", "toy-strict.judge_shift<=2"]) == 2
    same = made(tmp_path / "20260103_000000", [True] * 100 + [False] * 100, [True] * 100 + [False] * 100, [0] * 200)
    copy = made(tmp_path / "20260104_000000", [True] * 100 + [False] * 100, [True] * 100 + [False] * 100, [0] * 200)
    assert jb(["gate", str(copy), "--baseline", str(same), "--max", "toy-strict.judge_shift<=2"]) == 0


def test_a_judge_that_decides_otherwise_when_asked_again_is_found(tmp_path: Path) -> None:
    """One in five of the later verdicts about the same answers is another one."""
    n = 100
    before, run = (made(tmp_path / f"2026010{day}_000000", [True] * n, [True] * n, [0] * n) for day in (1, 2))
    rule = "toy-strict.again_rate<=10"
    (unknown,) = gate_run(run, GateConditions(max=[rule])).checks
    assert (unknown.decision, unknown.missing) == ("cannot tell", True)
    assert "jb compare RUN --again 3 asks it" in unknown.message
    made(run / "again/toy", [True] * n, [number % 5 > 0 for number in range(n)], [0] * n)
    assert decided(run, max=[rule, "toy-strict.again_rate<=40"]) == ["fail", "pass"]
    outcome = gate_run(run, GateConditions(baseline=str(before), max_drop=[DROP]))
    assert "asked again, the judge decides otherwise in 20.00% of 100 answers" in outcome.text


def test_conditions_share_the_error(tmp_path: Path) -> None:
    """One of ten conditions that fails narrowly may be chance."""
    run = made(tmp_path / "20260101_000000", [True] * 100, [number < 40 for number in range(100)], [0] * 100)
    narrow = "toy-strict.accuracy>=51"
    assert decided(run, min=[narrow]) == ["fail"]
    many = decided(run, min=[narrow, *["toy-strict.accuracy>=10"] * 9])
    assert many == ["cannot tell", *["pass"] * 9]
    beside = msgspec.convert({"min": [narrow], "advisory": {"min": ["toy-strict.accuracy>=10"] * 9}}, GateConditions)
    assert gate_run(run, beside).decision == "fail", "what decides nothing takes no share"


def test_the_pull_request_names_the_items_that_got_worse(tmp_path: Path) -> None:
    before, worse = pair(tmp_path, worse=0.5)
    words = ["gate", str(worse), "--baseline", str(before), "--max-drop", DROP]
    assert jb([*words, "--markdown", str(tmp_path / "gate.md"), "--viewer", "https://eval.example/"]) == 5
    text = (tmp_path / "gate.md").read_text()
    assert "accuracy drop: " in text
    assert "| correct | incorrect | another one | `jb items " in text
    number = text.split("look at it |\n| --- | --- | --- | --- | --- |\n| [")[1].partition("]")[0]
    assert f"(https://eval.example/runs/{worse.name}/items/north/toy-strict/{number}/0)" in text
    (command,) = [part for part in text.splitlines() if f"[{number}]" in part]
    words = command.split("`")[1].split()
    assert words[:2] == ["jb", "items"]
    assert jb(words[1:]) == 0
    assert "and " in text.splitlines()[-1]


def test_a_tier_alone_is_no_struct_of_the_whole_gate() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"baseline": "x"}, TierRules)
    with pytest.raises(UsageError, match="--baseline needs --max-drop"):
        GateConditions(min=["a.accuracy>=50"], baseline="x").rules()
