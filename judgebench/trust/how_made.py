"""How a result came about: settings of model and judge, the data, and which services answered. What differs in two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from judgebench.errors import DataError
from judgebench.records.manifest import ManifestRow
from judgebench.store.journal import DamagedError, Decoder, open_file
from judgebench.store.run_folder import RunFolder

SERVED_AT_MOST = 4
"""Services of one file that are named."""
_SHORT = 40
"""Characters of a value that is shown."""


class HowMade(NamedTuple):
    """How a result came about, beside what decides it.

    Attributes:
        model: Settings with which the tested model was asked.
        served: Who answered: model and fingerprint as the service gave them; ``judged``: likewise, of the judge.
    """

    model: Mapping[str, Any]
    served: list[str]
    judged: list[str]


NOT_KNOWN = HowMade({}, [], [])


class _ServedLine(msgspec.Struct, frozen=True):
    """Which item a line is about, and who answered."""

    id: int
    uid: str
    served_model: str = ""
    fingerprint: str = ""


class _ResultIdentity(msgspec.Struct, frozen=True):
    """What decides a result."""

    identity: dict[str, Any] = {}


class _SettingsOfAnswers(msgspec.Struct, frozen=True):
    """What a file of answers was asked with."""

    settings: dict[str, Any] = {}


def how_made(run: RunFolder, one: ManifestRow) -> tuple[HowMade, dict[int, str]]:
    """Return how a row came about, and what each of its items asks, by its number.

    The latter is empty where the run holds neither answers nor judge calls.

    Raises:
        DataError: A file is damaged.
    """
    answers = run.predictions(one.model, one.dataset) if one.predictions else None
    calls = run.predictions(one.model, one.dataset, one.judge) if one.judge_calls else None
    (served, asks), (judged, asks_judge) = (
        _served(path) if path is not None else ([], {}) for path in (answers, calls)
    )
    settings = _read(_SettingsOfAnswers, run.identity(one.model, one.dataset)) if answers is not None else None
    return HowMade(settings.settings if settings is not None else {}, served, judged), asks or asks_judge


def identity_of(run: RunFolder, one: ManifestRow) -> dict[str, Any]:
    """Return what decides a result, as its file says; empty where it cannot be read."""
    result = _read(_ResultIdentity, run.result(one.model, one.row))
    return result.identity if result is not None else {}


def changes(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Return the names of what differs in what decides two results, with both values where they are short."""
    return list(_differences(first, second, ""))


def changes_of_making(first: HowMade, second: HowMade) -> list[str]:
    """Return what else differs: how the tested models were asked, and which services answered."""
    in_identity = {"prompt", "few_shot"}
    one, other = (
        {name: value for name, value in made.model.items() if name not in in_identity} for made in (first, second)
    )
    found = list(_differences(one, other, "answers")) if one and other else []
    for whose, before, after in (
        ("service of the tested model", first.served, second.served),
        ("service of the judge", first.judged, second.judged),
    ):
        if before != after and before and after:
            found.append(f"{whose}: {', '.join(before)} -> {', '.join(after)}")
    return found


def _differences(first: Mapping[str, Any], second: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in dict.fromkeys([*first, *second]):
        one, other = first.get(name), second.get(name)
        if one == other:
            continue
        where = f"{path}.{name}" if path else str(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differences(one, other, where)
        else:
            said = [msgspec.json.encode(each).decode() for each in (one, other)]
            yield f"{where}: {said[0]} -> {said[1]}" if max(map(len, said)) <= _SHORT else where


def _served(path: Path | None) -> tuple[list[str], dict[int, str]]:
    """Return who answered, and what the items ask."""
    if path is None or not path.exists():
        return [], {}
    decode = Decoder(_ServedLine)
    served: set[str] = set()
    uids: dict[int, str] = {}
    try:
        with open_file(path, "rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    found = decode(line)
                    uids[found.id] = found.uid
                    if found.served_model or found.fingerprint:
                        served.add(" ".join(filter(None, (found.served_model, found.fingerprint))))
    except (OSError, DamagedError) as error:
        raise DataError(f"{path} cannot be read: {error}.", hint="Continue the run: jb --reuse") from error
    names = sorted(served)
    further = [f"and {len(names) - SERVED_AT_MOST} more"] if len(names) > SERVED_AT_MOST else []
    return [*names[:SERVED_AT_MOST], *further], uids


def _read(kind: type[Any], path: Path) -> Any:
    try:
        return Decoder(kind).read(path)
    except (OSError, DamagedError):
        return None
