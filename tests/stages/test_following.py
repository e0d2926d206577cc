"""Which predictions make a job, and when: entries in, jobs out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.records.flow import Prediction, Sample
from judgebench.stages import following
from judgebench.stages.following import AnswerSource, EndedAnswers, Follow, GrowingAnswers, jobs_of


class Line:
    """An entry as the journal gives it, of an answer that is there (or failed)."""

    def __init__(self, id_: int, repeat: int = 0, *, status: str = "ok", uid: str = "") -> None:
        self.id = id_
        self.repeat = repeat
        self._found = prediction(id_, repeat, status=status, uid=uid)

    def read(self) -> Prediction | None:
        return self._found


def prediction(id_: int, repeat: int = 0, *, status: str = "ok", uid: str = "") -> Prediction:
    failed = {"kind": "server", "message": "m"}
    fields = {
        "data_abbr": "d", "id": id_, "uid": uid or f"u{id_}", "repeat": repeat, "uuid": f"{id_}.{repeat}",
        "origin_prompt": "p", "gold": "a", "success": status == "ok", "status": status, "prediction": "a",
        "error": None if status == "ok" else failed,
    }  # fmt: skip
    return msgspec.convert(fields, Prediction)


def samples(count: int) -> Iterator[Sample]:
    return (Sample(id=at, uid=f"u{at}", fields={}) for at in range(count))


def follow(count: int, repeats: int = 1, **changes: Any) -> Follow[tuple[int, int]]:
    return Follow(lambda: samples(count), repeats, lambda sample, answer, _: (sample.id, answer.repeat), **changes)


def passes(decides: Follow[tuple[int, int]], lines: list[Line]) -> list[list[tuple[int, int]]]:
    """The jobs of each pass over a file."""
    found = [[job for line in lines if (job := decides.take(line)) is not None]]
    while decides.again():
        found.append([job for line in lines if (job := decides.take(line)) is not None])
    return found


def test_each_item_makes_one_job_and_one_pass_is_enough() -> None:
    lines = [Line(at, repeat) for at in range(3) for repeat in range(2)]
    decides = follow(3, repeats=2)
    assert passes(decides, [*lines, *lines]) == [[(at, repeat) for at in range(3) for repeat in range(2)]]


@pytest.mark.parametrize(
    "line", [Line(0, status="failed"), Line(0, 1), Line(7), Line(0, uid="of a row that has changed")]
)
def test_what_failed_is_not_planned_or_has_changed_makes_none(line: Line) -> None:
    decides = follow(2)
    assert decides.take(line) is None
    assert decides.take(Line(0)) == (0, 0)  # and does not stand in the way


def test_what_is_recorded_comes_last() -> None:
    decides = follow(4, recorded=lambda id_, repeat: id_ < 2)
    assert passes(decides, [Line(at) for at in range(4)]) == [[(2, 0), (3, 0)], [(0, 0), (1, 0)]]


def test_what_was_let_go_is_found_in_a_later_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_HELD", 2)
    found = passes(follow(6), [Line(at) for at in range(5, -1, -1)])
    assert sorted(job for one in found for job in one) == [(at, 0) for at in range(6)]
    assert len(found) > 1


def test_an_item_without_a_job_is_not_tried_again() -> None:
    tried: list[int] = []
    decides: Follow[int] = Follow(lambda: samples(3), 1, lambda sample, *_: tried.append(sample.id))
    assert [decides.take(Line(at)) for at in (0, 1, 2, 0)] == [None] * 4
    assert tried == [0, 1, 2]
    assert not decides.again()


def written(path: Path, *ids: int) -> None:
    with path.open("ab") as file:
        file.write(b"".join(msgspec.json.encode(prediction(id_)) + b"\n" for id_ in ids))


async def jobs_while_written(path: Path, kind: type[EndedAnswers]) -> tuple[list[int], list[int]]:
    """The jobs before and after the writer's end; two answers are written before it."""
    ended, stop = asyncio.Event(), asyncio.Event()
    source: AnswerSource = kind(path, ended, stop)
    found: list[int] = []
    written(path, 0, 1)

    async def collect() -> None:
        async for id_, _ in jobs_of(source, follow(3), stop):
            found.append(id_)

    collecting = asyncio.create_task(collect())
    if kind is EndedAnswers:
        await asyncio.sleep(0.3)  # long enough for a source that does not wait to be seen
    else:
        while len(found) < 2:  # noqa: ASYNC110 - the test's own time limit ends it
            await asyncio.sleep(0.01)
    before = list(found)
    written(path, 2)
    ended.set()
    await collecting
    return before, found[len(before) :]


def test_a_growing_file_is_judged_while_it_grows_and_another_at_its_end(tmp_path: Path) -> None:
    assert asyncio.run(jobs_while_written(tmp_path / "a", GrowingAnswers)) == ([0, 1], [2])
    assert asyncio.run(jobs_while_written(tmp_path / "b", EndedAnswers)) == ([], [0, 1, 2])


@pytest.mark.parametrize("kind", [EndedAnswers, GrowingAnswers])
def test_a_stop_ends_the_wait_and_gives_no_job_more(tmp_path: Path, kind: type[EndedAnswers]) -> None:
    written(tmp_path / "a", 0, 1)

    async def main() -> list[tuple[int, int]]:
        stop = asyncio.Event()
        stop.set()
        source = kind(tmp_path / "a", asyncio.Event(), stop)
        return [job async for job in jobs_of(source, follow(2), stop)]

    assert asyncio.run(main()) == []


@pytest.mark.parametrize("kind", [EndedAnswers, GrowingAnswers])
def test_a_stop_in_the_middle_gives_no_job_more(tmp_path: Path, kind: type[EndedAnswers]) -> None:
    written(tmp_path / "a", *range(5))

    async def main() -> list[int]:
        ended, stop = asyncio.Event(), asyncio.Event()
        ended.set()
        found = []
        async for id_, _ in jobs_of(kind(tmp_path / "a", ended, stop), follow(5), stop):
            found.append(id_)
            if len(found) == 2:
                stop.set()
        return found

    assert asyncio.run(main()) == [0, 1]


def test_a_file_that_grows_is_followed_from_where_new_answers_are_and_then_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "POLL", 0)
    path = tmp_path / "a"
    written(path, 0, 1)
    start = path.stat().st_size
    written(path, 2)

    async def main() -> tuple[list[int], list[int]]:
        ended, stop = asyncio.Event(), asyncio.Event()
        source = GrowingAnswers(path, ended, stop, start)
        coming: list[int] = []
        async for entries in source.coming():
            coming += [one.id for one in entries]
            if not entries:
                ended.set()
        return coming, [one.id async for entries in source.whole() for one in entries]

    assert asyncio.run(main()) == ([2], [0, 1, 2])


def test_what_is_passed_over_makes_no_job_and_the_number_of_the_pass_is_known() -> None:
    seen: list[tuple[int, int]] = []

    def passed(line: Any, number: int) -> bool:
        seen.append((line.id, number))
        return line.id == 0 or (line.id == 1 and number == 0)

    decides = follow(3, passes=passed, twice=True)
    assert passes(decides, [Line(at) for at in range(3)]) == [[(2, 0)], [(1, 0)]]
    assert seen == [(at, number) for number in range(2) for at in range(3)]


def test_a_line_that_holds_no_record_makes_no_job() -> None:
    class Damaged(Line):
        def read(self) -> None:
            return None

    assert passes(follow(2), [Damaged(0), Line(1)]) == [[(1, 0)]]
