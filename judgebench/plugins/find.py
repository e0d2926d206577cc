"""From a name in a config to the object it means: where types are found, and how they are made of their keys.

Every ``dict(type=..., ...)`` of a config is looked up and made here, so that the same mistake gets the same sentence.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import re
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from types import ModuleType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec

from judgebench.errors import RAISED_BY_OTHERS, ConfigError, nearest
from judgebench.plugins.held import PREFIX as HELD
from judgebench.plugins.installed import brought, installed, unusable
from judgebench.plugins.rooms import PACKAGES, ROOMS, RoomName, shipped, shipped_classes
from judgebench.plugins.slow_code import say_when_slow

Shape = TypeVar("Shape", bound=msgspec.Struct)
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")


class Mistake(NamedTuple):
    """What is wrong with one key.

    Attributes:
        path: The key, as its path inside what was checked; empty for the whole.
        problem: The rest of the sentence that begins with the key.
        hint: What to do.
    """

    path: str
    problem: str
    hint: str = ""


def filled(options: Mapping[str, Any], shape: type[Shape], *, where: str) -> Shape:
    """Return options as the struct that describes them.

    Raises:
        ConfigError: A key is unknown, missing or of the wrong type; names the key and the nearest known one.
    """
    try:
        return msgspec.convert(dict(options), shape)
    except msgspec.ValidationError as error:
        wrong = unknown_in(options, shape) or mistake_of(error, options)
        place = f"{where}.{wrong.path}" if wrong.path else where
        raise ConfigError(f"{place} {wrong.problem}", hint=wrong.hint) from error


def check_parameters(function: Callable[..., Any], options: Mapping[str, Any], *, where: str) -> None:
    """Refuse a key that is no parameter of the function it is meant for.

    Raises:
        ConfigError: Names the key and the nearest parameter.
    """
    if wrong := no_parameter(function, options):
        raise ConfigError(f"{where}.{wrong.path} {wrong.problem}", hint=wrong.hint)


def no_parameter(function: Callable[..., Any], options: Mapping[str, Any]) -> Mistake | None:
    """Return what is wrong with the first key that is no parameter of a function; ``None`` where all are."""
    parameters = inspect.signature(function).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return None
    takes = [one.name for one in parameters if one.kind in {one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD}]
    for key in options:
        if key not in takes:
            called = getattr(function, "__name__", str(function))
            hint = f"{nearest(key, takes)}Parameters: {', '.join(takes) or 'none'}."
            return Mistake(key, f"is no parameter of {called}.", hint)
    return None


_SAMPLING = (
    "temperature", "top_p", "top_k", "min_p", "seed", "stop", "max_tokens", "logprobs", "presence_penalty",
    "frequency_penalty", "repetition_penalty", "num_return_sequences",
)  # fmt: skip
"""Usual names in ``generation_kwargs``, which many write beside the keys of the model."""


def unknown_key(key: str, known: Iterable[str]) -> Mistake:
    """Return what is wrong with a key that is not among the known ones."""
    names = sorted(known)
    near = difflib.get_close_matches(key, _SAMPLING, n=1, cutoff=0.8) if "generation_kwargs" in names else []
    hint = f"Did you mean 'generation_kwargs.{near[0]}'? " if near else nearest(key, names)
    return Mistake(key, "is not a known key.", f"{hint}Known keys: {', '.join(names)}.")


def unknown_in(data: Any, wanted: Any, path: str = "") -> Mistake | None:
    """Return what is wrong with the first key, however deep, that a struct does not have; ``None`` where it has all."""
    if isinstance(data, Mapping):
        struct, of, _ = inside_of(wanted)
        fields = {one.encode_name: one.type for one in msgspec.structs.fields(struct)} if struct is not None else {}
        for key, value in data.items():
            here = f"{path}.{key}" if path else str(key)
            if struct is not None and key not in fields:
                return unknown_key(str(key), fields)._replace(path=here)
            if found := unknown_in(value, fields.get(key, of), here):
                return found
    elif isinstance(data, list | tuple):
        items = inside_of(wanted).items
        for index, value in enumerate(data):
            if found := unknown_in(value, items, f"{path}.{index}" if path else str(index)):
                return found
    return None


def mistake_of(
    error: msgspec.ValidationError,
    data: Any,
    path: str = "",
    *,
    hidden: Callable[[str], bool] = lambda _path: False,
    secret: Callable[[str], bool] = lambda _text: False,
) -> Mistake:
    """Turn ``Expected `int`, got `str` - at `$.host_port` `` into a sentence that names key and value.

    Args:
        error: What msgspec said.
        data: What was checked.
        path: Path of the data inside the object that the caller names.
        hidden: Says of a key's path whether its value may not be shown (secrets).
        secret: Says of a value, as text, whether it may not be shown.
    """
    problem, _, at = str(error).partition(" - at `$")
    problem = problem.replace("`object", "`dict").replace("`array", "`list")  # a config is Python, and not JSON
    inside = [match[1] or match[2] for match in _STEP.finditer(at.rstrip("`")) if match[2] != "..."]
    full = ".".join(part for part in [path, *inside] if part)
    missing = re.search(r"missing required field `(\w+)`", problem)
    if missing:
        return Mistake(full, f"lacks the key {missing[1]!r}.", "Add it to the config.")
    value = _at(data, inside)
    conceal = hidden(full) or hidden(f"{full}.x") or secret(str(value))  # a key with a secret, or a dict of such
    shown = "of the wrong type" if conceal else _shown(value)
    return Mistake(full, f"is {shown}: {problem[:1].lower()}{problem[1:]}.")


def alternatives(wanted: Any) -> list[Any]:
    """Return the members of a union, or the type itself; annotations are looked through."""
    if get_origin(wanted) is Annotated:
        return alternatives(get_args(wanted)[0])
    if get_origin(wanted) in {Union, types.UnionType}:
        return [one for member in get_args(wanted) for one in alternatives(member)]
    return [wanted]


class Inside(NamedTuple):
    """What a type says of the values inside a dict or a list.

    Attributes:
        struct: The schema struct whose fields are the keys of a dict; ``None`` where the keys are free.
        of: The type of a dict's values.
        items: The type of a list's items.
    """

    struct: type[msgspec.Struct] | None
    of: Any
    items: Any


@functools.cache
def inside_of(wanted: Any) -> Inside:
    """Return what a type says of what is inside a dict or a list; of a union, its first members that do."""
    members = alternatives(wanted)
    return Inside(
        next((one for one in members if is_struct(one)), None),
        next((get_args(one)[1] for one in members if get_origin(one) is dict), Any),
        next((get_args(one)[0] for one in members if get_origin(one) is list), Any),
    )


def is_struct(wanted: Any) -> bool:
    """Whether a type is a schema struct."""
    return isinstance(wanted, type) and issubclass(wanted, msgspec.Struct)


def _at(data: Any, parts: list[str]) -> Any:
    for part in parts:
        if isinstance(data, Mapping) and part in data:
            data = data[part]
        elif isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        else:
            break
    return data


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


FOREIGN_PACKAGES = ("ais_bench", "opencompass")
"""Benchmark runners whose type names mean ours."""
_MOST_NAMES = 24
"""Names that a hint lists."""


class Found(NamedTuple):
    """What a name means.

    Attributes:
        path: Dotted path of the class or function.
        value: The class or function itself.
        foreign: The benchmark runner in whose package the name leads; empty for names of ours and the user's.
    """

    path: str
    value: Any
    foreign: str = ""


def find(name: str, room: RoomName, *, where: str = "") -> Found:
    """Return the class or function that a config's ``type`` means, with its dotted path.

    Args:
        name: Dotted path or bare name.
        room: The kind of types that the key takes.
        where: The config key, for errors.

    Raises:
        ConfigError: Nothing of that name exists, it cannot be imported, or it is of another kind.
    """
    parent, _, last = name.rpartition(".")
    foreign = foreign_package(name)
    own = parent == PACKAGES[room]  # as ``from judgebench.judges import DeclaredJudge`` in a config reads
    if parent and not (foreign or own):
        path = name
    else:
        known = None if own else shipped(room).get(last)
        known = known or shipped_classes(room).get(last) or (None if own else brought(room, last))
        if known is None:
            raise unknown(name, room, where=where)
        path = known.replace(":", ".")
    found = Found(path, _imported(path, room, where), foreign)
    _check_kind(found, name, room, where)
    return found


def load(name: str, room: RoomName, *, where: str = "") -> Any:
    """Return the class or function that a config's ``type`` means; as ``find``, which says more."""
    return find(name, room, where=where).value


