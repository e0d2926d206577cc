"""What a study of one benchmark is: the recordings it replays, and our figure for every published one."""

from __future__ import annotations

import copy
import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from judgebench.config.files import declared_in, load_file
from judgebench.config.registry import Registry
from judgebench.records.flow import TaskResult
from judgebench.report.results import read_result

Path_ = tuple[str, ...]
"""Where a figure stands in an ``expected.json``: the keys from the top."""


class Skip(NamedTuple):
    """A published figure that cannot be computed from what is here, and why."""

    reason: str


class Check(NamedTuple):
    """A check of our own beside the published figures: how much differs, where nothing should.

    ``None`` says that nothing was read.
    """

    differs: float | None


Ours = float | int | str | list[Any] | None | Skip | Check


@dataclass
class Plan:
    """What a study asks the pipeline for; config dicts as they stand in a config file, types as names.

    Attributes:
        models: Recordings as models.
        datasets: By abbr.
        pairs: ``(model abbr, dataset abbr)``.
        files: Recordings in the form that a recorded model reads, by the name under which they are written where the
            run starts; for publications that are in another form.
    """

    models: list[dict[str, Any]] = field(default_factory=list)
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, model: dict[str, Any], dataset: dict[str, Any]) -> None:
        """Replay a recording on a dataset."""
        if all(one["abbr"] != model["abbr"] for one in self.models):
            self.models.append({"type": "ReplayModel", "batch_size": 1, **model})
        self.datasets.setdefault(dataset["abbr"], dataset)
        self.pairs.append((model["abbr"], dataset["abbr"]))


class Results:
    """The results of the run, read when they are asked for."""

    def __init__(self, run: Path) -> None:
        self._run = run

    def get(self, model: str, dataset: str) -> TaskResult:
        """Return one result; the reader's error names the file where it is missing."""
        return read_result(self._run / "results" / model / f"{dataset}.json")

    def value(self, model: str, dataset: str, metric: str) -> float | None:
        """Return one metric's value."""
        found = self.get(model, dataset).metrics.get(metric)
        return found.value if found is not None else None

    def wrong(self, model: str, dataset: str) -> int:
        """Return how many items of a scored result are not right, unread ones included."""
        result = self.get(model, dataset)
        accuracy = result.metrics["accuracy"]
        right = 0.0 if accuracy.value is None else accuracy.value / 100 * accuracy.n
        return result.counts.planned - round(right)


def read_json(path: Path) -> Any:
    """Return what a JSON file holds."""
    return json.loads(path.read_text("utf-8"))


def stated(pattern: str, path: Path) -> str:
    """Return what a README states, by the first group of a pattern.

    Raises:
        ValueError: It states no such thing.
    """
    found = re.search(pattern, " ".join(path.read_text("utf-8").split()))
    if found is None:
        raise ValueError(f"{path} does not state its expected figures any more ({pattern!r})")
    return found[1]


@dataclass(frozen=True)
class Study:
    """The replay of one benchmark's recordings.

    Attributes:
        name: The benchmark's folder below the data folder.
        plan: Reads the folder and says what to run.
        figures: Returns our figure by the place of the published one.
        decimals: Decimals to which the published figures are rounded; ``None`` compares to 1e-9.
        expected: File of the published figures.
        read: Reads that file; a README that states them needs a reader of its own.
        rounded: Decimals of figures below a key of that file, where only these are rounded.
    """

    name: str
    plan: Callable[[Path], Plan]
    figures: Callable[[Path, Results], Mapping[Path_, Ours]]
    decimals: int | None = None
    expected: str = "expected.json"
    read: Callable[[Path], Any] = read_json
    rounded: Mapping[str, int] = field(default_factory=dict)

    def tolerance(self, place: Path_) -> float:
        """Return the largest difference with which the figure at a place still counts as equal."""
        decimals = next((self.rounded[key] for key in place if key in self.rounded), self.decimals)
        return 1e-9 if decimals is None else 0.5 * 10**-decimals + 1e-9


def answered_by_the_key(dataset: dict[str, Any], items: Sequence[Mapping[str, Any]], column: str) -> Plan:
    """Return the plan of a made model, ``key``, that answers every item of a dataset with its reference, in a box."""
    made = Plan()
    key = dataset.get("id_column")
    made.files["key.jsonl"] = [
        {"item": str(item[key] if key else number), "raw": f"The answer is \\boxed{{{item[column]}}}."}
        for number, item in enumerate(items)
    ]
    made.add({"abbr": "key", "path": "key.jsonl", "item": "{item}"}, dataset)
    return made


def nothing_to_run(_folder: Path) -> Plan:
    """Return an empty plan, for studies whose figures come from public functions alone."""
    return Plan()


def shipped(name: str) -> list[dict[str, Any]]:
    """Return the datasets of a shipped config file."""
    found = Registry().find("datasets", name)
    declared = declared_in(found.kind, load_file(found.path), str(found.path))
    return [copy.deepcopy(one.data) for one in declared]


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSONL file, plain or gzipped."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def stem(path: Path) -> str:
    """Return a recording's name: its file name without ``.jsonl`` and ``.gz``."""
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


def recordings(folder: Path, pattern: str = "judgments/*.jsonl*") -> list[Path]:
    """Return the recordings of a folder, by name."""
    return sorted(folder.glob(pattern))


def leaves(published: Any, place: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Yield every figure of an ``expected.json`` with its place; a list is one figure."""
    if isinstance(published, dict):
        for key, value in published.items():
            yield from leaves(value, (*place, str(key)))
    else:
        yield place, published


def presentations_of(result: TaskResult) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every presentation's reading with the name of its item, from a result with details."""
    for detail in result.details or []:
        for presentation in detail["verdict"].get("presentations", []):
            yield detail["key"], presentation
