"""The prices of a run's models: put into their configs, and asked for where the cost is limited."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from judgebench.errors import ConfigError
from judgebench.models.access import model_config
from judgebench.models.prices import found_price, how_to_price, read_prices
from judgebench.records.prices import price_of
from judgebench.records.run import DatasetConfig, Options, RunConfig, TaskSpec


def with_prices(config: RunConfig, file: str) -> RunConfig:
    """Return the configs with the price of every model, as far as somebody says it.

    Args:
        config: The resolved configs.
        file: The user's own table; empty for none.

    Raises:
        DataError: The table of ``--prices`` cannot be used.
    """
    table = read_prices(Path(file).expanduser()) if file else {}
    environ = {**os.environ, **config.secrets}

    def priced(model: dict[str, Any]) -> dict[str, Any]:
        if "price" not in model:  # a type of the user's that has no such key
            return model
        price = found_price(model, table, environ)
        return {**model, "price": msgspec.to_builtins(price) if price is not None else None}

    def judged(dataset: DatasetConfig) -> DatasetConfig:
        judges = [msgspec.structs.replace(one, model=priced(one.model)) if one.model else one for one in dataset.judges]
        return msgspec.structs.replace(dataset, judges=judges)

    return msgspec.structs.replace(
        config,
        models={abbr: priced(model) for abbr, model in config.models.items()},
        datasets={abbr: judged(dataset) for abbr, dataset in config.datasets.items()},
    )


def check_priced(config: RunConfig, options: Options, tasks: Sequence[TaskSpec]) -> None:
    """Refuse to limit the cost of a run that asks a model whose price nobody says, or says in another currency.

    Raises:
        ConfigError: There is such a model; names the key to set.
    """
    limits = options.limits
    if limits is None or limits.cost is None:
        return
    for task in tasks:
        if task.stage not in {"infer", "judge"}:
            continue
        model, key = model_of(config.models, config.datasets, task)
        price, shown = price_of(model), model_config(model)
        name = f"{shown.abbr!r}" + (f" ({shown.model})" if shown.model and shown.model != shown.abbr else "")
        if price is None:
            raise ConfigError(
                f"The price of the model {name} is not known, so --max-cost cannot be kept.",
                hint=how_to_price(shown, key),
            )
        if price.currency != limits.currency and not price.free:
            raise ConfigError(
                f"The price of the model {name} is in {price.currency}, and --max-cost is in {limits.currency}.",
                hint=f"Write the limit in {price.currency}: --max-cost {limits.cost:g}{price.currency}",
            )


def model_of(
    models: Mapping[str, dict[str, Any]], datasets: Mapping[str, DatasetConfig], task: TaskSpec
) -> tuple[dict[str, Any], str]:
    """Return the config of the model that a task asks, and its path for ``--override``."""
    if task.stage == "infer" or not task.judge:
        return models[task.model], f"models.{task.model}"
    judge = datasets[task.datasets[0]].judge_of(task.judge, models[task.model])
    return judge.model, f"judges.{judge.round_robin or judge.abbr}"
