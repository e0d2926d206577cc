"""Where a value was declared, for the errors that name it."""

from __future__ import annotations

from typing import Any

from judgebench.errors import ConfigError, nearest

__all__ = ["Declared", "nearest"]


class Declared:
    """One object of a config file (a model, a data set, a judge) before it is checked.

    Attributes:
        kind: ``models``, ``datasets``, ``judges`` or ``summarizer``.
        data: Its keys, as the file gives them; overrides are laid over it.
        file: The config file it came from.
        position: Where it stands in the file's list, from 0; names it while it has no abbr.
        overridden: Dotted paths of the keys that ``--override`` set.
        taken_for: Types of another benchmark runner that it names, and ours that they were taken for.
    """

    def __init__(self, kind: str, data: dict[str, Any], file: str, position: int | None = None) -> None:
        self.kind = kind
        self.data = data
        self.file = file
        self.position = position
        self.overridden: set[str] = set()
        self.taken_for: dict[str, str] = {}

    @property
    def abbr(self) -> str:
        """Short name that the run, its folders and its overrides use; empty where none is given."""
        return str(self.data.get("abbr", ""))

    @property
    def label(self) -> str:
        """What errors and overrides call it: ``models.<abbr>``, or ``models[0]`` where it has no abbr."""
        if self.abbr:
            return f"{self.kind}.{self.abbr}"
        return self.kind if self.position is None else f"{self.kind}[{self.position}]"

    def place(self, path: str = "") -> str:
        """Return the beginning of an error about one key: where it was written, and its full name."""
        name = f"{self.label}.{path}" if path else self.label
        return f"--override {name}" if self.is_overridden(path) else f"{self.file}: {name}"

    def is_overridden(self, path: str) -> bool:
        """Whether ``--override`` set a key, the part it is in, or something inside it."""
        return bool(path) and any(
            f"{path}.".startswith(f"{one}.") or one.startswith(f"{path}.") for one in self.overridden
        )

    def error(self, path: str, problem: str, *, hint: str = "") -> ConfigError:
        """Return an error about one key."""
        return ConfigError(f"{self.place(path)} {problem}", hint=hint)
