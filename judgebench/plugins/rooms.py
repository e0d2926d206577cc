"""The kinds of types that a config names, and the table of the shipped ones of each kind.

A table is plain data (name -> ``module:attribute``) in the package that the types belong to, so reading it imports none
of them. A name is looked up in the table of the kind that its key takes: a judge's ``method`` among the judge methods,
a ``parser`` among the parsers.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple

RoomName = Literal[
    "models",
    "launchers",
    "postprocessors",
    "datasets",
    "judges",
    "parsers",
    "aggregations",
    "extractors",
    "perturbations",
    "scores",
    "metrics",
    "executors",
    "listeners",
]


class Room(NamedTuple):
    """One kind of types.

    Attributes:
        noun: What one of them is called.
        table: ``module:NAME`` of the table of the shipped ones.
        abilities: Attributes that each of them has.
        parent: ``module:Class`` that each of them inherits from; empty where none is needed.
    """

    noun: str
    table: str
    abilities: tuple[str, ...] = ()
    parent: str = ""


ROOMS: Mapping[RoomName, Room] = {
    "models": Room("model type", "judgebench.models.table:MODELS", ("Config", "prompt_kind")),
    "launchers": Room("launcher", "judgebench.models.table:LAUNCHERS", ("command",)),
    "postprocessors": Room("postprocessor", "judgebench.models.table:POSTPROCESSORS"),
    "datasets": Room("dataset loader", "judgebench.datasets.table:LOADERS", ("samples", "count")),
    "judges": Room(
        "judge method", "judgebench.judges.table:METHODS", parent="judgebench.judges.core.contract:JudgeMethod"
    ),
    "parsers": Room("parser", "judgebench.judges.table:VERDICT_PARSERS", ("read", "identity")),
    "aggregations": Room("aggregation", "judgebench.judges.table:AGGREGATIONS"),
    "extractors": Room("answer rule", "judgebench.judges.table:EXTRACTORS", ("extract",)),
    "perturbations": Room(
        "perturbation",
        "judgebench.judges.table:PERTURBATIONS",
        parent="judgebench.judges.wrappers.perturbed:Perturbation",
    ),
    "scores": Room("score", "judgebench.metrics.table:SCORES", ("add", "result", "identity")),
    "metrics": Room("metric", "judgebench.metrics.table:METRICS"),
    "executors": Room(
        "executor",
        "judgebench.executors.table:EXECUTORS",
        ("Config", "start", "aclose", "follows", "reserves", "shares_machine"),
    ),
    "listeners": Room("listener", "judgebench.session.table:LISTENERS", parent="judgebench.session.listeners:Listener"),
}


PACKAGES = {name: room.table.partition(":")[0].rpartition(".")[0] for name, room in ROOMS.items()}
"""The package that the shipped types of a kind are imported from."""


@cache
def shipped(room: RoomName) -> dict[str, str]:
    """Return the shipped types of a kind: ``module:attribute`` by name."""
    module, _, name = ROOMS[room].table.partition(":")
    table: dict[str, str] = getattr(importlib.import_module(module), name)
    return table


@cache
def shipped_classes(room: RoomName) -> dict[str, str]:
    """Return the shipped types of a kind by the name of the class or function itself: ``anchored`` is ``Anchored``."""
    return {path.rpartition(":")[2]: path for path in shipped(room).values()}
