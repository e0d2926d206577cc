"""The score of a benchmark of judges: a formula over items with gold and the verdicts of the judge under test.

A score is a ``Measure``; a dataset names it by ``score=dict(type=..., ...)``. What a verdict without a decision
counts as is the score's own named choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from judgebench import plugins
from judgebench.errors import ConfigError, DataError
from judgebench.metrics.contract import Measure, kind_in
from judgebench.metrics.statistics.intervals import Cluster
from judgebench.records.figures import Better
from judgebench.records.flow import Sample
from judgebench.records.run import Typed


def score_of(typed: Typed) -> Measure:
    """Make the score that a dataset's config declares.

    Raises:
        ConfigError: There is no such type, it is no score, or a key is unknown or of the wrong type.
    """
    made = plugins.make(typed.type, typed.options, "scores", where="score")
    if not isinstance(made, Measure):
        raise ConfigError(
            f"score: {typed.type} is no score.", hint="A score inherits from judgebench.metrics.contract.Measure."
        )
    return made


class ScoreConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of every score.

    Attributes:
        cluster_by: Meta column with the question that several items share, such as the answers of several models to it:
            errors and intervals are then clustered by it, where they are else clustered by item.
    """

    cluster_by: str = ""


def cluster_of(sample: Sample, config: ScoreConfig) -> Cluster:
    """Return what an item is clustered by: its question where the config names the column, else itself."""
    question = sample.meta.get(config.cluster_by) if config.cluster_by else None
    return sample.id if question is None else str(question)


def identity_of(name: str, version: int, config: ScoreConfig) -> dict[str, Any]:
    """Return a score's name, version and config; what errors are clustered by only where it is declared."""
    keys = msgspec.to_builtins(config)
    if not config.cluster_by:
        del keys["cluster_by"]
    return {"score": name, "version": version, **keys}


def column_of(sample: Sample, column: str) -> Any:
    """Return an item's value in a meta column that its score cannot do without.

    Raises:
        DataError: The item has none.
    """
    if column not in sample.meta:
        raise DataError(
            f"Item {sample.key or sample.id}: the score needs the column {column!r}, which this row lacks.",
            hint="Name it in the dataset's meta_columns, or leave such rows out with where=dict(...).",
        )
    return sample.meta[column]


def better_of(typed: Typed, name: str) -> Better:
    """Return which end of a figure of the score that a config declares is good; ``None`` where it does not say."""
    return kind_in(getattr(plugins.load(typed.type, "scores", where="score"), "figures", {}), name).better


def conventions(method: Mapping[str, Any], score: Mapping[str, Any]) -> str:
    """Return in one line by which named choices a benchmark's figures came about, for its result and its summary.

    Args:
        method: Identity of the judge method (parsers, aggregation, what an unread presentation counts as).
        score: Identity of the score.
    """
    aggregate = method.get("aggregate") or {}
    presentations = method.get("presentations") or []
    parsers = dict.fromkeys(
        presentation["parser"].get("parser", "?") for presentation in presentations if "parser" in presentation
    )
    parts = {
        "parser": " / ".join(parsers),
        "aggregate": str(aggregate.get("type", "")).rpartition(".")[2],
        "unread presentation": aggregate.get("unread", ""),
        "score": score.get("score", ""),
        "headline": score.get("headline", ""),
        "unread item": score.get("unread", ""),
        "tie": score.get("ties", ""),
    }
    return ", ".join(f"{name}: {value}" for name, value in parts.items() if value not in ("", None))
