"""A killed run goes on at its watermarks: nothing is asked twice, nothing is lost, and what they say is proved."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.identity.questions import FileIdentity, read_identity, write_identity
from judgebench.identity.watermark import CoveredItems, Watermark
from judgebench.judges.core.contract import Ask, Case, JudgeMethod, NotRecordedError
from judgebench.records.flow import Failure, Reply, Request, Sample, Verdict
from judgebench.records.run import Baseline, Typed
from judgebench.stages import infer, judge_infer, watermarks
from judgebench.stages.following import Entry, _Key
from judgebench.stages.task import InThread, run_in_thread
from judgebench.stages.watermarks import Advance, CoveredAnswers
from judgebench.store.items import first_from, tail_of
from judgebench.store.journal import Journal
from judgebench.store.recorded import Recorded, slot_sample
from judgebench.store.run_folder import RunFolder
from tests.stages.in_one_process import SAY, OneProcess, judge, model, number_in, rows

FAILED = Reply(status="failed", error=Failure(kind="server", message="gone"))
COUNT = 40


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Watermarks are kept all the time; returns behind how many bytes each recording was looked through."""

    async def sync(_: Journal) -> None:
        """At once: a thread takes as long as the disk is busy."""

    monkeypatch.setattr(watermarks, "INTERVAL", 0.0)
    monkeypatch.setattr(Journal, "sync", sync)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    found: list[int] = []

    class Seen(Recorded[Any]):
        def __init__(self, *given: Any, start: int = 0, **keys: Any) -> None:
            found.append(start)
            super().__init__(*given, start=start, **keys)

    monkeypatch.setattr(infer, "Recorded", Seen)
    monkeypatch.setattr(judge_infer, "Recorded", Seen)
    return found


class Killed:
    """A run of which the files were copied when the n-th question to a model came, as a kill leaves them."""

    def __init__(
        self, folder: Path, who: str, at: int, fails: Callable[[str, int], bool] = lambda *_: False, **dataset: Any
    ) -> None:
        second = any(one.compare_with for one in dataset.get("judges", []))
        models = [model(batch_size=3), *([model("m2")] if second else [])]
        self.run = OneProcess(folder, data=rows(COUNT), models=models, **dataset)
        SAY["m2"] = lambda request: "It is not."
        self.asked: dict[str, list[str]] = {"m": [], "j": []}
        self._fails = fails
        self._kill: tuple[str, int] | None = (who, at)
        self._copy = folder / "killed"
        for name in ("m", "j"):
            SAY[name] = lambda request, name=name: self._say(name, request)
        self.run.do()
        self.whole = {name: list(numbers) for name, numbers in self.asked.items()}
        shutil.rmtree(self.run.run.path)
        self._copy.rename(self.run.run.path)

    async def _say(self, name: str, request: Request) -> str | Reply:
        number = number_in(request)
        self.asked[name].append(number)
        nth = len(self.asked[name])
        await turns()
        if self._kill == (name, nth):
            shutil.copytree(self.run.run.path, self._copy)
            self._kill = None
        if self._fails(name, int(number)):
            return FAILED
        return f"It is {number}." if name == "m" else "VERDICT: A"

    def watermark(self, judge: str = "") -> Watermark | None:
        known = read_identity(self.run.run.identity("m", "d", judge))
        return known.watermark if known is not None else None

    def resume(self, **options: Any) -> dict[str, list[str]]:
        """Go on, with services that fail no more; returns whom was asked about what."""
        self.asked = {"m": [], "j": []}
        self._fails = lambda *_: False
        assert set(self.run.do(**options).values()) == {0}
        return self.asked


async def turns() -> None:
    """Wait for some turns of the event loop, in each of which a watermark is kept."""
    for _ in range(5):
        await asyncio.sleep(0)


