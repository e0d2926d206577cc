"""Where tasks run, and how a run is supervised.

``table.py`` lists the shipped executors. Each can be imported from here by its bare name
(``from judgebench.executors import LocalExecutor``); only the module that defines it is loaded.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    from judgebench.plugins import shipped_attribute

    return shipped_attribute("judgebench.executors", ("executors",), name)
