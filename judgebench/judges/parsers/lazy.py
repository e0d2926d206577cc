"""Regular expressions that are compiled when they are first used.

The patterns of the parsers are long, and Python takes half a second of CPU for all of them. A process that resolves a
config or plans a run makes parsers and reads nothing, and most replies need few of the patterns.
"""

from __future__ import annotations

import re
from typing import Any, cast

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "split", "pattern", "flags", "groupindex")


class _LazyPattern:
    """Stands for a compiled pattern; after the first use its methods are the pattern's own."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._source = pattern, flags

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = re.compile(*self._source)
        self.__dict__.update({method: getattr(compiled, method) for method in _METHODS})
        return getattr(compiled, name)

    def __reduce__(self) -> tuple[type[_LazyPattern], tuple[str, int]]:
        return _LazyPattern, self._source


def lazily(pattern: str, flags: int | re.RegexFlag = 0) -> re.Pattern[str]:
    """Return what acts as ``re.compile(pattern, flags)``, and is compiled when it is first used."""
    return cast("re.Pattern[str]", _LazyPattern(pattern, int(flags)))
