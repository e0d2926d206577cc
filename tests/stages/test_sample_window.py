"""Finding samples for predictions: in order, late, failed, and in bounded memory."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.errors import DataError
from judgebench.records.flow import JudgeCall, Prediction, Sample
from judgebench.records.run import DatasetConfig, JudgeConfig, Options, Plan, SummarizerConfig, TaskSpec, Typed
from judgebench.stages import following
from judgebench.stages.asks import timestamp_of
from judgebench.stages.following import SampleWindow
from judgebench.stages.judge_infer import JudgeRun
from judgebench.stages.task import Task
from judgebench.store.recorded import Recorded


def sample(number: int, **meta: Any) -> Sample:
    return Sample(id=number, uid=f"u{number}", fields={}, reference=None, meta=meta)


def test_samples_that_nobody_takes_are_not_held_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_HELD", 3)
    window = SampleWindow((sample(number) for number in range(1000)), lambda sample: 1)
    assert window.take(999, "u999") is not None
    assert len(window._open) <= 3
    assert window.dropped == 997
    assert window.take(5, "u5") is None
    assert window.take(998, "u998") is not None


def judge_run(folder: Path, count: int) -> JudgeRun:
    rows = [{"question": f"q{number}", "answer": "a"} for number in range(count)]
    (folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    model = {"type": "judgebench.models.VLLMCustomAPIChat", "abbr": "m", "model": "m"}
    judge = JudgeConfig(
        abbr="judge", model={**model, "abbr": "j"}, method=Typed(type="judgebench.judges.ReferenceVerifier")
    )
    keys = {"path": "data.jsonl", "input_columns": ["question"], "output_column": "answer"}
    loader = Typed(type="judgebench.datasets.JsonlDataset", options=keys)
    dataset = DatasetConfig(abbr="d", loader=loader, prompt="{question}", judges=[judge])
    spec = TaskSpec(id="j", stage="judge", name="m/d-judge", model="m", datasets=["d"], judge="judge", log="")
    plan = Plan(
        run_dir=str(folder / "run"),
        timestamp="20260101_000000",
        mode="all",
        command=["jb"],
        models={"m": model},
        datasets={"d": dataset},
        summarizer=SummarizerConfig(),
        combinations=[("m", "d")],
        options=Options(data_dir=str(folder)),
        tasks=[spec],
    )
    return JudgeRun(Task(plan, spec), dataset)


@pytest.mark.parametrize("order", ["ascending", "late", "descending"])
def test_every_answer_is_judged_once_in_whatever_order_it_came_and_however_many_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    monkeypatch.setattr(following, "MOST_HELD", 4)

    async def main() -> list[int]:
        run = judge_run(tmp_path, 30)
        uids = {one.id: one.uid for one in items_of(run)}
        failed = [number for number in range(30) if number % 3 == 0]
        good = [number for number in range(30) if number % 3]
        answered = {"ascending": good, "late": [*good[10:], *good[:10]], "descending": good[::-1]}[order]
        run.answered.predictions.parent.mkdir(parents=True)
        lines = [prediction(number, uids[number], "failed") for number in failed]
        lines += [prediction(number, uids[number], "ok") for number in answered]
        lines += [prediction(number, uids[number], "ok") for number in failed[:4]]  # asked again, and well
        run.answered.predictions.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        with Recorded(run.files.predictions, JudgeCall) as recorded:
            run.recorded = recorded
            return sorted([job.sample.id async for job in run._predicted(lambda opened: opened)])

    wanted = sorted([*(number for number in range(30) if number % 3), 0, 3, 6, 9])
    assert asyncio.run(main()) == wanted


def items_of(run: JudgeRun) -> list[Sample]:
    from judgebench.datasets.samples import samples_of

    return list(samples_of(run.dataset, run.task.plan.options))


def prediction(number: int, uid: str, status: str) -> Prediction:
    return msgspec.convert(
        {
            "data_abbr": "d",
            "id": number,
            "uid": uid,
            "repeat": 0,
            "uuid": f"{number}",
            "origin_prompt": "p",
            "gold": "a",
            "success": status == "ok",
            "status": status,
            "prediction": "a" if status == "ok" else "",
            "error": None if status == "ok" else {"kind": "server", "message": "m"},
        },
        Prediction,
    )


@pytest.mark.parametrize(("given", "stamp"), [("1500", 1500.0), (" 2.5 ", 2.5), (7, 7.0), ("", None), (None, None)])
def test_a_timestamp_is_read_from_text_as_from_a_number(given: Any, stamp: float | None) -> None:
    assert timestamp_of(sample(1, timestamp=given)) == stamp
    assert timestamp_of(sample(1)) is None


@pytest.mark.parametrize("given", ["noon", "nan", "inf", [1]])
def test_a_timestamp_that_is_no_number_is_named_with_its_item(given: Any) -> None:
    with pytest.raises(DataError, match=r"timestamp of item 1 is .*milliseconds"):
        timestamp_of(sample(1, timestamp=given))


def window(uses: int = 1) -> SampleWindow:
    samples = [Sample(id=at, uid=f"u{at}", fields={}) for at in range(4)]
    return SampleWindow(iter(samples), lambda sample: 0 if sample.id == 2 else uses)


def test_a_row_that_has_changed_since_it_was_answered_is_not_taken() -> None:
    """It would be judged with the old answer; the row is still there for an answer to what it holds now."""
    found = window()
    assert found.take(1, "another uid") is None
    taken = found.take(1, "u1")
    assert taken is not None
    assert taken.uid == "u1"


def test_a_sample_is_taken_as_often_as_planned_in_any_order() -> None:
    found = window(uses=2)
    order = [found.take(at, f"u{at}") is not None for at in (3, 0, 3, 3, 0, 0, 2, 9)]
    assert order == [True, True, True, False, True, False, False, False]
