"""The executor of a run: ``executor = dict(type=..., ...)`` of a file below ``executors/``, or of a whole config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import msgspec

from judgebench.config.checks import Declared, checked, find_class
from judgebench.config.files import PlainConfig, load_file
from judgebench.config.registry import Registry
from judgebench.errors import ConfigError
from judgebench.models.access import has_key_prefix, sounds_secret
from judgebench.plugins import find, make
from judgebench.plugins.held import PREFIX as HELD
from judgebench.plugins.held import held_in
from judgebench.records.run import LOCAL_EXECUTOR, DatasetConfig, ExecutorConfig, Resources, StageName


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``resources`` may hold."""

    infer: Resources = Resources()
    judge: Resources = Resources()
    merge: Resources = Resources()
    extract: Resources = Resources()
    summarize: Resources = Resources()


def chosen_executor(
    name: str, given: Sequence[Declared], registry: Registry, file: str, variables: PlainConfig
) -> Declared:
    """Return the executor made in Python, else the one of ``--executor``, else the whole file's, else the local one.

    Args:
        name: What ``--executor`` says; empty for nothing.
        given: The executor that was made in Python; at most one.
        registry: Where names are looked up.
        file: The whole config file; empty where there is none.
        variables: What it declares.

    Raises:
        UnknownNameError: No config has the name.
        ConfigError: It holds no executor.
    """
    if given:
        return given[0]
    if name:
        found = registry.find("executors", name)
        file, variables = str(found.path), load_file(found.path)
    elif "executor" not in variables:
        return Declared("executor", {"type": LOCAL_EXECUTOR}, "")
    return executor_in(variables, file)


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


def resolved_executor(declared: Declared, environ: Mapping[str, str]) -> ExecutorConfig:
    """Return a declared executor, checked.

    Args:
        declared: As a config or a caller gives it; overrides are laid over it.
        environ: Where ``${NAME}`` is looked up.

    Raises:
        ConfigError: Its type or one of its keys cannot be used.
        PrerequisiteError: A value's environment variable is not set.
    """
    said = {key: value for key, value in declared.data.items() if key not in {"type", "resources"}}
    name, found, struct = find_class(declared.data.get("type"), declared, "type", "executors")
    known = checked(said, struct, declared, environ)
    options = {key: known[key] for key in said}
    _refuse_secrets("", options, declared, "")
    make(name, options, "executors", where=declared.place())
    given = declared.data.get("resources", {})
    if not isinstance(given, dict):
        raise declared.error("resources", "must be a dict by stage.", hint="resources=dict(infer=dict(gpus=1))")
    shape = checked(given, _Shape, declared, environ, path="resources")
    if given and not found.reserves:
        raise declared.error(
            "resources",
            f"cannot be used: {found.__name__} gives every task the whole machine.",
            hint="Leave resources out, or name an executor that reserves what tasks need.",
        )
    resources = msgspec.convert({stage: shape[stage] for stage in given}, dict[StageName, Resources])
    return ExecutorConfig(type=name, options=options, resources=resources, follows=found.follows)


def _refuse_secrets(name: str, value: Any, declared: Declared, path: str) -> None:
    """Refuse a key or token: what an executor is given stands in the plan."""
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_secrets(str(key), item, declared, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_secrets(name, item, declared, f"{path}.{index}")
    elif isinstance(value, str) and value and (sounds_secret(name) or has_key_prefix(value)):
        raise declared.error(
            path,
            "looks like a secret, and the run folder keeps what an executor is given.",
            hint="Put it into an environment variable, and have the executor read that.",
        )


def refuse_held(
    executor: ExecutorConfig, models: Mapping[str, Mapping[str, Any]], datasets: Mapping[str, DatasetConfig]
) -> str:
    """Return an object of this process that the run names; empty where there is none.

    Raises:
        ConfigError: There is one, and the executor's tasks run elsewhere.
    """
    held = held_in([dict(models), msgspec.to_builtins(dict(datasets))])
    kind = find(executor.type, "executors").value
    if held and not getattr(kind, "runs_in_caller", False):
        raise ConfigError(
            f"{held.removeprefix(HELD)} lives in this process alone, and the tasks of {kind.__name__} run in others.",
            hint="Move its class to the top of an importable module, or leave the executor out.",
        )
    return held


def refuse_unreached(
    executor: ExecutorConfig, models: Mapping[str, Mapping[str, Any]], datasets: Mapping[str, DatasetConfig]
) -> None:
    """Refuse a model whose service the run would launch on this machine, where tasks run on another.

    Raises:
        ConfigError: Names the model.
    """
    judges = [judge.model for dataset in datasets.values() for judge in dataset.judges]
    launching = [one for one in [*models.values(), *judges] if one.get("launch")]
    if not launching:
        return
    kind = find(executor.type, "executors").value
    may = getattr(kind, "launcher", None) is not None
    launched = next((one["abbr"] for one in launching if not may or one["launch"].get("type")), None)
    if launched is not None and not kind.shares_machine:
        raise ConfigError(
            f"The model {launched!r} has a launch block, so its service would run on this machine, "
            f"which the tasks of {kind.__name__} do not reach.",
            hint="Let it launch a command (launch=dict(command=[...])), or give the url of a service that runs."
            if may
            else "Start the service where the tasks reach it and give its url, or leave --executor out.",
        )
