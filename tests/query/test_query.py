"""The query layer: what is wrong, unread or doubtful in a run, and all about one verdict."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import judgebench
from judgebench.errors import DiskError, InterruptedRunError, ReuseError, UsageError
from judgebench.query import Filter, ItemKey, RunQuery, Trait, index, index_filler, open_query, tallies
from judgebench.query import run_query as module
from judgebench.query.texts import TextReader
from judgebench.records.facts import Label, RuleVerdict, answer_hash
from judgebench.records.findings import ReadSpan
from judgebench.store.labels import append_labels
from tests.query.made import MadeRun, call, prediction, verdict

N = 40


def answer(id: int) -> str:
    """An answer that is wrong for every fourth item."""
    return f"I think it is {2 * id + (id % 4 == 3)}." + (" Let me say more about it." * (id % 5))


def fill(path: Path) -> Path:
    """Two judges and a rule about one model, one judge about another; item 7 is unread, item 12 has no answer."""
    made = MadeRun(path)
    answers = [prediction(id, answer(id)) for id in range(N)]
    answers[12] = prediction(12, "", status="failed", reasoning_content="and then")
    strict = [call(id, f"I compared both. VERDICT: {'B' if id % 4 == 3 else 'A'}") for id in range(N)]
    strict[7] = call(7, "I cannot say.")
    rule = {id: "incorrect" if id % 4 == 3 or id == 20 else "correct" for id in range(N)}

    def judged(id: int, decision: str | None, said: list[Any], **more: Any) -> Any:
        return verdict(
            id, decision, calls=said, text=answer(id),
            meta={"category": "even" if id % 2 == 0 else "odd", "level": id % 3},
            rule=RuleVerdict(status="ok", decision=rule[id]), **more,
        )  # fmt: skip

    verdicts = [judged(id, "incorrect" if id % 4 == 3 else "correct", [strict[id]]) for id in range(N)]
    verdicts[7] = judged(7, None, [strict[7]], reason="the reply states no verdict")
    verdicts[12] = judged(12, None, [], status="prediction_failed", reason="timeout")
    made.add("north", "toy", "strict", predictions=answers, calls=strict, verdicts=verdicts)
    lenient = [verdict(id, "incorrect" if id == 3 else "correct", text=answer(id)) for id in range(N)]
    made.add("north", "toy", "lenient", verdicts=lenient)
    made.add("north", "toy", verdicts=[verdict(id, rule[id], text=answer(id)) for id in range(N)])
    south = [prediction(id, f"{2 * id}") for id in range(N)]
    made.add("south", "toy", "strict", predictions=south, verdicts=[verdict(id, "correct") for id in range(N)])
    return path


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("runs") / "20260101_120000")


@pytest.fixture
def run(filled: Path) -> RunQuery:
    return open_query(filled)


def ids(run: RunQuery, **chosen: Any) -> list[int]:
    return [one.id for one in run.page(Filter(**{"model": "north", "row": "toy-strict", **chosen}), 0, 100).rows]


WRONG = [id for id in range(N) if id % 4 == 3 and id != 7]


def test_each_kind_of_trouble_is_found_and_counted(run: RunQuery) -> None:
    assert ids(run, wrong=True) == WRONG
    assert ids(run, unread=True) == [7]
    assert ids(run, failed=True) == [12]
    assert ids(run, disagree="rule") == [20]
    assert ids(run, disagree="judges") == WRONG[1:]
    assert ids(run, disagree="any") == sorted([20, *WRONG[1:]])
    assert ids(run, score_from=1) == []
    assert ids(run, length_to=30, wrong=True) == [id for id in WRONG if id % 5 == 0]
    chips = run.counts(Filter(row="toy-strict", model="north"))
    assert chips == {
        "all": N, "wrong": len(WRONG), "unread": 1, "against_rule": 1, "against_judges": len(WRONG) - 1, "flipped": 0,
        "truncated": 0, "failed": 1, "not_judged": 0, "labelled": 0,
    }  # fmt: skip
    assert run.counts(Filter(text="more"))["all"] == 4 * N
    assert run.groups(Filter(row="toy-strict", wrong=True), "category") == [("odd", len(WRONG))]
    assert run.problems == []


def test_what_is_as_frequent_among_the_chosen_as_elsewhere_is_no_trait(tmp_path: Path) -> None:
    made = MadeRun(tmp_path / "run")
    verdicts = [
        verdict(
            id, "incorrect" if id % 7 == 3 else "correct", meta={"level": id % 5, "odd": id % 7 == 3 and id % 9 == 1}
        )
        for id in range(6000)
    ]
    made.add("m", "toy", verdicts=verdicts)
    run = open_query(made.path)
    assert [trait.where for trait in run.in_common(Filter(wrong=True))] == ["odd == 1"]
    assert run.in_common(Filter(where="level == 3")) == [Trait("level == 3", 1200, 1200, 1200, 6000)]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ('category == "odd" and level < 1 and not wrong', [9, 21, 33]),
        ("id in (1, 2, 99) or status != 'ok'", [1, 2, 7, 12]),
        ('"q-3" in key and id > 30', [*range(31, 40)]),
        ('answer contains "IT IS 15." or reply contains "cannot"', [7]),
        ('matches(answer, r"is (7|9)\\b") and fields["level"] >= 0', [3]),
        ("decision is none", [7, 12]),
        ("level == '2' and id < 9", []),
        ("level == 2.0 and id < 9", [2, 5, 8]),
        ("-1 < id <= 2", [0, 1, 2]),
        ('judge == "strict" and model == "north" and rule == "incorrect" and decision == "correct"', [20]),
        ("disagree and id < 21 and not (id < 20)", [20]),
        ("", [*range(N)]),
    ],
)  # fmt: skip
def test_an_expression_chooses(run: RunQuery, where: str, found: list[int]) -> None:
    assert ids(run, where=where) == found


HOLDS = r"(a|aa)+$"
"""For a text of a's that ends in something else, this needs time that doubles with every character or two."""


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunQuery:
    """A run whose texts would hold such an expression for longer than anybody lives, and little patience."""
    monkeypatch.setattr("judgebench.query.regexes.LIMIT_SECONDS", 0.25)
    made = MadeRun(tmp_path / "run")
    text = "a" * 400 + "b"
    made.add("m", "toy", predictions=[prediction(0, text)], verdicts=[verdict(0, "correct", meta={"note": text})])
    return open_query(made.path)


