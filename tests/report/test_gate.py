from __future__ import annotations

import os
import socket
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.cli.gate import run as run_gate
from judgebench.cli.main import run as main
from judgebench.errors import ConfigError, DiskError, ReuseError, UnknownNameError, UsageError
from judgebench.records.flow import Metric
from judgebench.records.run import SummarizerConfig, SummaryGroup
from judgebench.report.checks import check, decide
from judgebench.report.conditions import Addressed, Condition, parse_condition
from judgebench.report.gate import gate_run
from judgebench.report.gate_file import GateConditions, read_conditions
from judgebench.report.schema import RowSpec
from judgebench.report.summary import summarize
from judgebench.store.run_folder import RunFolder, mark
from tests.report.runs import put

STAMP = "20260305_153318"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """96 of 100 right, then rows that are unsure, unscored or bad."""
    folder = tmp_path / STAMP
    mark(RunFolder(folder))
    put(folder, "vllm", "aime2025-judge", "1" * 96 + "0" * 4, judge="judge", rule="1" * 95 + "0" * 5)
    put(folder, "vllm", "unsure", "1" * 8 + "0" * 2)
    put(folder, "vllm", "gaps", "1" * 95 + "u" * 5)
    put(folder, "vllm", "bad", "0" * 30)
    return folder


def decisions(run: Path, *conditions: str, **more: object) -> list[str]:
    gate = GateConditions(
        min=[rule for rule in conditions if ">" in rule], max=[rule for rule in conditions if "<" in rule], **more
    )
    return [one.decision for one in gate_run(run, gate).checks]


@pytest.mark.parametrize(
    ("rule", "decision"),
    [
        ("aime2025-judge.accuracy>=80", "pass"),
        ("vllm:aime2025-judge.accuracy >= 80", "pass"),
        ("aime2025-judge.accuracy>=99.9", "fail"),
        ("aime2025-judge.accuracy>=95", "cannot tell"),
        ("unsure.accuracy>=80", "cannot tell"),
        ("bad.accuracy>=50", "fail"),
        ("bad.accuracy<=20", "pass"),
        ("aime2025-judge.unparsed<=2", "pass"),
        ("gaps.unparsed<=2", "fail"),
        ("gaps.unparsed_count<=5", "pass"),
        ("gaps.scored>=95", "pass"),
        ("gaps.failed<=0", "pass"),
        ("aime2025-judge.agreement>=90", "pass"),
        ("aime2025-judge.kappa>=0.99", "cannot tell"),
        ("aime2025-judge.false_positive_rate<=50", "cannot tell"),
    ],
)
def test_decisions_on_the_interval(run: Path, rule: str, decision: str) -> None:
    """All of the interval, nothing of it, or a part of it."""
    assert decisions(run, rule) == [decision]


def test_unscored_items_can_undo_a_pass(run: Path) -> None:
    """95 right of 95 scored pass 96 on the value; five unscored items could make it 95."""
    assert decisions(run, "gaps.accuracy>=96", on="value") == ["cannot tell"]
    assert decisions(run, "gaps.accuracy>=95", on="value") == ["pass"]
    assert "unscored items allow 95.00 .. 100.00" in gate_run(run, GateConditions(min=["gaps.accuracy>=96"])).text


def test_the_value_decides_where_the_user_says_so(run: Path) -> None:
    """`--on value` ignores the sampling error, and only that."""
    assert decisions(run, "unsure.accuracy>=80", "unsure.accuracy>80", on="value") == ["pass", "fail"]


def test_a_failure_outranks_what_cannot_be_told(run: Path) -> None:
    """Exit codes: 0 passed, 5 failed, 6 undecided."""
    assert int(gate_run(run, GateConditions(min=["aime2025-judge.accuracy>=80"])).exit_code) == 0
    assert int(gate_run(run, GateConditions(min=["unsure.accuracy>=80"])).exit_code) == 6
    assert int(gate_run(run, GateConditions(min=["unsure.accuracy>=80", "bad.accuracy>=50"])).exit_code) == 5


def test_it_says_by_how_much(run: Path) -> None:
    """The distance of the value, and of the nearest end of the interval."""
    outcome = gate_run(run, GateConditions(min=["bad.accuracy>=50"]))
    assert outcome.text.startswith("FAIL         vllm:bad.accuracy = 0.00, 95% interval 0.00 .. 11.35: wanted >= 50")
    assert "missed by 50.00; even the nearest end of the interval misses it by 38.65" in outcome.text
    assert outcome.checks[0].margin == pytest.approx(38.65, abs=0.01)
    assert outcome.text.endswith("Gate: FAIL (0 pass, 1 fail, 0 cannot tell)")


