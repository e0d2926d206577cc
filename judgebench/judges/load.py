"""Makes judge methods, grammars, folds and answer rules from what a config says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from judgebench import plugins
from judgebench.judges.folds import Fold, FoldConfig, check_fold
from judgebench.judges.grammars.reading import Grammar
from judgebench.plugins.keys import filled

if TYPE_CHECKING:
    from judgebench.config.schema import Typed
    from judgebench.judges.answers import Extractor
    from judgebench.judges.asking import JudgeMethod


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


def grammar_of(spec: str | Mapping[str, Any], *, where: str = "grammar") -> Grammar:
    """Make a grammar from its name or from ``dict(type=..., ...)``.

    Args:
        spec: ``"anchored"``, or a dict whose ``type`` is such a name or a dotted path.
        where: The config key, for errors.

    Raises:
        ConfigError: There is no such grammar, or a key is unknown or of the wrong type.
    """
    name, options = plugins.split(spec, where=where)
    made: Grammar = plugins.make(name, options, "parsers", where=where)
    return made


def fold_of(spec: Mapping[str, Any] | FoldConfig, *, where: str = "fold") -> tuple[Fold, FoldConfig]:
    """Return the fold that a config names, with its settings.

    Raises:
        ConfigError: There is no such fold, or ``unread`` is missing or does not fit.
    """
    config = spec if isinstance(spec, FoldConfig) else filled(spec, FoldConfig, where=where)
    fold: Fold = plugins.load(config.type, "aggregations", where=where)
    check_fold(config, where=where)
    return fold, config
