"""Judge methods, their prompts, verdict grammars and folds; no I/O.

A type can be imported from here by its bare name; only the module that defines it is loaded.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    from judgebench.plugins import shipped_type

    return shipped_type("judges", name)
