"""Checks a declared object against its schema: keys, types, and the class that each ``type`` names.

Errors name the file, the key and what was expected. Texts from the environment and from ``--override`` have no type of
their own: ``"9000"`` is a number where the schema wants one, and a text where it wants that.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from judgebench import plugins
from judgebench.errors import DAMAGED, ConfigError, nearest
from judgebench.models.access import expand, looks_like_key, secret_texts, sounds_secret
from judgebench.plugins import RoomName
from judgebench.plugins.find import alternatives, inside_of, is_struct, mistake_of, no_parameter, unknown_key
from judgebench.plugins.held import PREFIX as HELD
from judgebench.records.run import Typed

__all__ = ["Declared", "nearest"]


class Declared:
    """One object of a config file (a model, a dataset, a judge) before it is checked.

    Attributes:
        kind: ``models``, ``datasets``, ``judges`` or ``summarizer``.
        data: Its keys, as the file gives them; overrides are laid over it.
        file: The config file it came from.
        position: Where it stands in the file's list, from 0; names it while it has no abbr.
        overridden: Dotted paths of the keys that ``--override`` set.
        taken_for: Types of another benchmark runner that it names, and ours that they were taken for.
    """

    def __init__(self, kind: str, data: dict[str, Any], file: str, position: int | None = None) -> None:
        self.kind = kind
        self.data = data
        self.file = file
        self.position = position
        self.overridden: set[str] = set()
        self.taken_for: dict[str, str] = {}

    @property
    def abbr(self) -> str:
        """Short name that the run, its folders and its overrides use; empty where none is given."""
        return str(self.data.get("abbr", ""))

    @property
    def name(self) -> str:
        """What errors and overrides call it: ``models.<abbr>``, or ``models[0]`` where it has no abbr."""
        if self.abbr:
            return f"{self.kind}.{self.abbr}"
        return self.kind if self.position is None else f"{self.kind}[{self.position}]"

    def place(self, path: str = "") -> str:
        """Return the beginning of an error about one key: where it was written, and its full name."""
        full = f"{self.name}.{path}" if path else self.name
        return f"--override {full}" if self.is_overridden(path) else f"{self.file}: {full}"

    def is_overridden(self, path: str) -> bool:
        """Whether ``--override`` set a key, the part it is in, or something inside it."""
        return bool(path) and any(
            f"{path}.".startswith(f"{one}.") or one.startswith(f"{path}.") for one in self.overridden
        )

    def error(self, path: str, problem: str, *, hint: str = "") -> ConfigError:
        """Return an error about one key."""
        return ConfigError(f"{self.place(path)} {problem}", hint=hint)


def refuse_twins(declared: Iterable[Declared]) -> None:
    """Refuse two objects of one kind that have one abbr.

    Raises:
        ConfigError: There are; names the files.
    """
    first: dict[str, Declared] = {}
    for one in declared:
        other = first.setdefault(one.abbr, one)
        if other is one or not one.abbr:  # that an abbr is missing is told of each by itself
            continue
        if other.file == one.file:
            raise ConfigError(f"{one.file} declares two {one.kind} named {one.abbr!r}.", hint="Give one another abbr.")
        raise ConfigError(
            f"Two {one.kind} are named {one.abbr!r}: {other.file} and {one.file}.",
            hint="Give one of them another abbr where it is declared; --override would mean both.",
        )


REFERENCE = re.compile(r"\$\{[A-Za-z_]\w*(?::-[^}]*)?\}")
"""``${NAME}`` or ``${NAME:-default}``."""

_VERBATIM = re.compile(r"prompt|template|few_shot|examples|messages|system")
_JSON_WORDS = {"true": True, "false": False, "null": None, "none": None}


class Untyped(str):
    """Text whose type the schema decides."""

    __slots__ = ()


def checked(
    data: Mapping[str, Any],
    struct: type[msgspec.Struct],
    declared: Declared,
    environ: Mapping[str, str],
    *,
    path: str = "",
    keep: Callable[[str], bool] = lambda _path: False,
) -> dict[str, Any]:
    """Return the data as the struct's keys with their defaults, as JSON-like values.

    Args:
        data: What the file says.
        struct: The schema.
        declared: The object the data belongs to, for errors.
        environ: Where ``${NAME}`` is looked up.
        path: Path of the data inside the object.
        keep: Says for a key path whether its references stay as they are (secrets).

    Raises:
        ConfigError: An unknown key, a missing one or a wrong type; names file, key, expected and got.
        PrerequisiteError: A value's environment variable is not set.
    """
    typed = _Typing(declared, environ, keep).struct(data, struct, path)
    try:
        value = msgspec.convert(typed, struct, strict=True)
    except msgspec.ValidationError as error:
        wrong = mistake_of(error, typed, path, hidden=keep, secret=looks_like_key)
        raise declared.error(wrong.path, wrong.problem, hint=wrong.hint) from error
    built: dict[str, Any] = msgspec.to_builtins(value)
    return built


def plain(value: Any, declared: Declared, environ: Mapping[str, str], path: str) -> Any:
    """Return a value that has no schema with its references expanded and its untyped texts read."""
    return _Typing(declared, environ, lambda _path: False).value(value, Any, path)


def literal(text: str) -> Any:
    """Return what a text means as a Python or JSON literal; the text itself where it is none."""
    stripped = text.strip()
    if stripped.lower() in _JSON_WORDS:
        return _JSON_WORDS[stripped.lower()]
    try:
        return ast.literal_eval(stripped)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    try:
        return msgspec.json.decode(stripped)
    except DAMAGED:
        return text


@cache
def _types_of(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the type of each key: to read them takes 0.5 ms, and the files of a run ask for the same few structs."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(struct)}


class _Typing:
    """Walks data and schema side by side."""

    def __init__(self, declared: Declared, environ: Mapping[str, str], keep: Callable[[str], bool]) -> None:
        self.declared = declared
        self.environ = environ
        self.keep = keep

    def struct(self, data: Mapping[str, Any], struct: type[msgspec.Struct], path: str) -> dict[str, Any]:
        fields = _types_of(struct)
        typed = {}
        for key, item in data.items():
            where = f"{path}.{key}" if path else key
            if key not in fields:
                wrong = unknown_key(key, fields)
                raise self.declared.error(where, wrong.problem, hint=wrong.hint)
            typed[key] = self.value(item, fields[key], where)
        return typed

    def value(self, value: Any, wanted: Any, path: str) -> Any:
        if isinstance(value, str):
            return self.text(value, wanted, path)
        if isinstance(value, dict):
            struct, of, _ = inside_of(wanted)
            if struct is not None:
                return self.struct(value, struct, path)
            return {str(key): self.value(item, of, f"{path}.{key}") for key, item in value.items()}
        if isinstance(value, list | tuple):
            items = inside_of(wanted).items
            return [self.value(item, items, f"{path}.{index}") for index, item in enumerate(value)]
        return value

    def text(self, text: str, wanted: Any, path: str) -> Any:
        refers = REFERENCE.search(text)
        if not (refers or isinstance(text, Untyped)):
            return text
        if self.keep(path) or _VERBATIM.search(path):
            return str(text)
        if refers:
            return self.read(expand(text, self.environ, where=self.declared.place(path)), wanted)
        return self.read(str(text), wanted)

    def read(self, text: str, wanted: Any) -> Any:
        """Return the reading of an untyped text that the schema accepts; where none fits, its literal reading."""
        meant = literal(text)
        if Any in alternatives(wanted) or isinstance(meant, str):
            return meant
        if isinstance(meant, dict | list) and _fits(meant, wanted):  # written in brackets, so it is no plain text
            return meant
        return text if _fits(text, wanted) else meant


def type_name(wanted: Any) -> str:
    """Return a type as a reader of the docs would write it: ``int or None``, ``list of text``."""
    if get_origin(wanted) is Annotated:
        return type_name(get_args(wanted)[0])
    if get_origin(wanted) in {Union, types.UnionType}:
        return " or ".join(dict.fromkeys(type_name(member) for member in get_args(wanted)))
    if get_origin(wanted) is Literal:
        return " or ".join(repr(choice) for choice in get_args(wanted))
    if get_origin(wanted) in {list, tuple}:
        return f"list of {type_name(get_args(wanted)[0])}"
    if get_origin(wanted) is dict:
        return "dict" if get_args(wanted)[1] is Any else f"dict of {type_name(get_args(wanted)[1])}"
    named = {str: "text", type(None): "None", Any: "anything", dict: "dict", list: "list"}
    return "dict" if is_struct(wanted) else named.get(wanted, getattr(wanted, "__name__", str(wanted)))


def _fits(value: Any, wanted: Any) -> bool:
    try:
        msgspec.convert(value, wanted, strict=True)
    except msgspec.ValidationError:
        return False
    return True


def find_type(name: object, declared: Declared, path: str, room: RoomName) -> tuple[str, Any]:
    """Return the dotted path and the class or function that a ``type`` means.

    Raises:
        ConfigError: There is no such type, it is of another kind, or its module cannot be imported.
    """
    where = declared.place(path)
    if not isinstance(name, str) or not name:
        raise ConfigError(
            f"{where} must name a class or function.", hint="Import it in the config and write: type=TheClass"
        )
    found = plugins.find(name, room, where=where)
    meant = _canonical(found.value, found.path)
    if found.foreign:
        declared.taken_for[name] = meant
    return meant, found.value


class FoundType(NamedTuple):
    """A class that a ``type`` means.

    Attributes:
        path: Its dotted path.
        kind: The class itself.
        struct: What its keys are checked against.
    """

    path: str
    kind: Any
    struct: type[msgspec.Struct]


def find_class(name: object, declared: Declared, path: str, room: RoomName) -> FoundType:
    """Return the class that a ``type`` means, with the struct of its keys.

    Raises:
        ConfigError: As ``find_type``; or it has no ``Config`` struct, so it is no plug-in of ours.
    """
    dotted, found = find_type(name, declared, path, room)
    return FoundType(dotted, found, _config_struct(found, declared, path))


def _config_struct(found: Any, declared: Declared, path: str) -> type[msgspec.Struct]:
    """Return the ``Config`` struct of a class.

    Raises:
        ConfigError: It has none, so it is no plug-in of ours.
    """
    struct = getattr(found, "Config", None)
    if not (isinstance(struct, type) and issubclass(struct, msgspec.Struct)):
        raise declared.error(
            path,
            f"names {getattr(found, '__name__', found)!r}, which cannot be used here: it has no Config struct.",
            hint="See docs/extending.md for what such a class looks like.",
        )
    return struct


def typed_part(data: object, declared: Declared, path: str, room: RoomName, environ: Mapping[str, str]) -> Typed:
    """Return ``dict(type=..., ...)`` with its type found and its keys checked.

    The keys of a class are those of its ``Config``; the keys of a function its keyword parameters.

    Raises:
        ConfigError: It is no such dict, the type does not exist, or a key is unknown or of the wrong type.
    """
    if isinstance(data, str):
        data = {"type": data}
    if not isinstance(data, dict) or "type" not in data:
        raise declared.error(path, "must be dict(type=..., ...).")
    name, found = find_type(data["type"], declared, f"{path}.type", room)
    options = {key: value for key, value in data.items() if key != "type"}
    if inspect.isclass(found) or hasattr(found, "Config"):
        struct = _config_struct(found, declared, f"{path}.type")
        options = checked(options, struct, declared, environ, path=path)
    else:
        options = _function_options(found, options, declared, path, environ)
    refuse_secrets(options, declared, path)
    return Typed(type=name, options=options)


def refuse_secrets(options: Mapping[str, Any], declared: Declared, path: str) -> None:
    """Refuse a key among the options of what is no model: they are written into the run folder as they are.

    Raises:
        ConfigError: A value stands under a secret name and looks like a key.
    """
    for inside, text in secret_texts(options):
        name = next((part for part in reversed(inside) if not part.isdigit()), "")
        if sounds_secret(name) and looks_like_key(text):
            raise declared.error(
                ".".join(part for part in (path, *inside) if part),
                "is a secret, which would be written into the run folder.",
                hint="Let the class take it from an environment variable; models alone keep secrets in their config.",
            )


def _function_options(
    function: Any, options: dict[str, Any], declared: Declared, path: str, environ: Mapping[str, str]
) -> dict[str, Any]:
    if wrong := no_parameter(function, options):
        raise declared.error(f"{path}.{wrong.path}", wrong.problem, hint=wrong.hint)
    return {key: plain(value, declared, environ, f"{path}.{key}") for key, value in options.items()}


def _canonical(found: Any, wanted_type: str) -> str:
    """Return the path of the module that defines the type, so that two spellings of it are one."""
    if wanted_type.startswith(HELD):
        return wanted_type
    module, name = getattr(found, "__module__", ""), getattr(found, "__qualname__", "")
    return f"{module}.{name}" if getattr(sys.modules.get(module), name, None) is found else wanted_type