def foreign_package(name: str) -> str:
    """Return the benchmark runner that a dotted path leads into; empty where it is none whose configs are read."""
    root, dot, _ = name.partition(".")
    return root if dot and root in FOREIGN_PACKAGES else ""


def shipped_attribute(package: str, rooms: tuple[RoomName, ...], name: str) -> Any:
    """Return a shipped type by the name of its class; packages look up with it what is imported from them.

    Raises:
        AttributeError: The package ships no such type.
    """
    path = next((shipped_classes(room)[name] for room in rooms if name in shipped_classes(room)), None)
    if path is None:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)


def unknown(name: str, room: RoomName, *, where: str = "") -> ConfigError:
    """Return the error for a name that nothing has; the hint names the nearest ones."""
    kind = ROOMS[room]
    bare = name.rpartition(".")[2]
    others = [one for one in ROOMS if one != room and (bare in shipped(one) or bare in shipped_classes(one))]
    names = [*shipped(room), *(theirs for one in installed() for theirs in one.plugin.types(room))]
    near = difflib.get_close_matches(bare, names, n=2) or difflib.get_close_matches(bare, shipped_classes(room), n=2)
    if others:
        hint = f"{bare!r} is a {ROOMS[others[0]].noun}."
    elif near:
        hint = f"Did you mean {' or '.join(near)}?"
    else:
        more = ", ..." if len(names) > _MOST_NAMES else ""
        hint = f"There are: {', '.join(sorted(names)[:_MOST_NAMES])}{more}; or give the dotted path of your own."
    stands = " that stands for" if foreign_package(name) else ""
    return ConfigError(f"{_place(where)}there is no {kind.noun}{stands} {name!r}.", hint=f"{hint} {unusable()}".strip())


