"""Checks JSON values against the part of JSON Schema that records use, as a reader of the schema would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int,
    "number": (int, float),
}  # fmt: skip
KNOWN = {
    "$ref", "$defs", "$schema", "title", "description", "default", "type", "properties", "required", "items", "anyOf",
    "enum", "const", "additionalProperties", "prefixItems", "minItems", "maxItems", "discriminator", "mapping",
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], whole: dict[str, Any], place: str = "$") -> Iterator[str]:
    """Yield what is wrong with a value; words of a schema that are not known here are faults too."""
    if strange := schema.keys() - KNOWN:
        yield f"{place}: the schema says {sorted(strange)}"
    if "$ref" in schema:
        yield from faults(value, whole["$defs"][schema["$ref"].rpartition("/")[2]], whole, place)
    if "anyOf" in schema and all(list(faults(value, one, whole, place)) for one in schema["anyOf"]):
        yield f"{place}: {value!r:.80} is none of {len(schema['anyOf'])}"
    if "const" in schema and value != schema["const"]:
        yield f"{place}: {value!r:.80} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r:.80} is none of {schema['enum']}"
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{place}: {value!r:.80} is no {kind}"
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"{place}: {name} is missing" for name in schema.get("required", []) if name not in value)
        for name, one in value.items():
            inner = known.get(name, schema.get("additionalProperties", {}))
            yield from faults(one, inner if isinstance(inner, dict) else {}, whole, f"{place}.{name}")
    elif isinstance(value, list):
        first = schema.get("prefixItems", [])
        for at, one in enumerate(value):
            inner = first[at] if at < len(first) else schema.get("items", {})
            yield from faults(one, inner if isinstance(inner, dict) else {}, whole, f"{place}[{at}]")
