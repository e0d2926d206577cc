"""Plain dicts against the schema structs: unknown keys, types, and texts whose type the schema decides.

Texts from the environment and from ``--override`` have no type of their own: ``"9000"`` is a number where the schema
wants one and a text where it wants that.
"""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from judgebench.config.place import Declared
from judgebench.models.address import expand
from judgebench.models.secret_values import looks_like_key
from judgebench.plugins.keys import alternatives, is_struct, mistake_of, unknown_key

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
    except msgspec.DecodeError:
        return text


class _Typing:
    """Walks data and schema side by side."""

    def __init__(self, declared: Declared, environ: Mapping[str, str], keep: Callable[[str], bool]) -> None:
        self.declared = declared
        self.environ = environ
        self.keep = keep

    def struct(self, data: Mapping[str, Any], struct: type[msgspec.Struct], path: str) -> dict[str, Any]:
        fields = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
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
            struct = next((one for one in alternatives(wanted) if is_struct(one)), None)
            if struct is not None:
                return self.struct(value, struct, path)
            of = next((get_args(one)[1] for one in alternatives(wanted) if get_origin(one) is dict), Any)
            return {str(key): self.value(item, of, f"{path}.{key}") for key, item in value.items()}
        if isinstance(value, list | tuple):
            items = next((get_args(one)[0] for one in alternatives(wanted) if get_origin(one) is list), Any)
            return [self.value(item, items, f"{path}.{index}") for index, item in enumerate(value)]
        return value

    def text(self, text: str, wanted: Any, path: str) -> Any:
        if self.keep(path) or _VERBATIM.search(path):
            return str(text)
        if REFERENCE.search(text):
            return self.read(expand(text, self.environ, where=self.declared.place(path)), wanted)
        return self.read(str(text), wanted) if isinstance(text, Untyped) else text

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