def _imported(path: str, room: RoomName, where: str) -> Any:
    module, _, attribute = path.rpartition(".")
    try:
        known = module in sys.modules or module.startswith("judgebench.")
        with nullcontext() if known else say_when_slow(f"the module {module}"):
            found: ModuleType = importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        if module != missing and not module.startswith(f"{missing}."):
            raise ConfigError(
                f"{_place(where)}{path!r} cannot be imported: its module needs {missing!r}, which is not installed.",
                hint="Install what its module needs.",
            ) from error
        raise ConfigError(
            f"{_place(where)}{path!r} cannot be imported: there is no module {missing!r}.",
            hint="Install its package, or add the folder that holds it to PYTHONPATH.",
        ) from error
    except RAISED_BY_OTHERS as error:  # the module may be a user's, and may raise anything when it is imported
        raise ConfigError(
            f"{_place(where)}{path!r} cannot be imported: {type(error).__name__}: {error}.", hint="Correct its module."
        ) from error
    try:
        return getattr(found, attribute)
    except AttributeError as error:
        if path.startswith(HELD):
            raise ConfigError(
                f"{_place(where)}{attribute!r} was made in Python, in a process that is gone or is another one.",
                hint="Give the object again: judgebench.run(..., reuse=...) with the same models, datasets and judges.",
            ) from error
        if module.partition(".")[0] == "judgebench":
            raise unknown(path, room, where=where) from error
        near = difflib.get_close_matches(attribute, dir(found), n=2)
        raise ConfigError(
            f"{_place(where)}{path!r} cannot be imported: the module {module!r} has no {attribute!r}.",
            hint=f"Did you mean {' or '.join(near)}?" if near else f"It is read from {found.__file__}.",
        ) from error


def _check_kind(found: Found, name: str, room: RoomName, where: str) -> None:
    kind = ROOMS[room]
    if kind.parent:
        module, _, attribute = kind.parent.partition(":")
        parent = getattr(importlib.import_module(module), attribute)
        if not (isinstance(found.value, type) and issubclass(found.value, parent)):
            raise ConfigError(
                f"{_place(where)}{name} is no {kind.noun}: it is no subclass of {module}.{attribute}.",
                hint=f"Write: class {found.path.rpartition('.')[2]}({attribute}), and see docs/extending.md.",
            )
        if missing := sorted(getattr(found.value, "__abstractmethods__", ())):
            raise ConfigError(f"{_place(where)}{name} is not complete: it does not define {', '.join(missing)}.")
    if lacking := [one for one in kind.abilities if not hasattr(found.value, one)]:
        raise ConfigError(f"{_place(where)}{name} is no {kind.noun}: it has no {' and no '.join(lacking)}.")


def _place(where: str) -> str:
    return f"{where}: " if where else ""


def make(name: str, options: Mapping[str, Any], room: RoomName, *, where: str) -> Any:
    """Make an object of the class that a config names, from its checked options.

    A class has a ``Config`` struct and takes one; a function is bound to the options.

    Args:
        name: Dotted path or bare name of the class or function.
        options: The keys beside ``type``.
        room: The kind of types that the config key takes.
        where: The config key, for errors.

    Raises:
        ConfigError: There is no such type, it is of another kind, or a key is unknown, missing or of the wrong type.
    """
    kind = load(name, room, where=where)
    shape = getattr(kind, "Config", None)
    if missing := sorted(getattr(kind, "__abstractmethods__", ())):
        raise ConfigError(f"{where}: {name} is not complete: it does not define {', '.join(missing)}.")
    if shape is not None:
        return kind(filled(options, shape, where=where))
    if not isinstance(kind, type) and callable(kind):
        check_parameters(kind, options, where=where)
        return functools.partial(kind, **options) if options else kind
    raise ConfigError(f"{where}: {name} cannot be used here: it has no Config struct.")


def made(spec: str | Mapping[str, Any], room: RoomName, *, where: str) -> Any:
    """Make an object of ``dict(type=..., ...)``, or of the bare name of a type; see ``make``.

    Raises:
        ConfigError: There is no ``type``; or as ``make``.
    """
    name, options = split(spec, where=where)
    return make(name, options, room, where=where)


def split(spec: str | Mapping[str, Any], *, where: str) -> tuple[str, dict[str, Any]]:
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
        raise ConfigError(f"{where} must be dict(type=..., ...): its type names a class or function.")
    return name, options
