"""The score of a benchmark of judges: a formula over items with gold and the verdicts of the judge under test.

A score is a class with a ``Config``; a dataset names it by ``score=dict(type=..., ...)``. It sees one item after
another and gives named metrics at the end, the headline first. What a verdict without a decision counts as is the
score's own named choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import msgspec

from judgebench import plugins
from judgebench.errors import ConfigError, DataError
from judgebench.metrics.rates.named import Better, declared
from judgebench.metrics.statistics.intervals import Cluster
from judgebench.records.flow import Metric, Sample, Verdict
from judgebench.records.run import Typed


class Score(Protocol):
    """See the module's docstring.

    ``better`` says by figure which end is good (``judgebench.metrics.rates.named``); a figure in parts, such as
    ``accuracy/math``, goes by the name of the whole. Judges are ranked by the headline where more of it is better, and
    by nothing else.

    A score may further have ``right(sample, verdict)``, which says whether the judge is right about an item (``None``
    where nothing can tell); several judges under test are then compared item by item.
    """

    Config: ClassVar[type[msgspec.Struct]]
    better: ClassVar[Mapping[str, Better]]

    def add(self, sample: Sample, repeat: int, verdict: Verdict) -> None:
        """Take in the verdict about one item; each (item, repeat) once."""
        ...

    def result(self) -> dict[str, Metric]:
        """Return the figures by name, the headline first."""
        ...

    def identity(self) -> dict[str, Any]:
        """Return what decides the figures (formula, what an unread verdict counts as), as JSON values."""
        ...


def score_of(typed: Typed) -> Score:
    """Make the score that a dataset's config declares.

    Raises:
        ConfigError: There is no such type, it is no score, or a key is unknown or of the wrong type.
    """
    made: Score = plugins.make(typed.type, typed.options, "scores", where="score")
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


def figures_of(score: Score) -> dict[str, Metric]:
    """Return the figures of a score; one of no value where it gives none, so that a result always has a headline.

    Raises:
        ConfigError: It gives something else than metrics.
    """
    found = score.result()
    strange = [name for name, figure in found.items() if not isinstance(figure, Metric)]
    if strange:
        kind = type(found[strange[0]]).__name__
        raise ConfigError(f"score: {type(score).__name__}.result() gives {strange[0]!r} as {kind}, not as a Metric.")
    return found or {"score": Metric(value=None, note=f"{type(score).__name__} gave no figure")}


def better_of(typed: Typed, name: str) -> Better:
    """Return which end of a figure of the score that a config declares is good; ``None`` where it does not say."""
    return declared(getattr(plugins.load(typed.type, "scores", where="score"), "better", {}), name)


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
