"""What decides an answer or a judgment, as flat settings, so that a change can be named in one sentence.

The settings leave out what changes nothing (address, concurrency, timeouts, retries): a run may be continued on another
host, faster or slower, without asking anything twice.
"""

from __future__ import annotations

from typing import Any

import msgspec

from judgebench.config.schema import DatasetConfig, JudgeConfig
from judgebench.datasets.open import stamp_of
from judgebench.plan.spec import Options
from judgebench.store.asked import short_hash

OWN_KWARGS = frozenset({"num_return_sequences"})
"""Keys of ``generation_kwargs`` that are ours and never sent."""


def repeats_of(model: dict[str, Any]) -> int:
    """Return how many independent answers per sample the model's config asks for."""
    return max(1, int(model.get("generation_kwargs", {}).get("num_return_sequences", 1)))


def sampling_params(model: dict[str, Any], dataset: DatasetConfig | None = None) -> dict[str, Any]:
    """Return the parameters of a request: the model's, with the data set's laid over them."""
    own = {key: value for key, value in model.get("generation_kwargs", {}).items() if key not in OWN_KWARGS}
    limit = model.get("max_out_len")
    if dataset is not None:
        own.update(dataset.generation_kwargs)
        limit = dataset.max_out_len if dataset.max_out_len is not None else limit
    if limit is not None and "max_tokens" not in own:
        own["max_tokens"] = limit
    return own


def model_identity(model: dict[str, Any]) -> dict[str, Any]:
    """Return what tells one model from another in the hash of a question."""
    return {"type": model["type"], "model": model.get("model", ""), "path": model.get("path", "")}


def infer_settings(model: dict[str, Any], dataset: DatasetConfig) -> dict[str, Any]:
    """Return what decides the tested model's answers to a data set."""
    settings: dict[str, Any] = {f"model.{key}": value for key, value in model_identity(model).items()}
    settings |= {f"generation_kwargs.{key}": value for key, value in sampling_params(model, dataset).items()}
    settings["prompt"] = short_hash(dataset.prompt, 12)
    if dataset.few_shot is not None:
        settings["few_shot"] = short_hash(msgspec.to_builtins(dataset.few_shot), 12)
    return settings


def judge_settings(judge: JudgeConfig, method: dict[str, Any]) -> dict[str, Any]:
    """Return what decides a judge's verdicts; ``method`` is the method's own identity."""
    settings: dict[str, Any] = {}
    if judge.model:
        settings |= {f"judge_model.{key}": value for key, value in model_identity(judge.model).items()}
        settings |= {f"generation_kwargs.{key}": value for key, value in sampling_params(judge.model).items()}
    settings |= {f"method.{key}": _flat(value) for key, value in method.items()}
    if judge.compare_with:
        settings["compare_with"] = judge.compare_with
    if judge.baseline is not None:
        settings |= {f"baseline.{key}": value for key, value in msgspec.to_builtins(judge.baseline).items()}
    return settings


def selection_of(dataset: DatasetConfig, options: Options, repeats: int) -> dict[str, Any]:
    """Return which samples are planned."""
    return {
        "num_prompts": options.num_prompts,
        "ids": options.ids,
        "shuffle": options.shuffle,
        "repeats": repeats,
        "loader": short_hash(msgspec.to_builtins(dataset.loader), 12),
        "data": stamp_of(dataset, options),
    }


def _flat(value: Any) -> Any:
    text = msgspec.json.encode(value)
    return value if len(text) <= 80 else short_hash(value, 12)