def recorded(path: Path) -> set[int]:
    lines = [msgspec.json.decode(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    return {line["id"] for line in lines if line["status"] == "ok"}


def rest(ids: set[int]) -> list[str]:
    return [str(number) for number in range(COUNT) if number not in ids]


def test_answers_go_on_behind_the_watermark_and_none_is_asked_for_twice(tmp_path: Path, starts: list[int]) -> None:
    killed = Killed(tmp_path, "m", 30)
    mark, kept = killed.watermark(), recorded(killed.run.run.predictions("m", "d"))
    assert mark is not None
    assert 10 < mark.ok <= len(kept) < COUNT
    starts.clear()
    assert killed.resume()["m"] == rest(kept)
    assert starts[0] == mark.records > 0
    assert [one.id for one in killed.run.answers()] == list(range(COUNT))
    said = killed.run.last("infer:m/d")
    assert (said.done, said.total, said.finish, said.kept) == (COUNT, COUNT, COUNT, len(kept))
    found = killed.run.identity()
    assert (found.planned, found.ok, found.watermark) == (COUNT, COUNT, None)
    assert found.untouched(killed.run.run.predictions("m", "d"))
    assert killed.run.result().metrics["accuracy"].n == COUNT


def test_judgments_go_on_behind_the_watermark_and_none_is_asked_for_twice(tmp_path: Path, starts: list[int]) -> None:
    killed = Killed(tmp_path, "j", 30)
    mark, kept = killed.watermark("j"), recorded(killed.run.run.predictions("m", "d", "j"))
    assert mark is not None
    assert 10 < mark.ok <= len(kept) < COUNT
    starts.clear()
    asked = killed.resume()
    assert (asked["m"], asked["j"]) == ([], rest(kept))
    assert starts == [mark.records]
    said = killed.run.last("judge:m/d-j")
    assert (said.done, said.total, said.finish, said.kept) == (COUNT, COUNT, COUNT, len(kept))
    found = killed.run.identity("j")
    assert (found.planned, found.ok, found.watermark) == (COUNT, COUNT, None)
    counts = killed.run.result().counts
    assert (counts.ok, counts.not_judged) == (COUNT, 0)


@pytest.mark.parametrize("who", ["m", "j"])
def test_what_had_failed_below_the_watermark_is_asked_again_and_only_that(
    tmp_path: Path, starts: list[int], who: str
) -> None:
    killed = Killed(tmp_path, who, 30, lambda name, at: name == who and at in {3, 10})
    mark = killed.watermark("j" if who == "j" else "")
    kept = recorded(killed.run.run.predictions("m", "d", "j" if who == "j" else ""))
    assert mark is not None
    assert mark.open == [slot_sample(3, 0), slot_sample(10, 0)]
    asked = killed.resume()
    assert sorted(asked[who], key=int) == rest(kept)
    assert {"3", "10"} < set(asked[who])
    assert killed.run.result().counts.ok == COUNT
    assert len(killed.run.answers()) == len(killed.run.calls()) == COUNT


class Stumbles(JudgeMethod):
    """Asks about each item, but for two that it cannot cope with, or that the recording is not to hold."""

    raises: ClassVar[dict[int, Exception]] = {}

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """No keys."""

    def __init__(self, config: Config) -> None:
        pass

    def identity(self) -> dict[str, Any]:
        return {"method": "stumbles"}

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        if case.id in self.raises:
            raise self.raises[case.id]
        await ask(f"what is {case.id}?")
        return Verdict(status="unparsed" if case.id % 2 else "ok", reason="odd")


def test_what_a_judge_method_could_not_judge_below_the_watermark_is_judged_again(
    tmp_path: Path, starts: list[int]
) -> None:
    Stumbles.raises = {3: ValueError("not this one"), 10: NotRecordedError()}
    killed = Killed(tmp_path, "j", 30, judges=[judge(method=Typed(type=f"{__name__}.Stumbles"))])
    mark = killed.watermark("j")
    assert mark is not None
    assert mark.open == [slot_sample(3, 0), slot_sample(10, 0)]
    covered = CoveredItems(mark)
    assert mark.ok == mark.recorded == sum(slot_sample(at, 0) in covered for at in range(COUNT))
    assert mark.unparsed == sum(slot_sample(at, 0) in covered for at in range(1, COUNT, 2))
    kept = recorded(killed.run.run.predictions("m", "d", "j"))
    Stumbles.raises = {}
    assert sorted(killed.resume()["j"], key=int) == rest(kept)
    said = killed.run.last("judge:m/d-j")
    assert (said.finish, said.fail, said.unparsed, said.kept) == (COUNT, 0, COUNT // 2, len(kept))


def test_a_judge_goes_on_where_answers_below_its_watermark_failed_and_are_there_now(
    tmp_path: Path, starts: list[int]
) -> None:
    killed = Killed(tmp_path, "j", 25, lambda name, at: name == "m" and at in {3, 10})
    mark = killed.watermark("j")
    assert mark is not None
    assert mark.open == [slot_sample(3, 0), slot_sample(10, 0)]
    kept = recorded(killed.run.run.predictions("m", "d", "j"))
    asked = killed.resume()
    assert asked["m"] == ["3", "10"]
    assert sorted(asked["j"], key=int) == rest(kept)
    assert killed.run.result().counts.ok == COUNT


def test_failures_below_the_watermark_stay_where_they_are_not_to_be_asked_again(
    tmp_path: Path, starts: list[int]
) -> None:
    killed = Killed(tmp_path, "m", 30, lambda name, at: name == "m" and at in {3, 10})
    kept = recorded(killed.run.run.predictions("m", "d"))
    asked = killed.resume(retry_failed=False)
    assert asked["m"] == rest(kept | {3, 10})
    assert [one.id for one in killed.run.answers() if one.status == "failed"] == [3, 10]
    assert killed.run.result().counts.prediction_failed == 2
    said = killed.run.last("infer:m/d")
    assert (said.done, said.finish, said.fail) == (COUNT, COUNT - 2, 2)


def test_an_answer_that_is_gone_from_below_the_watermark_is_asked_for_again(tmp_path: Path, starts: list[int]) -> None:
    killed = Killed(tmp_path, "m", 30)
    path = killed.run.run.predictions("m", "d")
    kept = recorded(path)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[5] = b"#" * (len(lines[5]) - 1) + b"\n"  # of the same length, so that nothing else shows it
    path.write_bytes(b"".join(lines))
    missing = kept - recorded_well(lines)
    assert killed.resume()["m"] == [*rest(kept), *map(str, missing)]
    assert [one.id for one in killed.run.answers()] == list(range(COUNT))


def test_a_judgment_that_is_gone_from_below_the_watermark_is_asked_for_again(tmp_path: Path, starts: list[int]) -> None:
    killed = Killed(tmp_path, "j", 30)
    path = killed.run.run.predictions("m", "d", "j")
    kept = recorded(path)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[5] = b"#" * (len(lines[5]) - 1) + b"\n"
    path.write_bytes(b"".join(lines))
    missing = kept - recorded_well(lines)
    assert killed.resume()["j"] == [*rest(kept), *map(str, missing)]
    assert killed.run.result().counts.ok == COUNT


def recorded_well(lines: list[bytes]) -> set[int]:
    return {msgspec.json.decode(line)["id"] for line in lines if not line.startswith(b"#")}


def test_an_answer_that_was_changed_below_the_watermark_is_judged_again(tmp_path: Path, starts: list[int]) -> None:
    killed = Killed(tmp_path, "j", 30)
    path = killed.run.run.predictions("m", "d")
    kept = recorded(killed.run.run.predictions("m", "d", "j"))
    text = path.read_bytes()
    assert text.count(b"It is 7.") == 1
    identity = killed.run.identity()
    path.write_bytes(text.replace(b"It is 7.", b"It is 8."))
    write_identity(killed.run.run.identity("m", "d"), identity, completed=path)  # nothing shows that it was changed
    asked = killed.resume()
    assert sorted(asked["j"], key=int) == sorted([*rest(kept), "7"], key=int)
    assert killed.run.result().counts.not_judged == 0


@pytest.mark.parametrize("change", ["settings", "selection", "version", "shorter", "moved", "another"])
def test_a_watermark_that_rests_on_something_else_is_not_used(
    tmp_path: Path, starts: list[int], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    killed = Killed(tmp_path, "m", 30)
    path, options = killed.run.run.predictions("m", "d"), {}
    kept = recorded(path)
    if change == "settings":
        killed.run.change_model(generation_kwargs={"temperature": 0.5})
        kept, options = set(), {"redo_changed": True}
    elif change == "selection":
        killed.run.write([*rows(COUNT), {"question": "what is 40?", "answer": "40"}])
    elif change == "version":
        monkeypatch.setattr("judgebench.__version__", "99")
    elif change == "shorter":
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[2:]))
        kept = recorded(path)
    elif change == "another":  # as if the files of two models were exchanged
        text = path.read_bytes()
        path.write_bytes(text.replace(b'"uuid":"', b'"uuid":"0'))
        kept = set()
    else:
        path.write_bytes(b'{"id": 0}\n' + path.read_bytes()[1:])
        kept = {msgspec.json.decode(line)["id"] for line in path.read_bytes().splitlines()[2:]}
    starts.clear()
    asked = killed.resume(**options)["m"]
    assert starts[0] == 0
    assert sorted(asked, key=int) == sorted([*rest(kept), *(["40"] if change == "selection" else [])], key=int)


PAIRS = Typed(type="judgebench.judges.PairComparison", options={"aggregate": {"type": "counter", "unread": "drop"}})


@pytest.mark.parametrize("why", ["nothing", "a comparison", "a file of answers", "rejudge", "redo_changed"])
def test_a_judge_begins_anew_where_what_it_compares_with_may_be_another_or_all_is_looked_at(
    tmp_path: Path, starts: list[int], why: str
) -> None:
    judges, options = [judge()], {}
    if why == "a comparison":
        judges = [judge(method=PAIRS, compare_with="m2", tested_models=["m"])]
    elif why == "a file of answers":
        (tmp_path / "other.jsonl").write_text('{"output": "theirs"}\n' * COUNT)
        judges = [judge(method=PAIRS, baseline=Baseline(path="other.jsonl"))]
    elif why != "nothing":
        options = {why: True}
    killed = Killed(tmp_path, "j", 30, judges=judges)
    starts.clear()
    killed.resume(**options)
    assert (starts[-1] > 0) == (why == "nothing")
    assert killed.run.result().counts.ok == COUNT


def test_a_stopped_run_sorts_its_files_and_goes_on_behind_the_watermark(tmp_path: Path, starts: list[int]) -> None:
    run = OneProcess(tmp_path, data=rows(COUNT), models=[model(batch_size=3)])
    path = run.written(run.plan("20260101_000000_1"))
    thread = InThread(lambda _: None)
    asked: list[str] = []

    async def say(request: Request) -> str:
        asked.append(number_in(request))
        nth = len(asked)
        await turns()
        if nth == 25:
            thread.tell("stop")
        return f"It is {number_in(request)}."

    SAY["m"] = say
    run_in_thread(path, "infer:m/d", thread)
    kept = recorded(run.run.predictions("m", "d"))
    assert 25 <= len(kept) < COUNT
    known = run.identity()
    assert known.watermark is not None
    assert known.watermark.records == first_from(run.run.predictions("m", "d"), known.watermark.below) > 0
    starts.clear()
    asked.clear()
    run.do("infer")
    assert asked == rest(kept)
    assert starts == [known.watermark.records]


def test_every_repeat_counts_for_itself(tmp_path: Path, starts: list[int]) -> None:
    run = OneProcess(tmp_path, data=rows(20), models=[model(generation_kwargs={"num_return_sequences": 2})])
    copy, asked, failing = tmp_path / "killed", list[tuple[str, int]](), True

    async def say(request: Request) -> str | Reply:
        this = (number_in(request), request.nth)
        asked.append(this)
        nth = len(asked)
        await turns()
        if nth == 30 and not copy.exists():
            shutil.copytree(run.run.path, copy)
        return FAILED if failing and this == ("2", 1) else f"It is {number_in(request)}."

    SAY["m"] = say
    run.do()
    failing = False
    shutil.rmtree(run.run.path)
    copy.rename(run.run.path)
    known = run.identity()
    assert known.watermark is not None
    assert known.watermark.open == [slot_sample(2, 1)]
    there = {(line["id"], line.get("repeat", 0)) for line in map(msgspec.json.decode, lines_of(run))} - {(2, 1)}
    asked.clear()
    assert set(run.do().values()) == {0}
    assert asked == [(str(at), nth) for at in range(20) for nth in range(2) if (at, nth) not in there]
    assert len(run.answers()) == 40


def lines_of(run: OneProcess) -> list[bytes]:
    return run.run.predictions("m", "d").read_bytes().splitlines()


EVENTS = st.lists(st.tuples(st.sampled_from(["begin", "end", "end", "look"]), st.integers(0, 7), st.booleans()))


@given(EVENTS, st.integers(1, 2))
def test_all_below_a_watermark_has_ended_and_the_records_of_all_else_are_behind_its_place(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, int, bool]], repeats: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "growing.jsonl"
    path.write_bytes(b"")
    samples = iter([Sample(id=3 * at, uid="u", fields={}, reference=None) for at in range(200)])
    advance = Advance(None)
    planned = advance.planned(samples, repeats)
    waiting: list[int] = []  # slots that are planned and have not begun
    begun: list[int] = []
    ended: dict[int, bool] = {}
    places: dict[int, int] = {}
    size = 0
    marks: list[tuple[Watermark, dict[int, bool]]] = []
    for what, which, ok in events:
        if what == "begin":
            if not waiting:
                first = slot_sample(next(planned).id, 0)
                waiting += range(first, first + repeats)
            begun.append(waiting.pop(0))
            advance.begun(begun[-1], size)
        elif what == "end" and begun:
            slot = begun.pop(which % len(begun))
            places[slot], size = size, size + 10
            ended[slot] = ok
            advance.ended(slot, ok=ok, digest=slot)
            os.truncate(path, size)
        elif (mark := advance.watermark(path, total=0, basis="")) is not None:
            marks.append((mark, dict(ended)))
    all_planned = {slot_sample(3 * at, repeat) for at in range(200) for repeat in range(repeats)}
    for mark, known in marks:
        covered = CoveredItems(mark)
        below = {slot for slot in all_planned if slot < mark.below}
        assert below <= known.keys()
        assert set(mark.open) == {slot for slot in below if not known[slot]}
        assert mark.ok == sum(slot in covered for slot in all_planned)
        assert mark.proof == sum(slot for slot in below if known[slot]) % 2**64
        assert all(place >= mark.records for slot, place in places.items() if slot >= mark.below)
        assert all(covered.needs(slot >> 20) for slot in all_planned - {one for one in below if known[one]})


def test_records_of_before_are_not_passed_over_until_all_of_them_have_ended(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes(bytes(900))
    advance = Advance(Watermark(below=slot_sample(2, 0), ok=2, records=100, size=150), held=slot_sample(4, 0))
    for sample in advance.planned(iter([Sample(id=at, uid="u", fields={}, reference=None) for at in range(9)]), 1):
        advance.begun(slot_sample(sample.id, 0), 500)
        if sample.id != 3:
            advance.ended(slot_sample(sample.id, 0), ok=True)
    mark = advance.watermark(path, total=9, basis="")
    assert mark is not None
    assert (mark.below, mark.records) == (slot_sample(2, 0) + 1, 100)
    advance.ended(slot_sample(3, 0), ok=True)
    mark = advance.watermark(path, total=9, basis="")
    assert mark is not None
    assert (mark.below, mark.records, mark.ok) == (slot_sample(8, 0) + 1, 900, 9)


def planned(ids: Iterable[int]) -> Iterator[Sample]:
    return (Sample(id=at, uid=f"u{at}", fields={}, reference=None) for at in ids)


def mark_of(advance: Advance, path: Path, **keys: Any) -> Watermark:
    path.touch()
    mark = advance.watermark(path, **{"total": 9, "basis": "b", **keys})
    assert mark is not None
    return mark


def test_a_watermark_of_answers_has_no_verdicts_and_knows_no_other_file(tmp_path: Path) -> None:
    advance = Advance(None)
    for sample in advance.planned(planned(range(3)), 1):
        advance.begun(slot_sample(sample.id, 0), 0)
        advance.ended(slot_sample(sample.id, 0), ok=True)
    mark = mark_of(advance, tmp_path / "d.jsonl")
    assert (mark.ok, mark.recorded, mark.unparsed, mark.answers, mark.proof) == (3, 3, 0, 0, 0)
    assert (mark.total, mark.basis, mark.below) == (9, "b", slot_sample(2, 1))


def test_a_watermark_of_a_judge_says_what_was_recorded_unread_and_judged(tmp_path: Path) -> None:
    advance = Advance(Watermark(below=slot_sample(1, 0), ok=1, recorded=1, unparsed=1, answers=10, proof=7))
    for sample in advance.planned(planned(range(5)), 1):
        advance.begun(slot_sample(sample.id, 0), 0, 100 + sample.id)
    advance.ended(slot_sample(1, 0), ok=True, recorded=False, digest=2**64 - 5)
    advance.ended(slot_sample(2, 0), ok=True, unparsed=True, digest=1)
    advance.ended(slot_sample(3, 0), ok=False, digest=1000)
    mark = mark_of(advance, tmp_path / "d.jsonl")
    assert (mark.ok, mark.recorded, mark.unparsed) == (3, 2, 2), "what an earlier attempt had is among them"
    assert mark.proof == 3, "of what was judged, below 2**64"
    assert mark.answers == 104, "the first answer that is not judged yet"
    assert mark.open == [slot_sample(3, 0)]
    advance.ended(slot_sample(4, 0), ok=True)
    assert mark_of(advance, tmp_path / "d.jsonl").answers == 104, "nothing is open: the last that began"


def test_what_was_open_counts_when_it_ends_well_and_stays_open_when_it_fails_again(tmp_path: Path) -> None:
    first, second = slot_sample(0, 0), slot_sample(1, 0)
    advance = Advance(Watermark(below=slot_sample(3, 0), open=[first, second], ok=1, recorded=1))
    advance.ended(first, ok=False)
    advance.ended(second, ok=True, digest=5)
    advance.ended(second, ok=True, digest=5)
    advance.ended(slot_sample(2, 0), ok=True, digest=9)
    mark = mark_of(advance, tmp_path / "d.jsonl")
    assert (mark.open, mark.ok, mark.recorded, mark.proof) == ([first], 2, 2, 5), "each counts once"
    assert mark.below == slot_sample(3, 0)


def test_a_good_end_outweighs_a_failure_about_the_same_item(tmp_path: Path) -> None:
    """An earlier line about an answer may say that it failed, and may be read later."""
    advance = Advance(None)
    list(advance.planned(planned(range(3)), 1))
    advance.ended(slot_sample(1, 0), ok=True)
    advance.ended(slot_sample(1, 0), ok=False)
    advance.ended(slot_sample(2, 0), ok=False)
    advance.ended(slot_sample(2, 0), ok=True)
    advance.ended(slot_sample(0, 0), ok=True)
    mark = mark_of(advance, tmp_path / "d.jsonl")
    assert (mark.ok, mark.open) == (3, [])


def test_samples_that_are_read_once_more_are_planned_once(tmp_path: Path) -> None:
    advance = Advance(None)
    assert [one.id for _ in range(3) for one in advance.planned(planned([0, 2]), 2)] == [0, 2] * 3
    for slot in (slot_sample(0, 0), slot_sample(0, 1), slot_sample(2, 0), slot_sample(2, 1)):
        advance.ended(slot, ok=True)
    assert mark_of(advance, tmp_path / "d.jsonl").below == advance.below == slot_sample(2, 2)


def test_there_is_no_watermark_before_anything_has_ended_or_where_too_much_ends_that_nobody_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "d.jsonl"
    path.touch()
    advance = Advance(None)
    list(advance.planned(planned(range(3)), 1))
    assert advance.watermark(path, total=3, basis="") is None
    advance.ended(slot_sample(0, 0), ok=True)
    assert advance.watermark(path, total=3, basis="") is not None
    monkeypatch.setattr(watermarks, "MOST_AHEAD", 2)
    for number in (10, 11):
        advance.ended(slot_sample(number, 0), ok=False)
    assert advance.watermark(path, total=3, basis="") is not None
    advance.ended(slot_sample(12, 0), ok=False)
    assert advance.watermark(path, total=3, basis="") is None
    advance.begun(slot_sample(1, 0), 0)
    advance.ended(slot_sample(1, 0), ok=True)
    assert advance.watermark(path, total=3, basis="") is None, "and there is none from then on"


def left(path: Path, **changes: Any) -> FileIdentity:
    """The identity of a file of two lines that was never completed, with the watermark behind the first."""
    path.write_bytes(b'{"id":0}\n{"id":1}\n')
    mark = Watermark(below=slot_sample(1, 0), records=9, size=18, tail=tail_of(path, 18), basis="b")
    of_mark = {key: changes.pop(key) for key in ("records", "tail", "basis") if key in changes}
    mark = msgspec.structs.replace(mark, **of_mark)
    return FileIdentity(**{"settings": {"prompt": "p"}, "selection": {"ids": []}, "watermark": mark, **changes})


NOW = FileIdentity(settings={"prompt": "p"}, selection={"ids": []})


def test_the_watermark_of_a_file_that_was_left_is_used(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    before = left(path, selection={"ids": [], "answers": 18})
    assert watermarks.kept_watermark(before, NOW, path, "b") == before.watermark, "a judge says how large answers were"
    with path.open("ab") as file:
        file.write(b'{"id":2}\n{"id"')
    assert watermarks.kept_watermark(before, NOW, path, "b") == before.watermark, "what was written later is behind it"
    for records in (0, 18):
        whole = left(path, records=records)
        assert watermarks.kept_watermark(whole, NOW, path, "b") == whole.watermark


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 0},
        {"size": 18},
        {"watermark": None},
        {"basis": "another"},
        {"settings": {"prompt": "q"}},
        {"selection": {"ids": ["1"]}},
        {"records": 8},
        {"records": 17},
        {"records": 19},
        {"tail": "another"},
    ],
    ids=str,
)
def test_the_watermark_of_a_file_that_is_not_as_it_was_left_is_not_used(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    """A size of 0 stands for a file that shards of two settings made."""
    path = tmp_path / "d.jsonl"
    assert watermarks.kept_watermark(left(path, **changes), NOW, path, "b") is None


def test_no_watermark_is_used_where_there_is_no_identity_no_file_or_less_of_it(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    assert watermarks.kept_watermark(None, NOW, path, "b") is None
    before = left(path)
    os.truncate(path, 9)
    assert watermarks.kept_watermark(before, NOW, path, "b") is None
    path.unlink()
    assert watermarks.kept_watermark(before, NOW, path, "b") is None


def test_what_items_rest_on_is_the_version_and_how_texts_are_cut_out(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = model("m", pred_postprocessor={"type": "extract-non-reasoning-content"})
    first = watermarks.basis_of(model("m"))
    assert first == watermarks.basis_of(model("n"))
    assert len({first, watermarks.basis_of(cut), watermarks.basis_of(model("m"), cut)}) == 3
    monkeypatch.setattr("judgebench.__version__", "99")
    assert watermarks.basis_of(model("m")) != first


def test_new_answers_are_looked_for_where_the_watermark_says_or_where_they_are_sorted(tmp_path: Path) -> None:
    answers = RunFolder(tmp_path).files("m", "d")
    mark = Watermark(below=slot_sample(2, 0), answers=5)
    assert watermarks.new_answers_from(None, answers) == 0
    assert watermarks.new_answers_from(mark, answers) == 0, "there is no file"
    answers.predictions.parent.mkdir(parents=True)
    lines = [b'{"id":%d,"repeat":0}\n' % number for number in range(4)]
    answers.predictions.write_bytes(b"".join(lines))
    assert watermarks.new_answers_from(mark, answers) == 5, "nothing says that it is sorted"
    identity = FileIdentity(settings={})
    write_identity(answers.identity, identity)
    assert watermarks.new_answers_from(mark, answers) == 5
    write_identity(answers.identity, identity, completed=answers.predictions)
    assert watermarks.new_answers_from(mark, answers) == 2 * len(lines[0])
    write_identity(answers.identity, identity)
    size = answers.predictions.stat().st_size
    assert watermarks.new_answers_from(msgspec.structs.replace(mark, answers=size), answers) == size
    assert watermarks.new_answers_from(msgspec.structs.replace(mark, answers=size + 1), answers) == 0, "it was cut off"


def entry(number: int, *, ok: bool = True, text: str = "") -> Entry[Any]:
    raw = msgspec.json.encode({"id": number, "text": text})
    return Entry(_Key(id=number, status="ok" if ok else "failed"), raw, lambda _: None, 0)


def test_covered_answers_are_passed_over_and_proved_by_the_last_pass() -> None:
    """The first pass begins where new answers are, and sees but a part of those that were judged."""
    judged = [entry(0), entry(1)]
    proof = sum(one.digest() for one in judged) % 2**64
    open_ = slot_sample(2, 0)
    covered = CoveredAnswers(Advance(Watermark(below=slot_sample(3, 0), open=[open_], ok=2, proof=proof)))
    assert not covered.proved
    lines = [entry(0), entry(1), entry(2, ok=False), entry(3)]
    assert [covered(one, 0) for one in lines] == [True, True, True, False]
    assert not covered.proved, "what comes in the first pass proves nothing"
    assert [covered(one, 1) for one in lines] == [True, True, True, False]
    assert covered.proved
    assert [covered(one, 2) for one in lines] == [True, True, True, False]
    assert covered.proved, "each pass counts for itself"
    assert covered(entry(0, ok=False), 2)
    assert covered.proved, "a failure about an item that was answered later was not judged"
    for one in (entry(0, text="changed"), entry(1)):
        covered(one, 3)
    assert not covered.proved


def test_nothing_has_to_be_proved_without_a_watermark_and_failed_answers_have_ended(tmp_path: Path) -> None:
    advance = Advance(None)
    covered = CoveredAnswers(advance)
    list(advance.planned(planned(range(2)), 1))
    assert [covered(entry(0, ok=False), 0), covered(entry(1), 0)] == [False, False]
    assert covered.proved
    mark = mark_of(advance, tmp_path / "d.jsonl")
    assert (mark.below, mark.open) == (slot_sample(0, 1), [slot_sample(0, 0)])


class Kept:
    """A journal that notes what is done with it; its disk may be full, and somebody may have meddled with its file."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.intact = True
        self.full = False

    def flush(self) -> None:
        self.done.append("flushed")

    def is_intact(self) -> bool:
        return self.intact

    async def sync(self) -> None:
        self.done.append("synced")
        if self.full:
            raise OSError(28, "No space left on device")


def test_a_watermark_is_written_after_the_records_that_it_speaks_of_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watermarks, "INTERVAL", 0.0)
    monkeypatch.setattr(watermarks, "write_identity", lambda *_, make: journal.done.append(f"written {make}"))
    journal = Kept()
    state = FileIdentity(settings={}, watermark=Watermark(below=1))

    async def work() -> None:
        nonlocal state
        async with watermarks.kept_regularly(journal, tmp_path / "i.json", lambda: state):  # type: ignore[arg-type]
            await turns()
            assert journal.done[:3] == ["flushed", "synced", "written False"], "no folder is made that somebody removed"
            journal.full = True
            await turns()
            journal.done.clear()
            await turns()
            assert set(journal.done) == {"flushed", "synced"}, "it is tried again"
            journal.full, journal.intact = False, False
            await turns()
            journal.done.clear()
            await turns()
            assert set(journal.done) == {"flushed"}
            journal.intact, state = True, FileIdentity(settings={})
            await turns()
            journal.done.clear()
            await turns()
            assert set(journal.done) == {"flushed"}, "there is nothing to keep"
        journal.done.clear()
        await turns()
        assert journal.done == []

    asyncio.run(work())


def test_there_is_no_watermark_where_items_do_not_come_in_order_or_one_keeps_too_many_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes(b"1")

    def through(ids: list[int], *, stuck: int = -1) -> Watermark | None:
        advance = Advance(None)
        for sample in advance.planned(iter([Sample(id=at, uid="u", fields={}, reference=None) for at in ids]), 1):
            if sample.id != stuck:
                advance.ended(slot_sample(sample.id, 0), ok=sample.id < 100)
        return advance.watermark(path, total=1, basis="")

    assert through([0, 1, 2]) is not None
    assert through([0, 2, 1]) is None
    monkeypatch.setattr(watermarks, "MOST_AHEAD", 10)
    assert through(list(range(12)), stuck=1) is None
    assert through(list(range(12))) is not None
    monkeypatch.setattr(watermarks, "MOST_OPEN", 3)
    assert through(list(range(98, 103))) is not None
    assert through(list(range(98, 104))) is None


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2), st.integers(0, 40)), unique_by=lambda one: one[:2]))
def test_the_first_record_from_a_slot_on_is_found_in_a_sorted_file(
    tmp_path_factory: pytest.TempPathFactory, items: list[tuple[int, int, int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "sorted.jsonl"
    places: list[tuple[int, int]] = []
    data = b""
    for number, repeat, length in sorted(items):
        places.append((slot_sample(number, repeat), len(data)))
        data += msgspec.json.encode({"id": number, "repeat": repeat, "text": "x" * length}) + b"\n"
    path.write_bytes(data)
    for slot in {slot for number in (0, 7, 30, 61) for slot in (slot_sample(number, 0), slot_sample(number, 1))}:
        assert first_from(path, slot) == next((at for known, at in places if known >= slot), len(data))


def test_a_watermark_outlives_what_is_written_of_it(tmp_path: Path) -> None:
    mark = Watermark(below=7, open=[3], total=9, ok=6, records=10, size=20, answers=5, proof=2**64 - 1, basis="b")
    write_identity(tmp_path / "i.json", FileIdentity(settings={}, watermark=mark))
    found = read_identity(tmp_path / "i.json")
    assert found is not None
    assert found.watermark == mark


@pytest.mark.parametrize(
    "change", [{"size": -5}, {"records": -1}, {"records": 1 << 70}, {"size": 1 << 70}, {"below": "x"}, {"open": [-1]}]
)
def test_a_watermark_that_somebody_spoilt_costs_nothing_but_its_use(
    tmp_path: Path, starts: list[int], change: dict[str, Any]
) -> None:
    killed = Killed(tmp_path, "m", 30)
    place = killed.run.run.identity("m", "d")
    known = msgspec.json.decode(place.read_bytes())
    known["watermark"].update(change)
    place.write_bytes(msgspec.json.encode(known))
    kept = recorded(killed.run.run.predictions("m", "d"))
    starts.clear()
    assert killed.resume()["m"] == rest(kept)
    assert starts[0] == 0, "all is read, from the start"


def test_a_pipe_in_the_place_of_a_recording_is_no_recording(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    mark = Watermark(below=1, basis="b")
    identity = FileIdentity(settings={}, watermark=mark)
    assert watermarks.kept_watermark(identity, identity, tmp_path / "pipe", "b") is None
