"""By which named choices a judge's replies become verdicts: its grammars, its folds, what an unread view counts as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def how_read(identity: Mapping[str, Any]) -> dict[str, str]:
    """Return ``grammar``, ``fold`` and ``unread`` of a method and of the judges inside it, outermost first.

    Several of a kind are parted by `` / ``. A kind of which there is none is left out: a method that asks once and
    folds nothing has no ``fold``, and its item is unparsed where its reply cannot be read.

    Args:
        identity: What ``identity()`` of a judge method gives.
    """
    found: dict[str, dict[str, None]] = {"grammar": {}, "fold": {}, "unread": {}}
    for kind, name in _named(identity):
        found[kind][name] = None
    return {kind: " / ".join(names) for kind, names in found.items() if names}


def _named(part: Any) -> Iterator[tuple[str, str]]:
    if isinstance(part, list):
        for one in part:
            yield from _named(one)
    if not isinstance(part, Mapping):
        return
    if isinstance(part.get("grammar"), str):
        yield "grammar", part["grammar"]
        return  # what a grammar is made of is its own business
    fold, unread = part.get("fold"), part.get("unread")
    if isinstance(fold, Mapping):
        yield "fold", str(fold.get("type", "")).rpartition(".")[2]
        unread = fold.get("unread")
    if isinstance(unread, Mapping):
        yield "unread", ", ".join(f"{view}: {choice}" for view, choice in unread.items())
    elif isinstance(unread, str | int | float):
        yield "unread", str(unread)
    for key, value in part.items():
        if key not in {"fold", "unread"}:
            yield from _named(value)
