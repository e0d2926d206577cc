"""Which files of a run folder belong to which result row: as its manifest says, else as the files themselves say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from judgebench.errors import DiskError, ReuseError
from judgebench.store.journal import DamagedError, Decoder, open_file, reason_of
from judgebench.store.manifest import read_manifest
from judgebench.store.run_folder import RunFolder


class Source(NamedTuple):
    """The files of one result row of one tested model.

    Attributes:
        model: Abbr of the tested model. ``row``: name of the row; ``dataset``, ``judge``: of what it is made.
        against: What a judge compares the answers with; judges that agree in it can be held against each other.
        verdicts: The file of verdicts. ``predictions``: of answers; ``calls``: of judge calls. Any may be missing.
    """

    model: str
    row: str
    dataset: str
    judge: str
    against: str
    verdicts: Path
    predictions: Path | None
    calls: Path | None


def state_of(source: Source) -> str:
    """Return what changes with every change of a row's files."""
    return ";".join(f"{kind}:{_stat(path)}" for kind, path in _files_of(source))


def _files_of(source: Source) -> list[tuple[str, Path | None]]:
    return [("answers", source.predictions), ("verdicts", source.verdicts), ("calls", source.calls)]


def _stat(path: Path | None) -> str:
    if path is None:
        return "-"
    try:
        state = path.lstat()
    except OSError:
        return "none"
    return f"{state.st_size},{state.st_mtime_ns},{state.st_ino}"


def size_of(sources: Iterable[Source]) -> int:
    """Return how many bytes the files of result rows have."""
    total = 0
    for path in {path for source in sources for _, path in _files_of(source) if path is not None}:
        with suppress(OSError):
            total += path.lstat().st_size
    return total


class _Named(msgspec.Struct):
    data_abbr: str


_FIRST = Decoder(_Named)


def sources_of(folder: RunFolder, problems: list[str]) -> list[Source]:
    """Return the result rows of a run folder in order; what cannot be read is added to ``problems``."""
    found = {(source.model, source.row): source for source in _from_manifest(folder, problems)}
    known = {path for one in found.values() for path in (one.verdicts, one.predictions, one.calls) if path}
    for source in _from_files(folder, known, problems):
        found.setdefault((source.model, source.row), source)
    return sorted(found.values(), key=lambda one: (one.dataset, one.judge != "", one.row, one.model))


def _from_manifest(folder: RunFolder, problems: list[str]) -> Iterator[Source]:
    try:
        manifest = read_manifest(folder)
    except ReuseError as error:
        problems.append(error.message)
        return
    against = {(one.dataset, one.abbr): one.compare_with for one in manifest.judges}
    for row in manifest.rows:
        try:
            # by their names and not by the paths written there: these lead nowhere but into the run folder
            yield Source(
                model=row.model,
                row=row.row,
                dataset=row.dataset,
                judge=row.judge,
                against=against.get((row.dataset, row.judge), ""),
                verdicts=folder.verdicts(row.model, row.row),
                predictions=folder.predictions(row.model, row.dataset) if row.predictions else None,
                calls=folder.predictions(row.model, row.dataset, row.judge) if row.judge_calls else None,
            )
        except DiskError as error:
            problems.append(error.message)


def _from_files(folder: RunFolder, known: set[Path], problems: list[str]) -> Iterator[Source]:
    """Yield the rows of files that the manifest does not name."""
    calls: dict[tuple[str, str], str] = {}
    answered: set[tuple[str, str]] = set()
    for path in _files(folder, "predictions", known):
        model, stem = path.parent.name, path.stem
        dataset = _dataset_of(path, problems) or stem
        judge = stem.removeprefix(dataset).removeprefix("-")
        if judge:
            calls[model, stem] = dataset
        else:
            answered.add((model, dataset))
    rows = {(path.parent.name, path.stem) for path in _files(folder, "verdicts", known)} | set(calls)
    judged = {(model, calls.get((model, row), row)) for model, row in rows}
    for model, row in sorted(rows | (answered - judged)):
        dataset = calls.get((model, row), row)
        try:
            yield Source(
                model=model,
                row=row,
                dataset=dataset,
                judge=row.removeprefix(dataset).removeprefix("-"),
                against="",
                verdicts=folder.verdicts(model, row),
                predictions=folder.predictions(model, dataset),
                calls=folder.predictions(model, row) if (model, row) in calls else None,
            )
        except DiskError as error:
            problems.append(error.message)


def _files(folder: RunFolder, kind: str, known: set[Path]) -> list[Path]:
    return [path for path in sorted((folder.path / kind).glob("*/*.jsonl")) if path not in known]


def _dataset_of(path: Path, problems: list[str]) -> str:
    """Return the dataset that the first record of a file names; empty where it names none that fits the file."""
    try:
        with open_file(path, "rb") as file:
            named = _FIRST(file.readline()).data_abbr
    except OSError as error:
        problems.append(f"{path}: {reason_of(error)}")
        return ""
    except DamagedError as error:
        problems.append(f"{path}:1: {error}")
        return ""
    return named if path.stem == named or path.stem.startswith(f"{named}-") else ""
