"""From the dict of a model config to the typed struct of its model type."""

from __future__ import annotations

from typing import Any, Literal

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.models.address import expand
from judgebench.models.contract import ModelConfig, ServiceConfig
from judgebench.models.secret_values import sounds_secret
from judgebench.plugins.keys import filled


def model_config(raw: dict[str, Any]) -> ModelConfig:
    """Return the config as the struct that its type declares (``type.Config``), with the type's dotted path.

    Secret keys that a type of the user's adds are looked up in the environment; those of every service stay references,
    which are looked up where they are sent.

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
        raise ConfigError(f"models.{abbr}.type: {name} is not a model type: its Config is not a ModelConfig.")
    return filled({**raw, **_own_secrets(raw), "type": path}, declared, where=f"models.{abbr}")


def prompt_kind(config: ModelConfig) -> Literal["chat", "text"]:
    """Return the form of the prompts that a model takes."""
    kind: Literal["chat", "text"] = plugins.load(config.type, "models").prompt_kind
    return kind


def _own_secrets(raw: dict[str, Any]) -> dict[str, str]:
    own = {key: value for key, value in raw.items() if key not in ServiceConfig.__struct_fields__}
    secret = {key: value for key, value in own.items() if isinstance(value, str) and sounds_secret(key)}
    return {key: expand(value, where=f"models.{raw.get('abbr', '?')}.{key}") for key, value in secret.items()}
