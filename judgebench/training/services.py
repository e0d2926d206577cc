"""A model that a training asks: resolved by its name, its service launched where it launches one, and stopped after."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from judgebench.config.resolve import load_models
from judgebench.engine.client import Traffic, open_client
from judgebench.errors import UsageError
from judgebench.executors.services import Services, launched, services_environment
from judgebench.models.access import environment_of_this_thread, model_config
from judgebench.models.contract import Client, ModelConfig
from judgebench.records.request import Selection


class NamedModel(NamedTuple):
    """A resolved model: its keys as a config has them, and what its references to secrets stand for."""

    keys: dict[str, Any]
    secrets: dict[str, str]


def named_model(name: str, config_dirs: list[str], overrides: list[str]) -> NamedModel:
    """Return the one model of a config.

    Raises:
        UsageError: The config declares several.
        JudgebenchError: It cannot be used.
    """
    found = load_models(Selection(models=[name], config_dirs=config_dirs, overrides=overrides))
    if len(found.models) != 1:
        raise UsageError(
            f"The config {name!r} declares {len(found.models)} models, and one was expected.",
            hint="Take one of them into a file of its own.",
        )
    (keys,) = found.models.values()
    return NamedModel(keys, found.secrets)


@asynccontextmanager
async def served(model: NamedModel, notify: Callable[[str], None]) -> AsyncIterator[tuple[ModelConfig, Client]]:
    """Give a client of a model, and its config; a launched service ends with the context.

    Raises:
        JudgebenchError: The service cannot be started or asked.
    """
    environ: dict[str, str] = {**os.environ, **model.secrets}
    with tempfile.TemporaryDirectory(prefix="jb-train-") as folder:
        own = launched(model.keys)
        services = Services(own.values(), run_dir=Path(folder), environment=environ, notify=notify)
        try:
            environ |= services_environment(await services.addresses(own))
            with environment_of_this_thread(environ):
                config = model_config(model.keys)
                async with open_client(config, Traffic()) as client:
                    yield config, client
        finally:
            await services.stop_all()
