"""The executor of a run: ``executor = dict(type=..., ...)`` of a file below ``executors/``, or of a whole config."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import msgspec

from judgebench.config.checks import Declared
from judgebench.config.files import PlainConfig, load_file
from judgebench.config.registry import Registry
from judgebench.errors import ConfigError
from judgebench.models.access import has_key_prefix, sounds_secret
from judgebench.plugins import find, make, split
from judgebench.plugins.find import filled
from judgebench.records.run import LOCAL_EXECUTOR, DatasetConfig, ExecutorConfig, Resources, StageName


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``resources`` may hold."""

    infer: Resources = Resources()
    judge: Resources = Resources()
    extract: Resources = Resources()
    summarize: Resources = Resources()


def chosen_executor(name: str, registry: Registry, file: str, variables: PlainConfig) -> ExecutorConfig:
    """Return the executor that ``--executor`` names, else the whole config file's, else the local one.

    Args:
        name: What ``--executor`` says; empty for nothing.
        registry: Where names are looked up.
        file: The whole config file; empty where there is none.
        variables: What it declares.

    Raises:
        UnknownNameError: No config has the name.
        ConfigError: It holds no executor, or one that cannot be used.
    """
    if name:
        found = registry.find("executors", name)
        file, variables = str(found.path), load_file(found.path)
    elif "executor" not in variables:
        return ExecutorConfig()
    return resolved_executor(executor_in(variables, file))


def executor_in(variables: PlainConfig, file: str) -> Declared:
    """Return the executor of a file.

    Raises:
        ConfigError: There is none, or it is no dict.
    """
    declared = variables.get("executor")
    if not isinstance(declared, dict):
        raise ConfigError(
            f"{file} has no dict named 'executor'.", hint="An executor config holds: executor = dict(type=...)."
        )
    return Declared("executor", deepcopy(declared), file)


def resolved_executor(declared: Declared) -> ExecutorConfig:
    """Return a declared executor, checked.

    Raises:
        ConfigError: Its type or one of its keys cannot be used.
    """
    where = declared.place()
    keys = dict(declared.data)
    given = keys.pop("resources", {})
    name, options = split(keys, where=where)
    found = find(name, "executors", where=where)
    make(name, options, "executors", where=where)
    _refuse_secrets("", options, where)
    if not isinstance(given, dict):
        raise ConfigError(f"{where}.resources must be a dict by stage.", hint="resources=dict(infer=dict(gpus=1))")
    filled(given, _Shape, where=f"{where}.resources")
    if given and not found.value.reserves:
        raise ConfigError(
            f"{where}.resources cannot be used: {found.value.__name__} gives every task the whole machine.",
            hint="Leave resources out, or name an executor that reserves what tasks need.",
        )
    resources = msgspec.convert(given, dict[StageName, Resources])
    own = f"{found.value.__module__}.{found.value.__qualname__}"
    path = own if own == LOCAL_EXECUTOR else found.path
    return ExecutorConfig(type=path, options=options, resources=resources, follows=found.value.follows)


def _refuse_secrets(name: str, value: Any, where: str) -> None:
    """Refuse a key or token: what an executor is given stands in the plan."""
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_secrets(str(key), item, f"{where}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_secrets(name, item, f"{where}.{index}")
    elif isinstance(value, str) and value and (sounds_secret(name) or has_key_prefix(value)):
        raise ConfigError(
            f"{where} looks like a secret, and the run folder keeps what an executor is given.",
            hint="Put it into an environment variable, and have the executor read that.",
        )


def refuse_unreached(
    executor: ExecutorConfig, models: Mapping[str, Mapping[str, Any]], datasets: Mapping[str, DatasetConfig]
) -> None:
    """Refuse a model whose service the run would launch on this machine, where tasks run on another.

    Raises:
        ConfigError: Names the model.
    """
    judges = [judge.model for dataset in datasets.values() for judge in dataset.judges]
    launched = next((one["abbr"] for one in [*models.values(), *judges] if one.get("launch")), None)
    if launched is None:
        return
    kind = find(executor.type, "executors").value
    if not kind.shares_machine:
        raise ConfigError(
            f"The model {launched!r} has a launch block, so its service would run on this machine, "
            f"which the tasks of {kind.__name__} do not reach.",
            hint="Start the service where the tasks reach it and give its url, or leave --executor out.",
        )
