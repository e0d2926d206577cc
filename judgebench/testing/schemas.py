"""Structured output as the loopback services have it: which schemas they take, and a reply that one of them allows.

Source: what the providers' pages on structured output have in common (OpenAI "Structured model outputs", Anthropic
"Structured outputs", Google "Structured output", vLLM "Structured Outputs", Ollama "Structured outputs"): objects list
all their keys as required and allow no others, and nothing is bounded.
"""

from __future__ import annotations

import re
from typing import Any

_KNOWN = frozenset(
    {"type", "properties", "required", "additionalProperties", "enum", "items", "description", "propertyOrdering"}
)


def mistake_in(schema: Any, *, strict: bool = True) -> str:
    """Return why a service would refuse a schema; empty where it takes it.

    Args:
        schema: The schema.
        strict: Whether objects must say that they allow no further keys.
    """
    if not isinstance(schema, dict) or "type" not in schema:
        return "schema must have a 'type' key"
    if unknown := sorted(schema.keys() - _KNOWN):
        return f"'{unknown[0]}' is not permitted"
    properties = schema.get("properties", {})
    if schema["type"] == "object":
        if sorted(schema.get("required", [])) != sorted(properties):
            return "'required' is required to be supplied and to be an array including every key in properties"
        if strict and schema.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false"
    inner = [*properties.values(), *([schema["items"]] if "items" in schema else [])]
    return next((said for one in inner if (said := mistake_in(one, strict=strict))), "")


def allowed(schema: dict[str, Any], text: str) -> Any:
    """Return what is left of a text when a schema allows nothing else: the first of its words that it may hold.

    Where the text names no value of an ``enum``, the reply is the first one: whoever is held to a schema must say
    something.
    """
    kind = schema["type"]
    if "enum" in schema:
        named = {str(value): value for value in schema["enum"]}
        pattern = "|".join(sorted(map(re.escape, named), key=len, reverse=True))
        found = re.search(rf"(?<![\w-])(?:{pattern})(?![\w-])", text, re.IGNORECASE)
        return next(value for name, value in named.items() if found is None or name.lower() == found[0].lower())
    if kind == "object":
        return {name: allowed(one, text) for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        return [allowed(schema["items"], text)]
    if kind in {"number", "integer"}:
        number = re.search(r"-?\d+", text)
        return int(number[0]) if number else 0
    return text if kind == "string" else False
