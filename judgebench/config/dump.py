"""A resolved run as a Python config file that ``jb FILE`` loads again; secrets stay references."""

from __future__ import annotations

import keyword
import math
from typing import Any

import msgspec

from judgebench.config.relations import EVERY_MODEL
from judgebench.records.run import DatasetConfig, ExecutorConfig, JudgeConfig, RunConfig, Typed

_WIDTH = 120


def dump_config(config: RunConfig, command: list[str] | None = None) -> str:
    """Return the text of a config file that resolves to the same run.

    Args:
        config: The resolved run.
        command: The command line it came from, for the comment at the top.
    """
    combinations: dict[str, list[str]] = {}
    for model, dataset in config.combinations:
        combinations.setdefault(model, []).append(dataset)
    head = ["# The resolved configuration of one run. Load it again with: jb FILE"]
    if command:
        head.append(f"# Written by: {' '.join(command)}".replace("\n", " "))
    if config.secrets:
        head.append(f"# Secrets are not written here; set them as: {', '.join(sorted(config.secrets))}")
    parts = [
        "\n".join(head),
        f"models = {python_text(list(config.models.values()))}",
        f"datasets = {python_text([dataset_keys(one) for one in config.datasets.values()])}",
        f"summarizer = {python_text(msgspec.to_builtins(config.summarizer))}",
        "model_dataset_combinations = "
        + python_text([{"models": [model], "datasets": names} for model, names in combinations.items()]),
    ]
    if config.executor != ExecutorConfig():
        parts.append(f"executor = {python_text(executor_keys(config.executor))}")
    return "\n\n".join(parts) + "\n"


def executor_keys(executor: ExecutorConfig) -> dict[str, Any]:
    """Return an executor as the keys that a config file has for it."""
    resources = msgspec.to_builtins(executor.resources)
    return {"type": executor.type, **executor.options, **({"resources": resources} if resources else {})}


def dataset_keys(dataset: DatasetConfig) -> dict[str, Any]:
    """Return a dataset as the keys that a config file has for it."""
    plain = msgspec.to_builtins(dataset)
    values = {name: getattr(dataset, name) for name in plain if name not in {"abbr", "loader", "judges"}}
    return {
        "abbr": dataset.abbr,
        "type": dataset.loader.type,
        **dataset.loader.options,
        **{name: typed_keys(value) if isinstance(value, Typed) else plain[name] for name, value in values.items()},
        **({"judge_infer_cfg": [judge_keys(judge) for judge in _declared(dataset)]} if dataset.judges else {}),
    }


def _declared(dataset: DatasetConfig) -> list[JudgeConfig]:
    """Return the judges as configs declare them: a round robin is one judge, whose parts follow from the models."""
    members = {judge.abbr: judge.round_robin or judge.abbr for judge in dataset.judges}
    whole = {judge.round_robin or judge.abbr: judge for judge in reversed(dataset.judges)}
    return [
        msgspec.structs.replace(judge, abbr=abbr, members=[members[member] for member in judge.members])
        for abbr, judge in reversed(whole.items())
    ]


def judge_keys(judge: JudgeConfig) -> dict[str, Any]:
    """Return a judge as the keys that a config file has for it."""
    known = {
        "judge_model": judge.model,
        "constrain": judge.constrain if judge.constrain != "off" else "",
        "members": judge.members,
        "compare_with": _several(judge.compared_models) or judge.compare_with,
        "baseline": msgspec.to_builtins(judge.baseline),
    }
    given = {name: value for name, value in known.items() if value}
    return {"abbr": judge.abbr, **given, "method": typed_keys(judge.method)}


def _several(compared_models: list[str]) -> list[str] | str:
    return EVERY_MODEL if compared_models == [EVERY_MODEL] else compared_models


def typed_keys(part: Typed) -> dict[str, Any]:
    """Return ``dict(type=..., ...)`` of a part made by a class."""
    return {"type": part.type, **part.options}


def python_text(value: Any, indent: int = 0) -> str:
    """Return a value as Python source with one key per line where it does not fit on one."""
    short = _one_line(value)
    if len(short) + indent <= _WIDTH and not (isinstance(value, dict) and len(value) > 4):
        return short
    if isinstance(value, dict):
        named = _names(value)
        lines = [
            f"{key}={python_text(item, indent + 4)}" if named else f"{key!r}: {python_text(item, indent + 4)}"
            for key, item in value.items()
        ]
        opening, closing = ("dict(", ")") if named else ("{", "}")
    elif isinstance(value, list | tuple):
        lines = [python_text(item, indent + 4) for item in value]
        opening, closing = "[", "]"
    else:
        return short
    pad = " " * (indent + 4)
    body = "".join(f"{pad}{line},\n" for line in lines)
    return f"{opening}\n{body}{' ' * indent}{closing}"


def _one_line(value: Any) -> str:
    if isinstance(value, dict):
        if value and _names(value):
            return f"dict({', '.join(f'{key}={_one_line(item)}' for key, item in value.items())})"
        return "{" + ", ".join(f"{key!r}: {_one_line(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_one_line(item) for item in value)}]"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    return repr(value)


def _names(value: dict[str, Any]) -> bool:
    # Python reads names in another form than they are written in (NFKC: "ª" as "a"); ASCII alone is safe from that.
    return all(key.isascii() and key.isidentifier() and not keyword.iskeyword(key) for key in value)
