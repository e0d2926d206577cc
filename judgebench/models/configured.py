"""From the dict of a model config to the typed struct of its model type."""

from __future__ import annotations

from typing import Any, Literal

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.models.contract import ModelConfig
from judgebench.plugins.keys import filled


def model_config(raw: dict[str, Any]) -> ModelConfig:
    """Return the config as the struct that its type declares (``type.Config``), with the type's dotted path.

    Raises:
        ConfigError: The type is missing, unknown or no model type, or a key is unknown or of the wrong type.
    """
    abbr = raw.get("abbr", "?")
    name = raw.get("type")
    if not isinstance(name, str):
        raise ConfigError(f"models.{abbr} has no type.", hint="Write for example type='VLLMCustomAPIChat'.")
    path, kind = plugins.find(name, "models", where=f"models.{abbr}.type")
    declared = getattr(kind, "Config", None)
    if not (isinstance(declared, type) and issubclass(declared, ModelConfig)):
        raise ConfigError(f"models.{abbr}.type: {name} is no model type: its Config is no ModelConfig.")
    return filled({**raw, "type": path}, declared, where=f"models.{abbr}")


def prompt_kind(config: ModelConfig) -> Literal["chat", "text"]:
    """Return the form of the prompts that a model takes."""
    kind: Literal["chat", "text"] = plugins.load(config.type, "models").prompt_kind
    return kind
