"""``jb items``: what a person finds out about a run in a terminal."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from pathlib import Path

import pytest

from judgebench.cli.main import run
from judgebench.records.facts import RuleVerdict
from tests.query.made import MadeRun, call, prediction, verdict

DATES, CUT, STRICT = {17, 98, 160, 233}, {5, 120, 121, 287}, {44, 71, 203, 299}
"""Why twelve of three hundred items are wrong: odd dates, a token limit, and a judge who is too strict."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = MadeRun(tmp_path_factory.mktemp("runs") / "20260101_120000")
    answers, calls, verdicts = [], [], []
    for id in range(300):
        wrong = id in DATES | CUT | STRICT
        category = "dates" if id in DATES or id % 29 == 1 else ("algebra", "geometry", "counting")[id % 3]
        text = f"Let me see, step by step. The answer is {2 * id}." + (" km" if id in STRICT else "")
        answers.append(prediction(id, text, finish_reason="length" if id in CUT else "stop"))
        calls.append(call(id, f"I compared the two.\nVERDICT: {'B' if wrong else 'A'}"))
        rule = "correct" if id in STRICT or not wrong else "incorrect"
        verdicts.append(
            verdict(
                id, "incorrect" if wrong else "correct", calls=[calls[-1]], text=text, truncated=id in CUT,
                rule=RuleVerdict(status="ok", decision=rule), meta={"category": category, "level": id % 5},
            )
        )  # fmt: skip
    made.add("north", "sums", "judge", predictions=answers, calls=calls, verdicts=verdicts)
    return made.path