def test_min_scored_holds_for_every_result(run: Path) -> None:
    """`--min-scored` asks every row of every model."""
    outcome = gate_run(run, GateConditions(min_scored=98))
    assert {one.row: one.decision for one in outcome.checks} == {
        "aime2025-judge": "pass", "unsure": "pass", "gaps": "fail", "bad": "pass",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "near"),
    [
        ("aime2025-judge.acuracy>=80", "aime2025-judge.accuracy"),
        ("aime2025-jugde.accuracy>=80", "aime2025-judge.accuracy"),
        ("vlm:aime2025-judge.accuracy>=80", "vllm:aime2025-judge.accuracy"),
        ("nothing>=1", "vllm:aime2025-judge"),
    ],
)
def test_an_unknown_name_fails_with_the_nearest(run: Path, rule: str, near: str) -> None:
    """An unknown metric, row or model never passes."""
    with pytest.raises(UnknownNameError) as caught:
        gate_run(run, GateConditions(min=[rule]))
    assert near in caught.value.hint


def test_a_rule_for_all_models_holds_each(run: Path) -> None:
    """One model's good number does not cover for another's."""
    put(run, "other", "aime2025-judge", "0" * 30)
    assert sorted(decisions(run, "aime2025-judge.accuracy>=80")) == ["fail", "pass"]
    assert decisions(run, "vllm:aime2025-judge.accuracy>=80") == ["pass"]


def test_a_planned_result_that_is_missing_is_not_passed(run: Path) -> None:
    """The newest summary knows what was planned; what is not there cannot pass."""
    summarize(run, timestamp=STAMP, models=["vllm", "gone"], rows=[RowSpec(name="unsure"), RowSpec(name="never")])
    assert sorted(decisions(run, "unsure.accuracy>=10")) == ["cannot tell", "pass"]
    assert decisions(run, "never.accuracy>=10") == ["cannot tell", "cannot tell"]
    assert "cannot tell" in decisions(run, min_scored=2)


def test_groups_can_be_gated(run: Path) -> None:
    """An average of rows is addressed by its name and metric."""
    summarize(
        run, timestamp=STAMP, models=["vllm"], rows=[RowSpec(name="bad"), RowSpec(name="unsure")],
        summarizer=SummarizerConfig(summary_groups=[SummaryGroup(name="all", subsets=["bad", "unsure"])]),
    )  # fmt: skip
    assert decisions(run, "all.naive_average>=90", "all.naive_average<=70") == ["fail", "pass"]


def test_names_with_dots_colons_and_spaces(run: Path) -> None:
    """Rules are matched against what the run has, not split at the first dot."""
    put(run, "qwen2.5:7b", "a.b", ["11", "11"] * 40)
    assert decisions(run, "qwen2.5:7b:a.b.accuracy (2 runs average)>=80", "a.b.pass@2>=90") == ["pass", "pass"]


@pytest.mark.parametrize("text", ["accuracy", "a.b>=", ">=3", "a.b>=x", "a.b>=nan", "a.b==3"])
def test_a_rule_that_cannot_be_read(text: str) -> None:
    """The error shows how a rule looks."""
    with pytest.raises(UsageError, match=r"<row>\.<metric>>=<number>"):
        parse_condition(text, "min")


def test_min_and_max_keep_to_their_operators(run: Path) -> None:
    """`--max 'x>=3'` is a slip, and a gate without conditions would pass everything."""
    with pytest.raises(UsageError, match="should compare with <= or <") as caught:
        parse_condition("a.b>=3", "max")
    assert "--min" in caught.value.hint
    with pytest.raises(UsageError, match="no condition"):
        gate_run(run, GateConditions())


@pytest.mark.parametrize(
    ("kind", "rule", "said"),
    [
        ("min", "toy-judge.accuracy>=0.95", "0.95 percent? Write 95, or 0.95%"),
        ("min", "m:toy.accuracy (4 runs average)>0.5", "0.5 percent? Write 50"),
        ("min", "toy.pass@4>=1", "1 percent? Write 100"),
        ("max", "toy.unparsed<=0.02", "0.02 percent? Write 2"),
        ("max", "toy.false_positive_rate<=0.1", "0.1 percent? Write 10"),
        ("min", "toy.accuracy>=20261129093124", "lies between 0 and 100"),
        ("max", "toy.unparsed<=-1", "lies between 0 and 100"),
    ],
)
def test_a_share_where_a_percentage_is_wanted_is_asked_about(kind: str, rule: str, said: str) -> None:
    """`accuracy>=0.95` would pass nearly everything."""
    with pytest.raises(UsageError) as caught:
        parse_condition(rule, kind)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("kind", "rule", "threshold"),
    [
        ("min", "toy.accuracy>=0.95%", 0.95),
        ("min", "toy.accuracy>=80%", 80),
        ("max", "toy.unparsed<=1", 1),
        ("max", "toy.failed<=0", 0),
        ("min", "toy.kappa>=0.6", 0.6),
        ("min", "toy.mean_score>=0.5", 0.5),
        ("max", "toy.score_shift<=0.5", 0.5),
        ("max", "toy.unparsed_count<=500", 500),
        ("min", "toy.my_bench.errors.error_score>=0.5", 0.5),
    ],
)
def test_small_numbers_that_are_meant(kind: str, rule: str, threshold: float) -> None:
    """A percent sign says so; of a metric that is no share small numbers are usual."""
    assert parse_condition(rule, kind).threshold == threshold