@pytest.mark.parametrize("where", [f"matches(answer, '{HOLDS}')", f"matches(note, '{HOLDS}')"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda run, chosen: run.page(chosen),
        lambda run, chosen: run.count(chosen),
        lambda run, chosen: run.groups(chosen, "decision"),
        lambda run, chosen: list(run.lines(chosen)),
        lambda run, chosen: list(run.items(chosen)),
    ],
    ids=["page", "count", "groups", "lines", "items"],
)
def test_an_expression_that_would_hold_the_process_is_given_up(
    held: RunQuery, where: str, ask: Callable[[RunQuery, Filter], object]
) -> None:
    with pytest.raises(UsageError, match=r"needs more than 0\.25 second for one text") as error:
        ask(held, Filter(where=where))
    assert "as in (a+)+" in error.value.hint
    assert held.count(Filter(where="matches(answer, 'a+b')")) == 1  # the run can be asked on


def test_a_search_for_such_an_expression_is_given_up(held: RunQuery) -> None:
    with pytest.raises(UsageError, match=r"needs more than 0\.25 second"):
        list(held.search(Filter(), HOLDS))


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("categry == 'odd'", "no field 'categry'"),
        ("category = 'odd'", "'=' compares nothing"),
        ("category == 'odd' and", "cannot be read"),
        ("__import__('os').system('true')", "is not part of the language"),
        ("score < none", "has no order"),
        ("answer", "is a text, and no condition"),
        ("matches(answer, '(')", "regular expression '('"),
        ("(lambda: 1)()", "is not part of the language"),
        ("id @ 3", "cannot be read"),
        ("not " * 100 + "wrong", "nested too deeply"),
        ("'a\x00' == key", "cannot be read"),
        ("key == '\\ud800'", "is no text that a file could hold"),
        ("key == '\ud800'", "is no text that a file could hold"),
    ],
)
def test_an_expression_that_says_nothing_is_refused_with_its_word(run: RunQuery, where: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        run.page(Filter(where=where))
    assert message in error.value.message


def test_texts_are_searched_where_they_stand(run: RunQuery) -> None:
    assert ids(run, text="i CANNOT say") == [7]
    assert ids(run, text="cannot", search_in=("answer", "question")) == []
    assert ids(run, regex=r"twice 1[01]\?") == [10, 11]
    first = run.page(Filter(text="What is twice"), 0, 5)
    assert (len(first.rows), first.exact, first.total) == (5, False, 6)
    assert run.count(Filter(text="What is twice")) == 4 * N  # four rows are about these questions
    assert [one.id for one in run.search(Filter(row="toy-strict", model="north"), "VERDICT: B", 2)] == [3, 11]


def test_pages_and_neighbours_follow_the_order(run: RunQuery) -> None:
    chosen = Filter(row="toy-strict", model="north", wrong=True)
    page = run.page(chosen, 2, 3)
    assert ([one.id for one in page.rows], page.total, page.exact) == (WRONG[2:5], len(WRONG), True)
    assert run.neighbours(chosen, page.rows[0].name) == (
        ItemKey("north", "toy-strict", WRONG[1]), ItemKey("north", "toy-strict", WRONG[3]), 3,
    )  # fmt: skip
    assert run.neighbours(chosen, ItemKey("north", "toy-strict", 0)) == (None, None, 0)
    longest = Filter(row="toy-strict", model="north", sort="-length")
    (first, second) = run.page(longest, 0, 2).rows
    assert first.length is not None
    assert second.length is not None
    assert first.length >= second.length
    assert run.neighbours(longest, first.name) == (None, second.name, 1)
    assert run.page(Filter(sort="random"), 0, 9).rows == run.page(Filter(sort="random"), 0, 9).rows


@pytest.mark.parametrize("sort", ["", "length", "-length", "-id", "random", "category", "-score", "-latency", "-level"])
@pytest.mark.parametrize(
    "more",
    [{}, {"row": "toy-strict", "model": "south"}, {"wrong": True}, {"text": "more about"}, {"where": "level > 0"}],
    ids=["all", "a row", "wrong", "a text", "a field"],
)
def test_neighbours_are_those_of_the_list_in_every_order(run: RunQuery, sort: str, more: dict[str, Any]) -> None:
    chosen = Filter(sort=sort, **more)
    names = [one.name for one in run.lines(chosen)]
    assert len(names) > 5
    listed = [one.name for part in (0, 50, 100, 150, 200) for one in run.page(chosen, part, 50).rows]
    assert listed == names
    for at in {0, 1, len(names) // 2, len(names) - 2, len(names) - 1}:
        before, after, number = run.neighbours(chosen, names[at])
        assert before == (names[at - 1] if at else None)
        assert after == (names[at + 1] if at + 1 < len(names) else None)
        assert number == (0 if "text" in more else at + 1)


def test_a_sorted_search_looks_into_no_more_texts_than_it_shows(run: RunQuery, monkeypatch) -> None:
    looked_into: list[Any] = []
    reads = TextReader.answer

    def counted(self: TextReader, *place: Any) -> Any:
        looked_into.append(place)
        return reads(self, *place)

    monkeypatch.setattr(TextReader, "answer", counted)
    found = run.page(Filter(sort="-length", regex="I think", search_in=("answer",)), 0, 3, texts=False)
    assert len(found.rows) == 3
    assert len(looked_into) <= 8, "of 160 items"


def test_an_index_whose_pages_are_damaged_is_made_again(tmp_path: Path) -> None:
    path = fill(tmp_path / "20260101_120000")
    open_query(path).page(Filter())
    place = path / "index" / "items.sqlite"
    whole = bytearray(place.read_bytes())
    size = int.from_bytes(whole[16:18], "big")
    known = sqlite3.connect(place).execute("SELECT rootpage FROM sqlite_master WHERE name = 'items'").fetchone()[0]
    whole[(known - 1) * size : known * size] = bytes(size)
    place.write_bytes(whole)
    damaged = open_query(path)  # nothing but a look into the table shows it
    assert damaged.item("toy-strict", 3, model="south").line.id == 3
    assert damaged.page(Filter()).total == 4 * N


def test_one_verdict_with_all_about_it(run: RunQuery) -> None:
    one = run.item("toy", 3, judge="strict", model="north")
    assert (one.question, one.reference, one.answer) == ("What is twice 3?", "6", answer(3))
    (said,) = one.calls
    assert said.span is not None
    assert said.reply[slice(*said.span)] == "B"
    assert {(other.row, other.verdict.decision) for other in one.opinions} == {
        ("toy", "incorrect"), ("toy-lenient", "incorrect"),
    }  # fmt: skip
    assert [(other.model, other.answer, other.verdict and other.verdict.decision) for other in one.answers] == [
        ("south", "6", "correct")
    ]
    assert one.prediction is not None
    assert one.prediction.latency == 0.5
    assert one.missing == []
    with pytest.raises(UsageError, match="Several verdicts"):
        run.item("toy-strict", 3)
    with pytest.raises(UsageError, match="no item 99"):
        run.item("toy-strict", 99, model="north")
    with pytest.raises(UsageError, match="no row 'toy-strickt'"):
        run.item("toy-strickt", 3)


@pytest.fixture
def copy(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_SECONDS_UNCHECKED", 0)
    return shutil.copytree(filled, tmp_path / filled.name, ignore=shutil.ignore_patterns("index"))


def test_where_no_index_can_stand_it_says_how_to_name_a_place(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (copy.parent / "cache").write_text("in the way")
    monkeypatch.setattr(index, "is_run", lambda path: False)  # as of a folder that cannot be written to
    with pytest.raises(DiskError, match="XDG_CACHE_HOME"):
        ids(open_query(copy), unread=True)


def test_it_notices_that_verdicts_have_changed_and_indexes_that_row_alone(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_query(copy)
    assert ids(run, unread=True) == [7]
    path = copy / "verdicts/north/toy-strict.jsonl"
    indexed: list[str] = []
    add = index_filler.IndexFiller._add
    monkeypatch.setattr(
        index_filler.IndexFiller,
        "_add",
        lambda self, row, source, answers: (indexed.append(source.row), add(self, row, source, answers))[1],
    )
    path.write_text(path.read_text().replace('"status":"unparsed"', '"status":"ok"', 1))
    monkeypatch.setattr(run, "_unchecked_until", 0.0)
    assert ids(run, unread=True) == []
    assert indexed == ["toy-strict"]


def test_the_index_can_be_removed_damaged_or_of_a_folder_that_is_not_ours_to_write_to(copy: Path) -> None:
    assert ids(open_query(copy), unread=True) == [7]
    place = copy / "index" / "items.sqlite"
    for damage in (b"", b"SQLite format 3\x00" + bytes(3000), b"rubbish"):
        place.write_bytes(damage)
        assert ids(open_query(copy), unread=True) == [7]
    shutil.rmtree(place.parent)
    (copy / "run.json").unlink()
    foreign = open_query(copy)  # a folder that no run.json makes ours
    assert ids(foreign, unread=True) == [7]
    assert "run.json" in foreign.problems[0]
    assert not place.exists()
    assert [path.suffix for path in (copy.parent / "cache/judgebench/index").iterdir()] == [".sqlite"]


def test_what_is_damaged_or_missing_is_told_and_the_rest_is_shown(copy: Path) -> None:
    path = copy / "verdicts/north/toy-strict.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:5], b'{"id": -1, "status": "ok"}\n{"id"\n\xff\n', *lines[5:9], lines[9][:20]]))
    (copy / "predictions/south/toy.jsonl").unlink()
    (copy / "verdicts/north/toy-lenient.jsonl").unlink()
    (copy / "verdicts/north/toy-lenient.jsonl").symlink_to("/etc/passwd")
    run = open_query(copy)
    assert ids(run) == list(range(9))
    assert [problem.split(": ")[-1] for problem in run.problems] == [
        "it is a symbolic link, which might lead out of the run folder",
        "3 lines are damaged and left out",
        "predictions/south/toy.jsonl is not there",
    ]
    one = run.item("toy-strict", 3, model="south")
    assert one.missing == ["predictions/south/toy.jsonl does not hold the answer."]
    with pytest.raises(ReuseError, match="no run folder"):
        open_query(copy / "index")


def test_a_run_without_verdicts_yet_shows_its_answers(copy: Path) -> None:
    (copy / "verdicts/north/toy-strict.jsonl").unlink()
    run = open_query(copy)
    assert run.counts(Filter(row="toy-strict", model="north"))["not_judged"] == N - 1
    one = run.item("toy-strict", 3, model="north")
    assert one.answer == answer(3)
    assert [said.reply for said in one.calls] == ["I compared both. VERDICT: B"]
    assert one.missing == ["verdicts/north/toy-strict.jsonl holds no verdict about it (yet)."]


def test_from_python_as_records_and_as_a_frame(filled: Path) -> None:
    run = judgebench.load(filled)
    chosen = run.items("length > 40", wrong=True, judge="strict", model="north")
    assert [one.id for one in chosen] == [id for id in WRONG if len(answer(id)) > 40]
    frame = chosen.to_pandas()
    assert list(frame.id) == [one.id for one in chosen]
    assert len(chosen) == len(frame)
    first = frame.iloc[0]
    assert (first.question, first.reference, first.answer) == ("What is twice 3?", "6", answer(3))
    assert (first.judge_reply, first.category, first.level) == ("I compared both. VERDICT: B", "odd", 0)
    assert str(frame.level.dtype) == "int64"
    with pytest.raises(UsageError, match="no field 'lenght'"):
        run.items("lenght > 40")


def test_labels_are_seen_as_soon_as_they_are_given(copy: Path) -> None:
    run = open_query(copy)
    assert run.counts(Filter())["labelled"] == 0
    label = Label(answer_hash=answer_hash(answer(3)), id=3, model="north", annotator="one", decision="correct")
    stale = Label(answer_hash="0" * 32, id=5, model="north", annotator="one", decision="correct")
    append_labels(copy / "labels/toy.jsonl", [label, stale])
    assert ids(run, labelled=True) == [3]
    assert ids(run, where="label == 'correct' and decision == 'incorrect'") == [3]
    assert run.item("toy-strict", 3, model="north").labels == [label]


def test_several_threads_may_use_it(run: RunQuery) -> None:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(ids(run, regex="VERDICT: B"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[id for id in range(N) if id % 4 == 3 and id != 7]] * 4


def test_threads_that_open_a_run_at_once_make_one_index(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    make = index._make
    monkeypatch.setattr(index, "_make", lambda place, *rest: (made.append(place), make(place, *rest))[1])
    found: list[list[int]] = []
    threads = [threading.Thread(target=lambda: found.append(ids(open_query(copy), unread=True))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[7]] * 6
    assert made == [copy / "index" / "items.sqlite"]


def test_both_orders_of_a_pair(tmp_path: Path) -> None:
    made = MadeRun(tmp_path / "run")
    calls = [call(id, "the better one is A", name=name) for id in range(3) for name in ("AB", "BA")]
    pairs = [calls[2 * id : 2 * id + 2] for id in range(3)]
    prefers = [("first", "first"), ("first", "second"), ("second", "neither")]
    verdicts = [
        verdict(id, "tie", calls=pairs[id], prefers_AB=one, prefers_BA=other) for id, (one, other) in enumerate(prefers)
    ]
    made.add("north", "pairs", "judge", predictions=[], calls=calls, verdicts=verdicts)
    run = open_query(made.path)
    assert [one.id for one in run.page(Filter(flipped=True)).rows] == [1, 2]
    assert [said.read and said.read.order for said in run.item("pairs-judge", 1).calls] == ["AB", "BA"]
    made.write("predictions/north/pairs-judge.jsonl", reversed(calls))  # as the judge happened to answer
    assert [said.read and said.read.order for said in open_query(made.path).item("pairs-judge", 1).calls] == [
        "AB",
        "BA",
    ]


def test_judge_calls_are_in_the_order_of_the_presentations(tmp_path: Path) -> None:
    made = MadeRun(tmp_path / "run")
    calls = [call(0, f"about {name}: A", name=name) for name in ("style", "facts", "tone")]
    made.add("m", "toy", "judge", calls=reversed(calls), verdicts=[verdict(0, "A", calls=calls)])
    run = open_query(made.path)
    assert [one.record.presentation for one in run.item("toy-judge", 0).calls] == ["style", "facts", "tone"]


def test_case_is_ignored_in_any_alphabet(tmp_path: Path) -> None:
    made = MadeRun(tmp_path / "run")
    answers = [prediction(id, text) for id, text in enumerate(["ÉCOLE Straße", "école STRASSE", "other"])]
    verdicts = [verdict(id, "correct", meta={"place": one.prediction}) for id, one in enumerate(answers)]
    made.add("m", "toy", predictions=answers, verdicts=verdicts)
    run = open_query(made.path)
    for chosen in (Filter(text="École"), Filter(where='place contains "École"'), Filter(where='answer contains "éc"')):
        assert [one.id for one in run.page(chosen).rows] == [0, 1]
    assert [one.id for one in run.page(Filter(where='place contains "strasse" and "STRASSE" in answer')).rows] == [1]


def test_of_several_records_about_one_answer_the_last_that_succeeded_counts(tmp_path: Path) -> None:
    made = MadeRun(tmp_path / "run")
    answers = [
        prediction(0, "", status="failed"), prediction(0, "first"), prediction(0, "second"),
        prediction(0, "", status="failed"), prediction(1, "", status="failed"),
    ]  # fmt: skip
    made.add("m", "toy", predictions=answers)
    rows = open_query(made.path).page(Filter()).rows
    assert [(one.answer, one.status) for one in rows] == [("second", "not_judged"), ("", "prediction_failed")]


def test_a_file_that_is_written_again_never_shows_one_item_the_texts_of_another(tmp_path: Path) -> None:
    made = MadeRun(tmp_path / "run")
    answers = [prediction(id, f"answer of {id}") for id in range(2)]
    made.add("m", "toy", predictions=answers, verdicts=[verdict(id, "correct") for id in range(2)])
    run = open_query(made.path)
    run._unchecked_until = float("inf")  # as if it had just been looked at
    assert [one.answer for one in run.page(Filter()).rows] == ["answer of 0", "answer of 1"]
    made.write("predictions/m/toy.jsonl", reversed(answers))  # lines of one length, each in the other's place
    again = RunQuery(run._folder)
    run._mine.opened.texts.files.close()
    assert [one.answer for one in run.page(Filter()).rows] == ["", ""]
    assert run.item("toy", 0).missing == ["predictions/m/toy.jsonl does not hold the answer."]
    assert [one.answer for one in again.page(Filter()).rows] == ["answer of 0", "answer of 1"]


def test_what_is_wrong_in_a_benchmark_of_judges(tmp_path: Path) -> None:
    made = MadeRun(tmp_path / "run")
    golds: list[tuple[Any, Any]] = [
        ("A", "A"), ("A", "B"), (3, 3.0), (3, 2.0), ([True, False], 1.0), ([True, True], 1.0), (["x"], 1.0), ({}, 2.0),
    ]  # fmt: skip
    verdicts = [
        verdict(id, said, gold=gold) if isinstance(said, str) else verdict(id, None, status="ok", score=said, gold=gold)
        for id, (gold, said) in enumerate(golds)
    ]
    made.add("judge", "graded", verdicts=[*verdicts, verdict(len(golds), None, gold="A")])
    assert [one.id for one in open_query(made.path).page(Filter(wrong=True)).rows] == [1, 3, 5]


def test_rubbish_in_a_line_is_no_error(tmp_path: Path) -> None:
    made = MadeRun(tmp_path / "run")
    made.add("m", "toy", predictions=[prediction(0, "one")], verdicts=[verdict(0, "correct")])
    odd = {
        "id": 1,
        "status": "ok",
        "decision": "x",
        "gold": {"a": [1]},
        "meta": {"n": 1 << 70, "l": [1], "": None, "a'b": 1},
    }
    with (tmp_path / "run/verdicts/m/toy.jsonl").open("a") as file:
        file.write(json.dumps(odd) + "\n" + json.dumps({"id": 1 << 50, "status": "ok"}) + "\n")
    run = open_query(tmp_path / "run")
    assert [one.id for one in run.page(Filter(where='fields["a\'b"] == 1')).rows] == [1]
    assert run.item("toy", 1).missing == ["predictions/m/toy.jsonl does not hold the answer."]


@pytest.mark.parametrize(("text", "marked"), [(" Egypt", "Egypt"), ("Egypt", "Egypt"), ("\n  egypt\nmore", "egypt")])
def test_what_a_rule_took_is_marked_in_the_text_as_recorded(tmp_path: Path, text: str, marked: str) -> None:
    made = MadeRun(tmp_path / "run")
    taken = ReadSpan(start=0, end=len("Egypt"))  # a postprocessor has taken away the blanks before it
    made.add(
        "north", "toy", predictions=[prediction(0, text)], verdicts=[verdict(0, "correct", answer="EGYPT", span=taken)]
    )
    one = open_query(made.path).item("toy", 0, model="north")
    assert one.span is not None
    assert one.answer[slice(*one.span)] == marked


def counts_of_every_kind(run: RunQuery) -> list[Any]:
    """Numbers of items by questions that the tallies know, and by some that they do not."""
    chosen = [
        Filter(), Filter(wrong=True), Filter(row="toy-strict", disagree="any"), Filter(status="unparsed"),
        Filter(where="category == 'even' and level > 0 and not wrong"), Filter(where="length > 60 and wrong"),
        Filter(where="reason contains 'verdict'"), Filter(text="more about"), Filter(where="name != 'n-3' and wrong"),
        Filter(labelled=True), Filter(where="level in (0, 2) and label == 'correct'"),
    ]  # fmt: skip
    fields = ("decision", "reason", "category", "level", "model", "status", "length", "name")
    return [
        *(run.count(one) for one in chosen),
        *(run.counts(one) for one in chosen if not one.text),
        *(run.groups(Filter(), by) for by in fields),
        run.groups(Filter(wrong=True), "category"),
        run.in_common(Filter(wrong=True)),
    ]


def without_tallies(made: sqlite3.Connection, _fields: Any) -> None:
    """An index whose tallies know nothing but how many items there are."""
    made.execute("DROP TABLE tallies")
    made.execute("CREATE TABLE tallies AS SELECT count(*) AS n FROM items")


def test_tallies_say_what_a_look_at_every_item_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With few combinations, with so many that columns are left out, and with none of them at all."""
    path = fill(tmp_path / "run")
    file = path / "verdicts/south/toy-strict.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps(one | {"meta": {"name": f"n-{one['id']}"}}) + "\n" for one in lines))
    label = Label(answer_hash=answer_hash(answer(3)), id=3, model="north", annotator="one", decision="correct")
    append_labels(path / "labels/toy.jsonl", [label])
    expected = None
    for most in (5_000, 60, 12, -1):
        shutil.rmtree(path / "index", ignore_errors=True)
        monkeypatch.setattr(tallies, "_LINES_AT_MOST", most)
        if most < 0:
            monkeypatch.setattr(index_filler, "make_tallies", without_tallies)
        run = open_query(path)
        found = counts_of_every_kind(run)
        expected = expected or found
        assert found == expected, most
    assert expected is not None
    assert expected[0] == 4 * N
    assert expected[3] == 1


def test_a_search_is_counted_part_by_part(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = open_query(filled)
    monkeypatch.setattr(module, "_PART", 30)
    chosen = Filter(regex="more about it", where="not wrong")
    whole = run.count_part(chosen)
    all_of_them = run.count(Filter(where="not wrong"))
    assert (whole.found, whole.looked_at, whole.total, whole.after) == (
        run.count(chosen),
        all_of_them,
        all_of_them,
        None,
    )
    parts = [run.count_part(chosen, seconds=0)]
    while parts[-1].after is not None:
        parts.append(run.count_part(chosen, parts[-1].after, seconds=0))
    assert len(parts) == -(-all_of_them // 30) > 2
    assert sum(one.found for one in parts) == whole.found > 0
    assert sum(one.looked_at for one in parts) == all_of_them
    assert run.count_part(Filter(regex="x", where="length > 99999")) == (0, 0, 0, None)


def test_a_large_run_is_indexed_before_anybody_looks(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.index_large_run(copy, stop=lambda: False) is False
    assert not (copy / "index").exists()
    monkeypatch.setattr(module, "LARGE", 1)
    with pytest.raises(InterruptedRunError):
        module.index_large_run(copy, stop=lambda: True)
    assert list((copy / "index").iterdir()) == []
    assert module.index_large_run(copy, stop=lambda: False) is True
    assert module.to_be_indexed(copy) == 0
    assert module.index_large_run(copy, stop=lambda: False) is False


def test_a_run_without_items_is_counted_too(tmp_path: Path) -> None:
    made = MadeRun(tmp_path / "run")
    made.close()
    run = open_query(made.path)
    assert run.count(Filter()) == run.count(Filter(wrong=True)) == run.count(Filter(where="length > 3")) == 0
    assert set(run.counts(Filter()).values()) == {0}
    assert run.groups(Filter(), "reason") == []
    assert run.in_common(Filter(wrong=True)) == []
