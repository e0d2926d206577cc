"""Judge methods, their prompts, verdict parsers and aggregations; no I/O.

``table.py`` lists the shipped types. Each can be imported from here by its bare name
(``from judgebench.judges import DeclaredJudge``); only the module that defines it is loaded.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    from judgebench.plugins import shipped_attribute

    return shipped_attribute("judgebench.judges", ("judges", "parsers", "extractors", "perturbations"), name)