def test_a_share_for_min_scored_is_asked_about_in_a_file_too(run: Path, tmp_path: Path) -> None:
    """`min_scored = 0.98` would pass at one percent."""
    conditions = tmp_path / "gate.toml"
    for text, said in (("0.98", "Write 98"), ("1", "Write 100"), ("nan", "between 0 and 100"), ("980", "between")):
        conditions.write_text(f"min_scored = {text}\n")
        with pytest.raises(UsageError) as caught:
            gate_run(run, conditions)
        assert said in caught.value.message


@pytest.mark.parametrize(("rule", "hint"), [("a.accuracy=>80", "a.accuracy>=80"), ("a.unparsed=<2", "a.unparsed<=2")])
def test_an_operator_the_wrong_way_round_is_named(rule: str, hint: str) -> None:
    """`=>` is the typo of `>=`."""
    with pytest.raises(UsageError) as caught:
        parse_condition(rule, "min")
    assert hint in caught.value.hint


def test_a_run_name_that_is_nearly_right(run: Path) -> None:
    """`jb gate lates` offers `latest`."""
    with pytest.raises(ReuseError) as caught:
        run_gate(["lates", "--work-dir", str(run.parent), "--min-scored", "98"])
    assert "Did you mean latest?" in caught.value.hint


def test_a_run_without_results(tmp_path: Path) -> None:
    """Nothing to decide on is an error, not a pass."""
    with pytest.raises(ReuseError, match="no results"):
        gate_run(tmp_path, GateConditions(min_scored=2))


NUMBERS = st.floats(0, 100, allow_nan=False)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.sampled_from([">=", ">", "<=", "<"]))
def test_a_narrower_range_only_decides_more(a: float, b: float, c: float, threshold: float, op: str) -> None:
    """What a range decides, every range inside it decides alike; opposite rules never both pass."""
    low, value, high = sorted((a, b, c))
    rule = Condition("m:r.accuracy", op, threshold)
    wide, point = decide(rule, (low, high)), decide(rule, (value, value))
    assert point != "cannot tell"
    if wide != "cannot tell":
        assert point == wide
    opposite = Condition("m:r.accuracy", {">=": "<", ">": "<=", "<=": ">", "<": ">="}[op], threshold)
    assert {wide, decide(opposite, (low, high))} in ({"pass", "fail"}, {"cannot tell"})


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_bounds_only_make_a_gate_more_careful(a: float, b: float, c: float, d: float, threshold: float) -> None:
    """Unscored items never turn a fail into a pass or the other way round."""
    low, value, high = sorted((a, b, c))
    rule = Condition("m:r.accuracy", ">=", threshold)
    sure = Metric(value=value, n=9, ci95=(low, high))
    unsure = Metric(value=value, n=9, ci95=(low, high), bounds=(min(value, d), max(value, d)))
    first = check(rule, Addressed("m", "r", "accuracy", sure)).decision
    second = check(rule, Addressed("m", "r", "accuracy", unsure, open_items=3)).decision
    assert second in (first, "cannot tell")


def test_the_command_line(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch) -> None:
    """Rules from a file and the command line, JUnit, Markdown and the job summary."""
    job = tmp_path / "job.md"
    job.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(job))
    conditions = tmp_path / "gate.toml"
    conditions.write_text('min = ["aime2025-judge.accuracy>=80"]\nmin_scored = 90\n')
    junit, markdown = tmp_path / "out" / "gate.xml", tmp_path / "gate.md"
    arguments = [
        "--file",
        str(conditions),
        "--max",
        "gaps.unparsed<=2",
        "--junit",
        str(junit),
        "--markdown",
        str(markdown),
    ]
    assert run_gate([STAMP, "--work-dir", str(tmp_path), *arguments]) == 5
    assert run_gate(["latest", "--work-dir", str(tmp_path), "--min", "unsure.accuracy>=80"]) == 6
    assert run_gate([str(run), "--min", "unsure.accuracy>=80", "--on", "value"]) == 0
    out = capsys.readouterr().out
    assert "FAIL         vllm:gaps.unparsed = 5.00: wanted <= 2, missed by 3.00" in out
    suite = ET.fromstring(junit.read_bytes())
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("6", "1", "0")
    failure = suite.find("testcase/failure")
    assert "missed by 3.00" in failure.get("message")
    assert "| fail | vllm:gaps.unparsed | &lt;= 2 | 5.00 |" in markdown.read_text()
    assert job.read_text().startswith("before\n## Gate")
    assert job.read_text().count("## Gate") == 3


