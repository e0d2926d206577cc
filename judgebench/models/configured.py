"""From the dict of a model config to the typed struct of its model type."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.models.contract import ModelConfig


def model_config(raw: dict[str, Any]) -> ModelConfig:
    """Return the config as the struct that its type declares (``type.Config``), with the type's dotted path.

    Raises:
        ConfigError: The type is missing, unknown or no model type, or a key is unknown or of the wrong type.
    """
    abbr = raw.get("abbr", "?")
    name = raw.get("type")
    if not isinstance(name, str):
        raise ConfigError(f"models.{abbr} has no type.", hint="Write for example type='VLLMCustomAPIChat'.")
    path = plugins.dotted_path(name, where=f"models.{abbr}.type")
    declared = getattr(plugins.load(path), "Config", None)
    if not (isinstance(declared, type) and issubclass(declared, ModelConfig)):
        raise ConfigError(f"models.{abbr}.type is {name!r}, which is no model type.")
    try:
        return msgspec.convert({**raw, "type": path}, declared)
    except msgspec.ValidationError as error:
        raise ConfigError(f"models.{abbr}: {error}.") from error


def prompt_kind(config: ModelConfig) -> Literal["chat", "text"]:
    """Return the form of the prompts that a model takes."""
    kind: Literal["chat", "text"] = plugins.load(config.type).prompt_kind
    return kind
