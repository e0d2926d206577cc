"""Which runs there are, by the name that they have in addresses; nothing outside of them can be named.

A folder of runs is looked through every time the list is shown, so a run that begins meanwhile appears. What was read
of a run is kept until its ``run.json`` or its newest summary changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from judgebench.errors import JudgebenchError, ReuseError
from judgebench.records.manifest import RunManifest
from judgebench.report.current import newest_summary
from judgebench.report.schema import Summary
from judgebench.session.loaded import load
from judgebench.store.journal import reason_of
from judgebench.store.lock import holder_of
from judgebench.store.manifest import read_manifest
from judgebench.store.run_folder import RunFolder

_DEPTH = 3
"""How deep below a folder that was named runs are looked for: ``outputs/<name>/<run>``."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,80}")
_PARTS = ("predictions", "results", "verdicts", "labels", "attachments", "configs", "summary", "rankings", "logs")
_OF_A_RUN = ("run.json", "predictions", "results")


class KnownRun(msgspec.Struct, frozen=True):
    """A run as the list shows it.

    Attributes:
        key: Its name in addresses.
        folder: Where it is.
        state: As ``run.json`` says; ``killed`` where it says ``running`` and nobody works on it; ``unknown`` without.
        manifest: What ``run.json`` says. ``summary``: its newest summary. ``None`` where it cannot be read.
        problems: What is missing or damaged, a sentence each.
    """

    key: str
    folder: Path
    state: str
    manifest: RunManifest | None
    summary: Summary | None
    problems: list[str]

    @property
    def name(self) -> str:
        """What the folder is called."""
        return self.folder.name

    @property
    def started(self) -> str:
        """When the run began, in ISO 8601; empty where nobody knows."""
        return self.manifest.invocations[0].started if self.manifest and self.manifest.invocations else ""

    @property
    def ended(self) -> str:
        """When its newest invocation ended; empty while it runs."""
        return self.manifest.invocations[-1].ended if self.manifest and self.manifest.invocations else ""

    @property
    def models(self) -> list[str]:
        """Abbrs of the tested models."""
        if self.manifest and self.manifest.models:
            return [one.abbr for one in self.manifest.models]
        return list(self.summary.models) if self.summary else []

    @property
    def judges(self) -> list[str]:
        """Abbrs of the judges; a round robin is one judge."""
        judges = self.manifest.judges if self.manifest else []
        return list(dict.fromkeys(one.abbr.removesuffix(f"-vs-{one.compare_with}") for one in judges))

    @property
    def datasets(self) -> list[str]:
        """Abbrs of the datasets."""
        return list(self.manifest.datasets) if self.manifest else []

    def holds(self, words: str) -> bool:
        """Say whether every word of a search is in the run's names, state or date."""
        text = " ".join([self.name, self.state, self.started, *self.models, *self.judges, *self.datasets]).lower()
        return all(word in text for word in words.lower().split())


class Library:
    """The runs that were named, and those in the folders that were named.

    Args:
        folders: Run folders, and folders that hold some.

    Raises:
        ReuseError: A place is no folder.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        for place in folders:
            if not place.is_dir():
                raise ReuseError(
                    f"{place} is no folder.", hint="Name a run folder, or a folder that holds some: jb view outputs"
                )
        self._named = [Path(os.path.realpath(place)) for place in folders]
        self._folders: dict[str, Path] = {}
        self._known: dict[Path, tuple[tuple[object, ...], KnownRun]] = {}

    def runs(self) -> list[KnownRun]:
        """Return every run, the newest first."""
        self._look()
        found = [self._read(key, folder) for key, folder in self._folders.items()]
        return sorted(found, key=lambda one: (one.started or one.name, one.name), reverse=True)

    def run(self, key: str) -> KnownRun | None:
        """Return the run of that name in addresses; ``None`` where there is none."""
        if key not in self._folders:
            self._look()
        folder = self._folders.get(key)
        return self._read(key, folder) if folder is not None and folder.is_dir() else None

    def _look(self) -> None:
        found: dict[str, Path] = {}
        for place in self._named:
            for folder in _runs_below(place, _DEPTH):
                if folder not in found.values():
                    found[_key_of(folder, found)] = folder
        self._folders = found

    def _read(self, key: str, folder: Path) -> KnownRun:
        run = RunFolder(folder)
        state = _stamp(run)
        known = self._known.get(folder)
        if known is None or known[0] != state or known[1].key != key:
            known = self._known[folder] = (state, _known_run(key, run))
        one = known[1]
        if one.state == "running" and holder_of(run) is None:
            return msgspec.structs.replace(one, state="killed")
        return one


def _known_run(key: str, run: RunFolder) -> KnownRun:
    problems: list[str] = list(links_in(run.path))
    manifest = summary = None
    try:
        manifest = read_manifest(run)
    except ReuseError as error:
        problems.append(error.message)
    with contextlib.suppress(JudgebenchError):
        summary = None if problems and manifest is None and links_in(run.path) else newest_summary(run)
    with contextlib.suppress(OSError):
        try:
            load(run.path)
        except JudgebenchError as error:
            problems.append(error.message)
    return KnownRun(key, run.path, manifest.state if manifest else "unknown", manifest, summary, problems)


def links_in(folder: Path) -> list[str]:
    """Return a sentence for each folder of a run that is a symbolic link: it might lead out of the run."""
    found = []
    for part in _PARTS:
        first = folder / part
        if first.is_symlink():
            found.append(f"{part} is a symbolic link, which might lead out of the run folder: it is not followed")
            continue
        with contextlib.suppress(OSError), os.scandir(first) as entries:
            found += [
                f"{part}/{entry.name} is a symbolic link, which might lead out of the run folder: it is not followed"
                for entry in entries
                if entry.is_symlink()
            ]
    return found


def _runs_below(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    names = {entry.name for entry in entries}
    if names.intersection(_OF_A_RUN):
        yield folder
    elif depth > 0:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                yield from _runs_below(folder / entry.name, depth - 1)


def _key_of(folder: Path, taken: dict[str, Path]) -> str:
    name = folder.name
    if _PLAIN.fullmatch(name) and name not in taken:
        return name
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]
    return f"{name}-{digest}" if _PLAIN.fullmatch(name) else f"run-{digest}"


def _stamp(run: RunFolder) -> tuple[object, ...]:
    """Return what changes when the run does, as far as the list shows it."""
    found: list[object] = []
    for path in (run.path / "run.json", run.path / "summary", run.path):
        try:
            status = path.lstat()
            found.append((status.st_mtime_ns, status.st_size, status.st_ino))
        except OSError as error:
            found.append(reason_of(error))
    return tuple(found)
