"""AlpacaEval's files as published, and the length-controlled estimate where instructions have a difficulty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgebench.datasets.columns import COPY
from judgebench.errors import DataError
from judgebench.records.flow import Reply, Sample
from judgebench.records.run import DatasetConfig
from tests.replay.simulated import dataset, samples, scored, tokens

N = 60


def rows(model: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {"instruction": f"Do {i}.", "output": f"{model} " + "x" * ((i * 37) % 100), "generator": model, **more}
        for i in range(N)
    ]


def made(folder: Path, tested: list[dict[str, Any]], baseline: list[dict[str, Any]]) -> DatasetConfig:
    data = dataset("alpaca_eval2", folder, {})
    (folder / "alpaca_eval2").mkdir(exist_ok=True)
    for name, listed in (("model", tested), ("baseline", baseline)):
        (folder / f"alpaca_eval2/{name}_outputs.json").write_text(json.dumps(listed))
    return data


def longer(sample: Sample, presentation: str) -> Reply:
    """Prefer the longer answer."""
    return tokens("first" if len(sample.answers[0]) > len(sample.answers[1]) else "second")


def test_a_judge_of_length_wins_nothing_at_equal_lengths(tmp_path: Path) -> None:
    tested = rows("tested")
    baseline = [{**row, "output": "base" + "y" * (20 + (i * 53) % 30)} for i, row in enumerate(tested)]
    hard = [{**row, "difficulty": ((i * 7) % 11 - 5) / 3} for i, row in enumerate(baseline)]
    plain = scored(data := made(tmp_path, tested, baseline), samples(data, tmp_path), longer)
    assert "length_controlled_win_rate" not in plain
    found = scored(data := made(tmp_path, tested, hard), samples(data, tmp_path), longer)
    controlled = found["length_controlled_win_rate"]
    assert plain["win_rate"].value == found["win_rate"].value
    assert plain["win_rate"].value is not None
    assert plain["win_rate"].value > 60
    assert controlled.value is not None
    assert abs(controlled.value - 50) < plain["win_rate"].value - 50
    assert controlled.n == N
    assert controlled.note.startswith("an estimate")


def test_an_estimate_from_a_part_of_the_instructions_is_none(tmp_path: Path) -> None:
    hard = [{**row, "output": "base", "difficulty": 0.5} for row in rows("base")]
    hard[3].pop("difficulty")
    data = made(tmp_path, rows("tested"), hard)
    assert "length_controlled_win_rate" not in scored(data, samples(data, tmp_path), longer)


def test_an_instruction_without_an_answer_of_the_baseline_or_with_two_is_an_error(tmp_path: Path) -> None:
    data = made(tmp_path, rows("tested"), rows("base")[:5])
    with pytest.raises(DataError, match=r"model_outputs\.json:5: the baseline has no answer"):
        samples(data, tmp_path)
    data = made(tmp_path, rows("tested"), [*rows("base"), {"instruction": "Do 3.", "output": "another"}])
    with pytest.raises(DataError, match=r"baseline_outputs\.json:60: .* in a previous row \(row 3\)"):
        samples(data, tmp_path)


def test_an_instruction_that_is_answered_twice_is_an_error_or_two_items_that_are_marked(tmp_path: Path) -> None:
    data = made(tmp_path, [*rows("tested"), {**rows("tested")[3], "output": "another"}], rows("base"))
    twice = r"model_outputs\.json:60: the answered instruction is also in a previous row \(row 3\)"
    with pytest.raises(DataError, match=twice) as caught:
        samples(data, tmp_path)
    assert "--override datasets.NAME.repeated='number'" in caught.value.hint
    kept = dataset("alpaca_eval2", tmp_path, {}, repeated="number")
    found = samples(kept, tmp_path)
    assert [len(found), *(one.id for one in found if COPY in one.meta)] == [N + 1, N]
