"""Makes judge methods, parsers, aggregations and answer rules from what a config says of them.

By which named choices a judge's replies become verdicts: its parsers, its aggregations, what an unread presentation
counts as.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from judgebench import plugins
from judgebench.judges.aggregations import Aggregation, AggregationConfig, check_aggregation
from judgebench.judges.parsers.reading import VerdictParser
from judgebench.plugins.keys import filled

if TYPE_CHECKING:
    from judgebench.judges.core.contract import JudgeMethod
    from judgebench.judges.rules.answers import Extractor
    from judgebench.records.run import Typed
from collections.abc import Iterator


def method_of(typed: Typed, *, where: str = "method") -> JudgeMethod:
    """Make the judge method that a config declares.

    Raises:
        ConfigError: There is no such type, it is no judge method, or a key is unknown or of the wrong type.
    """
    return method_from(typed.type, typed.options, where=where)


def method_from(type_name: str, options: Mapping[str, Any], *, where: str) -> JudgeMethod:
    """Make a judge method from the name of its type and its keys.

    Raises:
        ConfigError: As ``method_of``.
    """
    made: JudgeMethod = plugins.make(type_name, options, "judges", where=where)
    return made


def extractor_of(typed: Typed, *, where: str = "extractor") -> Extractor:
    """Make the answer rule that a config declares.

    Raises:
        ConfigError: There is no such type, it is no rule, or a key is unknown or of the wrong type.
    """
    return extractor_from(typed.type, typed.options, where=where)


def extractor_from(type_name: str, options: Mapping[str, Any], *, where: str) -> Extractor:
    """Make an answer rule from the name of its type and its keys.

    Raises:
        ConfigError: As ``extractor_of``.
    """
    made: Extractor = plugins.make(type_name, options, "extractors", where=where)
    return made


def parser_of(spec: str | Mapping[str, Any], *, where: str = "parser") -> VerdictParser:
    """Make a parser from its name or from ``dict(type=..., ...)``.

    Args:
        spec: ``"anchored"``, or a dict whose ``type`` is such a name or a dotted path.
        where: The config key, for errors.

    Raises:
        ConfigError: There is no such parser, or a key is unknown or of the wrong type.
    """
    name, options = plugins.split(spec, where=where)
    made: VerdictParser = plugins.make(name, options, "parsers", where=where)
    return made


def aggregation_of(
    spec: Mapping[str, Any] | AggregationConfig, *, where: str = "aggregate"
) -> tuple[Aggregation, AggregationConfig]:
    """Return the aggregation that a config names, with its settings.

    Raises:
        ConfigError: There is no such aggregation, or ``unread`` is missing or does not fit.
    """
    config = spec if isinstance(spec, AggregationConfig) else filled(spec, AggregationConfig, where=where)
    aggregate: Aggregation = plugins.load(config.type, "aggregations", where=where)
    check_aggregation(config, where=where)
    return aggregate, config


def how_read(identity: Mapping[str, Any]) -> dict[str, str]:
    """Return ``parser``, ``aggregate`` and ``unread`` of a method and of the judges inside it, outermost first.

    Several of a kind are parted by `` / ``. A kind of which there is none is left out: a method that asks once and
    aggregates nothing has no ``aggregate``, and its item is unparsed where its reply cannot be read.

    Args:
        identity: What ``identity()`` of a judge method gives.
    """
    found: dict[str, dict[str, None]] = {"parser": {}, "aggregate": {}, "unread": {}}
    for kind, name in _named(identity):
        found[kind][name] = None
    return {kind: " / ".join(names) for kind, names in found.items() if names}


def _named(part: Any) -> Iterator[tuple[str, str]]:
    if isinstance(part, list):
        for one in part:
            yield from _named(one)
    if not isinstance(part, Mapping):
        return
    if isinstance(part.get("parser"), str):
        yield "parser", part["parser"]
        return  # what a parser is made of is its own business
    aggregate, unread = part.get("aggregate"), part.get("unread")
    if isinstance(aggregate, Mapping):
        yield "aggregate", str(aggregate.get("type", "")).rpartition(".")[2]
        unread = aggregate.get("unread")
    if isinstance(unread, Mapping):
        yield "unread", ", ".join(f"{presentation}: {choice}" for presentation, choice in unread.items())
    elif isinstance(unread, str | int | float):
        yield "unread", str(unread)
    for key, value in part.items():
        if key not in {"aggregate", "unread"}:
            yield from _named(value)