def items(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what a command prints."""
    code = run(["items", *words])
    said = capsys.readouterr()
    assert code == 0, said.err
    return said.out


def test_the_latest_run_is_meant_where_none_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of_latest = ["--work-dir", str(folder.parent)]
    assert items(capsys, *of_latest) == items(capsys, "latest", *of_latest)
    assert items(capsys, "--wrong", *of_latest) == items(capsys, "latest", "--wrong", *of_latest)


def test_three_planted_causes_are_found_within_six_commands(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever follows the printed commands alone, as one does who has never seen the tool, finds each cause."""
    commands = [f"jb items {folder}"]
    overview = items(capsys, *shlex.split(commands[0])[2:])
    assert re.search(r"sums-judge +north +300 +12 +4 +4", overview)
    commands += [line.removeprefix("Look:").strip() for line in overview.splitlines() if line.endswith("--wrong")]
    wrong = items(capsys, *shlex.split(commands[1])[2:])
    assert "These are all 12." in wrong
    frequent = wrong[wrong.index("More frequent") :]
    commands += [line.strip() for line in frequent.splitlines() if line.strip().startswith("jb items")][:3]
    assert len(commands) <= 6
    groups = []
    for command in commands[2:]:
        found = items(capsys, *shlex.split(command)[2:])
        groups.append({int(number) for number in re.findall(r"· item (\d+)", found)})
    assert sorted(map(sorted, groups)) == sorted(map(sorted, [DATES, CUT, STRICT]))


def test_a_block_says_what_was_decided_and_where_it_was_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = items(capsys, str(folder), "--disagree", "--limit", "1")
    assert shown.splitlines()[:5] == [
        "sums-judge · north · item 44 (q-44)   ✗ incorrect; the rule says correct",
        "  question    What is twice 44?",
        "  reference   88",
        "  answer      Let me see, step by step. The answer is 88. km",
        "  judge       I compared the two. VERDICT: ⟦B⟧",
    ]
    assert f"One:     jb items {folder} sums-judge 44\n" in shown
    assert f"Next:    jb items {folder} --disagree --offset 1 --limit 1\n" in shown


def test_all_about_one_item_and_the_way_to_the_next(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = items(capsys, str(folder), "sums-judge", "44", "--wrong")
    for part in (
        "--- prompt to the judge ---\nIs the answer to question 44 right?",
        "VERDICT: ⟦B⟧\n(read as: incorrect)",
        "fields: category = counting, level = 4",
        "prediction: predictions/north/sums.jsonl",
        f"Before:  jb items {folder} sums-judge 17\n",
        f"Next:    jb items {folder} sums-judge 71\n",
        f"Again:   jb try --item {folder} sums-judge 44",
    ):
        assert part in shown
    assert items(capsys, str(folder), "sums-judge", "q-44", "--wrong") == shown
    whole = json.loads(items(capsys, str(folder), "sums-judge", "44", "--json"))
    assert whole["calls"][0]["reply"][slice(*whole["calls"][0]["span"])] == "B"


def test_a_pair_is_shown_with_both_answers_and_both_orders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = MadeRun(tmp_path / "run")
    calls = [call(0, "The first is clearer. VERDICT: A", name=name) for name in ("AB", "BA")]
    said = verdict(0, "tie", calls=calls, prefers_AB="first", prefers_BA="second")
    own, other = [prediction(0, "It is 0.")], [prediction(0, "Zero, I think.")]
    made.add("north", "toy", "pair", predictions=own, calls=calls, verdicts=[said], against="south")
    made.add("south", "toy", predictions=other, verdicts=[verdict(0, "correct")])
    assert items(capsys, str(made.path), "--flipped").splitlines()[:7] == [
        "toy-pair · north · item 0 (q-0)   • tie; changed its mind with the order",
        "  question    What is twice 0?",
        "  reference   0",
        "  answer      It is 0.",
        "  compared    south: Zero, I think.",
        "  judge AB    The first is clearer. VERDICT: ⟦A⟧",
        "  judge BA    The first is clearer. VERDICT: ⟦A⟧",
    ]
    whole = items(capsys, str(made.path), "toy-pair", "0")
    assert "--- compared answer of south ---\nZero, I think." in whole
    assert re.search(r"reply of the judge \(AB\) ---\n.*\n\(read as: tie; prefers north's answer\)", whole)
    assert re.search(r"reply of the judge \(BA\) ---\n.*\n\(read as: tie; prefers south's answer\)", whole)


def test_the_greatest_come_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = items(capsys, str(folder), "--sort", "-level", "--where", "id < 7", "--limit", "3")
    assert re.findall(r"· item (\d+)", shown) == ["4", "3", "2"]
    assert "--sort -level --offset 3 --limit 3" in shown


def test_json_and_csv_have_a_line_for_each_item(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = items(capsys, str(folder), "--wrong", "--json", "--limit", "none").splitlines()
    assert {json.loads(line)["id"] for line in lines} == DATES | CUT | STRICT
    table = list(csv.DictReader(io.StringIO(items(capsys, str(folder), "--truncated", "--csv"))))
    assert [(int(one["id"]), one["category"], one["truncated"]) for one in table] == [
        (id, ("algebra", "geometry", "counting")[id % 3] if id % 29 != 1 else "dates", "True") for id in sorted(CUT)
    ]
    counts = items(capsys, str(folder), "--wrong", "--by", "category")
    assert re.search(r"4  \"dates\"    jb items \S+ --wrong --where 'category == \"dates\"'", counts)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--where", "levl == 3"], "There is no field 'levl' in this run"),
        (["sum"], "The run has no row 'sum'"),
        (["sums-judge", "300"], "has no item 300"),
        (["sums-judge", "q-300"], "has no item 'q-300'"),
        (["--judge", "jugde"], "The run has no judge 'jugde'"),
        (["--regex", "("], "The regular expression '(' cannot be read"),
        (["--sort", "answer"], "Nothing is sorted by 'answer'"),
    ],
)
def test_a_mistake_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert run(["items", str(folder), *words]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 2


def test_where_nothing_fits_it_says_what_would(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = items(capsys, str(folder), "--wrong", "--unread")
    assert shown.startswith("No item fits.\n  without --unread: 12    jb items")


def test_control_characters_of_a_model_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = MadeRun(tmp_path / "run")
    bad = "\x1b[2J\x1b]0;owned\x07"
    reply = call(0, f"{bad} VERDICT: B")
    made.add(
        "m", "toy", "judge", predictions=[prediction(0, bad)], calls=[reply],
        verdicts=[verdict(0, bad, calls=[reply], reason=bad, gold=bad + "x", meta={bad: bad})],
    )  # fmt: skip
    for words in (["--wrong"], ["toy-judge", "0"], ["--by", "decision"]):
        run(["items", str(made.path), *words])
        said = capsys.readouterr()
        assert "\x1b" not in said.out + said.err


def test_one_question_is_put_to_several_runs(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = MadeRun(tmp_path / "20260102_120000")
    decisions = ["incorrect", "correct", "incorrect", "correct"]
    verdicts = [verdict(id, said, calls=[], text="7", meta={"category": "dates"}) for id, said in enumerate(decisions)]
    made.add("south", "sums", "judge", predictions=[prediction(id, "7") for id in range(4)], verdicts=verdicts)
    both = [str(folder), "--also", str(made.path)]
    overview = items(capsys, *both)
    assert re.search(r"^20260101_120000 +300 +12 ", overview, re.MULTILINE)
    assert re.search(r"^20260102_120000 +4 +2", overview, re.MULTILINE)
    shown = items(capsys, *both, "--wrong", "--offset", "10", "--limit", "3")
    assert shown.count(" · item ") == 3
    assert shown.index("--- 20260101_120000 ---") < shown.index("--- 20260102_120000 ---")
    assert "Items 11 to 13 of 14, in 2 runs." in shown
    more = shlex.split(shown.rpartition("Next: ")[2])
    assert items(capsys, *more[2:]).count("south · item 2 ") == 1
    rows = list(csv.DictReader(io.StringIO(items(capsys, *both, "--wrong", "--csv", "--limit", "none"))))
    assert [row["run"] for row in rows] == ["20260101_120000"] * 12 + ["20260102_120000"] * 2
    assert {row["category"] for row in rows[12:]} == {"dates"}
    assert rows[13]["level"] == ""
    lines = items(capsys, *both, "--wrong", "--json", "--offset", "12").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [0, 2]
    assert re.search(r'^ +6  "dates"', items(capsys, *both, "--wrong", "--by", "category"), re.MULTILINE)  # 4 and 2
    assert run(["items", *both, "--model", "south"]) == 0
    assert "20260101_120000 is passed over: The run has no model 'south'." in capsys.readouterr().err
    assert run(["items", *both, "sums-judge", "2"]) == 2
    assert "One item is shown for one run at a time." in capsys.readouterr().err


def test_what_is_not_judged_yet_is_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = MadeRun(tmp_path / "20260102_120000")
    said = [verdict(0, "correct", calls=[], text="7"), verdict(1, None, calls=[], text="7", status="not_judged")]
    made.add("south", "sums", "judge", predictions=[prediction(id, "7") for id in range(2)], verdicts=said)
    assert f"Go on:   jb --reuse {made.path}    (asks what is still missing)" in items(
        capsys, str(made.path), "sums-judge", "1"
    )
    assert f"Again:   jb --reuse {made.path} --mode eval" in items(capsys, str(made.path), "sums-judge", "0")
