"""A planted service of states, a model config that names it, and labelled texts whose labels stand in dimension 3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from judgebench.cli.main import run
from judgebench.testing import PlantedStates, planted_states
from judgebench.training.probe_training import prompt_of

LAYER, POOL = 5, "mean"


@pytest.fixture(scope="session")
def planted() -> Iterator[PlantedStates]:
    with PlantedStates() as service:
        yield service


@pytest.fixture(scope="session")
def configs(planted: PlantedStates, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("configs"), planted.url)


@pytest.fixture(scope="session")
def rows() -> list[dict]:
    return labelled(160)


@pytest.fixture(scope="session")
def trained(configs: Path, rows: list[dict], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a training on the first 120 rows."""
    pytest.importorskip("sklearn", reason="needs the extra probe")
    folder = tmp_path_factory.mktemp("trained")
    assert train(write_rows(folder / "rows.jsonl", rows[:120]), configs, folder / "probes") == 0
    return folder / "probes"


def train(data: Path, configs: Path, out: Path) -> int:
    argv = ["train", "probe", "--data", str(data), "--model", "planted", "--config-dir", str(configs), "--seeds", "1"]
    argv += ["--layers", f"2,{LAYER}", "--pools", f"last,{POOL}", "--cv-parts", "3", "--out", str(out)]
    return run(argv)


def write_model(folder: Path, url: str, batch_size: int = 8) -> Path:
    """Write a model config ``planted`` into a folder of configs."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "models" / "planted.py").write_text(
        "from judgebench.models import StatesService\n"
        f'models = [dict(abbr="planted", type=StatesService, url="{url}", model="planted", batch_size={batch_size})]\n'
    )
    return folder


def labelled(number: int, aspect: str = "") -> list[dict]:
    """Return rows whose label is the sign of dimension 3 of their state, which is never near 0."""
    template = prompt_of(aspect, [_Fields()], "")  # type: ignore[list-item]
    rows, place = [], 0
    while len(rows) < number:
        place += 1
        row = {"id": place, "question": f"What is number {place}?", "answer": f"It is the number {place * 7 % 101}."}
        if aspect:
            row["aspect"] = aspect
        text = template.format(**row)
        value = planted_states(text, LAYER, POOL, 8)[3]
        if abs(value) > 0.4:
            rows.append({**row, "label": int(value > 0)})
    return rows


class _Fields(NamedTuple):
    fields: dict[str, str] = {"question": "", "answer": ""}  # noqa: RUF012


def write_rows(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
