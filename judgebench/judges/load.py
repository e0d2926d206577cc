"""Makes judge methods, grammars, folds and answer rules from what a config says of them."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.judges.asking import Method
from judgebench.judges.folds import LABEL_FOLDS, SCORE_FOLDS, Fold, FoldConfig, check_fold
from judgebench.judges.grammars.reading import Grammar

if TYPE_CHECKING:
    from judgebench.config.schema import Typed
    from judgebench.judges.answers import Extractor

_FIELD = re.compile(r"unknown field `(?P<field>\w+)`")


def method_of(typed: Typed, *, where: str = "method") -> Method:
    """Make the judge method that a config declares.

    Raises:
        ConfigError: There is no such type, it is no method, or a key is unknown or of the wrong type.
    """
    return method_from(typed.type, typed.options, where=where)


def method_from(type_name: str, options: Mapping[str, Any], *, where: str) -> Method:
    """Make a judge method from the name of its type and its keys.

    Raises:
        ConfigError: As ``method_of``.
    """
    made = made_of(type_name, options, where=where)
    if not callable(getattr(made, "judge", None)):
        raise ConfigError(f"{where}: {type_name} is no judge method (it has no method judge).")
    return cast("Method", made)


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
    made = made_of(type_name, options, where=where)
    if not callable(getattr(made, "extract", None)):
        raise ConfigError(f"{where}: {type_name} is no answer rule (it has no method extract).")
    return cast("Extractor", made)


def grammar_of(spec: str | Mapping[str, Any], *, where: str = "grammar") -> Grammar:
    """Make a grammar from its name or from ``dict(type=..., ...)``.

    Args:
        spec: ``"anchored"``, or a dict whose ``type`` is such a name or a dotted path.
        where: The config key, for errors.

    Raises:
        ConfigError: There is no such grammar, or a key is unknown or of the wrong type.
    """
    name, options = named(spec, where=where)
    shipped = {path.stem for path in Path(__file__).with_name("grammars").glob("*.py")}
    if name in shipped:
        name = _grammar_class(name)
    elif "." not in name and name not in plugins.shipped_types("judges"):
        known = [one for one in sorted(shipped) if _is_grammar(one)]
        near = difflib.get_close_matches(name, known, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise ConfigError(f"{where}: there is no grammar {name!r}.", hint=f"{meant}Grammars: {', '.join(known)}.")
    made = made_of(name, options, where=where)
    if not callable(getattr(made, "read", None)):
        raise ConfigError(f"{where}: {name} is no grammar (it has no method read).")
    return cast("Grammar", made)


def _grammar_class(name: str) -> str:
    return f"judgebench.judges.grammars.{name}.{''.join(part.capitalize() for part in name.split('_'))}"


def _is_grammar(name: str) -> bool:
    """Whether a module of the grammars is one, and not what several are made of."""
    dotted = _grammar_class(name)
    shipped = plugins.shipped_types("judges").get(dotted.rpartition(".")[2]) == dotted
    return shipped and callable(getattr(plugins.load(dotted), "read", None))


def fold_of(spec: Mapping[str, Any] | FoldConfig, *, where: str = "fold") -> tuple[Fold, FoldConfig]:
    """Return the fold that a config names, with its settings.

    Raises:
        ConfigError: There is no such fold, or ``unread`` is missing or does not fit.
    """
    config = spec if isinstance(spec, FoldConfig) else checked(dict(spec), FoldConfig, where=where)
    check_fold(config, where=where)
    known: dict[str, Fold] = {**LABEL_FOLDS, **SCORE_FOLDS}
    if config.type in known:
        return known[config.type], config
    if "." not in config.type:
        near = difflib.get_close_matches(config.type, known, n=2) or sorted(known)
        raise ConfigError(f"{where}: there is no fold {config.type!r}.", hint=f"Did you mean {' or '.join(near)}?")
    return cast("Fold", plugins.load(config.type, where=where)), config


def made_of(type_name: str, options: Mapping[str, Any], *, where: str) -> Any:
    """Make an object of the class that a config names, from its checked options.

    A class has a ``Config`` struct and takes one; a function is bound to the options.

    Raises:
        ConfigError: There is no such type, it lacks a method, or a key is unknown or of the wrong type.
    """
    kind = plugins.load(type_name, where=where)
    shape = getattr(kind, "Config", None)
    if missing := sorted(getattr(kind, "__abstractmethods__", ())):
        raise ConfigError(f"{where}: {type_name} is not complete: it does not define {', '.join(missing)}.")
    if shape is not None:
        return kind(checked(dict(options), shape, where=where))
    if not isinstance(kind, type) and callable(kind):
        return functools.partial(kind, **options)
    raise ConfigError(f"{where}: {type_name} cannot be used here: it has no Config struct.")


def named(spec: str | Mapping[str, Any], *, where: str) -> tuple[str, dict[str, Any]]:
    """Split ``dict(type=..., ...)`` (or a bare name) into the type's name and the other keys.

    Raises:
        ConfigError: There is no ``type``.
    """
    if isinstance(spec, str):
        return spec, {}
    options = dict(spec)
    name = options.pop("type", None)
    if isinstance(name, type):
        name = f"{name.__module__}.{name.__qualname__}"
    if not isinstance(name, str):
        raise ConfigError(f"{where}: a dict here needs a type, such as type='anchored'.")
    return name, options


def checked(options: dict[str, Any], shape: type[msgspec.Struct], *, where: str) -> Any:
    """Return options as the struct that describes them.

    Raises:
        ConfigError: A key is unknown, missing or of the wrong type; names the key and the nearest known one.
    """
    try:
        return msgspec.convert(options, shape)
    except msgspec.ValidationError as error:
        message = str(error)
        place = re.search(r" - at `\$\.?(?P<path>.*)`$", message)
        key = f"{where}.{place['path']}" if place and place["path"] else where
        sentence = message[: place.start()] if place else message
        unknown = _FIELD.search(message)
        hint = ""
        if unknown:
            fields = [field.name for field in msgspec.structs.fields(shape)]
            near = difflib.get_close_matches(unknown["field"], fields, n=2)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"Known keys: {', '.join(sorted(fields))}."
        raise ConfigError(f"{key}: {sentence}.", hint=hint) from error
