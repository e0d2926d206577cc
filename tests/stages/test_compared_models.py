"""What an answer is compared with: another model's answer, or one of a file; and which judges look at the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.errors import DataError, MissingDataError
from judgebench.records.flow import Failure, Prediction, Sample
from judgebench.records.run import Baseline, JudgeConfig, Options, Typed
from judgebench.stages import compared_models
from judgebench.stages.compared_models import (
    FileAnswers,
    asks,
    co_judges_of,
    compared_name,
    upstream_sizes,
)
from tests.stages.in_one_process import EQUAL, OneProcess, judge, model

PANEL = Typed(type="judgebench.judges.Panel", options={"aggregate": {"type": "majority", "unread": "drop"}})


def sample(number: int = 3, key: str | None = None) -> Sample:
    return Sample(id=number, uid=f"u{number}", fields={}, key=key)


class Kept:
    """The answers of a model: one text for each repeat, and what is to be different about them."""

    def __init__(self, *texts: str, **changes: Any) -> None:
        self.texts = texts
        self.changes = changes

    def get(self, id: int, repeat: int) -> Prediction | None:
        if repeat >= len(self.texts):
            return None
        known = {"data_abbr": "d", "id": id, "uid": f"u{id}", "success": True, "status": "ok", "uuid": f"{id}.{repeat}"}
        return Prediction(**{**known, "origin_prompt": "?", "prediction": self.texts[repeat], **self.changes})


def test_answers_of_a_model_that_answers_fewer_times_are_taken_in_turn() -> None:
    twice = model("n", generation_kwargs={"num_return_sequences": 2})
    found = [
        compared_models.TestedModelAnswers(Kept("a", "b"), "n", twice).answer(sample(), repeat) for repeat in range(4)
    ]
    assert [(one.text, one.uuid, one.name) for one in found] == [(t, f"3.{at}", "n") for at, t in enumerate("ab")] * 2
    cut = model("n", pred_postprocessor={"type": "extract_non_reasoning_content"})
    assert compared_models.TestedModelAnswers(Kept("<think>hm</think>a"), "n", cut).answer(sample(), 0).text == "a"


@pytest.mark.parametrize(
    ("kept", "reason", "failed"),
    [
        (Kept(), "no answer of n to compare with yet", False),
        (Kept("a", uid="changed"), "no answer of n to compare with yet", False),
        (Kept("a", status="failed"), "no answer of n to compare with: it failed", True),
        (
            Kept("a", status="failed", error=Failure(kind="server", message="gone")),
            "no answer of n to compare with: gone",
            True,
        ),
    ],
)
def test_where_there_is_none_to_compare_with_it_is_said_why(kept: Kept, reason: str, failed: bool) -> None:
    found = compared_models.TestedModelAnswers(kept, "n", model("n")).answer(sample(), 0)
    assert (found.text, found.reason, found.failed) == (None, reason, failed)


def answers_in(folder: Path, text: str, **keys: Any) -> FileAnswers:
    (folder / "other.jsonl").write_text(text)
    return FileAnswers(Baseline(path="other.jsonl", **keys), folder)


def test_answers_of_a_file_are_found_by_row_or_by_key(tmp_path: Path) -> None:
    rows = '{"output": "a", "who": "x"}\n{"output": "b", "who": 3}\n'
    by_row = answers_in(tmp_path, rows)
    assert [by_row.answer(sample(at, "x"), 0).text for at in range(3)] == ["a", "b", None]
    assert by_row.answer(sample(2), 0).reason == "other.jsonl has no answer to compare with"
    assert by_row.answer(sample(1), 7) == by_row.answer(sample(1), 0)
    assert by_row.answer(sample(1), 0).reason == ""
    by_key = answers_in(tmp_path, rows, key="who", name="theirs")
    assert [by_key.answer(one, 0).text for one in (sample(0, "x"), sample(3), sample(3, "y"), sample(0))] == [
        "a", "b", "b", None,
    ]  # fmt: skip
    assert by_key.answer(sample(0), 0).name == "theirs"


@pytest.mark.parametrize(
    ("text", "keys", "words"),
    [
        ('{"output": "a"}\n', {"key": "who"}, "the column 'who', the key of the baseline, is missing"),
        ('{"output": 3}\n', {}, "the column 'output' of the baseline must hold a text"),
        ('{"said": "a"}\n', {}, "the column 'output' of the baseline must hold a text"),
        ('{"output": "a", "who": 1}\n{"output": "b", "who": "1"}\n', {"key": "who"}, "a second answer to '1'"),
    ],
)
def test_a_file_of_answers_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str, keys: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        answers_in(tmp_path, text, **keys)


def test_a_file_of_answers_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"other\.jsonl"):
        FileAnswers(Baseline(path="other.jsonl"), tmp_path)


def test_a_comparison_is_named_by_the_model_or_the_file() -> None:
    assert compared_name(judge()) == ""
    assert compared_name(judge(compare_with="n")) == "n"
    assert compared_name(judge(baseline=Baseline(path="a/other.jsonl"))) == "other.jsonl"
    assert compared_name(judge(baseline=Baseline(path="a/other.jsonl", name="theirs"))) == "theirs"


def test_what_a_judge_looks_at_is_told_apart_by_size_and_time(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    path = run.run.predictions("m", "d")
    dataset, options = run.config.datasets["d"], Options(data_dir=str(tmp_path))

    def states(one: JudgeConfig) -> dict[str, Any]:
        return upstream_sizes(run.run, path, dataset, one, options)

    assert states(judge()) == {"predictions": ""}
    for name, at in (("m", 5), ("n", 6)):
        file = run.run.predictions(name, "d")
        file.parent.mkdir(parents=True)
        file.write_text("x" * at)
        os.utime(file, ns=(at, at))
    assert states(judge()) == {"predictions": "5-5"}
    assert states(judge(compare_with="n")) == {"predictions": "5-5", "compared_model": "6-6"}
    beside = judge(baseline=Baseline(path="other.jsonl"))
    assert states(beside) == {"predictions": "5-5", "baseline": ""}
    (tmp_path / "other.jsonl").write_text("abc")
    os.utime(tmp_path / "other.jsonl", ns=(7, 7))
    assert states(beside) == {"predictions": "5-5", "baseline": "3-7"}


def test_the_last_of_the_judges_that_look_at_the_same_has_the_others_beside_it(tmp_path: Path) -> None:
    file = Baseline(path="other.jsonl")
    judges = [
        judge("j"), judge("k"), judge("v", compare_with="n"), judge("w", compare_with="n"), judge("b", baseline=file),
        judge("r", compare_with="n", round_robin="x", tested_models=["o"]),
        judge("p", method=PANEL, model={}, members=["k", "j"]),
    ]  # fmt: skip
    dataset = OneProcess(tmp_path, judges=judges).config.datasets["d"]

    def beside(name: str, tested: str = "m") -> list[str]:
        return [one.abbr for one in co_judges_of(dataset, name, tested)]

    assert {name: beside(name) for name in "jkvwbp"} == {
        "j": [], "k": ["j"], "v": [], "w": ["v"], "b": [], "p": ["k", "j"],
    }  # fmt: skip
    assert (beside("w", "o"), beside("r", "o")) == ([], ["v", "w"]), "of the pairs that are compared"
    assert co_judges_of(dataset, "", "m") == []


def test_a_row_asks_where_its_judge_does(tmp_path: Path) -> None:
    dataset = OneProcess(tmp_path, judges=[judge("j"), JudgeConfig(abbr="rule", method=EQUAL)]).config.datasets["d"]
    assert (asks(dataset, "j"), asks(dataset, "rule"), asks(dataset, "")) == (True, False, False)
    assert asks(msgspec.structs.replace(dataset, method=EQUAL), "")
