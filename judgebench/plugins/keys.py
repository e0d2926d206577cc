"""Keys of a config against what a class or function takes: one wording of what is wrong with them.

``config`` says it of what stands in a file, with the file's name; ``make`` of what stands inside another part.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec

from judgebench.errors import ConfigError, nearest

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
            return Mistake(key, f"is not a parameter of {called}.", hint)
    return None


def unknown_key(key: str, known: Iterable[str]) -> Mistake:
    """Return what is wrong with a key that is not among the known ones."""
    names = sorted(known)
    return Mistake(key, "is not a known key.", f"{nearest(key, names)}Known keys: {', '.join(names)}.")


def unknown_in(data: Any, wanted: Any, path: str = "") -> Mistake | None:
    """Return what is wrong with the first key, however deep, that a struct does not have; ``None`` where it has all."""
    if isinstance(data, Mapping):
        struct = next((one for one in alternatives(wanted) if is_struct(one)), None)
        fields = {one.encode_name: one.type for one in msgspec.structs.fields(struct)} if struct is not None else {}
        of = next((get_args(one)[1] for one in alternatives(wanted) if get_origin(one) is dict), Any)
        for key, value in data.items():
            here = f"{path}.{key}" if path else str(key)
            if struct is not None and key not in fields:
                return unknown_key(str(key), fields)._replace(path=here)
            if found := unknown_in(value, fields.get(key, of), here):
                return found
    elif isinstance(data, list | tuple):
        items = next((get_args(one)[0] for one in alternatives(wanted) if get_origin(one) is list), Any)
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