def test_a_run_that_does_not_exist(tmp_path: Path) -> None:
    """The error lists the runs that do."""
    mark(RunFolder(tmp_path / STAMP))
    (tmp_path / "20260305_153319").mkdir()  # of nobody
    with pytest.raises(ReuseError, match="20990101_000000") as caught:
        run_gate(["20990101_000000", "--work-dir", str(tmp_path), "--min-scored", "98"])
    assert caught.value.hint == f"Runs there: {STAMP}."


@pytest.mark.parametrize("text", ["min = 3", "mim = []", "min = [", 'on = "hope"'])
def test_a_gate_file_that_cannot_be_used(run: Path, tmp_path: Path, text: str) -> None:
    """Wrong types, unknown keys and broken TOML name the file."""
    conditions = tmp_path / "gate.toml"
    conditions.write_text(text)
    with pytest.raises(ConfigError, match=r"gate\.toml"):
        gate_run(run, conditions)
    with pytest.raises(ConfigError, match="No such file"):
        gate_run(run, tmp_path / "none.toml")


def test_hostile_names_in_every_output(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Control codes and markup in a model's name reach neither the terminal nor the XML raw."""
    name = 'm\x1b[31m<b>&"|\ufffe'
    put(run, name, "evil", "0" * 30)
    junit, markdown = tmp_path / "gate.xml", tmp_path / "gate.md"
    code = run_gate([str(run), "--min", "evil.accuracy>=50", "--junit", str(junit), "--markdown", str(markdown)])
    assert code == 5
    assert "\x1b" not in capsys.readouterr().out
    assert ET.fromstring(junit.read_bytes()).find("testcase").get("classname").startswith("m\\x1b[31m<b>")
    assert "<b>" not in markdown.read_text()


def test_through_the_program(run: Path, capsys: pytest.CaptureFixture) -> None:
    """`jb gate` ends with the documented codes; a name it does not know ends with 2 and the nearest one."""
    assert main(["gate", str(run), "--min", "aime2025-judge.accuracy>=80"]) == 0
    assert main(["gate", str(run), "--min", "bad.accuracy>=80"]) == 5
    assert main(["gate", str(run), "--min", "unsure.accuracy>=80"]) == 6
    assert main(["gate", str(run), "--min", "bad.acuracy>=80"]) == 2
    assert "Did you mean bad.accuracy" in capsys.readouterr().err
    assert main(["gate", "--help"]) == 0
    assert "decide on the 95% interval" in capsys.readouterr().out


def test_a_report_is_written_to_a_pipe_or_through_a_link_and_replaces_neither(run: Path, tmp_path: Path) -> None:
    pipe, link, target = tmp_path / "pipe", tmp_path / "link.xml", tmp_path / "target.xml"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    target.write_text("old")
    link.symlink_to(target)
    rule = ["--min", "unsure.accuracy>=80", "--on", "value"]
    assert run_gate([str(run), *rule, "--junit", str(link), "--markdown", str(pipe)]) == 0
    assert pipe.is_fifo()
    assert os.read(reader, 1 << 16).startswith(b"## Gate")
    assert link.is_symlink()
    assert target.read_bytes().startswith(b"<")
    os.close(reader)


def test_a_report_that_cannot_be_written_is_told(run: Path, tmp_path: Path) -> None:
    """A socket stands for every device that takes nothing."""
    place = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        with pytest.raises(DiskError, match="socket cannot be written"):
            run_gate([str(run), "--min", "unsure.accuracy>=80", "--on", "value", "--junit", str(place)])
        assert place.is_socket()


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("min = " + "[" * 3000 + "]" * 3000, "nested too deeply"),
        ("\ufeffmin = ['unsure.accuracy>=80']", ""),
    ],
)
def test_gate_files_of_odd_form(tmp_path: Path, text: str, refused: str) -> None:
    (tmp_path / "gate.toml").write_text(text)
    if refused:
        with pytest.raises(ConfigError, match=refused):
            read_conditions(tmp_path / "gate.toml")
    else:
        assert read_conditions(tmp_path / "gate.toml").min == ["unsure.accuracy>=80"]
